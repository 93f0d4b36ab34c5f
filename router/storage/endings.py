"""What ends a claim by hand: put back, transferred or resolved, behind the fencing token of its holder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from router.storage.outbound import require_claim
from router.storage.schema import claim, conversation, episode, task, work_item
from router.storage.timeline import add_event


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an agent ends a claim he holds; `queue` and what belongs to it only when it moves."""

    conversation_id: str
    agent_id: str
    token: int
    kind: str
    note: str
    at: datetime
    queue: str | None = None
    max_advance_s: int = 0
    to_agent_id: str | None = None


def hand_back(connection: Connection, ending: Ending) -> dict[str, Any]:
    """End a claim and let the item wait again with its age; give the item's row as it is now."""
    held = require_claim(connection, ending.conversation_id, ending.agent_id, ending.token)
    _end_claim(connection, held.claim_id, "handed_back", ending)
    values: dict[str, object] = {"state": "waiting"}
    if ending.queue is not None:
        values |= {
            "queue": ending.queue,
            "max_advance_s": ending.max_advance_s,
            "entered_queue_at": ending.at,
        }
    connection.execute(update(work_item).where(work_item.c.id == held.id).values(**values))
    fields = {"note": ending.note, "queue": ending.queue, "to": ending.to_agent_id}
    add_event(connection, ending.conversation_id, ending.agent_id, ending.kind, fields, ending.at)
    row = connection.execute(select(work_item).where(work_item.c.id == held.id)).mappings().one()
    return dict(row)


def resolve(connection: Connection, ending: Ending) -> str:
    """End the claim, the item and the episode; give the item's id."""
    held = require_claim(connection, ending.conversation_id, ending.agent_id, ending.token)
    _end_claim(connection, held.claim_id, "completed", ending)
    connection.execute(update(work_item).where(work_item.c.id == held.id).values(state="done"))
    connection.execute(
        update(episode)
        .where(episode.c.id == held.episode_id)
        .values(resolved_at=ending.at, resolved_by=ending.agent_id, reason=ending.note)
    )
    connection.execute(
        update(conversation)
        .where(conversation.c.id == ending.conversation_id)
        .values(state="resolved", resolved_at=ending.at)
    )
    _close_tasks(connection, held.episode_id, ending)
    fields: Mapping[str, Any] = {"reason": ending.note}
    add_event(connection, ending.conversation_id, ending.agent_id, "resolved", fields, ending.at)
    item_id: str = held.id
    return item_id


def _close_tasks(connection: Connection, episode_id: str, ending: Ending) -> None:
    """Close what was to be done in an episode that is resolved."""
    connection.execute(
        update(task)
        .where(task.c.episode_id == episode_id, task.c.state == "open")
        .values(
            state="done",
            closed_at=ending.at,
            closed_by=ending.agent_id,
            closed_reason=ending.note or "resolved",
        )
    )


def _end_claim(connection: Connection, claim_id: str, state: str, ending: Ending) -> None:
    connection.execute(
        update(claim)
        .where(claim.c.id == claim_id, claim.c.state == "active")
        .values(state=state, ended_at=ending.at, reason=ending.note)
    )
