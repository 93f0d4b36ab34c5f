"""Write our own entries on a conversation's timeline: replies, notes, and what happened inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from router.errors import NotFound
from router.ids import new_id
from router.messages import Role
from router.storage.schema import agent, conversation, message


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of ours; only an `outbound` one gets a `seq` and is ever seen by the customer.

    Without `episode_id` and `account` it belongs to those the conversation has now. `strand_id` names the
    conversation whose customer reads it where that is another one since they were merged or split, and
    `home_id` where it stands when they are not merged.
    """

    message_id: str
    conversation_id: str
    direction: str
    kind: str
    agent_id: str | None
    at: datetime
    blocks: Sequence[Mapping[str, Any]]
    preview: str = ""
    episode_id: str | None = None
    account: str | None = None
    contact_point_id: str | None = None
    external_id: str = ""
    audience: Sequence[str] | None = None
    strand_id: str | None = None
    home_id: str | None = None


def add_entry(connection: Connection, entry: Entry) -> None:
    """Store an entry at the end of its conversation. Raises NotFound."""
    here = conversation.c.id == entry.conversation_id
    place = connection.execute(select(conversation).where(here).with_for_update()).one_or_none()
    if place is None:
        raise NotFound
    seq = _next_seq(connection, entry) if entry.direction == "outbound" else None
    connection.execute(
        insert(message).values(
            id=entry.message_id,
            conversation_id=entry.conversation_id,
            strand_id=entry.strand_id or entry.conversation_id,
            home_id=entry.home_id or entry.conversation_id,
            episode_id=entry.episode_id or place.episode_id,
            seq=seq,
            direction=entry.direction,
            kind=entry.kind,
            role=Role.AGENT if entry.agent_id else Role.SYSTEM,
            author_name=_agent_name(connection, entry.agent_id),
            agent_id=entry.agent_id,
            account=entry.account or place.account,
            contact_point_id=entry.contact_point_id,
            external_id=entry.external_id,
            blocks=entry.blocks,
            preview=entry.preview,
            created_at=entry.at,
            audience=entry.audience,
            **_NOT_FROM_OUTSIDE,
        )
    )
    if entry.direction in ("outbound", "note"):
        connection.execute(update(conversation).where(here).values(last_message_at=entry.at))


def _next_seq(connection: Connection, entry: Entry) -> int:
    """Take the next number among what the customer of the strand may see."""
    strand = conversation.c.id == (entry.strand_id or entry.conversation_id)
    last: int = connection.execute(select(conversation.c.last_seq).where(strand)).scalar_one()
    connection.execute(update(conversation).where(strand).values(last_seq=last + 1, last_message_at=entry.at))
    return last + 1


_NOT_FROM_OUTSIDE: Mapping[str, Any] = {
    "subject": "",
    "automatic": "no",
    "guest": False,
    "warnings": [],
    "provider_data": {},
}


def add_event(
    connection: Connection,
    conversation_id: str,
    agent_id: str | None,
    kind: str,
    fields: Mapping[str, Any],
    at: datetime,
) -> None:
    """Put an inner event (assigned, transferred, resolved …) on the timeline."""
    block = {"kind": "text", "text": "", "html": "", "quoted": "", "fields": fields}
    entry = Entry(
        message_id=new_id(),
        conversation_id=conversation_id,
        direction="event",
        kind=kind,
        agent_id=agent_id,
        at=at,
        blocks=[block],
    )
    add_entry(connection, entry)


def _agent_name(connection: Connection, agent_id: str | None) -> str:
    if agent_id is None:
        return ""
    name: str = connection.execute(select(agent.c.display_name).where(agent.c.id == agent_id)).scalar_one()
    return name
