"""Room 6, tasks: what somebody is owed at a time, from the promise to the last try.

In: tasks agents make, what they say of their tries, and the time. Out: work when a task is due, calls where
a channel makes them, and the end of work whose task is done or over. Everything stands in the store; after a
restart the room goes on from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, update
from sqlalchemy import Row as SqlRow

from router.call_filing import CallFiling
from router.calls import Call, CallDirection, number_of
from router.channel import ChannelType
from router.clock import Clock
from router.engine_room import Said
from router.errors import (
    NotAllowedNow,
    PluginError,
    RoutingError,
    SendError,
    StoreUnavailable,
    UnknownOutcome,
)
from router.ids import new_id
from router.messages import Author, EventKind, InboundEvent, Receipt, Role
from router.model.calls import AttemptState, CallShelf, EndedWork, TaskKind
from router.model.filing import Decoded, Filed, Opened, Row, Shelf
from router.model.tasks import NewTask
from router.storage.attempts import Try, begin_call, call_failed, open_task, tell_try
from router.storage.due_tasks import Made, add_task, end_expired, read_due, read_next_moment
from router.storage.filing import load_call_places, prefer_last_claimants, save_shelf
from router.storage.schema import task
from router.storage.store import Store
from router.storage.tasks import Closing, close_task
from router.storage.timeline import add_event
from router.threads import Action, ActionKind

CALL_CLASS = "phone"
"""The channel class calls are work of (`Capabilities.channel_class`)."""

IDLE_S = 3_600.0
RETRY_S = 1.0

Triage = Callable[[Opened, Decoded], Row]


class CallDoors(Protocol):
    """The channels as far as tasks need them."""

    def kind(self, account: str) -> ChannelType:
        """Give the kind of an account's channel; PluginError if it is not there."""
        ...

    def can(self, account: str, act: ActionKind) -> bool:
        """Say whether an account's channel does such a thing."""
        ...

    def callable_accounts(self) -> Sequence[str]:
        """Name the accounts calls go through, the best first."""
        ...

    async def act(self, account: str, action: Action) -> Receipt:
        """Let a channel do something; raises SendError classes only."""
        ...


class EngineDoor(Protocol):
    """Where the engine hears what happened."""

    def ended(self, what: Sequence[EndedWork]) -> None:
        """Hear which work nobody has to do any more, and why."""
        ...

    def said(self, what: Sequence[Said]) -> None:
        """Hear what was said between customers and agents."""
        ...


@dataclass(slots=True, kw_only=True)
class Moved:
    """What a moment brought: conversations opened for their tasks, others that were open, and ended work."""

    filed: list[Filed] = field(default_factory=list)
    joined: list[str] = field(default_factory=list)
    ended: list[EndedWork] = field(default_factory=list)


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
        self._triage = triage
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
        moved = await self._store.write(self._move, self._clock.now())
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
        if new.kind is TaskKind.CALL_BACK and not number:
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

    def _move(self, connection: Connection, now: datetime) -> Moved:
        """Begin what is due and end what is over, in one commit."""
        moved = Moved(ended=end_expired(connection, now))
        rows = read_due(connection, now)
        shelf = Shelf()
        load_call_places(connection, shelf, [row.conversation_id for row in rows])
        filing = CallFiling(shelf, CallShelf(), new_id)
        begun = []
        for row in rows:
            conversation = shelf.whole_of(shelf.conversations[row.conversation_id])
            filed = Filed(inbound_id="", account=conversation.account)
            item, event = self._demand(row, now, conversation.account)
            if filing.open_resting(conversation, item, event, row.reason, filed):
                work = self._triage(filed.opened[0], item)
                shelf.add("work_item", work)
                filed.work_items.append(work)
                prefer_last_claimants(connection, [work], {conversation.id: conversation.contact_id})
                work["preferred_agent_id"] = work["preferred_agent_id"] or row.created_by
                moved.filed.append(filed)
            else:
                moved.joined.append(conversation.id)
            begun.append((row, conversation))
        save_shelf(connection, shelf)
        for row, conversation in begun:
            here = task.c.id == row.id
            connection.execute(update(task).where(here).values(episode_id=conversation.episode_id))
            fields = {"task_id": row.id, "kind": row.kind, "reason": row.reason}
            add_event(connection, conversation.id, None, "task_due", fields, now)
        return moved

    def _demand(self, row: SqlRow[Any], now: datetime, own_account: str) -> tuple[Decoded, InboundEvent]:
        """Give what stands for a task where rules decide: a call back is work of the calls' own class."""
        is_call = row.kind == TaskKind.CALL_BACK
        account = row.account if is_call and row.account in self._doors.callable_accounts() else own_account
        try:
            kind = self._doors.kind(account)
        except PluginError:
            # its account is configured no more; the customer still waits
            channel, channel_class = "", CALL_CLASS
        else:
            channel, channel_class = kind.id, kind.capabilities.channel_class
        item = Decoded(
            inbound_id="",
            account=account,
            channel=channel,
            channel_class=channel_class,
            joins_open_episode=True,
            received_at=now,
            events=(),
        )
        kind_of_event = EventKind.CALL if is_call else EventKind.NOTE
        return item, InboundEvent(kind=kind_of_event, author=Author(role=Role.CUSTOMER))


def _open_task(connection: Connection, task_id: str) -> Row:
    return dict(open_task(connection, task_id)._mapping)


def _close(connection: Connection, closing: Closing) -> tuple[str, EndedWork | None]:
    row = _open_task(connection, closing.task_id)
    return row["conversation_id"], close_task(connection, closing)


def _tell_try(connection: Connection, told: Try) -> tuple[str, EndedWork | None]:
    row = _open_task(connection, told.task_id)
    return row["conversation_id"], tell_try(connection, told)
