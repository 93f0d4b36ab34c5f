"""Tasks whose time has come: begin those that are due as work, and end those that are over.

In: the time. Out, in one commit: opened conversations with their work items, and work that ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from router.errors import NotFound
from router.model.calls import EndedWork
from router.model.tasks import NewTask
from router.storage.schema import conversation, task
from router.storage.tasks import Closing, end_work_of, mark_closed
from router.storage.timeline import add_event

_OPEN = task.c.state == literal_column("'open'")
AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Who makes something, and when."""

    by: str
    at: datetime


async def read_next_moment(connection: AsyncConnection) -> datetime | None:
    """Give when something happens to a task next, it becomes due or is over; None if nothing ever does."""
    due = select(func.min(task.c.due_at)).where(_OPEN, task.c.episode_id.is_(None))
    over = select(func.min(task.c.expires_at)).where(_OPEN)
    moments = [(await connection.execute(statement)).scalar() for statement in (due, over)]
    return min((at for at in moments if at is not None), default=None)


def add_task(connection: Connection, task_id: str, new: NewTask, number: str, made: Made) -> None:
    """Store a task an agent makes. Raises NotFound without its conversation."""
    known = select(conversation.c.id).where(conversation.c.id == new.conversation_id)
    if connection.execute(known).first() is None:
        raise NotFound("there is no such conversation")
    connection.execute(
        insert(task).values(
            id=task_id,
            kind=new.kind,
            conversation_id=new.conversation_id,
            account=new.account,
            number=number,
            dial=new.number,
            reason=new.reason,
            script=new.script,
            best_from=new.best_from,
            best_until=new.best_until,
            due_at=new.due_at,
            attempt_limit=new.attempt_limit,
            state="open",
            created_by=made.by,
            created_at=made.at,
        )
    )
    fields = {"task_id": task_id, "kind": new.kind, "due_at": new.due_at.isoformat(), "reason": new.reason}
    add_event(connection, new.conversation_id, made.by, "task_made", fields, made.at)


def read_due(connection: Connection, now: datetime) -> Sequence[Row[Any]]:
    """Give the tasks that are due and no work yet, the oldest first."""
    statement = select(task).where(_OPEN, task.c.episode_id.is_(None), task.c.due_at <= now)
    return connection.execute(statement.order_by(task.c.due_at, task.c.id).limit(AT_ONCE)).all()


def end_expired(connection: Connection, now: datetime) -> list[EndedWork]:
    """Close tasks whose time is over, and end their work."""
    statement = select(task.c.id).where(_OPEN, task.c.expires_at <= now).limit(AT_ONCE)
    ended = []
    for task_id in connection.execute(statement).scalars().all():
        closing = Closing(task_id=task_id, state="expired", reason="too_late", at=now)
        if mark_closed(connection, closing) and (work := end_work_of(connection, closing)):
            ended.append(work)
    return ended
