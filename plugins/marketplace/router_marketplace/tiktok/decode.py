"""Read what TikTok Shop says; in: a message or a conversation as JSON, out: neutral events and states.

Pure. Buyers have two ids: `im_user_id` is who an answer goes to, `user_id` finds orders.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from router.messages import (
    Author,
    Automatic,
    Block,
    BlockKind,
    EventKind,
    Evidence,
    EvidenceKind,
    Identity,
    InboundEvent,
    Proof,
    Role,
)
from router.threads import PlatformState, Turn
from router_marketplace.parsing import inner_object, text_of, time_from_s, whole
from router_marketplace.tiktok.facts import FACTS

CHAT_ID = "tiktok_im_user"
ORDER_ID = "tiktok_user"

_ROLES: Mapping[str, Role] = {
    "BUYER": Role.CUSTOMER,
    "SHOP": Role.SHOP,
    "CUSTOMER_SERVICE": Role.AGENT,
    "SYSTEM": Role.SYSTEM,
    "ROBOT": Role.BOT,
}
_NOTICES: Mapping[str, EventKind] = {
    "ALLOCATED_SERVICE": EventKind.ASSIGNMENT,
    "NOTIFICATION": EventKind.SYSTEM,
    "BUYER_ENTER_FROM_TRANSFER": EventKind.SYSTEM,
    "BUYER_ENTER_FROM_PRODUCT": EventKind.SYSTEM,
    "BUYER_ENTER_FROM_ORDER": EventKind.SYSTEM,
}
_CARDS: Mapping[str, tuple[BlockKind, str]] = {
    "PRODUCT_CARD": (BlockKind.PRODUCT_CARD, "product_id"),
    "ORDER_CARD": (BlockKind.ORDER_CARD, "order_id"),
    "RETURN_REFUND_CARD": (BlockKind.ORDER_CARD, "order_id"),
    "COUPON_CARD": (BlockKind.COUPON_CARD, "coupon_id"),
}
_FILES: Mapping[str, BlockKind] = {
    "IMAGE": BlockKind.IMAGE,
    "EMOTICONS": BlockKind.IMAGE,
    "VIDEO": BlockKind.VIDEO,
}
_INDEX_DIGITS = 24


def message_event(
    message: Mapping[str, Any], thread: str, *, hint: str = "", people: Sequence[Mapping[str, Any]] = ()
) -> InboundEvent:
    """Read one message; `people` are the conversation's participants, `hint` the words for unknown kinds."""
    kind = text_of(message.get("type"))
    content = inner_object(message.get("content"))
    sender = message.get("sender")
    sender = sender if isinstance(sender, Mapping) else {}
    role = _ROLES.get(text_of(sender.get("role")), Role.OTHER)
    at = time_from_s(message.get("create_time"))
    visible = message.get("is_visible") is not False
    event_kind = _NOTICES.get(kind, EventKind.SYSTEM if role is Role.SYSTEM else EventKind.MESSAGE)
    speaks = visible and event_kind is EventKind.MESSAGE
    return InboundEvent(
        kind=event_kind,
        external_id=text_of(message.get("id")),
        occurred_at=at,
        author=_author(sender, role, people),
        blocks=[_block(kind, content, hint)],
        evidence=[Evidence(kind=EvidenceKind.THREAD, value=thread)] if thread else [],
        automatic=Automatic.REPLY if role is Role.BOT else Automatic.NO,
        visible=visible,
        context=_context(content),
        sort_key=text_of(message.get("index")).zfill(_INDEX_DIGITS),
        platform_state=_turn_state(role, at) if speaks else None,
        provider_data={"conversation_id": thread},
    )


def thread_state(conversation: Mapping[str, Any]) -> PlatformState:
    """Read the state of one conversation: whether it can be written to, and whose turn it is."""
    can_send = conversation.get("can_send_message")
    latest = conversation.get("latest_message")
    said = message_event(latest, "").platform_state if isinstance(latest, Mapping) else None
    return replace(
        said or PlatformState(),
        status="" if can_send is None else "open" if can_send else "closed",
        can_send=can_send if isinstance(can_send, bool) else None,
        blocked_reason=FACTS.rules.closed_reason if can_send is False else "",
        unread=whole(conversation.get("unread_count")),
    )


def _author(sender: Mapping[str, Any], role: Role, people: Sequence[Mapping[str, Any]]) -> Author:
    chat_id = text_of(sender.get("im_user_id"))
    known = next((one for one in people if chat_id and text_of(one.get("im_user_id")) == chat_id), {})
    order_id = text_of(sender.get("user_id") or known.get("user_id"))
    identities = [
        Identity(kind=kind, value=value, proof=Proof.CHANNEL)
        for kind, value in ((CHAT_ID, chat_id), (ORDER_ID, order_id))
        if value
    ]
    display = text_of(sender.get("nickname") or known.get("nickname"))
    return Author(role=role, identities=identities, display=display)


def _block(kind: str, content: Mapping[str, Any], hint: str) -> Block:
    if kind == "TEXT" or kind in _NOTICES:
        return Block(text=text_of(content.get("content")) or _notice(kind, content))
    if kind in _CARDS:
        block_kind, name = _CARDS[kind]
        fields = {"platform_kind": kind} | {key: text_of(value) for key, value in content.items()}
        return Block(kind=block_kind, text=f"[{_spoken(kind)}: {text_of(content.get(name))}]", fields=fields)
    if kind in _FILES and text_of(content.get("url")):
        fields = {"platform_kind": kind} | {key: text_of(value) for key, value in content.items()}
        return Block(kind=_FILES[kind], text=f"[{_spoken(kind)}]", fields=fields)
    shown = hint or f"[{_spoken(kind) or 'message of an unknown kind'}]"
    return Block(kind=BlockKind.UNSUPPORTED, text=shown, fields={"platform_kind": kind, "hint": hint})


def _notice(kind: str, content: Mapping[str, Any]) -> str:
    if kind == "TEXT":
        return ""
    named = ", ".join(f"{key} {text_of(value)}" for key, value in content.items() if text_of(value))
    return f"[{_spoken(kind)}{': ' if named else ''}{named}]"


def _spoken(kind: str) -> str:
    return kind.replace("_", " ").lower()


def _context(content: Mapping[str, Any]) -> dict[str, str]:
    named = {name: text_of(content.get(name)) for name in ("order_id", "product_id")}
    return {name: value for name, value in named.items() if value}


def _turn_state(role: Role, at: datetime | None) -> PlatformState | None:
    rules = FACTS.rules
    if at is None:
        return None
    if role is Role.CUSTOMER:
        closes_at = at + timedelta(seconds=rules.shop_silent_s)
        return PlatformState(turn=Turn.SHOP, reply_needed_since=at, closes_at=closes_at)
    if role in (Role.SHOP, Role.AGENT):
        return PlatformState(turn=Turn.CUSTOMER, closes_at=at + timedelta(seconds=rules.buyer_silent_s))
    return None
