"""Room 6, the engine's own: tell the engine what happens, commit what it decides, and let it be known.

In: events from the rooms that move work, and new work from filing. Out: decisions with their records in the
store, then told. If the store could not take a decision, or the engine failed, it is rebuilt from the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Protocol

from router.clock import Clock
from router.crash import crash_point
from router.engine.config import EngineConfig
from router.engine.decisions import Act, Decision, OfferMade
from router.engine.engine import Engine, offer_of
from router.engine.event_json import to_json
from router.engine.events import (
    ClaimEnded,
    ClaimOutcome,
    ClaimRestored,
    ClockTick,
    CustomerWrote,
    Event,
    Item,
    ItemQueued,
    ItemWithdrawn,
    OfferRestored,
    Replied,
)
from router.engine.times import to_iso
from router.errors import NotFound, OfferExpired, StoreUnavailable
from router.messages import JsonObject
from router.model.calls import EndedWork
from router.model.filing import Row
from router.storage.duty import end_incidents_past, give_time_again
from router.storage.live_work import item_of, read_current_items, read_undecided
from router.storage.routing import Acts, end_leftovers, record_acts
from router.storage.staff import restoring_events
from router.storage.store import Store
from router.unbroken import Unbroken

RETRY_S = 1.0
IDLE_S = 3_600.0

_OPENING = frozenset({Act.OFFERED, Act.ACCEPTING})
_TAKING = frozenset({Act.ACCEPTED, Act.CLAIMED})
_ENDING = frozenset({Act.WRAPPING, Act.COMPLETED, Act.PUT_BACK, Act.WITHDRAWN})


class EngineInForce(Protocol):
    """Where engines come from: the rules in force."""

    @property
    def engine_config(self) -> EngineConfig:
        """Give what the engine is told of the rules."""
        ...

    def new_engine(self) -> Engine:
        """Build an engine."""
        ...

    def describe(self) -> JsonObject:
        """Give what the engine's decisions depend on beside its events: seed and version of the rules."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Something a customer reads or wrote; `agent_id` None for what the customer wrote.

    `is_answer` without an agent is an answer of the shop that was sent elsewhere.
    """

    conversation_id: str
    at: datetime
    agent_id: str | None = None
    is_answer: bool = False


class EngineRoom:
    """Holds the engine; `decided(decisions)` is called after each commit."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        in_force: EngineInForce,
        decided: Callable[[Sequence[Decision]], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._in_force = in_force
        self._engine = in_force.new_engine()
        self._decided = decided
        self._open: dict[str, OfferMade] = {}
        self._held: set[str] = set()
        self._opened: list[Row] = []
        self._said: list[Said] = []
        self._ended: list[EndedWork] = []
        self._arrivals = count()
        self._timer = asyncio.Event()
        self._unbroken = Unbroken()
        self._stale = False
        self._outdated = False
        # what happened is told in the order it happened, though some of it has to be looked up first
        self._turn = asyncio.Lock()

    # --- life -----------------------------------------------------------------------------------

    async def restore(self) -> None:
        """Rebuild the engine from the store; what it decides at once is committed."""
        async with self._turn:
            await self._restore(self._clock.now())

    def renew(self) -> None:
        """Build the engine anew in a moment, because the rules are others now; nothing else changes."""
        self._outdated = True
        self._timer.set()

    async def _restore(self, now: datetime) -> None:
        await self._store.write(give_time_again, now)
        await self._rebuild(now)

    async def _rebuild(self, now: datetime) -> None:
        """Build an engine from the store; what comes meanwhile may be told twice, and is not lost."""
        await self._unbroken.settled()
        await self._store.write(end_incidents_past, now)
        await self._store.write(end_leftovers, now)
        self._opened.clear()
        self._said.clear()
        self._ended.clear()
        async with self._store.reading() as connection:
            events = await restoring_events(connection, now, self._in_force.engine_config)
            undecided = await read_undecided(connection)
        self._stale = self._outdated = False
        self._engine = self._in_force.new_engine()
        self._arrivals = count(len(events))
        self._open = {event.offer_id: offer_of(event) for event in events if isinstance(event, OfferRestored)}
        self._held = {event.item_id for event in events if isinstance(event, ClaimRestored)}
        decisions = [decision for event in events for decision in self._engine.apply(event)]
        fresh = [one for one in decisions if not one.repeats or one.item_id in undecided]
        started: JsonObject = {"at": to_iso(now), "type": "engine_started", **self._in_force.describe()}
        # all of it is kept, also the tick that comes to nothing: from it on the engine acts
        told = [(event.at, to_json(event)) for event in events]
        await self._commit([(now, started), *told], fresh)

    async def run(self) -> None:
        """Do what is due in time, and rebuild the engine when it went astray, until cancelled."""
        while True:
            self._timer.clear()
            try:
                if self._stale:
                    await self.restore()
                elif self._outdated:
                    async with self._turn:
                        await self._rebuild(self._clock.now())
                elif self._opened or self._said or self._ended or self._is_due():
                    await self.take_up()
                await self._sleep()
            except StoreUnavailable:
                await asyncio.sleep(RETRY_S)

    def _is_due(self) -> bool:
        due_at = self._engine.next_due()
        return due_at is not None and due_at <= self._clock.now()

    async def _sleep(self) -> None:
        due_at = self._engine.next_due()
        wait_s = IDLE_S if due_at is None else (due_at - self._clock.now()).total_seconds()
        try:
            async with asyncio.timeout(max(wait_s, 0.0)):
                await self._timer.wait()
        except TimeoutError:
            return

    # --- what happens -----------------------------------------------------------------------------

    def enqueue(self, rows: Sequence[Row]) -> None:
        """Take up, in a moment, work items that filing has just committed."""
        self._opened += rows
        self._timer.set()

    def said(self, what: Sequence[Said]) -> None:
        """Tell the engine, in a moment, what was just committed between customers and agents."""
        self._said += what
        self._timer.set()

    def ended(self, what: Sequence[EndedWork]) -> None:
        """Tell the engine, in a moment, of work that ended in the store because what it was for is over."""
        self._ended += what
        self._timer.set()

    async def take_up(self) -> None:
        """Bring what waits since the last round to the engine, and let it see the time."""
        await self.tell(ClockTick(at=self._clock.now()))

    async def tell(self, *events: Event) -> list[Decision]:
        """Let the engine decide on events, after what happened before them, and commit it."""
        async with self._turn:
            said, self._said = self._said, []
            earlier = await self._heard(said)
            rows, self._opened = self._opened, []
            ended, self._ended = self._ended, []
            now = self._clock.now()
            queued = [ItemQueued(at=now, item=self.item_of(row)) for row in rows]
            over = [event for work in ended for event in _end_of(work, now)]
            told: list[Event] = [*queued, *earlier, *over, *events]
            # nothing may await between the first decision and the commit
            try:
                answers = [(event, self._engine.apply(event)) for event in told]
            except Exception:
                # a strategy of a plugin may fail: what the engine knows by now is half of what happened
                self._go_astray()
                raise
        decisions = [decision for _, made in answers for decision in made]
        await self._commit(_worth_keeping(answers), decisions)
        return decisions

    def preview(self, event: Event) -> list[Decision]:
        """Give what the engine would decide on an event now, and tell it nothing."""
        return self._engine.preview(event)

    def item_of(self, row: Row) -> Item:
        """Build the engine's item from a work item's row, with an arrival of its own."""
        return item_of(row, next(self._arrivals))

    # --- what is known ----------------------------------------------------------------------------

    def offer_to(self, agent_id: str, offer_id: str) -> OfferMade:
        """Give an open offer of this agent. Raises OfferExpired, NotFound."""
        made = self._open.get(offer_id)
        if made is None:
            raise OfferExpired
        if made.agent_id != agent_id:
            raise NotFound
        return made

    def is_held(self, item_id: str) -> bool:
        """Say whether somebody has claimed the item."""
        return item_id in self._held

    def explain(self, item_id: str) -> JsonObject:
        """Say why an item stands where it does, as a decision computed now."""
        return self._engine.explain(item_id, self._clock.now())

    # --- inside -----------------------------------------------------------------------------------

    async def _heard(self, said: Sequence[Said]) -> list[Event]:
        """Turn what was said into events about the items of its conversations."""
        if not said:
            return []
        try:
            async with self._store.reading() as connection:
                items = await read_current_items(connection, {one.conversation_id for one in said})
        except Exception:
            self._said[:0] = said
            raise
        return [
            CustomerWrote(at=one.at, item_id=items[one.conversation_id])
            if one.agent_id is None and not one.is_answer
            else Replied(at=one.at, item_id=items[one.conversation_id], agent_id=one.agent_id)
            for one in said
            if one.conversation_id in items
        ]

    async def _commit(
        self, told: Sequence[tuple[datetime, JsonObject]], decisions: Sequence[Decision]
    ) -> None:
        for decision in decisions:
            self._track(decision)
        if told or decisions:
            await self._unbroken.run(self._record(Acts(events=told, decisions=decisions)))
        self._timer.set()

    async def _record(self, acts: Acts) -> None:
        try:
            await self._store.write_each(record_acts, acts)
        except Exception:
            self._go_astray()
            raise
        crash_point("K7")
        self._decided(acts.decisions)

    def _go_astray(self) -> None:
        """Let `run` rebuild the engine from the store."""
        self._stale = True
        self._timer.set()

    def _track(self, decision: Decision) -> None:
        """Know which offers are open and which items are held."""
        if decision.offer is not None:
            if decision.act in _OPENING:
                self._open[decision.offer.offer_id] = decision.offer
            else:
                self._open.pop(decision.offer.offer_id, None)
        if decision.act in _TAKING:
            self._held.add(decision.item_id)
        elif decision.act in _ENDING:
            self._held.discard(decision.item_id)


def _end_of(work: EndedWork, now: datetime) -> list[Event]:
    """Tell of ended work: whoever held it has completed it, if the customer was served; else it goes."""
    told: list[Event] = []
    if work.was_served:
        told.append(Replied(at=now, item_id=work.item_id, agent_id=work.agent_id))
        if work.agent_id is not None:
            done = ClaimOutcome.COMPLETED
            told.append(ClaimEnded(at=now, item_id=work.item_id, agent_id=work.agent_id, outcome=done))
    # whatever is left of it, such as an offer nobody had answered
    return [*told, ItemWithdrawn(at=now, item_id=work.item_id, reason=work.reason)]


def _worth_keeping(answers: Sequence[tuple[Event, Sequence[Decision]]]) -> list[tuple[datetime, JsonObject]]:
    """Give the log entries of events; a tick of the clock only if something came of it at its time."""
    return [(event.at, to_json(event)) for event, made in answers if made or not isinstance(event, ClockTick)]
