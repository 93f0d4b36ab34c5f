"""Read what Lazada says; in: a message, a session or a read state as JSON, out: neutral events and states.

Pure. The buyer is known by the session, which pushes and pages both name; his own id comes with some of
them only and finds his orders. A message that moderation holds, or that was taken back, keeps its id.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from router.messages import (
    Author,
    Automatic,
    Block,
    BlockKind,
    DeliveryReport,
    DeliveryState,
    EventKind,
    Evidence,
    EvidenceKind,
    Identity,
    InboundEvent,
    Proof,
    Role,
)
from router.threads import PlatformState, Turn
from router_marketplace.lazada.facts import FACTS
from router_marketplace.parsing import inner_object, text_of, time_from_ms, whole

CHAT_ID = "lazada_session"
BUYER_ID = "lazada_buyer"

BUYER, SELLER = 1, 2
_BY_SYSTEM = 2
_RECALLED = 1
# The same field is spelt in two ways in the platform's own examples.
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "url": ("img_url", "imgUrl", "url"),
    "width": ("width",),
    "height": ("height",),
    "product_id": ("item_id", "itemId"),
    "order_id": ("order_id", "orderId"),
    "coupon_id": ("promotion_id", "promotionId"),
    "video_id": ("video_id", "videoId"),
}


def is_held(message: Mapping[str, Any]) -> bool:
    """Tell whether moderation keeps a message of the seller's side from the buyer."""
    return role_of(message) is not Role.CUSTOMER and bool(text_of(message.get("process_msg")))


def is_recalled(message: Mapping[str, Any]) -> bool:
    """Tell whether a message was taken back."""
    return whole(message.get("status")) == _RECALLED


def role_of(message: Mapping[str, Any]) -> Role:
    """Tell who wrote a message."""
    if whole(message.get("type")) == _BY_SYSTEM:
        return Role.SYSTEM
    side = whole(message.get("from_account_type"))
    if side == BUYER:
        return Role.CUSTOMER
    if side != SELLER:
        return Role.OTHER
    return Role.BOT if message.get("auto_reply") is True else Role.SHOP


def message_event(
    message: Mapping[str, Any], thread: str, listed: Mapping[str, Any] | None = None
) -> InboundEvent:
    """Read one message; `listed` is its session, if it is known."""
    role = role_of(message)
    at = time_from_ms(message.get("send_time"))
    number = text_of(message.get("message_id"))
    held, recalled = is_held(message), is_recalled(message)
    content = inner_object(message.get("content"))
    kind = EventKind.SYSTEM if role is Role.SYSTEM else EventKind.MESSAGE
    block = _block(text_of(message.get("template_id")), content)
    return InboundEvent(
        kind=EventKind.RECALL if recalled else kind,
        external_id="" if recalled else number,
        target=number if recalled else "",
        occurred_at=None if recalled else at,
        author=_author(message, role, thread, listed or {}),
        blocks=[block],
        evidence=[Evidence(kind=EvidenceKind.THREAD, value=thread)] if thread else [],
        automatic=Automatic.REPLY if role is Role.BOT else Automatic.NO,
        visible=not held,
        context={name: block.fields[name] for name in ("order_id", "product_id") if name in block.fields},
        report=_report(number, at, message) if role is Role.SHOP and not recalled else None,
        sort_key=_sort_key(at),
        platform_state=None if held or recalled else turn_state(role, at),
        warnings=[FACTS.rules.held_reason] if held else [],
        provider_data={"session_id": thread},
    )


def session_state(session: Mapping[str, Any]) -> PlatformState:
    """Read how many messages of a session are unread; whether it may be written to it does not say."""
    return PlatformState(unread=whole(session.get("unread_count")))


def read_event(message_id: str, thread: str, at: datetime | None) -> InboundEvent:
    """Say that the buyer has read up to a message."""
    report = None
    if at is not None and message_id:
        report = DeliveryReport(outgoing_ref=message_id, state=DeliveryState.READ, at=at)
    return InboundEvent(
        kind=EventKind.RECEIPT,
        occurred_at=at,
        author=Author(role=Role.CUSTOMER, identities=_identities(thread, "")),
        evidence=[Evidence(kind=EvidenceKind.THREAD, value=thread)] if thread else [],
        target=message_id,
        report=report,
    )


def turn_state(role: Role, at: datetime | None) -> PlatformState | None:
    """Say whose turn it is after a message."""
    if role is Role.CUSTOMER:
        return PlatformState(turn=Turn.SHOP, reply_needed_since=at)
    return PlatformState(turn=Turn.CUSTOMER) if role is Role.SHOP else None


def _author(message: Mapping[str, Any], role: Role, thread: str, listed: Mapping[str, Any]) -> Author:
    if role is not Role.CUSTOMER:
        return Author(role=role)
    buyer = text_of(listed.get("buyer_id")) or text_of(message.get("from_account_id"))
    return Author(role=role, identities=_identities(thread, buyer), display=text_of(listed.get("title")))


def _identities(thread: str, buyer: str) -> list[Identity]:
    pairs = ((CHAT_ID, thread), (BUYER_ID, buyer))
    return [Identity(kind=kind, value=value, proof=Proof.CHANNEL) for kind, value in pairs if value]


def _block(template: str, content: Mapping[str, Any]) -> Block:
    kind = FACTS.templates.get(template, "")
    fields = {"platform_kind": template}
    for name, spellings in _FIELDS.items():
        found = next((text_of(content[one]) for one in spellings if text_of(content.get(one))), "")
        if found:
            fields[name] = found
    text = text_of(content.get("txt")) or text_of(content.get("text"))
    if kind in ("text", "emoji") and text:
        return Block(text=text)
    if kind == "image" and "url" in fields:
        return Block(kind=BlockKind.IMAGE, text="[picture]", fields=fields)
    if kind == "video":
        return Block(kind=BlockKind.VIDEO, text="[video]", fields=fields)
    if kind.endswith("_card"):
        named = fields.get(
            {"product_card": "product_id", "order_card": "order_id"}.get(kind, "coupon_id"), ""
        )
        shown = f"[{kind.replace('_', ' ')}{': ' if named else ''}{named}]"
        return Block(kind=BlockKind(kind), text=shown, fields=fields)
    shown = text or f"[message of kind {template or 'unknown'}]"
    return Block(kind=BlockKind.UNSUPPORTED, text=shown, fields={**fields, "hint": text})


def _report(number: str, at: datetime | None, message: Mapping[str, Any]) -> DeliveryReport | None:
    """Say what the session shows of the shop's own message: the buyer has it, or moderation does."""
    if at is None:
        return None
    state = DeliveryState.HELD if is_held(message) else DeliveryState.DELIVERED
    return DeliveryReport(
        outgoing_ref=number, state=state, at=at, detail=text_of(message.get("process_msg"))[:200]
    )


def _sort_key(at: datetime | None) -> str:
    return f"{round(at.timestamp() * 1000):020}" if at else ""
