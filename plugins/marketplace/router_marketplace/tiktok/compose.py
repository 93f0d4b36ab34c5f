"""Write what TikTok Shop can carry; in: an outbound attempt, out: one kind of message and its content.

A message there is of exactly one kind. Texts of one attempt become one text; a card or picture goes alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from router.errors import ContentRejected
from router.messages import Block, BlockKind, JsonValue, OutboundAttempt
from router_marketplace.parsing import text_of, whole
from router_marketplace.tiktok.facts import FACTS

_REFUND = "RETURN_REFUND_CARD"
_CARDS: Mapping[BlockKind, tuple[str, tuple[str, ...]]] = {
    BlockKind.PRODUCT_CARD: ("PRODUCT_CARD", ("product_id",)),
    BlockKind.ORDER_CARD: ("ORDER_CARD", ("order_id",)),
    BlockKind.COUPON_CARD: ("COUPON_CARD", ("coupon_id",)),
}


def content_of(attempt: OutboundAttempt) -> tuple[str, str]:
    """Give the kind and the JSON text of the content; raises ContentRejected with the place."""
    blocks = [block for block in attempt.blocks if block.kind is not BlockKind.TEXT or block.text.strip()]
    if not blocks:
        raise ContentRejected("there is nothing to send", code="empty", part="text")
    if all(block.kind is BlockKind.TEXT for block in blocks):
        return "TEXT", _written(_text(blocks))
    if len(blocks) > 1:
        raise ContentRejected(
            "TikTok Shop takes one kind of content in a message; send text and card one by one",
            code="one_kind",
            part="blocks",
        )
    return _single(blocks[0])


def _text(blocks: list[Block]) -> dict[str, JsonValue]:
    text = "\n\n".join(block.text for block in blocks)
    if len(text) > FACTS.text.max:
        raise ContentRejected(
            f"the text has {len(text)} characters, TikTok Shop takes {FACTS.text.max}",
            code="too_long",
            part="text",
        )
    return {"content": text}


def _single(block: Block) -> tuple[str, str]:
    if block.kind is BlockKind.IMAGE:
        url = text_of(block.fields.get("url"))
        if not url:
            raise ContentRejected("a picture has to be uploaded first", code="no_url", part="image")
        size = {name: whole(block.fields.get(name)) or 0 for name in ("width", "height")}
        return "IMAGE", _written({"url": url, **size})
    if block.fields.get("platform_kind") == _REFUND:
        return _REFUND, _written(_named(block, ("order_id", "sku_id")))
    if block.kind not in _CARDS:
        raise ContentRejected(
            f"TikTok Shop carries no {block.kind.value}", code="unsupported", part=block.kind.value
        )
    kind, names = _CARDS[block.kind]
    return kind, _written(_named(block, names))


def _named(block: Block, names: tuple[str, ...]) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {name: text_of(block.fields.get(name)) for name in names}
    if not found[names[0]]:
        raise ContentRejected(f"a card needs its {names[0]}", code=f"no_{names[0]}", part=block.kind.value)
    return {name: value for name, value in found.items() if value}


def _written(content: Mapping[str, JsonValue]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
