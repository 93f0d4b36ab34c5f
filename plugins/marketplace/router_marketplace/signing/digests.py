"""Digests over signed texts; in: a secret and text, out: hexadecimal or base64, or one comparison."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Collection, Mapping


def md5_upper(text: str) -> str:
    """Give the MD5 of a text that already holds the secret, in capitals."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()


def hmac_hex(secret: str, signed: str | bytes, algorithm: str = "sha256") -> str:
    """Give a keyed digest in small hexadecimal letters."""
    return hmac.new(secret.encode(), _octets(signed), algorithm).hexdigest()


def hmac_base64(secret: str, signed: bytes) -> str:
    """Give a keyed SHA-256 digest in base64."""
    return b64encode(hmac.digest(secret.encode(), signed, "sha256")).decode()


def same(expected: str, given: str) -> bool:
    """Compare two signatures in a time that does not tell where they differ."""
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))


def same_hex(expected: str, given: str) -> bool:
    """Compare two digests in hexadecimal, whose letters may be small or capital."""
    return same(expected.lower(), given.strip().lower())


def sorted_pairs(params: Mapping[str, str], left_out: Collection[str] = ("sign",)) -> str:
    """Join names and values in the order of the names' code points, less the signature."""
    return "".join(f"{name}{params[name]}" for name in sorted(params) if name not in left_out)


def filled(params: Mapping[str, str]) -> dict[str, str]:
    """Drop parameters without a value.

    Platforms differ in whether an empty value is signed; one that is not sent cannot be disputed.
    """
    return {name: value for name, value in params.items() if value != ""}


def _octets(signed: str | bytes) -> bytes:
    return signed.encode() if isinstance(signed, str) else signed
