"""Room 6, dispatch: tell the engine what happens, commit what it decides, and let it be known.

In: opened work items, presence, answers to offers, ended claims. Out: offers and claims in the store with
their decision records, and live events. What starts (an offer, a claim) the engine decides first; what
ends (a put-back, a resolve) the store decides first, by the claim's fencing token. If the store could not
take a decision, the engine is rebuilt from the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count

from sqlalchemy import select

from router.clock import Clock
from router.crash import crash_point
from router.doorway import Doorway
from router.engine.decisions import Act, Decision, OfferMade
from router.engine.engine import Engine
from router.engine.event_json import to_json
from router.engine.events import (
    ClaimEnded,
    ClaimOutcome,
    ClaimRestored,
    ClaimTaken,
    ClockTick,
    Event,
    ItemQueued,
    OfferAccepted,
    OfferRejected,
    OfferRestored,
    PresenceChanged,
)
from router.errors import NotFound, OfferExpired, RoutingError, StaleVersion, StoreUnavailable
from router.messages import JsonObject
from router.model.filing import Row
from router.model.presence import PresenceState
from router.storage import schema as t
from router.storage.routing import (
    Acts,
    Ending,
    give_time_again,
    hand_back,
    record_acts,
    resolve,
    store_presence,
)
from router.storage.staff import item_of, restoring_events
from router.storage.store import Store
from router.unbroken import Unbroken

RETRY_S = 1.0
IDLE_S = 3_600.0


class Offers:
    """The dispatch room; `decided(decisions)` is called after each commit."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        new_engine: Callable[[], Engine],
        decided: Callable[[Sequence[Decision]], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._new_engine = new_engine
        self._engine = new_engine()
        self._decided = decided
        self._open: dict[str, OfferMade] = {}
        self._held: set[str] = set()
        self._opened: list[Row] = []
        self._arrivals = count()
        self._timer = asyncio.Event()
        self._unbroken = Unbroken()
        self._doorway = Doorway()
        self._stale = False
        self._outdated = False

    # --- life -----------------------------------------------------------------------------------

    async def restore(self) -> None:
        """Rebuild the engine from the store after a time in which nobody could answer an offer."""
        await self._store.write(give_time_again, self._clock.now())
        async with self._doorway.alone():
            await self._rebuild()

    def renew(self) -> None:
        """Build the engine anew in a moment, because the rules are others now; nothing else changes."""
        self._outdated = True
        self._timer.set()

    async def _rebuild(self) -> None:
        """Build an engine from the store; what it decides at once is committed.

        What is enqueued from now on may be in the store already, and is told twice.
        """
        self._opened.clear()
        async with self._store.reading() as connection:
            events = await restoring_events(connection, self._clock.now())
        self._stale = self._outdated = False
        self._engine = self._new_engine()
        self._arrivals = count(len(events))
        self._open = {
            event.offer_id: OfferMade(
                offer_id=event.offer_id,
                item_id=event.item_id,
                agent_id=event.agent_id,
                offered_at=event.offered_at,
                expires_at=event.expires_at,
            )
            for event in events
            if isinstance(event, OfferRestored)
        }
        self._held = {event.item_id for event in events if isinstance(event, ClaimRestored)}
        decisions = [decision for event in events for decision in self._engine.apply(event)]
        known = (Act.QUEUED, Act.BLOCKED)
        await self._commit((), [decision for decision in decisions if decision.act not in known])

    async def run(self) -> None:
        """Let offers expire in time, and rebuild the engine when it went astray, until cancelled."""
        while True:
            self._timer.clear()
            try:
                if self._stale:
                    await self.restore()
                elif self._outdated:
                    async with self._doorway.alone():
                        await self._rebuild()
                elif self._opened or self._is_due():
                    await self._take_up()
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

    # --- work comes and goes --------------------------------------------------------------------

    def enqueue(self, rows: Sequence[Row]) -> None:
        """Take up, in a moment, work items that filing has just committed."""
        self._opened += rows
        self._timer.set()

    async def accept(self, offer_id: str, agent_id: str) -> str:
        """Turn an offer into a claim; give the conversation. Raises OfferExpired, NotFound."""
        made = self._offer_of(offer_id, agent_id)
        decisions = await self._apply(OfferAccepted(at=self._clock.now(), offer_id=offer_id))
        for decision in decisions:
            if decision.act is Act.ACCEPTED and decision.item_id == made.item_id:
                return decision.conversation_id
        raise OfferExpired

    async def reject(self, offer_id: str, agent_id: str, reason: str = "") -> None:
        """Decline an offer; this agent is not asked again for the item."""
        self._offer_of(offer_id, agent_id)
        await self._apply(OfferRejected(at=self._clock.now(), offer_id=offer_id, reason=reason))

    async def claim(self, conversation_id: str, agent_id: str) -> None:
        """Take a waiting item oneself. Raises StaleVersion if somebody has it, NotFound."""
        item_id = await self._live_item(conversation_id)
        if item_id in self._held:
            raise StaleVersion("somebody has it already")
        await self._apply(ClaimTaken(at=self._clock.now(), item_id=item_id, agent_id=agent_id))

    async def put_back(self, conversation_id: str, agent_id: str, token: int, note: str = "") -> None:
        """Hand the item back; it waits with its age. Raises StaleVersion without the claim."""
        await self._hand_back(self._ending(conversation_id, agent_id, token, "put_back", note))

    async def transfer(
        self,
        conversation_id: str,
        agent_id: str,
        token: int,
        *,
        queue: str | None,
        to_agent_id: str | None,
        note: str,
    ) -> None:
        """Hand the item to another queue, keeping its age, or to one person. Raises NotFound."""
        ending = self._ending(conversation_id, agent_id, token, "transferred", note)
        async with self._store.reading() as connection:
            if queue is not None:
                statement = select(t.queue.c.max_advance_s).where(t.queue.c.name == queue)
                max_advance_s = (await connection.execute(statement)).scalar()
                if max_advance_s is None:
                    raise NotFound(f"there is no queue {queue!r}")
                ending = replace(ending, queue=queue, max_advance_s=max_advance_s)
            elif to_agent_id is not None:
                known = select(t.agent.c.id).where(t.agent.c.id == to_agent_id, t.agent.c.active.is_(True))
                if (await connection.execute(known)).scalar() is None:
                    raise NotFound("there is no such agent")
                ending = replace(ending, to_agent_id=to_agent_id)
            else:
                raise RoutingError("name a queue or an agent to transfer to")
        await self._hand_back(ending)

    async def resolve(self, conversation_id: str, agent_id: str, token: int, reason: str = "") -> None:
        """End the episode. Raises StaleVersion without the claim."""
        ending = self._ending(conversation_id, agent_id, token, "resolved", reason)
        item_id = await self._store.write(resolve, ending)
        await self._apply(
            ClaimEnded(at=ending.at, item_id=item_id, agent_id=agent_id, outcome=ClaimOutcome.COMPLETED)
        )

    async def set_presence(
        self, agent_id: str, state: str, reason: str = "", classes: Sequence[str] | None = None
    ) -> None:
        """Be there or not; only an available agent is offered work."""
        now = self._clock.now()
        await self._store.write(store_presence, agent_id, state, reason, classes, now)
        taken = None if classes is None else frozenset(classes)
        await self._apply(
            PresenceChanged(at=now, agent_id=agent_id, state=PresenceState(state), classes=taken)
        )

    async def explain(self, conversation_id: str) -> JsonObject | None:
        """Say why the conversation's item waits, as a decision computed now; None if it does not."""
        try:
            item_id = await self._live_item(conversation_id)
        except NotFound:
            return None
        return self._engine.explain(item_id, self._clock.now())

    # --- inside ---------------------------------------------------------------------------------

    async def _take_up(self) -> None:
        """Bring what waits since the last round to the engine, and let it see the time."""
        rows, self._opened = self._opened, []
        now = self._clock.now()
        queued = [ItemQueued(at=now, item=item_of(row, next(self._arrivals))) for row in rows]
        await self._apply(*queued, ClockTick(at=now))

    async def _apply(self, *events: Event) -> list[Decision]:
        """Let the engine decide and commit it; nothing may await between the two."""
        await self._doorway.passed()
        decisions = [decision for event in events for decision in self._engine.apply(event)]
        await self._commit(events, decisions)
        return decisions

    async def _commit(self, events: Sequence[Event], decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            self._track(decision)
        told = [(event.at, to_json(event)) for event in events if not isinstance(event, ClockTick)]
        if told or decisions:
            self._doorway.enter()
            await self._unbroken.run(self._record(Acts(events=told, decisions=decisions)))
        self._timer.set()

    async def _record(self, acts: Acts) -> None:
        try:
            await self._store.write_each(record_acts, acts)
        except Exception:
            self._stale = True
            self._timer.set()
            raise
        finally:
            self._doorway.leave()
        crash_point("K7")
        self._decided(acts.decisions)

    def _track(self, decision: Decision) -> None:
        """Know which offers are open and which items are held."""
        if decision.offer is not None:
            if decision.act is Act.OFFERED:
                self._open[decision.offer.offer_id] = decision.offer
            else:
                self._open.pop(decision.offer.offer_id, None)
        if decision.act in (Act.ACCEPTED, Act.CLAIMED):
            self._held.add(decision.item_id)
        elif decision.act in (Act.COMPLETED, Act.PUT_BACK, Act.WITHDRAWN):
            self._held.discard(decision.item_id)

    def _offer_of(self, offer_id: str, agent_id: str) -> OfferMade:
        made = self._open.get(offer_id)
        if made is None:
            raise OfferExpired
        if made.agent_id != agent_id:
            raise NotFound
        return made

    async def _hand_back(self, ending: Ending) -> None:
        row = await self._store.write(hand_back, ending)
        item_id, agent_id = row["id"], ending.agent_id
        if ending.to_agent_id is not None:
            await self._apply(ClaimTaken(at=ending.at, item_id=item_id, agent_id=ending.to_agent_id))
            return
        await self._apply(
            ClaimEnded(at=ending.at, item_id=item_id, agent_id=agent_id, outcome=ClaimOutcome.HANDED_BACK),
            ItemQueued(at=ending.at, item=item_of(row, next(self._arrivals))),
        )

    async def _live_item(self, conversation_id: str) -> str:
        async with self._store.reading() as connection:
            statement = select(t.work_item.c.id).where(
                t.work_item.c.conversation_id == conversation_id, t.work_item.c.state != "done"
            )
            item_id: str | None = (await connection.execute(statement)).scalar()
        if item_id is None:
            raise NotFound("this conversation has no open work")
        return item_id

    def _ending(self, conversation_id: str, agent_id: str, token: int, kind: str, note: str) -> Ending:
        return Ending(
            conversation_id=conversation_id,
            agent_id=agent_id,
            token=token,
            kind=kind,
            note=note,
            at=self._clock.now(),
        )
