"""Pushes of eBay, signed here with a key of our own; the challenge against its vector."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from router_marketplace.signing.ebay import answer_challenge, is_ebay_push, read_signature

from router.errors import InboundRejected

BODY = b'{"metadata":{"topic":"MARKETPLACE_ACCOUNT_DELETION"},"notification":{"data":{"username":"a"}}}'
KEY = ec.generate_private_key(ec.SECP256R1())


def _pem(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> str:
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return "".join(pem.splitlines())


def _header(body: bytes, digest: str = "SHA1", hashed: HashAlgorithm | None = None) -> str:
    signature = b64encode(KEY.sign(body, ec.ECDSA(hashed or SHA1()))).decode()
    said = {"alg": "ecdsa", "kid": "key-1", "signature": signature, "digest": digest}
    return b64encode(json.dumps(said).encode()).decode()


def test_genuine_push_passes_and_a_changed_byte_or_key_does_not() -> None:
    found = read_signature(_header(BODY))
    assert found.key_id == "key-1"
    assert is_ebay_push(BODY, found, _pem(KEY.public_key()))
    assert not is_ebay_push(BODY[:-1] + b" ", found, _pem(KEY.public_key()))
    assert not is_ebay_push(BODY, found, _pem(ec.generate_private_key(ec.SECP256R1()).public_key()))


def test_digest_is_the_one_the_header_names() -> None:
    assert is_ebay_push(BODY, read_signature(_header(BODY, "SHA256", SHA256())), _pem(KEY.public_key()))
    assert not is_ebay_push(BODY, read_signature(_header(BODY, "SHA256")), _pem(KEY.public_key()))


@pytest.mark.parametrize(
    "header",
    ["", "no base64!", b64encode(b"[]").decode(), b64encode(b'{"kid":"a"}').decode(), "A" * 5000,
     b64encode(b"[" * 3000).decode(), b64encode(b'{"kid":"a","signature":1}').decode(), _header(BODY, "MD5")],
)  # fmt: skip
def test_strange_header_is_refused_with_a_reason(header: str) -> None:
    with pytest.raises(InboundRejected, match="X-EBAY-SIGNATURE"):
        read_signature(header)


def test_key_of_another_kind_is_refused() -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    with pytest.raises(InboundRejected, match="elliptic"):
        is_ebay_push(BODY, read_signature(_header(BODY)), _pem(other))


def test_challenge_is_answered_as_its_vector_says() -> None:
    kept = Path(__file__).parent / "fixtures/signing/vectors.json"
    (vector,) = [v for v in json.loads(kept.read_text())["vectors"] if v["scheme"] == "ebay-challenge"]
    given = (vector["challenge_code"], vector["verification_token"], vector["endpoint"])
    assert answer_challenge(*given) == vector["expected"]
    for at in range(3):
        changed = [*given[:at], given[at] + "x", *given[at + 1 :]]
        assert answer_challenge(*changed) != vector["expected"]
