"""Write the tries to reach somebody: those agents tell of, those the router makes, and the calls seen of them.

In: what an agent says, or a call of ours. Out: attempts, each told once however often it is seen, and the end
of a task that was tried often enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, func, insert, or_, select, update

from router.calls import CallDirection, CallOutcome, CallState
from router.errors import NotFound, StaleVersion
from router.ids import new_id
from router.model.call_shelf import StoredCall
from router.model.calls import AttemptState, EndedWork
from router.storage.schema import task, task_attempt
from router.storage.tasks import Closing, close_task

SAME_TRY = timedelta(minutes=10)
"""How far what an agent says of a try may lie from the call that was seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One try of an agent."""

    task_id: str
    agent_id: str
    state: AttemptState
    at: datetime
    detail: str = ""


def open_task(connection: Connection, task_id: str) -> Row[tuple[object, ...]]:
    """Give an open task. Raises NotFound, StaleVersion when it is closed."""
    row = connection.execute(select(task).where(task.c.id == task_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound("there is no such task")
    if row.state != "open":
        raise StaleVersion("this task is closed already")
    return row


def begin_call(connection: Connection, attempt_id: str, begun: Try) -> None:
    """Note that a call is about to be made."""
    open_task(connection, begun.task_id)
    _add(connection, attempt_id, begun)


def call_failed(connection: Connection, attempt_id: str, detail: str) -> None:
    """Note that a call could not be made; that is no try the customer could have answered."""
    values = {"state": AttemptState.FAILED, "detail": detail[:500]}
    connection.execute(
        update(task_attempt)
        .where(task_attempt.c.id == attempt_id, task_attempt.c.state == AttemptState.CALLING)
        .values(values)
    )


def tell_try(connection: Connection, told: Try) -> EndedWork | None:
    """Take an agent's word for a try; give the work that ended with it."""
    open_task(connection, told.task_id)
    known = _unconfirmed(connection, told.task_id, told.at)
    if known is None:
        _add(connection, new_id(), told)
    else:
        values = {"state": told.state, "agent_id": told.agent_id, "detail": told.detail}
        connection.execute(update(task_attempt).where(task_attempt.c.id == known).values(values))
    if told.state is AttemptState.REACHED:
        closing = Closing(
            task_id=told.task_id, state="done", reason="reached", at=told.at, agent_id=told.agent_id
        )
        return close_task(connection, closing)
    return _count(connection, told.task_id, told.at)


def see_call(connection: Connection, seen: StoredCall, at: datetime) -> EndedWork | None:
    """Let a call of ours that has ended confirm a try, or be one; give the work that ended with it."""
    call = seen.call
    is_over = call.direction is CallDirection.OUTBOUND and call.state is CallState.ENDED
    if not is_over or call.outcome is None:
        return None
    spoken = call.outcome is CallOutcome.ANSWERED
    state = AttemptState.REACHED if spoken else AttemptState.NOT_REACHED
    values: dict[str, object] = {"state": state, "call_id": seen.id, "detail": call.cause[:500]}
    named = task_attempt.c.id == call.attempt_ref
    if call.attempt_ref and connection.execute(update(task_attempt).where(named).values(values)).rowcount:
        task_id = connection.execute(select(task_attempt.c.task_id).where(named)).scalar_one()
        return _count(connection, task_id, at)
    if not seen.number:
        return None
    ended = None
    # a call before the customer asked for one was no try to answer that
    tasks = select(task.c.id).where(
        task.c.number == seen.number,
        task.c.episode_id.is_not(None),
        or_(task.c.state == "open", task.c.closed_call_id == seen.id),
        func.coalesce(task.c.first_missed_at, task.c.created_at) <= seen.moment.at,
    )
    for task_id in connection.execute(tasks).scalars().all():
        ended = _confirm(connection, task_id, seen, values, at) or ended
    return ended


def _confirm(
    connection: Connection, task_id: str, seen: StoredCall, values: dict[str, object], at: datetime
) -> EndedWork | None:
    told = select(task_attempt.c.id).where(
        task_attempt.c.task_id == task_id, task_attempt.c.call_id == seen.id
    )
    if connection.execute(told).first() is not None:
        return None
    when = seen.moment.at
    near = (
        select(task_attempt.c.id)
        .where(
            task_attempt.c.task_id == task_id,
            task_attempt.c.call_id.is_(None),
            task_attempt.c.state != AttemptState.FAILED,
            task_attempt.c.at.between(when - SAME_TRY, when + SAME_TRY),
        )
        .order_by(task_attempt.c.at)
    )
    known = connection.execute(near).scalars().first()
    if known is not None:
        connection.execute(update(task_attempt).where(task_attempt.c.id == known).values(values))
    else:
        connection.execute(insert(task_attempt).values(id=new_id(), task_id=task_id, at=when, **values))
    return _count(connection, task_id, at)


def _unconfirmed(connection: Connection, task_id: str, at: datetime) -> str | None:
    """Find a try that was begun, or a call that was seen, which this agent now speaks of."""
    statement = (
        select(task_attempt.c.id)
        .where(
            task_attempt.c.task_id == task_id,
            task_attempt.c.at >= at - SAME_TRY,
            (task_attempt.c.state == AttemptState.CALLING) | task_attempt.c.agent_id.is_(None),
        )
        .order_by(task_attempt.c.at.desc())
        .limit(1)
    )
    found: str | None = connection.execute(statement).scalar()
    return found


def _add(connection: Connection, attempt_id: str, told: Try) -> None:
    connection.execute(
        insert(task_attempt).values(
            id=attempt_id,
            task_id=told.task_id,
            agent_id=told.agent_id,
            at=told.at,
            state=told.state,
            detail=told.detail,
        )
    )


def _count(connection: Connection, task_id: str, at: datetime) -> EndedWork | None:
    """Count the tries that reached nobody; as many as the task allows end it."""
    failed = select(func.count()).where(
        task_attempt.c.task_id == task_id, task_attempt.c.state == AttemptState.NOT_REACHED
    )
    number = connection.execute(failed).scalar_one()
    connection.execute(update(task).where(task.c.id == task_id).values(attempts=number))
    row = connection.execute(select(task).where(task.c.id == task_id)).one()
    if row.state != "open" or not row.attempt_limit or number < row.attempt_limit:
        return None
    return close_task(connection, Closing(task_id=task_id, state="expired", reason="attempts", at=at))
