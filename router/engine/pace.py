"""How fast one person gets new items. In: when he was asked and since when he is here. Out: when he may be asked.

`ramp` holds always, `slow_start` for a while after becoming available.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from router.engine.config import CapacityConfig


@dataclass(frozen=True, slots=True)
class Brake:
    """The rule that lets a person have no new item before `until`: he had `items` within `per_s`."""

    until: datetime
    items: int
    per_s: float


class Pace:
    """When one person was asked lately; changed only by the engine."""

    __slots__ = ("_capacity", "_offers", "available_since")

    def __init__(self, capacity: CapacityConfig) -> None:
        self._capacity = capacity
        rules = (capacity.ramp, capacity.slow_start)
        self._offers: deque[datetime] = deque(maxlen=max(rule.items for rule in rules if rule is not None))
        self.available_since: datetime | None = None

    def asked(self, offers: Iterable[datetime]) -> None:
        """Remember that the person was offered something at these times, oldest first."""
        self._offers.extend(offers)

    def forget(self) -> None:
        """Start anew."""
        self._offers.clear()
        self.available_since = None

    def brake(self, now: datetime) -> Brake | None:
        """Give what holds the person back longest, None when he may be asked now."""
        brakes = [brake for brake in self._brakes(now) if brake.until > now]
        return max(brakes, key=lambda brake: brake.until, default=None)

    def _brakes(self, now: datetime) -> Iterator[Brake]:
        ramp, slow = self._capacity.ramp, self._capacity.slow_start
        if ramp is not None and len(self._offers) >= ramp.items:
            until = self._offers[-ramp.items] + timedelta(seconds=ramp.per_s)
            yield Brake(until, ramp.items, ramp.per_s)
        if slow is not None and self.available_since is not None and len(self._offers) >= slow.items:
            until = self._offers[-slow.items] + timedelta(seconds=slow.per_s)
            ends_at = self.available_since + timedelta(seconds=slow.for_s)
            yield Brake(min(until, ends_at), slow.items, slow.per_s)


def pace_of(capacity: CapacityConfig) -> Pace | None:
    """Give a person's pace, None when nothing limits it."""
    return None if capacity.ramp is None and capacity.slow_start is None else Pace(capacity)
