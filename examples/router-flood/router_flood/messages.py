"""The messages of the flood; in: a number and what kinds are wanted, out: raw items and the events they mean.

Message `n` is always the same, so a run can be repeated and a restart doubles nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from router.errors import MalformedMessage
from router.messages import (
    Attachment,
    Author,
    Automatic,
    Block,
    BlockKind,
    Evidence,
    EvidenceKind,
    Identity,
    InboundEvent,
    RawInbound,
    Role,
)

Kind = Literal["text", "long", "image", "automatic"]

CUSTOMER = "flood_customer"
PICTURE = "picture"
PICTURE_BYTES = 32 * 1024
MAX_RAW_BYTES = 64 * 1024
_LONG_WORDS = 400
_TEXTS = (
    "Where is my parcel?",
    "我的订单什么时候发货？",
    "I would like to send it back.",
    "尺码不对，可以换吗？",
    "Is the blue one in stock?",
)


def item_of(number: int, kinds: Sequence[str], customers: int, now: datetime) -> RawInbound:
    """Build one message."""
    kind = kinds[number % len(kinds)]
    text = _TEXTS[number % len(_TEXTS)]
    if kind == "long":
        text = " ".join([text] * _LONG_WORDS)
    said = {"number": number, "customer": f"customer-{number % customers}", "kind": kind, "text": text}
    return RawInbound(
        dedupe_key=str(number), raw=json.dumps(said, ensure_ascii=False).encode(), received_at=now
    )


def event_of(raw: RawInbound) -> InboundEvent:
    """Read one message."""
    said = _read(raw.raw)
    number, customer, kind, text = (said.get(name) for name in ("number", "customer", "kind", "text"))
    if (
        not isinstance(number, int)
        or not isinstance(customer, str)
        or not isinstance(text, str)
        or not customer
    ):
        raise MalformedMessage("a message has number, customer and text", code="fields")
    block = Block(text=text)
    files: tuple[Attachment, ...] = ()
    if kind == "image":
        name = f"{number}.png"
        block = Block(kind=BlockKind.IMAGE, text=text, fields={"attachment": PICTURE, "name": name})
        files = (Attachment(part=PICTURE, name=name, content_type="image/png", size_bytes=PICTURE_BYTES),)
    return InboundEvent(
        external_id=str(number),
        author=Author(
            role=Role.CUSTOMER, identities=(Identity(kind=CUSTOMER, value=customer),), display=customer
        ),
        blocks=(block,),
        attachments=files,
        evidence=(Evidence(kind=EvidenceKind.THREAD, value=customer),),
        automatic=Automatic.BULK if kind == "automatic" else Automatic.NO,
    )


def picture_of(raw: RawInbound, part: str) -> bytes:
    """Give the picture of a message that has one; LookupError otherwise."""
    if part != PICTURE or _read(raw.raw).get("kind") != "image":
        raise LookupError(part)
    return b"\x89PNG\r\n\x1a\n".ljust(PICTURE_BYTES, b"\0")


def _read(raw: bytes) -> dict[str, Any]:
    if len(raw) > MAX_RAW_BYTES:
        raise MalformedMessage("the message is too long", code="too_long")
    try:
        said = json.loads(raw)
    except (ValueError, RecursionError):
        raise MalformedMessage("the message is not JSON", code="json") from None
    if not isinstance(said, dict):
        raise MalformedMessage("the message is no JSON object", code="json")
    return said
