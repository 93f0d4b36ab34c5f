"""Ids: 32 hexadecimal digits (UUID version 7), so that later ids sort after earlier ones."""

from __future__ import annotations

import hashlib

from uuid_utils import uuid7


def new_id() -> str:
    """Make a new id."""
    return uuid7().hex


def digest(*parts: str) -> bytes:
    """Give the 16-byte BLAKE2 key of some texts; their borders count."""
    joined = "\x00".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.blake2b(joined.encode("utf-8", "surrogatepass"), digest_size=16).digest()
