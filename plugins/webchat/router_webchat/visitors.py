"""Who a visitor is: token text in, a visitor with a stable id out.

A token is `<visitor id>.<secret>`. The id is the conversation's thread and no secret; of the secret only
the SHA-256 digest is stored, under the visitor, together with how far they have received and read.
"""

from __future__ import annotations

import hmac
import re
import secrets
from hashlib import sha256

from router.channel import ChannelContext

_TOKEN = re.compile(r"(?P<id>[0-9a-f]{32})\.(?P<secret>[A-Za-z0-9_-]{22})")


class Visitor:
    """One person at one browser, as far as the chat knows."""

    __slots__ = ("_digest", "delivered_seq", "id", "is_stored", "read_seq", "stored_marks")

    def __init__(
        self, id: str, digest: str, *, is_stored: bool, delivered_seq: int = 0, read_seq: int = 0
    ) -> None:
        self.id = id
        self._digest = digest
        self.is_stored = is_stored
        self.delivered_seq = delivered_seq
        self.read_seq = read_seq
        self.stored_marks = (delivered_seq, read_seq)

    def owns(self, secret: str) -> bool:
        """Tell whether this is the visitor's secret, in constant time."""
        return hmac.compare_digest(self._digest, _digest(secret))

    async def store(self, ctx: ChannelContext) -> None:
        """Write the visitor down; before their first message, so that they can always come back to it."""
        marks = (self.delivered_seq, self.read_seq)
        await ctx.put(f"visitor:{self.id}", {"digest": self._digest, "delivered": marks[0], "read": marks[1]})
        self.is_stored = True
        self.stored_marks = marks

    @property
    def has_new_marks(self) -> bool:
        """Tell whether the store does not know yet how far the visitor has read."""
        return self.is_stored and self.stored_marks != (self.delivered_seq, self.read_seq)


def mint_visitor() -> tuple[Visitor, str]:
    """Make a new visitor and the token that proves it; the token exists nowhere else."""
    visitor_id, secret = secrets.token_hex(16), secrets.token_urlsafe(16)
    return Visitor(visitor_id, _digest(secret), is_stored=False), f"{visitor_id}.{secret}"


def split_token(token: str) -> tuple[str, str] | None:
    """Give visitor id and secret, or None when the text has not the form of a token."""
    match = _TOKEN.fullmatch(token)
    return (match["id"], match["secret"]) if match else None


async def load_visitor(ctx: ChannelContext, visitor_id: str) -> Visitor | None:
    """Read a stored visitor; whoever asks still has to prove ownership."""
    record = await ctx.get(f"visitor:{visitor_id}")
    if not isinstance(record, dict) or not isinstance(record.get("digest"), str):
        return None
    return Visitor(
        visitor_id,
        record["digest"],
        is_stored=True,
        delivered_seq=int(record.get("delivered") or 0),
        read_seq=int(record.get("read") or 0),
    )


def _digest(secret: str) -> str:
    """Give what is stored of a secret; it has 128 random bits, so no salt and no stretching is needed."""
    return sha256(secret.encode()).hexdigest()
