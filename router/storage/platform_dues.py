"""What providers demand of open work, as rows: read with what was said since, and kept beside the promises."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, exists, func, or_, select, update

from router.model.filing import Row
from router.storage.schema import conversation, message, sla_clock, thread_state, work_item

_strand = conversation.alias("strand")
_leads_to = func.coalesce(_strand.c.leads_to, _strand.c.id)
_has_state = exists(
    select(_strand.c.id)
    .join_from(_strand, thread_state, thread_state.c.conversation_id == _strand.c.id)
    .where(
        or_(_strand.c.id == conversation.c.id, _strand.c.leads_to == conversation.c.id),
        _leads_to == conversation.c.id,
    )
    .correlate(conversation)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformDue:
    """When a provider wants an answer, and how long before that it is urgent."""

    due_at: datetime
    lead_s: int

    @property
    def urgent_at(self) -> float:
        """Give when it becomes urgent, in seconds since 1970."""
        return self.due_at.timestamp() - self.lead_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Demanded:
    """A piece of open work, what its provider said last, and when customer and shop spoke last."""

    item: Row
    state: Row
    asked_at: datetime | None
    answered_at: datetime | None
    known: PlatformDue | None


def read_demanded(connection: Connection, conversation_ids: Collection[str] | None) -> list[Demanded]:
    """Read the open work of conversations whose provider says how it sees them; None: of all."""
    asked, answered = _newest("inbound"), _newest("outbound")
    statement = (
        select(work_item, asked.label("asked_at"), answered.label("answered_at"))
        .join_from(work_item, conversation, conversation.c.episode_id == work_item.c.episode_id)
        .where(work_item.c.state != "done", _has_state)
        .order_by(work_item.c.id)
    )
    if conversation_ids is not None:
        among = sorted(conversation_ids)
        merged = select(_strand.c.leads_to).where(_strand.c.id.in_(among))
        statement = statement.where(or_(conversation.c.id.in_(among), conversation.c.id.in_(merged)))
    states = _states(connection, statement)
    return [
        _demanded(dict(row), states[row["conversation_id"]])
        for row in connection.execute(statement).mappings()
    ]


def save_due(connection: Connection, item: Row, due: PlatformDue | None, leads: Mapping[str, float]) -> Row:
    """Keep what a provider demands of a piece of work; give its row as it is now.

    Beside it stands the most urgent promise of an answer alone; `leads` says how long before their due times
    those of each policy are urgent.
    """
    running = select(sla_clock.c.due_at, sla_clock.c.policy).where(
        sla_clock.c.work_item_id == item["id"],
        sla_clock.c.state == "running",
        sla_clock.c.metric != "resolution",
    )
    promised = [
        PlatformDue(due_at=row.due_at, lead_s=int(leads.get(row.policy, 0)))
        for row in connection.execute(running)
    ]
    own = min(promised, key=lambda one: one.urgent_at, default=None)
    values: dict[str, Any] = {
        "platform_due_at": due.due_at if due else None,
        "platform_lead_s": due.lead_s if due else 0,
    }
    if item["sla"]:
        values |= {"due_at": own.due_at if own else None, "lead_s": own.lead_s if own else 0}
    connection.execute(update(work_item).where(work_item.c.id == item["id"]).values(**values))
    return dict(connection.execute(select(work_item).where(work_item.c.id == item["id"])).mappings().one())


def _newest(direction: str) -> Any:
    return (
        select(func.max(message.c.created_at))
        .where(
            message.c.conversation_id == conversation.c.id,
            message.c.direction == direction,
            # what was said on a channel merged into it moves no clock of the provider
            message.c.strand_id.in_(select(thread_state.c.conversation_id)),
        )
        .correlate(conversation)
        .scalar_subquery()
    )


def _states(connection: Connection, items: Select[Any]) -> dict[str, Row]:
    """Give the state of each conversation's thread; of several merged ones that of who waits longest."""
    ids = items.with_only_columns(work_item.c.conversation_id).order_by(None)
    statement = (
        select(thread_state, _leads_to.label("shown_in"))
        .join_from(thread_state, _strand, _strand.c.id == thread_state.c.conversation_id)
        .where(_leads_to.in_(ids))
        .order_by(
            thread_state.c.reply_needed_since.is_(None),
            thread_state.c.reply_needed_since,
            thread_state.c.conversation_id,
        )
    )
    states: dict[str, Row] = {}
    for row in connection.execute(statement).mappings():
        states.setdefault(row["shown_in"], dict(row))
    return states


def _demanded(row: Row, state: Row) -> Demanded:
    due_at = row["platform_due_at"]
    return Demanded(
        item=row,
        state=state,
        asked_at=row.pop("asked_at"),
        answered_at=row.pop("answered_at"),
        known=None if due_at is None else PlatformDue(due_at=due_at, lead_s=row["platform_lead_s"]),
    )
