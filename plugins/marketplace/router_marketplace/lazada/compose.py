"""Write what Lazada can carry; in: an outbound attempt, out: the template of one message and its fields."""

from __future__ import annotations

from collections.abc import Mapping

from router.errors import ContentRejected
from router.messages import Block, BlockKind, OutboundAttempt
from router_marketplace.lazada.facts import FACTS
from router_marketplace.parsing import text_of

# Template, and for each parameter the field of the block it comes from; the first one is needed.
_TEMPLATES: Mapping[BlockKind, tuple[str, tuple[tuple[str, str], ...]]] = {
    BlockKind.IMAGE: ("3", (("img_url", "url"), ("width", "width"), ("height", "height"))),
    BlockKind.VIDEO: ("6", (("video_id", "video_id"),)),
    BlockKind.PRODUCT_CARD: ("10006", (("item_id", "product_id"),)),
    BlockKind.ORDER_CARD: ("10007", (("order_id", "order_id"),)),
    BlockKind.COUPON_CARD: ("10008", (("promotion_id", "coupon_id"),)),
}
_TEXT, _EMOJI = "1", "4"


def params_of(attempt: OutboundAttempt) -> dict[str, str]:
    """Give the parameters of one message; raises ContentRejected with the place."""
    blocks = [block for block in attempt.blocks if block.kind is not BlockKind.TEXT or block.text.strip()]
    if not blocks:
        raise ContentRejected("there is nothing to send", code="empty", part="text")
    if all(block.kind is BlockKind.TEXT for block in blocks):
        return _text(blocks)
    if len(blocks) > 1:
        raise ContentRejected(
            "Lazada takes one kind of content in a message; send text and card one by one",
            code="one_kind",
            part="blocks",
        )
    return _single(blocks[0])


def _text(blocks: list[Block]) -> dict[str, str]:
    text = "\n\n".join(block.text for block in blocks)
    size_bytes = len(text.encode("utf-8", "replace"))
    if size_bytes > FACTS.text.max:
        raise ContentRejected(
            f"the text has {size_bytes} bytes, Lazada takes {FACTS.text.max}", code="too_long", part="text"
        )
    is_emoji = len(blocks) == 1 and blocks[0].fields.get("platform_kind") == _EMOJI
    return {"template_id": _EMOJI if is_emoji else _TEXT, "txt": text}


def _single(block: Block) -> dict[str, str]:
    if block.kind not in _TEMPLATES:
        raise ContentRejected(
            f"Lazada carries no {block.kind.value}", code="unsupported", part=block.kind.value
        )
    template, wanted = _TEMPLATES[block.kind]
    found = {name: text_of(block.fields.get(field)) for name, field in wanted}
    if not found[wanted[0][0]]:
        missing = wanted[0][1]
        raise ContentRejected(
            f"a {block.kind.value} needs its {missing}", code=f"no_{missing}", part=block.kind.value
        )
    return {"template_id": template} | {name: value for name, value in found.items() if value}
