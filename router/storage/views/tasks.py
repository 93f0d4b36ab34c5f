"""Tasks with their tries, and calls, as a desk shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement, Row, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from router.calls import Recording
from router.errors import NotFound
from router.model.calls import call_of
from router.model.tasks import Task, TaskAttempt
from router.storage.schema import agent, call, claim, contact, conversation, task, task_attempt, work_item
from router.storage.strands import shown_in
from router.storage.views.scope import Scope

TaskView: TypeAlias = Literal["mine", "open", "due"]

CLOSED_SHOWN = 5
"""How many closed tasks of a conversation are shown beside the open ones."""

Originates = Callable[[str], bool]

_closer = agent.alias("closer")
_maker = agent.alias("maker")
_holder = (
    select(claim.c.agent_id)
    .join_from(claim, work_item, work_item.c.id == claim.c.work_item_id)
    .where(work_item.c.conversation_id == shown_in(), claim.c.state == "active")
    .correlate(conversation)
    .scalar_subquery()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPlace:
    """Whom a task concerns: where it stands, who made it, and who holds its conversation now."""

    task_id: str
    conversation_id: str
    made_by: str | None
    held_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPlace:
    """A recording of a call, and who holds the conversation the call stands in."""

    account: str
    recording: Recording
    held_by: str | None


async def list_tasks(
    conn: AsyncConnection, scope: Scope, view: TaskView, now: datetime, originates: Originates
) -> list[Task]:
    """List open tasks, the one due first at the head: one's own, all, or those that are due."""
    conditions: list[ColumnElement[bool]] = [task.c.state == "open"]
    if view == "mine":
        conditions.append(or_(_holder == scope.agent_id, task.c.created_by == scope.agent_id))
    elif view == "due":
        conditions.append(task.c.due_at <= now)
    statement = _tasks(scope).where(*conditions).order_by(task.c.due_at, task.c.id).limit(200)
    return await _shown(conn, (await conn.execute(statement)).all(), originates)


async def tasks_of(
    conn: AsyncConnection, scope: Scope, conversation_id: str, originates: Originates
) -> list[Task]:
    """List the tasks of a conversation: the open ones, then the last that were closed."""
    merged = select(conversation.c.id).where(conversation.c.leads_to == conversation_id)
    here = _tasks(scope).where(
        or_(task.c.conversation_id == conversation_id, task.c.conversation_id.in_(merged))
    )
    still = (await conn.execute(here.where(task.c.state == "open").order_by(task.c.due_at, task.c.id))).all()
    over = here.where(task.c.state != "open").order_by(task.c.closed_at.desc()).limit(CLOSED_SHOWN)
    return await _shown(conn, [*still, *(await conn.execute(over)).all()], originates)


async def read_task(conn: AsyncConnection, scope: Scope, task_id: str, originates: Originates) -> Task:
    """Read one task. Raises NotFound."""
    rows = (await conn.execute(_tasks(scope).where(task.c.id == task_id))).all()
    found = await _shown(conn, rows, originates)
    if not found:
        raise NotFound(f"there is no task {task_id}")
    return found[0]


async def find_task(conn: AsyncConnection, scope: Scope, task_id: str) -> TaskPlace:
    """Say whom a task concerns. Raises NotFound."""
    statement = (
        select(task.c.id, shown_in().label("shown_in"), task.c.created_by, _holder.label("held_by"))
        .join_from(task, conversation, conversation.c.id == task.c.conversation_id)
        .where(task.c.id == task_id, scope.conversations())
    )
    row = (await conn.execute(statement)).one_or_none()
    if row is None:
        raise NotFound(f"there is no task {task_id}")
    return TaskPlace(
        task_id=row.id, conversation_id=row.shown_in, made_by=row.created_by, held_by=row.held_by
    )


async def find_recording(conn: AsyncConnection, scope: Scope, call_id: str, place: int) -> CallPlace:
    """Find a recording of a call by its place among them. Raises NotFound."""
    statement = (
        select(call.c.account, call.c.facts, _holder.label("held_by"))
        .join_from(call, conversation, conversation.c.id == call.c.conversation_id)
        .where(call.c.id == call_id, scope.conversations())
    )
    row = (await conn.execute(statement)).one_or_none()
    recordings = [] if row is None else call_of(row.facts).recordings
    if row is None or not 0 <= place < len(recordings):
        raise NotFound("there is no such recording")
    return CallPlace(account=row.account, recording=recordings[place], held_by=row.held_by)


def _tasks(scope: Scope) -> Select[Any]:
    return (
        select(
            task,
            shown_in().label("shown_in"),
            contact.c.display_name.label("contact_name"),
            _maker.c.display_name.label("maker_name"),
            _closer.c.display_name.label("closer_name"),
        )
        .join_from(task, conversation, conversation.c.id == task.c.conversation_id)
        .join(contact, contact.c.id == conversation.c.contact_id)
        .outerjoin(_maker, _maker.c.id == task.c.created_by)
        .outerjoin(_closer, _closer.c.id == task.c.closed_by)
        .where(scope.conversations())
    )


async def _shown(conn: AsyncConnection, rows: Sequence[Row[Any]], originates: Originates) -> list[Task]:
    tries: dict[str, list[TaskAttempt]] = {}
    if rows:
        statement = (
            select(task_attempt, agent.c.display_name)
            .outerjoin(agent, agent.c.id == task_attempt.c.agent_id)
            .where(task_attempt.c.task_id.in_([row.id for row in rows]))
            .order_by(task_attempt.c.at)
        )
        for row in await conn.execute(statement):
            shown = TaskAttempt(
                id=row.id, at=row.at, state=row.state, agent=row.display_name or "", detail=row.detail
            )
            tries.setdefault(row.task_id, []).append(shown)
    return [_task(row, tries.get(row.id, ()), originates) for row in rows]


def _task(row: Row[Any], attempts: Sequence[TaskAttempt], originates: Originates) -> Task:
    return Task(
        id=row.id,
        kind=row.kind,
        conversation_id=row.shown_in,
        contact=row.contact_name,
        account=row.account,
        number=row.dial,
        reason=row.reason,
        script=row.script,
        best_from=row.best_from,
        best_until=row.best_until,
        due_at=row.due_at,
        expires_at=row.expires_at,
        attempt_limit=row.attempt_limit,
        attempts=attempts,
        counter=row.counter,
        last_missed_at=row.last_missed_at,
        begun=row.episode_id is not None,
        state=row.state,
        closed_at=row.closed_at,
        closed_by=row.closer_name,
        closed_reason=row.closed_reason,
        created_by=row.maker_name,
        created_at=row.created_at,
        can_originate=bool(row.dial) and originates(row.account),
    )
