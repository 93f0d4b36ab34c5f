"""Pushes of eBay: signed with a key pair, and begun with a challenge.

In: raw bytes, the header, the public key it names (fetched and cached by the caller). Out: yes or no.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key

from router.errors import InboundRejected

_MAX_HEADER_CHARS = 4096
_DIGESTS: Mapping[str, type[HashAlgorithm]] = MappingProxyType({"SHA1": SHA1, "SHA256": SHA256})


@dataclass(frozen=True, slots=True, kw_only=True)
class EbaySignature:
    """What `X-EBAY-SIGNATURE` says: which key signed, how, and the signature."""

    key_id: str
    digest: str
    signature: bytes


def read_signature(header: str) -> EbaySignature:
    """Read the header; raises InboundRejected when it is not what eBay sends."""
    if len(header) > _MAX_HEADER_CHARS:
        raise InboundRejected("X-EBAY-SIGNATURE is longer than 4096 characters")
    try:
        said = json.loads(b64decode(header, validate=True))
        signature = b64decode(said["signature"], validate=True)
        found = EbaySignature(
            key_id=str(said["kid"]), digest=str(said.get("digest", "SHA1")).upper(), signature=signature
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise InboundRejected("X-EBAY-SIGNATURE is not base64 of JSON with kid and signature") from None
    if found.digest not in _DIGESTS:
        raise InboundRejected(f"X-EBAY-SIGNATURE names an unknown digest; known: {', '.join(_DIGESTS)}")
    return found


def is_ebay_push(body: bytes, signature: EbaySignature, public_key: str) -> bool:
    """Tell whether the owner of this public key signed the body; eBay gives keys as one-line PEM."""
    lines = public_key.replace("-----BEGIN PUBLIC KEY-----", "").replace("-----END PUBLIC KEY-----", "")
    key = load_der_public_key(b64decode("".join(lines.split())))
    if not isinstance(key, EllipticCurvePublicKey):
        raise InboundRejected("eBay's public key is not an elliptic-curve key")
    try:
        key.verify(signature.signature, body, ECDSA(_DIGESTS[signature.digest]()))
    except InvalidSignature:
        return False
    return True


def answer_challenge(challenge_code: str, verification_token: str, endpoint: str) -> str:
    """Give the `challengeResponse` that proves this endpoint is ours."""
    return hashlib.sha256(f"{challenge_code}{verification_token}{endpoint}".encode()).hexdigest()
