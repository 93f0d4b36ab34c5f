"""An engine being played: it is told events, time passes exactly as it asks, and one can look on.

In: events with their times. Out: the decisions, and where every item, offer and person stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from router.engine.decisions import Act, Decision, OfferMade
from router.engine.engine import Engine
from router.engine.events import (
    ClaimRestored,
    ClockTick,
    Event,
    Item,
    ItemChanged,
    ItemQueued,
    OfferRestored,
)

Listener = Callable[[Decision], None]

WAITING, OFFERED, CLAIMED, HANDED_BACK, ENDED = "waiting", "offered", "claimed", "handed_back", "ended"

_OFFER_ENDS = frozenset({Act.REJECTED, Act.EXPIRED, Act.RESCINDED, Act.CANCELLED, Act.FAILED})
_DONE = frozenset({Act.WRAPPING, Act.COMPLETED, Act.WITHDRAWN})
_BY_ENGINE = frozenset({"silent", "absent"})


@dataclass(slots=True, kw_only=True)
class Followed:
    """Where an item stands; `queue` is the one it is in now."""

    item: Item
    queue: str
    state: str = WAITING
    holder: str | None = None
    offer: OfferMade | None = None


def is_wrapped_up(decision: Decision) -> bool:
    """Say whether a claim is completed only now because of after-call work; the item was done when that began."""
    return decision.act is Act.COMPLETED and "wrapped_s" in decision.record


class Play:
    """Tells an engine what happens and keeps the books of what it answers.

    `listeners` hear every decision, `on_event` every event, ticks of the clock included.
    """

    def __init__(
        self, engine: Engine, *listeners: Listener, on_event: Callable[[Event], None] | None = None
    ) -> None:
        self.engine = engine
        self._on_event = on_event
        self._listeners = listeners
        self.items: dict[str, Followed] = {}
        self.open_offers: dict[tuple[str, str], OfferMade] = {}
        self.known_offers: dict[str, OfferMade] = {}
        self.last_holders: dict[str, str] = {}
        self.ever_offered: set[tuple[str, str]] = set()
        self.last_at: datetime | None = None
        self._live = 0

    def tell(self, event: Event) -> list[Decision]:
        """Let an event happen, after everything that is due by then; give all that came of it."""
        return [*self.pass_time(event.at), *self._apply(event)]

    @property
    def is_idle(self) -> bool:
        """Say whether all work that came is done."""
        return self._live == 0

    def pass_time(self, until: datetime) -> list[Decision]:
        """Let everything happen that is due by then, each at its own time; give what came of it."""
        decisions: list[Decision] = []
        while (due_at := self.engine.next_due(until)) is not None and due_at <= until:
            at = due_at if self.last_at is None else max(due_at, self.last_at)
            made = self._apply(ClockTick(at=at))
            decisions += made
            if not made and self.engine.next_due() == due_at:
                # Nothing came of it and it stays due: only an event can change that.
                break
        return decisions

    def _apply(self, event: Event) -> list[Decision]:
        self.last_at = event.at
        if self._on_event is not None:
            self._on_event(event)
        self._before(event)
        decisions = self.engine.apply(event)
        for decision in decisions:
            self._follow(decision)
            for listener in self._listeners:
                listener(decision)
        return decisions

    def _before(self, event: Event) -> None:
        if isinstance(event, ItemQueued):
            known = self.items.get(event.item.id)
            if known is None or known.state in (ENDED, HANDED_BACK):
                self.items[event.item.id] = Followed(item=event.item, queue=event.item.queue)
                self._live += known is None or known.state == ENDED
        elif isinstance(event, ItemChanged) and event.item.id in self.items:
            followed = self.items[event.item.id]
            followed.item, followed.queue = event.item, event.item.queue
        elif isinstance(event, ClaimRestored) and event.item_id in self.items:
            self._held(self.items[event.item_id], event.agent_id)
        elif isinstance(event, OfferRestored) and event.item_id in self.items:
            offer = OfferMade(
                offer_id=event.offer_id,
                item_id=event.item_id,
                agent_id=event.agent_id,
                offered_at=event.offered_at,
                expires_at=event.expires_at,
            )
            self._offered(self.items[event.item_id], offer)

    def _follow(self, decision: Decision) -> None:
        followed = self.items.get(decision.item_id)
        if followed is None:
            return
        queue = decision.record.get("queue")
        if isinstance(queue, str) and decision.act is not Act.OVERFLOW:
            followed.queue = queue
        if decision.act is Act.OFFERED and decision.offer is not None:
            self._offered(followed, decision.offer)
        elif decision.act in _OFFER_ENDS:
            self._offer_over(followed)
        elif decision.act in (Act.ACCEPTED, Act.CLAIMED) and decision.agent_id is not None:
            self._held(followed, decision.agent_id)
        elif decision.act in _DONE and not is_wrapped_up(decision):
            self._let_go(followed, ENDED)
        elif decision.act is Act.PUT_BACK:
            by_engine = decision.record.get("reason") in _BY_ENGINE
            self._let_go(followed, WAITING if by_engine else HANDED_BACK)

    def _offered(self, followed: Followed, offer: OfferMade) -> None:
        followed.state, followed.offer = OFFERED, offer
        self.open_offers[offer.agent_id, offer.item_id] = offer
        self.known_offers[offer.offer_id] = offer
        self.ever_offered.add((offer.agent_id, offer.item_id))

    def _offer_over(self, followed: Followed) -> None:
        if followed.offer is not None:
            self.open_offers.pop((followed.offer.agent_id, followed.offer.item_id), None)
            followed.offer = None
        if followed.state == OFFERED:
            followed.state = WAITING

    def _held(self, followed: Followed, agent_id: str) -> None:
        self._offer_over(followed)
        followed.state, followed.holder = CLAIMED, agent_id
        self.last_holders[followed.item.id] = agent_id

    def _let_go(self, followed: Followed, state: str) -> None:
        self._offer_over(followed)
        self._live -= state == ENDED and followed.state != ENDED
        followed.state, followed.holder = state, None
