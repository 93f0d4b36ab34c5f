"""What waits: the items of each lane, and the line of each queue, in the order the queue serves them.

Items of other needs never stand in each other's way, because each lane has an order of its own.
"""

from __future__ import annotations

from sortedcontainers import SortedList

from router.engine.lanes import Entry, Lane
from router.engine.ordering import newest_key_of
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
        entry = place_in_line(work, lane)
        lane.entries.add(entry)
        if lane.front is None or entry < lane.front:
            self._set_front(lane, entry)
            lane.come_forward()
        line = self._lines.get(work.item.queue)
        if line is None:
            line = self._lines[work.item.queue] = SortedList()
        line.add(entry)

    def remove(self, work: WorkItem) -> None:
        """Take an item out of its lane and line; do nothing for one that does not wait."""
        lane = work.lane
        if lane is None:
            return
        work.place = None
        lane.size -= 1
        entry = place_in_line(work, lane)
        if lane.front == entry:
            lane.entries.pop(0)
            self._set_front(lane, lane.entries[0] if lane.entries else None)
        else:
            lane.entries.remove(entry)
        line = self._lines[work.item.queue]
        line.remove(entry)
        if not line:
            del self._lines[work.item.queue]

    def is_live(self, item_id: str) -> bool:
        """Tell whether an item waits, is offered or held; one handed back is to be queued again."""
        work = self.works.get(item_id)
        return work is not None and work.state is not WorkState.HANDED_BACK

    def head(self, lane: Lane) -> WorkItem | None:
        """Give the item of a lane that is served next."""
        return None if lane.head is None else self.works[lane.head[2]]

    def in_lane(self, lane: Lane) -> list[WorkItem]:
        """List the items of a lane, next one first."""
        return [self.works[entry[2]] for entry in lane.entries]

    def count(self, queue: str) -> int:
        """Count the items that wait in a queue."""
        return len(self._lines.get(queue, ()))

    def ahead(self, queue: str, entry: Entry) -> int:
        """Count the items that wait in a queue before this place in its order."""
        line = self._lines.get(queue)
        return line.bisect_left(entry) if line else 0

    def neighbours(self, work: WorkItem, lane: Lane) -> tuple[WorkItem | None, WorkItem | None]:
        """Give who stands right before and right after an item in its queue; `lane` is where it waits or would."""
        line = self._lines.get(work.item.queue)
        if line is None:
            return None, None
        index = line.bisect_left(place_in_line(work, lane))
        after = index + (work.lane is not None)
        before_it = self.works[line[index - 1][2]] if index else None
        return before_it, self.works[line[after][2]] if after < len(line) else None

    def _set_front(self, lane: Lane, front: Entry | None) -> None:
        lane.front = front
        if front is None or not lane.is_newest_first:
            lane.head = front
        else:
            lane.head = self.works[front[2]].entry


def place_in_line(work: WorkItem, lane: Lane) -> Entry:
    """Give where an item stands in the order its queue serves."""
    return (*newest_key_of(work.item), work.item.id) if lane.is_newest_first else work.entry
