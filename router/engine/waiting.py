"""What waits: a lane for each set of needs, and the line of each queue.

A lane is a heap ordered by the waiting key, so that items of other needs never stand in each other's way.
The head of a lane always waits; entries that left from the middle stay behind until they come up.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from heapq import heapify, heappop, heappush

from sortedcontainers import SortedList

from router.engine.decisions import OfferMade
from router.engine.events import Item
from router.engine.gates import Fit, Gate, Requirement
from router.engine.needs import Need
from router.engine.ordering import key_of
from router.engine.staff import Profile

Entry = tuple[float, int, str]
"""Waiting key, arrival, item id: smaller is served first."""

LaneKey = tuple[str, tuple[Need, ...], frozenset[str]]
"""Channel class, needs, people not asked again."""


class WorkState(StrEnum):
    """Where a live item stands; one handed back is neither waiting nor held until it is queued again."""

    WAITING = "waiting"
    OFFERED = "offered"
    CLAIMED = "claimed"
    HANDED_BACK = "handed_back"


class WorkItem:
    """One item the engine answers for; changed only by the engine."""

    __slots__ = (
        "blocked",
        "clear_at",
        "declined",
        "entry",
        "holder",
        "item",
        "lane",
        "offer",
        "offers_made",
        "state",
    )

    def __init__(self, item: Item) -> None:
        self.item = item
        self.entry: Entry = (key_of(item), item.arrival, item.id)
        self.state = WorkState.WAITING
        self.lane: Lane | None = None
        self.offer: OfferMade | None = None
        self.holder: str | None = None
        self.offers_made = item.offers_made
        # agent id to reason: not asked again until `clear_at` has passed and nobody else is left to ask
        self.declined: Mapping[str, str] = item.declined
        self.clear_at: datetime | None = None
        # the gate named by the last record
        self.blocked: Gate | None = None

    @property
    def lane_key(self) -> LaneKey:
        """Give the key of the lane this item waits in."""
        return self.item.channel_class, self.item.needs, frozenset(self.declined)


class Lane:
    """Waiting items with equal needs, class and refusals: whoever may serve one may serve them all."""

    __slots__ = ("able", "declined", "head", "heap", "key", "present", "requirement", "size")

    def __init__(self, key: LaneKey) -> None:
        self.key = key
        self.requirement = Requirement(key[0], key[1])
        self.declined = key[2]
        self.heap: list[Entry] = []
        # the first entry of the heap, kept apart because every pick reads those of many lanes
        self.head: Entry | None = None
        self.size = 0
        # profiles that pass every gate of the profile, best fit first
        self.able: list[tuple[Fit, Profile]] = []
        # how many people who are present come as far as each gate of the profile
        self.present = [0] * len(Gate)


class Waiting:
    """Every live item by id, and those that wait in the order of their queue."""

    __slots__ = ("_lines", "works")

    def __init__(self) -> None:
        self.works: dict[str, WorkItem] = {}
        self._lines: dict[str, SortedList[Entry]] = {}

    def add(self, work: WorkItem, lane: Lane) -> None:
        """Let an item wait in a lane and in the line of its queue."""
        work.state = WorkState.WAITING
        work.lane = lane
        lane.size += 1
        heappush(lane.heap, work.entry)
        lane.head = lane.heap[0]
        line = self._lines.get(work.item.queue)
        if line is None:
            line = self._lines[work.item.queue] = SortedList()
        line.add(work.entry)

    def remove(self, work: WorkItem) -> None:
        """Take an item out of its lane and line; do nothing for one that does not wait."""
        lane = work.lane
        if lane is None:
            return
        work.lane = None
        lane.size -= 1
        heap = lane.heap
        while heap and not self._is_live(heap[0], lane):
            heappop(heap)
        if len(heap) > 2 * lane.size + 16:
            lane.heap = [found.entry for found in self.in_lane(lane)]
            heapify(lane.heap)
        lane.head = lane.heap[0] if lane.heap else None
        line = self._lines[work.item.queue]
        line.remove(work.entry)
        if not line:
            del self._lines[work.item.queue]

    def head(self, lane: Lane) -> WorkItem | None:
        """Give the item of a lane that is served next."""
        return None if lane.head is None else self.works[lane.head[2]]

    def in_lane(self, lane: Lane) -> list[WorkItem]:
        """List the items of a lane, next one first."""
        found = {entry: None for entry in sorted(lane.heap) if self._is_live(entry, lane)}
        return [self.works[entry[2]] for entry in found]

    def count(self, queue: str) -> int:
        """Count the items that wait in a queue."""
        return len(self._lines.get(queue, ()))

    def ahead(self, queue: str, entry: Entry) -> int:
        """Count the items that wait in a queue before this place."""
        line = self._lines.get(queue)
        return line.bisect_left(entry) if line else 0

    def neighbours(self, work: WorkItem) -> tuple[Entry | None, Entry | None]:
        """Give who stands right before and right after an item in its queue."""
        line = self._lines.get(work.item.queue)
        if line is None:
            return None, None
        index = line.bisect_left(work.entry)
        after = index + (work.lane is not None)
        return line[index - 1] if index else None, line[after] if after < len(line) else None

    def _is_live(self, entry: Entry, lane: Lane) -> bool:
        work = self.works.get(entry[2])
        return work is not None and work.lane is lane and work.entry == entry
