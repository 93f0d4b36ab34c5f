"""When something happens by itself: offers run out, needs are given up, rests end, promises come due.

In: times. Out: what is due.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from heapq import heappop, heappush

Deadline = tuple[datetime, "DeadlineKind", str]
"""When, what, and the id of the offer, item or person, or the name of the incident."""


class DeadlineKind(StrEnum):
    """What happens at a deadline."""

    ABSENCE_BEGINS = "absence_begins"
    ABSENCE_ENDS = "absence_ends"
    INCIDENT_ENDS = "incident_ends"
    LEASE_STEP = "lease_step"
    NEEDS_CHANGE = "needs_change"
    OFFER_EXPIRES = "offer_expires"
    PASSED_OVER_NO_MORE = "passed_over_no_more"
    REFUSALS_FORGOTTEN = "refusals_forgotten"
    GATE_OPENS = "gate_opens"
    SKILL_EXPIRES = "skill_expires"
    PROMISE_STEP = "promise_step"
    GUARD = "guard"
    WRAP_UP_ENDS = "wrap_up_ends"


class Deadlines:
    """A heap of deadlines; those that no longer stand are dropped when they come up."""

    __slots__ = ("_heap", "_still_stands")

    def __init__(self, still_stands: Callable[[Deadline], bool]) -> None:
        self._heap: list[Deadline] = []
        self._still_stands = still_stands

    def add(self, at: datetime, kind: DeadlineKind, id: str) -> None:
        """Set a deadline."""
        heappush(self._heap, (at, kind, id))

    def next(self, by: datetime | None = None) -> datetime | None:
        """Give the time of the first deadline that still stands; None if there is none, or none `by` then."""
        while self._heap and (by is None or self._heap[0][0] <= by):
            if self._still_stands(self._heap[0]):
                return self._heap[0][0]
            heappop(self._heap)
        return None

    def take(self, now: datetime) -> Deadline | None:
        """Take the first deadline that has come."""
        return None if self.next(now) is None else heappop(self._heap)
