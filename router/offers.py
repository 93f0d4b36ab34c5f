"""Room 6, dispatch: what people do with the work they are offered and hold.

In: presence, answers to offers, ended claims. Out: events for the engine. What starts (an offer, a claim)
the engine decides first; what ends (a put-back, a resolve) the store decides first, by the claim's fencing
token.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from router.clock import Clock
from router.engine.decisions import Act
from router.engine.events import (
    ClaimEnded,
    ClaimOutcome,
    ClaimTaken,
    ItemQueued,
    OfferAccepted,
    OfferAccepting,
    OfferFailed,
    OfferRejected,
    PresenceChanged,
    WrapUpDone,
)
from router.engine_room import EngineRoom
from router.errors import NotFound, NotPermitted, OfferExpired, RoutingError, StaleVersion
from router.messages import JsonObject
from router.model.presence import PresenceState
from router.storage import schema as t
from router.storage.duty import store_presence
from router.storage.endings import Ending, hand_back, resolve
from router.storage.permissions import find_wrap_up, is_supervisor, may_serve, require_live_item
from router.storage.store import Store


class Offers:
    """The dispatch room; `classes()` gives the channel classes there are."""

    def __init__(
        self, store: Store, clock: Clock, room: EngineRoom, classes: Callable[[], Collection[str]]
    ) -> None:
        self._store = store
        self._clock = clock
        self._room = room
        self._classes = classes

    async def accept(self, offer_id: str, agent_id: str) -> str:
        """Turn an offer into a claim; give the conversation. Raises OfferExpired, NotFound."""
        made = self._room.offer_to(agent_id, offer_id)
        decisions = await self._room.tell(OfferAccepted(at=self._clock.now(), offer_id=offer_id))
        for decision in decisions:
            if decision.act is Act.ACCEPTED and decision.item_id == made.item_id:
                return decision.conversation_id
        raise OfferExpired

    async def reject(self, offer_id: str, agent_id: str, reason: str = "") -> None:
        """Decline an offer; this agent is not asked again for the item."""
        self._room.offer_to(agent_id, offer_id)
        await self._room.tell(OfferRejected(at=self._clock.now(), offer_id=offer_id, reason=reason))

    async def set_up(self, offer_id: str, agent_id: str) -> None:
        """Hold an offer for its agent while it is being set up. Raises OfferExpired, NotFound."""
        self._room.offer_to(agent_id, offer_id)
        await self._room.tell(OfferAccepting(at=self._clock.now(), offer_id=offer_id))

    async def fail(self, offer_id: str, agent_id: str, reason: str = "") -> None:
        """Give up setting an offer up, through nobody's fault. Raises OfferExpired, NotFound."""
        self._room.offer_to(agent_id, offer_id)
        await self._room.tell(OfferFailed(at=self._clock.now(), offer_id=offer_id, reason=reason))

    async def claim(self, conversation_id: str, agent_id: str) -> None:
        """Take a waiting item oneself; limits do not count, permission does.

        Raises StaleVersion if somebody has it, NotPermitted for a queue one does not serve, NotFound.
        """
        async with self._store.reading() as connection:
            item_id, queue = await require_live_item(connection, conversation_id)
            if not await may_serve(connection, agent_id, queue):
                raise NotPermitted(
                    f"you do not serve the queue {queue!r}; ask a supervisor to hand it to you"
                )
        if self._room.is_held(item_id):
            raise StaleVersion("somebody has it already")
        await self._room.tell(ClaimTaken(at=self._clock.now(), item_id=item_id, agent_id=agent_id))

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
        """Hand the item to another queue, keeping its age, or to one person.

        Raises NotFound, RoutingError, and NotPermitted for a person who does not serve the queue, unless a
        supervisor hands it over.
        """
        if to_agent_id == agent_id:
            raise RoutingError("you have it already; choose a colleague or a queue")
        ending = self._ending(conversation_id, agent_id, token, "transferred", note)
        async with self._store.reading() as connection:
            if queue is not None:
                statement = select(t.queue.c.max_advance_s).where(t.queue.c.name == queue)
                max_advance_s = (await connection.execute(statement)).scalar()
                if max_advance_s is None:
                    raise NotFound(f"there is no queue {queue!r}")
                ending = replace(ending, queue=queue, max_advance_s=max_advance_s)
            elif to_agent_id is not None:
                await self._require_receiver(connection, conversation_id, agent_id, to_agent_id)
                ending = replace(ending, to_agent_id=to_agent_id)
            else:
                raise RoutingError("name a queue or an agent to transfer to")
        await self._hand_back(ending)

    async def wrapped_up(self, conversation_id: str, agent_id: str) -> None:
        """Be done with the after-call work on a conversation. Raises NotFound if one has none."""
        async with self._store.reading() as connection:
            item_id = await find_wrap_up(connection, conversation_id, agent_id)
        if item_id is None:
            raise NotFound("you have no after-call work on this conversation")
        await self._room.tell(WrapUpDone(at=self._clock.now(), item_id=item_id))

    async def resolve(self, conversation_id: str, agent_id: str, token: int, reason: str = "") -> None:
        """End the episode. Raises StaleVersion without the claim."""
        ending = self._ending(conversation_id, agent_id, token, "resolved", reason)
        item_id = await self._store.write(resolve, ending)
        await self._room.tell(
            ClaimEnded(at=ending.at, item_id=item_id, agent_id=agent_id, outcome=ClaimOutcome.COMPLETED)
        )

    async def set_presence(
        self, agent_id: str, state: str, reason: str = "", classes: Sequence[str] | None = None
    ) -> None:
        """Be there or not; only an available agent is offered work. Raises RoutingError for a strange class."""
        known = self._classes()
        strange = [name for name in classes or () if name not in known]
        if strange:
            names = ", ".join(sorted(known))
            raise RoutingError(f"there is no channel class {strange[0]!r}; use one of {names}")
        now = self._clock.now()
        await self._store.write(store_presence, agent_id, state, reason, classes, now)
        taken = None if classes is None else frozenset(classes)
        await self._room.tell(
            PresenceChanged(at=now, agent_id=agent_id, state=PresenceState(state), classes=taken)
        )

    async def explain(self, conversation_id: str) -> JsonObject | None:
        """Say why the conversation's item waits, as a decision computed now; None if it does not."""
        statement = select(t.work_item.c.id, t.work_item.c.triage).where(
            t.work_item.c.conversation_id == conversation_id, t.work_item.c.state != "done"
        )
        async with self._store.reading() as connection:
            row = (await connection.execute(statement)).one_or_none()
        if row is None:
            return None
        errors = row.triage.get("errors")
        return {**self._room.explain(row.id), **({"rule_errors": errors} if errors else {})}

    # --- inside -----------------------------------------------------------------------------------

    async def _hand_back(self, ending: Ending) -> None:
        row = await self._store.write(hand_back, ending)
        item_id, agent_id = row["id"], ending.agent_id
        if ending.to_agent_id is not None:
            await self._room.tell(ClaimTaken(at=ending.at, item_id=item_id, agent_id=ending.to_agent_id))
            return
        await self._room.tell(
            ClaimEnded(at=ending.at, item_id=item_id, agent_id=agent_id, outcome=ClaimOutcome.HANDED_BACK),
            ItemQueued(at=ending.at, item=self._room.item_of(row)),
        )

    async def _require_receiver(
        self, connection: AsyncConnection, conversation_id: str, agent_id: str, to_agent_id: str
    ) -> None:
        """Refuse to hand work to nobody, or to somebody who may not have it, unless a supervisor does."""
        known = select(t.agent.c.display_name).where(t.agent.c.id == to_agent_id, t.agent.c.active.is_(True))
        name = (await connection.execute(known)).scalar()
        if name is None:
            raise NotFound("there is no such agent")
        _, queue = await require_live_item(connection, conversation_id)
        if await may_serve(connection, to_agent_id, queue) or await is_supervisor(connection, agent_id):
            return
        raise NotPermitted(
            f"{name} does not serve the queue {queue!r}; choose a colleague who does, or a queue"
        )

    def _ending(self, conversation_id: str, agent_id: str, token: int, kind: str, note: str) -> Ending:
        return Ending(
            conversation_id=conversation_id,
            agent_id=agent_id,
            token=token,
            kind=kind,
            note=note,
            at=self._clock.now(),
        )
