"""What the engine keeps of each live item: where it stands, its place in line, whom it was offered to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from router.engine.decisions import OfferMade
from router.engine.events import Item
from router.engine.gates import Gate
from router.engine.lanes import Entry, Lane, LaneKey
from router.engine.needs import Need
from router.engine.ordering import key_of

_NOBODY: Mapping[str, str] = MappingProxyType({})
_NOTHING: frozenset[Need] = frozenset()


class WorkState(StrEnum):
    """Where a live item stands; one handed back is neither waiting nor held until it is queued again."""

    WAITING = "waiting"
    OFFERED = "offered"
    ACCEPTING = "accepting"
    CLAIMED = "claimed"
    HANDED_BACK = "handed_back"


class Asked(NamedTuple):
    """The needs in force of an item, and those of which its records say that they are given up.

    One for all items that ask the same.
    """

    needs: tuple[Need, ...]
    told: frozenset[Need]


class Asking:
    """Whom an item was offered to so far, and what it asks for; changed only by the engine."""

    __slots__ = ("asked", "clear_at", "declined", "offers_made")

    def __init__(self, offers_made: int, declined: Mapping[str, str]) -> None:
        self.offers_made = offers_made
        # agent id to reason: not asked again until `clear_at` has passed and nobody else is left to ask
        self.declined = declined
        self.clear_at: datetime | None = None
        # None while all its own needs are in force
        self.asked: Asked | None = None


class WorkItem:
    """One item the engine answers for; changed only by the engine.

    Tens of thousands of them wait on a bad day, so that what only some have is kept apart: `place` is the
    lane it waits in, its open offer, or the id of who holds it, and `asking` is made for the first offer.
    """

    __slots__ = ("asking", "blocked", "entry", "item", "place")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.entry: Entry = (key_of(item), item.arrival, item.id)
        self.place: Lane | OfferMade | str | None = None
        known = item.offers_made or item.declined
        self.asking = Asking(item.offers_made, item.declined) if known else None
        # the gate named by the last record
        self.blocked: Gate | None = None

    @property
    def state(self) -> WorkState:
        """Tell where the item stands."""
        if self.place is None:
            return WorkState.HANDED_BACK
        if isinstance(self.place, Lane):
            return WorkState.WAITING
        if isinstance(self.place, OfferMade):
            return WorkState.ACCEPTING if self.place.is_accepting else WorkState.OFFERED
        return WorkState.CLAIMED

    @property
    def lane(self) -> Lane | None:
        """Give the lane the item waits in."""
        return self.place if isinstance(self.place, Lane) else None

    @property
    def offer(self) -> OfferMade | None:
        """Give the open offer of the item."""
        return self.place if isinstance(self.place, OfferMade) else None

    @property
    def holder(self) -> str | None:
        """Give who has claimed the item."""
        return self.place if isinstance(self.place, str) else None

    @property
    def declined(self) -> Mapping[str, str]:
        """Give who is not asked again, with the reasons."""
        return _NOBODY if self.asking is None else self.asking.declined

    @property
    def needs(self) -> tuple[Need, ...]:
        """Give the needs in force."""
        asked = None if self.asking is None else self.asking.asked
        return self.item.needs if asked is None else asked.needs

    @property
    def told(self) -> frozenset[Need]:
        """Give the needs of which the records say that they are given up."""
        asked = None if self.asking is None else self.asking.asked
        return _NOTHING if asked is None else asked.told

    @property
    def lane_key(self) -> LaneKey:
        """Give the key of the lane this item waits in."""
        return LaneKey(self.item.queue, self.item.channel_class, self.needs, frozenset(self.declined))

    def ask_for(self, asked: Asked | None) -> None:
        """Let other needs be in force from now on; None: all its own."""
        if self.asking is not None or asked is not None:
            self.ask().asked = asked

    def change(self, item: Item) -> None:
        """Let the item be this one; whoever calls takes it out of the line before."""
        self.item = item
        self.entry = (key_of(item), item.arrival, item.id)

    def ask(self) -> Asking:
        """Give the memory of whom the item was offered to, to be changed."""
        if self.asking is None:
            self.asking = Asking(0, _NOBODY)
        return self.asking
