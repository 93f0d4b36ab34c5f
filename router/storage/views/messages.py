"""Messages, their files and their fate outside, and the raw bytes they came from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from router.errors import NotFound
from router.model.parts import AT_PROVIDER
from router.model.platform_order import in_platform_order
from router.model.threads import CHANGES
from router.model.timeline import (
    Delivery,
    DeliveryParts,
    Message,
    MessageAttachment,
    MessageBlock,
    Reaction,
    Refusal,
    Version,
)
from router.storage.schema import attachment, conversation, message, outbox, outgoing_file, raw_bytes
from router.storage.views.conversations import require_conversation
from router.storage.views.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePage:
    """Messages oldest first, as their provider orders them; `next` is what to ask for `after`, None at the end."""

    messages: Sequence[Message]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """Where the bytes of an attachment are: a part of a raw item, or the outgoing file with the id `part`."""

    inbound_id: str | None
    part: str
    name: str
    content_type: str


async def list_messages(
    conn: AsyncConnection, scope: Scope, conversation_id: str, *, after: str, limit: int
) -> MessagePage:
    """Read a page of a timeline after the message `after` (empty: from the start)."""
    await require_conversation(conn, scope, conversation_id)
    here = (message.c.conversation_id == conversation_id, message.c.id > after)
    rows = (await conn.execute(_messages(scope, *here).limit(limit + 1))).all()
    shown = await _built(conn, rows[:limit])
    following = shown[-1].id if len(rows) > limit else None
    return MessagePage(messages=in_platform_order(shown), next=following)


async def read_messages(conn: AsyncConnection, scope: Scope, ids: Sequence[str]) -> dict[str, Message]:
    """Read the visible ones of `ids`, by id, in two statements however many there are."""
    rows = (await conn.execute(_messages(scope, message.c.id.in_(ids)))).all()
    return {one.id: one for one in await _built(conn, rows)}


async def read_message(conn: AsyncConnection, scope: Scope, message_id: str) -> Message:
    """Read one message; NotFound if there is none for this agent."""
    found = await read_messages(conn, scope, [message_id])
    if message_id not in found:
        raise NotFound(f"there is no message {message_id}")
    return found[message_id]


async def read_versions(conn: AsyncConnection, scope: Scope, message_id: str) -> list[Version]:
    """Read all a message has ever said, oldest first, the words of a recalled one too."""
    row = (await conn.execute(_messages(scope, message.c.id == message_id))).mappings().first()
    if row is None:
        raise NotFound(f"there is no message {message_id}")
    shown_since = row["edited_at"] or row["occurred_at"] or row["created_at"]
    earlier = [(datetime.fromisoformat(one["at"]), one["blocks"]) for one in row["versions"]]
    return [
        Version(at=at, blocks=[_block(block) for block in blocks])
        for at, blocks in (*earlier, (shown_since, row["blocks"]))
    ]


async def read_raw(conn: AsyncConnection, scope: Scope, message_id: str) -> bytes:
    """Read the bytes a message came as; NotFound for a message that came from nowhere."""
    query = (
        select(raw_bytes.c.raw)
        .join_from(message, raw_bytes, raw_bytes.c.inbound_id == message.c.inbound_id)
        .join(conversation, conversation.c.id == message.c.conversation_id)
        .where(message.c.id == message_id, scope.conversations())
    )
    raw: bytes | None = (await conn.execute(query)).scalar()
    if raw is None:
        raise NotFound(f"there is no original of a message {message_id}")
    return raw


async def find_attachment(conn: AsyncConnection, scope: Scope, attachment_id: str) -> StoredFile:
    """Find where an attachment's bytes are; NotFound if there is none for this agent."""
    query = (
        select(attachment)
        .join_from(attachment, message, message.c.id == attachment.c.message_id)
        .join(conversation, conversation.c.id == message.c.conversation_id)
        .where(attachment.c.id == attachment_id, scope.conversations())
    )
    row = (await conn.execute(query)).first()
    if row is not None:
        return StoredFile(
            inbound_id=row.inbound_id, part=row.part, name=row.name, content_type=row.content_type
        )
    sent = (
        select(outgoing_file)
        .join_from(outgoing_file, message, message.c.id == outgoing_file.c.message_id)
        .join(conversation, conversation.c.id == message.c.conversation_id)
        .where(outgoing_file.c.id == attachment_id, scope.conversations())
    )
    row = (await conn.execute(sent)).first()
    if row is None:
        raise NotFound(f"there is no attachment {attachment_id}")
    return StoredFile(inbound_id=None, part=row.id, name=row.name, content_type=row.content_type)


async def find_filed(conn: AsyncConnection, inbound_id: str) -> str | None:
    """Find the conversation a raw item was filed into; None if into none."""
    query = select(message.c.conversation_id).where(message.c.inbound_id == inbound_id).limit(1)
    conversation_id: str | None = (await conn.execute(query)).scalar()
    return conversation_id


def _messages(scope: Scope, *conditions: ColumnElement[bool]) -> Select[Any]:
    fate = (
        outbox.c.state,
        outbox.c.detail,
        outbox.c.attempts,
        outbox.c.outgoing_ref,
        outbox.c.next_try_at,
        outbox.c.refusal,
        outbox.c.first_part_id,
        outbox.c.part,
        outbox.c.parts,
        outbox.c.waits_for_part,
    )
    return (
        select(message, *(column.label(f"delivery_{column.name}") for column in fate))
        .join_from(message, conversation, conversation.c.id == message.c.conversation_id)
        .outerjoin(outbox, outbox.c.message_id == message.c.id)
        .where(scope.conversations(), *conditions)
        .order_by(message.c.id)
    )


