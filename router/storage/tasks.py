"""Write tasks: make, count, close, and end the work that closing them leaves without a reason.

In: what filing planned and what agents do. Out: rows, and the work items that nobody has to do any more,
which the engine is then told of.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from router.errors import StaleVersion
from router.model.call_shelf import CallShelf, OpenTask, TaskClosing
from router.model.calls import CallBackTerms, EndedWork
from router.storage.inserts import insert_many
from router.storage.schema import OPEN_OFFERS, claim, conversation, episode, message, offer, task, work_item
from router.storage.strands import find_shown
from router.storage.timeline import add_event

_COUNTED = (
    update(task)
    .where(task.c.id == bindparam("this"))
    .values(
        counter=bindparam("new_counter"),
        first_missed_at=bindparam("new_first"),
        last_missed_at=bindparam("new_last"),
        expires_at=bindparam("new_expiry"),
    )
)


SERVED = ("answered", "reached")
"""Reasons that mean that the customer was spoken to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """How a task ends: `agent_id` None when a call or time did it."""

    task_id: str
    state: str
    reason: str
    at: datetime
    agent_id: str | None = None
    call_id: str | None = None


def save_tasks(
    connection: Connection, shelf: CallShelf, terms: CallBackTerms, at: datetime
) -> dict[str, list[EndedWork]]:
    """Write what filing planned; give the work that ended, by the inbound item that ended it."""
    closings = [(inbound_id, _closing(planned, at)) for inbound_id, planned in shelf.closings]
    # the old wish makes way before the new one comes, and its work ends only if the new one does not need it
    closed = [(inbound_id, one) for inbound_id, one in closings if mark_closed(connection, one)]
    insert_many(connection, task, shelf.new_tasks)
    _count(connection, shelf.changed_tasks, terms)
    ended: dict[str, list[EndedWork]] = {}
    for inbound_id, one in closed:
        work = end_work_of(connection, one)
        if work is not None:
            ended.setdefault(inbound_id, []).append(work)
    return ended


def close_task(connection: Connection, closing: Closing) -> EndedWork | None:
    """Close an open task, and end its work if nothing else needs it. Raises StaleVersion."""
    if not mark_closed(connection, closing):
        raise StaleVersion("this task is closed already")
    return end_work_of(connection, closing)


def mark_closed(connection: Connection, closing: Closing) -> bool:
    """Close an open task and note it on the timeline; false if it is closed already."""
    changed = connection.execute(
        update(task)
        .where(task.c.id == closing.task_id, task.c.state == "open")
        .values(
            state=closing.state,
            closed_at=closing.at,
            closed_by=closing.agent_id,
            closed_call_id=closing.call_id,
            closed_reason=closing.reason,
        )
    )
    if not changed.rowcount:
        return False
    row = connection.execute(select(task).where(task.c.id == closing.task_id)).one()
    if row.episode_id is not None:
        fields = {"task_id": row.id, "kind": row.kind, "state": closing.state, "reason": closing.reason}
        shown = find_shown(connection, row.conversation_id)
        add_event(connection, shown, closing.agent_id, "task_closed", fields, closing.at)
    return True


def end_work_of(connection: Connection, closing: Closing) -> EndedWork | None:
    """End the work a closed task was, unless its episode is about something else too."""
    row = connection.execute(select(task).where(task.c.id == closing.task_id)).one()
    shown = find_shown(connection, row.conversation_id)
    here = conversation.c.id == shown
    place = connection.execute(select(conversation).where(here).with_for_update()).one()
    is_current = row.episode_id == place.episode_id and place.state == "open"
    if not is_current or _is_needed(connection, place.id, place.episode_id):
        return None
    work = work_item.c.episode_id == place.episode_id
    item_id = connection.execute(select(work_item.c.id).where(work, work_item.c.state != "done")).scalar()
    connection.execute(
        update(episode)
        .where(episode.c.id == place.episode_id)
        .values(resolved_at=closing.at, resolved_by=closing.agent_id, reason=closing.reason)
    )
    connection.execute(update(conversation).where(here).values(state="resolved", resolved_at=closing.at))
    fields = {"reason": closing.reason}
    add_event(connection, shown, closing.agent_id, "resolved", fields, closing.at)
    if item_id is None:
        return None
    return EndedWork(
        item_id=item_id,
        conversation_id=shown,
        reason=closing.reason,
        agent_id=_end_item(connection, item_id, closing),
        was_served=closing.reason in SERVED,
    )


def _is_needed(connection: Connection, conversation_id: str, episode_id: str) -> bool:
    """Say whether an episode holds another open task, or something the customer wrote."""
    tasks = select(task.c.id).where(task.c.episode_id == episode_id, task.c.state == "open")
    written = select(message.c.id).where(
        message.c.conversation_id == conversation_id,
        message.c.episode_id == episode_id,
        message.c.direction == "inbound",
        message.c.kind == "message",
    )
    return any(connection.execute(one.limit(1)).first() is not None for one in (tasks, written))


def _end_item(connection: Connection, item_id: str, closing: Closing) -> str | None:
    """End an item with whatever offer or claim there is of it; give who held it."""
    held = (claim.c.work_item_id == item_id) & (claim.c.state == "active")
    agent_id: str | None = connection.execute(select(claim.c.agent_id).where(held)).scalar()
    connection.execute(update(work_item).where(work_item.c.id == item_id).values(state="done"))
    connection.execute(
        update(claim).where(held).values(state="completed", ended_at=closing.at, reason=closing.reason)
    )
    connection.execute(
        update(offer)
        .where(offer.c.work_item_id == item_id, offer.c.state.in_(OPEN_OFFERS))
        .values(state="rescinded", ended_at=closing.at)
    )
    return agent_id


def _closing(planned: TaskClosing, at: datetime) -> Closing:
    return Closing(
        task_id=planned.task_id, state=planned.state, reason=planned.reason, at=at, call_id=planned.call_id
    )


def _count(connection: Connection, tasks: Iterable[OpenTask], terms: CallBackTerms) -> None:
    changed = [
        {
            "this": one.id,
            "new_counter": one.counter,
            "new_first": one.first_missed_at,
            "new_last": one.last_missed_at,
            "new_expiry": (one.last_missed_at or one.created_at) + terms.expires_after,
        }
        for one in tasks
    ]
    if changed:
        connection.execute(_COUNTED, changed)
