"""The clocks of every live item, and which of them moves it forward. Only books; `promises` keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from router.engine.clocks.clock import Clock, ClockState
from router.engine.config import Metric
from router.engine.events import Item
from router.engine.times import to_iso
from router.messages import JsonObject

_ORDER = tuple(Metric)


class ItemClocks:
    """The clocks of one item; `given` is the due time and the lead it came with."""

    __slots__ = ("_clocks", "given", "names", "next_at")

    def __init__(self, item: Item) -> None:
        self.names = item.sla
        self.given = item.due_at, item.lead_s
        # when the next step of any of them is reached
        self.next_at: datetime | None = None
        self._clocks: tuple[Clock, ...] = ()

    def __iter__(self) -> Iterator[Clock]:
        """Go through the clocks, first answers first."""
        return iter(self._clocks)

    def get(self, metric: Metric) -> Clock | None:
        """Give the clock of a metric, also one that has stopped."""
        return next((clock for clock in self._clocks if clock.metric is metric), None)

    def active(self, metric: Metric) -> Clock | None:
        """Give the clock of a metric if its promise has still to be kept."""
        clock = self.get(metric)
        return clock if clock is not None and clock.is_active else None

    def put(self, clock: Clock) -> None:
        """Take in a clock; it replaces the one of its metric."""
        others = (other for other in self._clocks if other.metric is not clock.metric)
        self._clocks = tuple(sorted((*others, clock), key=lambda one: _ORDER.index(one.metric)))

    def urgent(self) -> Clock | None:
        """Give the running promise of an answer that makes the item urgent first."""
        running = [
            clock
            for clock in self._clocks
            if clock.state is ClockState.RUNNING and clock.metric is not Metric.RESOLUTION
        ]
        return min(running, key=lambda clock: clock.urgent_at, default=None)

    def stamp(self, item: Item) -> Item:
        """Give the item the due time that counts: its own or that of a promise, whichever is urgent first."""
        due_at, lead_s = self.given
        clock = self.urgent()
        if clock is not None and (due_at is None or clock.urgent_at < due_at.timestamp() - lead_s):
            due_at, lead_s = clock.due_at, clock.promise.terms.lead_s
        if (due_at, lead_s) == (item.due_at, item.lead_s):
            return item
        return replace(item, due_at=due_at, lead_s=lead_s)


class ClockBook:
    """The clocks by item id; items nothing is promised for are not in it."""

    __slots__ = ("items",)

    def __init__(self) -> None:
        self.items: dict[str, ItemClocks] = {}

    def next_at(self, item_id: str) -> datetime | None:
        """Give when somebody is to be told about an item next."""
        found = self.items.get(item_id)
        return None if found is None else found.next_at

    def moving(self, item: Item) -> JsonObject | None:
        """Name the promise whose due time the item has; None for a due time of its own."""
        found = self.items.get(item.id)
        clock = None if found is None else found.urgent()
        if clock is None or clock.due_at != item.due_at:
            return None
        return {
            "metric": clock.metric.value,
            "policy": clock.promise.policy,
            "due_at": to_iso(clock.due_at),
        }

    def list_facts(self, item_id: str, at: datetime) -> list[JsonObject]:
        """Tell everything about the promises of an item that have still to be kept."""
        return [clock.facts(at) for clock in self.items.get(item_id) or () if clock.is_active]