async def _built(conn: AsyncConnection, rows: Sequence[Row[Any]]) -> list[Message]:
    """Build messages with their files, and with what is known of the other parts of their texts."""
    files: defaultdict[str, list[MessageAttachment]] = defaultdict(list)
    inbound = [row.id for row in rows if row.inbound_id]
    if inbound:
        query = select(attachment).where(attachment.c.message_id.in_(inbound)).order_by(attachment.c.id)
        for row in await conn.execute(query):
            files[row.message_id].append(_attachment(row._mapping))
    sent = [row.id for row in rows if row.direction == "outbound"]
    if sent:
        query = select(outgoing_file).where(outgoing_file.c.message_id.in_(sent)).order_by(outgoing_file.c.id)
        for row in await conn.execute(query):
            files[row.message_id].append(_attachment({**row._mapping, "inline": False, "content_id": ""}))
    arrived = await _arrived(conn, {row.delivery_first_part_id for row in rows} - {None})
    return [_message({**row._mapping, "arrived_parts": arrived}, files[row.id]) for row in rows]


async def _arrived(conn: AsyncConnection, firsts: Collection[str]) -> Mapping[str, Sequence[int]]:
    """Number the parts that their provider has taken, by the first part of their text."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    if firsts:
        query = select(outbox.c.first_part_id, outbox.c.part).where(
            outbox.c.first_part_id.in_(firsts), outbox.c.state.in_(AT_PROVIDER)
        )
        for row in await conn.execute(query.order_by(outbox.c.part)):
            found[row.first_part_id].append(row.part)
    return found


def message_of(row: Mapping[str, Any], files: Sequence[Mapping[str, Any]]) -> Message:
    """Build a message that nothing was sent for yet from the rows that were stored of it and of its files."""
    return _message({**row, "delivery_state": None}, [_attachment(file) for file in files])


def _message(row: Mapping[Any, Any], attachments: Sequence[MessageAttachment]) -> Message:
    return Message(
        id=row["id"],
        seq=row["seq"],
        direction=row["direction"],
        kind=row["kind"],
        role=row["role"],
        author_name=row["author_name"],
        agent_id=row["agent_id"],
        account=row["account"],
        subject=row["subject"],
        blocks=[] if row["recalled_at"] else [_block(block) for block in row["blocks"]],
        attachments=[] if row["recalled_at"] else _in_order(attachments, row["blocks"]),
        automatic=row["automatic"],
        guest=row["guest"],
        warnings=row["warnings"],
        created_at=row["created_at"],
        occurred_at=row["occurred_at"],
        external_id=row["external_id"],
        has_raw=row["inbound_id"] is not None,
        sort_key=row["sort_key"],
        audience=row["audience"] or ["customer"],
        sent_outside=row["sent_outside"],
        recalled_at=row["recalled_at"],
        edited_at=row["edited_at"],
        reactions=[_reaction(one) for one in row["reactions"] if one["text"]],
        is_applied=row["kind"] in CHANGES and row["unmet_target"] is None,
        delivery=_delivery(row) if row["delivery_state"] else None,
    )


def _in_order(
    attachments: Sequence[MessageAttachment], blocks: Sequence[Mapping[str, Any]]
) -> Sequence[MessageAttachment]:
    """Give files we sent in the order of their blocks, as the customer sees them."""
    places = {block.get("fields", {}).get("attachment"): place for place, block in enumerate(blocks)}
    return sorted(attachments, key=lambda one: places.get(one.id, 0))


def _reaction(stored: Mapping[str, Any]) -> Reaction:
    at = datetime.fromisoformat(stored["at"])
    return Reaction(role=stored["role"], name=stored["name"], text=stored["text"], at=at)


def _block(stored: Mapping[str, Any]) -> MessageBlock:
    return MessageBlock(
        kind=stored.get("kind", "text"),
        text=stored.get("text", ""),
        html=stored.get("html", ""),
        quoted=stored.get("quoted", ""),
        fields=stored.get("fields", {}),
    )


def _attachment(row: Mapping[Any, Any]) -> MessageAttachment:
    return MessageAttachment(
        id=row["id"],
        name=row["name"],
        content_type=row["content_type"],
        size_bytes=row["size_bytes"],
        inline=row["inline"],
        content_id=row["content_id"],
        url="/api/v1/attachments/" + row["id"],
    )


def _delivery(row: Mapping[Any, Any]) -> Delivery:
    return Delivery(
        state=row["delivery_state"],
        detail=row["delivery_detail"],
        attempts=row["delivery_attempts"],
        outgoing_ref=row["delivery_outgoing_ref"],
        next_try_at=row["delivery_next_try_at"],
        refusal=_refusal(row["delivery_refusal"]),
        parts=_parts(row) if row["delivery_parts"] else None,
    )


def _parts(row: Mapping[Any, Any]) -> DeliveryParts:
    return DeliveryParts(
        number=row["delivery_part"],
        count=row["delivery_parts"],
        arrived=row["arrived_parts"][row["delivery_first_part_id"]],
        waits_for=row["delivery_waits_for_part"],
    )


def _refusal(stored: Mapping[str, Any] | None) -> Refusal | None:
    if stored is None:
        return None
    until = stored["until"]
    return Refusal(**{**stored, "until": None if until is None else datetime.fromisoformat(until)})
