"""What is kept of a conversation's routing: its work items with their triage, and every decision record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from router.errors import NotFound
from router.storage.schema import contact, contact_point, conversation, decision_record, work_item

MOST_DECISIONS = 1_000
MOST_CANDIDATES = 6
MOST_ID_CHARS = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptItem:
    """A work item: what which rules saw, where it stands, and the records about it, oldest first."""

    id: str
    is_done: bool
    ruleset_version: int
    triage: dict[str, Any]
    records: Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptStory:
    """A conversation as it was kept."""

    conversation_id: str
    customer: str
    subject: str
    account: str
    created_at: datetime
    items: Sequence[KeptItem]


async def find_conversation(conn: AsyncConnection, beginning: str) -> str:
    """Give the id that begins like this; NotFound when there is none, or more than one."""
    wanted = conversation.c.id.startswith(beginning[:MOST_ID_CHARS], autoescape=True)
    query = select(conversation.c.id).where(wanted).order_by(conversation.c.id).limit(MOST_CANDIDATES)
    found = list((await conn.execute(query)).scalars())
    if beginning in found:
        return beginning
    if not found:
        raise NotFound(f"there is no conversation {beginning[:MOST_ID_CHARS]!r}")
    if found[1:]:
        more = ", …" if len(found) == MOST_CANDIDATES else ""
        listed = ", ".join(found[: MOST_CANDIDATES - 1])
        raise NotFound(f"several conversations begin with {beginning!r}: {listed}{more}")
    return str(found[0])


async def read_story(conn: AsyncConnection, conversation_id: str) -> KeptStory:
    """Read everything that was decided about a conversation."""
    head = (
        await conn.execute(
            select(conversation, contact.c.display_name, contact_point.c.display)
            .join_from(conversation, contact, contact.c.id == conversation.c.contact_id)
            .join(contact_point, contact_point.c.id == conversation.c.contact_point_id)
            .where(conversation.c.id == conversation_id)
        )
    ).one()
    record = decision_record.c
    query = select(record.work_item_id, record.body).where(record.conversation_id == conversation_id)
    records: dict[str, list[dict[str, Any]]] = {}
    for row in await conn.execute(query.order_by(record.id).limit(MOST_DECISIONS)):
        records.setdefault(row.work_item_id, []).append(row.body)
    item = work_item.c
    rows = select(item.id, item.state, item.triage, item.ruleset_version).where(
        item.conversation_id == conversation_id
    )
    return KeptStory(
        conversation_id=conversation_id,
        customer=head.display_name or head.display,
        subject=head.subject,
        account=head.account,
        created_at=head.created_at,
        items=[
            KeptItem(
                id=row.id,
                is_done=row.state == "done",
                ruleset_version=row.ruleset_version,
                triage=row.triage,
                records=records.get(row.id, []),
            )
            for row in await conn.execute(rows.order_by(item.entered_system_at, item.id))
        ],
    )
