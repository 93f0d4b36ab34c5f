"""Room 6, tasks: what somebody is owed at a time, from the promise to the last try.

In: tasks agents make, what they say of their tries, and the time. Out: work when a task is due, calls where
a channel makes them, and the end of work whose task is done or over. Everything stands in the store; after a
restart the room goes on from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from sqlalchemy import Connection

from router.calls import Call, CallDirection, number_of
from router.clock import Clock
from router.engine_room import Said
from router.errors import (
    NotAllowedNow,
    RoutingError,
    SendError,
    StoreUnavailable,
    UnknownOutcome,
)
from router.ids import new_id
from router.model.calls import AttemptState, EndedWork, TaskKind
from router.model.filing import Filed, Row
from router.model.tasks import NewTask
from router.storage.attempts import Try, begin_call, call_failed, open_task, tell_try
from router.storage.due_tasks import Made, add_task, read_next_moment
from router.storage.store import Store
from router.storage.tasks import Closing, close_task
from router.task_opening import CallDoors, TaskOpening, Triage
from router.threads import Action, ActionKind

IDLE_S = 3_600.0
RETRY_S = 1.0


class EngineDoor(Protocol):
    """Where the engine hears what happened."""

    def ended(self, what: Sequence[EndedWork]) -> None:
        """Hear which work nobody has to do any more, and why."""
        ...

    def said(self, what: Sequence[Said]) -> None:
        """Hear what was said between customers and agents."""
        ...


class Tasks:
    """Keeps tasks; `filed` tells of opened work, `changed` of a conversation whose tasks are others now."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        engine: EngineDoor,
        doors: CallDoors,
        triage: Triage,
        filed: Callable[[Sequence[Filed]], None],
        changed: Callable[[str], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._engine = engine
        self._doors = doors
        self._opening = TaskOpening(doors, triage)
        self._filed = filed
        self._changed = changed
        self._timer = asyncio.Event()

    # --- life -----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Begin what is due and end what is over, in time, until cancelled."""
        while True:
            self._timer.clear()
            try:
                await self.take_up()
                await self._sleep()
            except StoreUnavailable:
                await asyncio.sleep(RETRY_S)

    async def take_up(self) -> None:
        """Do what the time has brought."""
        async with self._store.reading() as connection:
            moment = await read_next_moment(connection)
        if moment is None or moment > self._clock.now():
            return
        moved = await self._store.write(self._opening.move, self._clock.now())
        self._filed(moved.filed)
        now = self._clock.now()
        self._engine.said([Said(conversation_id=one, at=now) for one in moved.joined])
        self._tell_ended(moved.ended)
        for conversation_id in moved.joined:
            self._changed(conversation_id)

    def wake(self) -> None:
        """Look again at what is due when; after filing has made or closed tasks."""
        self._timer.set()

    async def _sleep(self) -> None:
        async with self._store.reading() as connection:
            moment = await read_next_moment(connection)
        wait_s = IDLE_S if moment is None else (moment - self._clock.now()).total_seconds()
        try:
            async with asyncio.timeout(min(max(wait_s, 0.0), IDLE_S)):
                await self._timer.wait()
        except TimeoutError:
            return

    # --- what agents do -------------------------------------------------------------------------

    async def make(self, new: NewTask, agent_id: str) -> str:
        """Keep a task until it is due; give its id. Raises NotFound, RoutingError when it makes no sense."""
        now = self._clock.now()
        number = number_of(Call(key="", source="", direction=CallDirection.OUTBOUND, customer_raw=new.number))
        # A line is dialled by its digits or by an address; a bare name rings nowhere.
        is_callable = "@" in new.number or any(one.isdigit() for one in new.number)
        if new.kind is TaskKind.CALL_BACK and not (number and is_callable):
            raise RoutingError("a call back needs a number to call")
        if new.best_from and new.best_until and new.best_until <= new.best_from:
            raise RoutingError("the best time ends before it begins")
        account = new.account or next(iter(self._doors.callable_accounts()), "")
        task_id = new_id()
        made = Made(by=agent_id, at=now)
        await self._store.write(add_task, task_id, replace(new, account=account), number, made)
        self._changed(new.conversation_id)
        self.wake()
        return task_id

    async def close(self, task_id: str, agent_id: str, reason: str) -> None:
        """Close a task and, if nothing else needs it, its work. Raises NotFound, StaleVersion."""
        closing = Closing(
            task_id=task_id, state="done", reason=reason, at=self._clock.now(), agent_id=agent_id
        )
        conversation_id, ended = await self._store.write(_close, closing)
        self._done(conversation_id, ended)

    async def tell_try(self, task_id: str, agent_id: str, *, reached: bool, detail: str = "") -> None:
        """Take an agent's word for a try: reached, which closes it, or not. Raises NotFound, StaleVersion."""
        state = AttemptState.REACHED if reached else AttemptState.NOT_REACHED
        told = Try(task_id=task_id, agent_id=agent_id, state=state, at=self._clock.now(), detail=detail)
        conversation_id, ended = await self._store.write(_tell_try, told)
        self._done(conversation_id, ended)

    async def call(self, task_id: str, agent_id: str, line: str) -> str:
        """Have the customer called, first ringing the agent's `line`; give the attempt's id.

        The record of the call says later what came of it. Raises NotFound, StaleVersion, NotAllowedNow where
        the account makes no calls, and other SendError classes.
        """
        attempt_id = new_id()
        begun = Try(
            task_id=task_id, agent_id=agent_id, state=AttemptState.CALLING, at=self._clock.now(), detail=line
        )
        row = await self._store.write(_open_task, task_id)
        if not self._doors.can(row["account"], ActionKind.ORIGINATE):
            why = "no account here makes calls; dial the number by hand"
            raise NotAllowedNow(why, code="no_originate", alternatives=("call_back",))
        await self._store.write(begin_call, attempt_id, begun)
        action = Action(kind=ActionKind.ORIGINATE, ref=attempt_id, recipient=row["dial"], agent=line)
        try:
            await self._doors.act(row["account"], action)
        except UnknownOutcome:
            # it may ring: the record will say
            raise
        except SendError as error:
            await self._store.write(call_failed, attempt_id, error.public_text)
            raise
        finally:
            self._changed(row["conversation_id"])
        return attempt_id

    # --- inside ---------------------------------------------------------------------------------

    def _done(self, conversation_id: str, ended: EndedWork | None) -> None:
        self._tell_ended([ended] if ended else [])
        self._changed(conversation_id)
        self.wake()

    def _tell_ended(self, ended: Sequence[EndedWork]) -> None:
        self._engine.ended(ended)
        for work in ended:
            self._changed(work.conversation_id)


def _open_task(connection: Connection, task_id: str) -> Row:
    return dict(open_task(connection, task_id)._mapping)


def _close(connection: Connection, closing: Closing) -> tuple[str, EndedWork | None]:
    row = _open_task(connection, closing.task_id)
    return row["conversation_id"], close_task(connection, closing)


def _tell_try(connection: Connection, told: Try) -> tuple[str, EndedWork | None]:
    row = _open_task(connection, told.task_id)
    return row["conversation_id"], tell_try(connection, told)
