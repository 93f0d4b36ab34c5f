"""What waits: the items of each lane, and the line of each queue.

Items of other needs never stand in each other's way, because each lane is a heap of its own. The head of a
lane always waits; entries that left from the middle stay behind until they come up.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from sortedcontainers import SortedList

from router.engine.events import Item
from router.engine.lanes import Entry, Lane
from router.engine.work_items import WorkItem, WorkState


class Waiting:
    """Every live item by id, and those that wait in the order of their queue."""

    __slots__ = ("_lines", "works")

    def __init__(self) -> None:
        self.works: dict[str, WorkItem] = {}
        self._lines: dict[str, SortedList[Entry]] = {}

    def add(self, work: WorkItem, lane: Lane) -> None:
        """Let an item wait in a lane and in the line of its queue."""
        work.place = lane
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
        work.place = None
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

    def refile(self, work: WorkItem, item: Item) -> None:
        """Let an item be treated as this one, of the same queue and lane, and stand where that puts it."""
        lane = work.lane
        if lane is not None:
            self.remove(work)
        work.become(item)
        if lane is not None:
            self.add(work, lane)

    def is_live(self, item_id: str) -> bool:
        """Tell whether an item waits, is offered or held; one handed back is to be queued again."""
        work = self.works.get(item_id)
        return work is not None and work.state is not WorkState.HANDED_BACK

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
        return work is not None and work.place is lane and work.entry == entry
