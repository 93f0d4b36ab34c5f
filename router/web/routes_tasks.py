"""Calls about tasks: calls back and follow-ups, the tries made for them, and recordings of calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from aiohttp import web
from pydantic import BeforeValidator, Field

from router.errors import NotFound
from router.model.calls import TaskKind
from router.model.tasks import NewTask, Task
from router.storage.views.tasks import (
    TaskView,
    find_recording,
    find_task,
    list_tasks,
    read_task,
    tasks_of,
)
from router.threads import ActionKind
from router.web.asking import reading, require_visible
from router.web.auth import Caller
from router.web.binder import Body, Call, Line, Name, Query, Unfinished, whole
from router.web.problems import Problem
from router.web.routes_steering import Moment, Reason
from router.web.services import Services

Tries = Annotated[int, Field(ge=0, le=100), BeforeValidator(whole)]
Kind = Annotated[TaskKind, Field(strict=False)]


class WhichTasks(Query):
    """What to list: one's own, all that are open, or those that are due."""

    view: TaskView = "mine"


class WhichRecording(Query):
    """Which of the recordings of a call."""

    place: Annotated[int, Field(ge=0, le=999)] = 0


class AddedTask(Body):
    """What is to be done, when, and how the customer is reached; `attempts` 0 sets no limit."""

    kind: Kind = TaskKind.CALL_BACK
    number: Line = ""
    reason: Line = ""
    script: Unfinished = ""
    account: Line = ""
    best_from: Moment | None = None
    best_until: Moment | None = None
    due_at: Moment | None = None
    attempts: Tries = 0


class ClosedTask(Body):
    """Why the task needs nothing more."""

    reason: Reason


class ToldTry(Body):
    """Whether the customer was reached, and what there is to say of it."""

    reached: bool
    detail: Line = ""


class MadeCall(Body):
    """The line that rings first: the agent's own."""

    line: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskList:
    """Tasks, the one due first at the head."""

    tasks: Sequence[Task]


class TaskCalls:
    """Calls about tasks and recordings."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._tasks = services.tasks

    def calls(self) -> list[Call]:
        """List the calls."""
        one, here = "/tasks/{task_id}", "/conversations/{conversation_id}/tasks"
        stale = ("stale_version",)
        return [
            Call(method="GET", path="/tasks", action=self.list_tasks),
            Call(method="GET", path=here, action=self.list_tasks_of),
            Call(method="POST", path=here, action=self.add_task, status=201),
            Call(method="GET", path=one, action=self.read_task),
            Call(method="POST", path=f"{one}/close", action=self.close_task, raises=stale),
            Call(method="POST", path=f"{one}/attempts", action=self.tell_try, raises=stale),
            Call(
                method="POST",
                path=f"{one}/call",
                action=self.make_call,
                raises=("content_rejected", "provider_unavailable", *stale),
            ),
            Call(
                method="GET",
                path="/calls/{call_id}/recording",
                action=self.open_recording,
                status=302,
                holds=None,
            ),
        ]

    async def list_tasks(self, caller: Caller, query: WhichTasks) -> TaskList:
        """List open tasks, the one due first at the head."""
        async with reading(self._services, caller) as (conn, scope):
            now = self._services.clock.now()
            return TaskList(tasks=await list_tasks(conn, scope, query.view, now, self._originates))

    async def list_tasks_of(self, caller: Caller, conversation_id: str) -> TaskList:
        """List the tasks of a conversation: the open ones, then the last that were closed."""
        await require_visible(self._services, caller, conversation_id)
        async with reading(self._services, caller) as (conn, scope):
            return TaskList(tasks=await tasks_of(conn, scope, conversation_id, self._originates))

    async def add_task(self, caller: Caller, conversation_id: str, body: AddedTask) -> Task:
        """Keep a task that becomes work when it is due; without a time it is due now."""
        await require_visible(self._services, caller, conversation_id)
        new = NewTask(
            kind=body.kind,
            conversation_id=conversation_id,
            number=body.number,
            reason=body.reason,
            script=body.script,
            account=body.account,
            best_from=body.best_from,
            best_until=body.best_until,
            due_at=body.due_at or self._services.clock.now(),
            attempt_limit=body.attempts,
        )
        return await self._read(caller, await self._tasks.make(new, caller.agent_id))

    async def read_task(self, caller: Caller, task_id: str) -> Task:
        """Read a task."""
        return await self._read(caller, task_id)

    async def close_task(self, caller: Caller, task_id: str, body: ClosedTask) -> Task:
        """Close a task with a reason; its work ends if nothing else needs it."""
        await self._require_concerned(caller, task_id)
        await self._tasks.close(task_id, caller.agent_id, body.reason)
        return await self._read(caller, task_id)

    async def tell_try(self, caller: Caller, task_id: str, body: ToldTry) -> Task:
        """Say what came of a try: the customer was reached, which closes the task, or not."""
        await self._require_concerned(caller, task_id)
        await self._tasks.tell_try(task_id, caller.agent_id, reached=body.reached, detail=body.detail)
        return await self._read(caller, task_id)

    async def make_call(self, caller: Caller, task_id: str, body: MadeCall) -> Task:
        """Have the customer called: the agent's line rings first."""
        await self._require_concerned(caller, task_id)
        await self._tasks.call(task_id, caller.agent_id, body.line)
        return await self._read(caller, task_id)

    async def open_recording(self, caller: Caller, call_id: str, query: WhichRecording) -> web.Response:
        """Go to where a recording lies; for the holder of its conversation and supervisors."""
        async with reading(self._services, caller) as (conn, scope):
            found = await find_recording(conn, scope, call_id, query.place)
        if found.held_by != caller.agent_id and not caller.supervises:
            raise Problem(403, "forbidden", "Only who holds the conversation may hear its recordings.")
        if found.recording.consent is False:
            raise Problem(403, "forbidden", "The customer did not agree to this recording.")
        if urlsplit(found.recording.url).scheme not in ("http", "https"):
            raise NotFound("the phone system gives no address for this recording")
        headers = {
            "Location": found.recording.url,
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }
        return web.Response(status=302, headers=headers)

    def _originates(self, account: str) -> bool:
        return self._services.channels.can(account, ActionKind.ORIGINATE)

    async def _require_concerned(self, caller: Caller, task_id: str) -> None:
        """Refuse to act on what somebody else has in hand, unless one made the task or supervises."""
        async with reading(self._services, caller) as (conn, scope):
            place = await find_task(conn, scope, task_id)
        mine = caller.agent_id in (place.held_by, place.made_by)
        if place.held_by is not None and not mine and not caller.supervises:
            raise Problem(403, "forbidden", "A colleague has this conversation in hand.")

    async def _read(self, caller: Caller, task_id: str) -> Task:
        async with reading(self._services, caller) as (conn, scope):
            return await read_task(conn, scope, task_id, self._originates)
