"""Read the platform's chats and messages; in: its JSON, out: neutral events, states and contexts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from router.messages import (
    Author,
    Automatic,
    Block,
    BlockKind,
    Evidence,
    EvidenceKind,
    Identity,
    InboundEvent,
    JsonObject,
    JsonValue,
    Proof,
    Role,
)
from router.threads import PlatformState, Turn
from router_marketplace.adapter import Item, Thread

ROLES = {
    "CUSTOMER": Role.CUSTOMER,
    "PARTNER": Role.SHOP,
    "MARKET": Role.OPERATOR,
    "SUPPORT": Role.MEDIATOR,
}
TURNS = {
    "NEW": Turn.SHOP,
    "WAITING_FOR_PARTNER": Turn.SHOP,
    "WAITING_FOR_CUSTOMER": Turn.CUSTOMER,
    "WAITING_FOR_ARBITER": Turn.NOBODY,
    "WAITING_FOR_MARKET": Turn.NOBODY,
    "FINISHED": Turn.NOBODY,
}
OPEN = tuple(status for status in TURNS if status != "FINISHED")
DISPUTE = "ARBITRAGE"
PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".heic")


def thread_of(chat: JsonObject) -> Thread:
    """Read a listed chat. `updatedAt` is the time of its last message, so status and kind count besides."""
    status = f"{chat['type']}/{chat['status']}"
    return Thread(
        id=number(chat["chatId"]),
        tail=f"{status} {chat['updatedAt']}",
        at=moment(chat["updatedAt"]),
        status=status,
        is_open=chat["status"] != "FINISHED",
        raw=chat,
    )


def item_of(message: JsonObject) -> Item:
    """Read where a message stands in its chat."""
    return Item(id=number(message["messageId"]), at=moment(message["createdAt"]), raw=message)


def state_of(chat: JsonObject) -> PlatformState:
    """Read whose turn it is, and since when the shop is."""
    status = str(chat.get("status", ""))
    turn = TURNS.get(status)
    waits = turn is Turn.SHOP and isinstance(chat.get("updatedAt"), str)
    return PlatformState(
        status=status, turn=turn, reply_needed_since=moment(chat["updatedAt"]) if waits else None
    )


def context_of(chat: JsonObject) -> JsonObject:
    """Read what a chat is about; a dispute says so, for the rules."""
    about = part(chat, "context")
    found: dict[str, JsonValue] = {
        key: number(about[name])
        for key, name in (("order_id", "orderId"), ("return_id", "returnId"), ("campaign_id", "campaignId"))
        if name in about
    }
    if "order_id" in found:
        # the market itself says whose order the chat is about
        found["order_proof"] = Proof.CHANNEL
    if chat.get("type") == DISPUTE:
        found["kind"] = "dispute"
    if "type" in about:
        found["thread_kind"] = str(about["type"]).lower()
    return found


def event_of(chat_id: str, message: JsonObject, chat: JsonObject) -> InboundEvent:
    """Read one message."""
    sender = str(message["sender"])
    item = item_of(message)
    return InboundEvent(
        external_id=item.id,
        occurred_at=item.at,
        author=_author(sender, chat_id, chat),
        blocks=_blocks(message),
        evidence=(Evidence(kind=EvidenceKind.THREAD, value=chat_id),),
        automatic=Automatic.REPORT if sender == "MARKET" else Automatic.NO,
        context=context_of(chat),
        provider_data={"thread": chat_id},
        sort_key=item.id.zfill(20),
    )


def buyer_of(chat_id: str, chat: JsonObject) -> Identity:
    """Name the buyer: by the public id, which not everybody shows, else by the chat."""
    public_id = part(part(chat, "context"), "customer").get("publicId")
    if isinstance(public_id, str) and public_id:
        return Identity(kind="yandex_public_id", value=public_id, proof=Proof.CHANNEL)
    return Identity(kind="yandex_chat", value=chat_id, proof=Proof.CHANNEL)


def text_of(message: JsonObject) -> str:
    """Give the text of a message; files have none."""
    text = message.get("message")
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(text, str) else ""


def number(value: JsonValue) -> str:
    """Write an id as text: some are beyond what other programs keep exactly as a number."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError(f"{value!r:.40} is no id")
    return str(value)


def moment(value: JsonValue) -> datetime:
    """Read a time; one without a zone cannot be placed."""
    at = datetime.fromisoformat(str(value))
    if at.tzinfo is None:
        raise ValueError(f"{value!r:.40} has no zone")
    # In UTC now: near the end of all times that fails, and better here than where it is read back.
    return at.astimezone(UTC)


def part(document: JsonObject, name: str) -> JsonObject:
    """Give an object inside another; empty when it is not there."""
    value = document.get(name)
    return value if isinstance(value, Mapping) else {}


def _author(sender: str, chat_id: str, chat: JsonObject) -> Author:
    role = ROLES.get(sender, Role.OTHER)
    if role is not Role.CUSTOMER:
        return Author(role=role, display=sender.title())
    name = part(part(chat, "context"), "customer").get("name")
    return Author(
        role=role,
        identities=(buyer_of(chat_id, chat),),
        display=name if isinstance(name, str) else "",
    )


def _blocks(message: JsonObject) -> list[Block]:
    blocks = [Block(text=text)] if (text := text_of(message)) else []
    payload = message.get("payload")
    files = payload if isinstance(payload, list | tuple) else ()
    blocks += [_file_block(one) for one in files if isinstance(one, Mapping)]
    if not blocks:
        shown = ", ".join(sorted(set(message) - {"messageId", "createdAt", "sender"})) or "an empty message"
        return [Block(kind=BlockKind.UNSUPPORTED, text=f"({shown})", fields={"platform_kind": shown})]
    return blocks


def _file_block(file: JsonObject) -> Block:
    name = str(file.get("name", "file"))
    kind = BlockKind.IMAGE if name.lower().endswith(PICTURES) else BlockKind.FILE
    fields = {"url": file.get("url"), "name": name, "size_bytes": file.get("size")}
    return Block(kind=kind, text=name, fields=fields)
