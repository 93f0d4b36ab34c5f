"""Which of the lanes a roll serves is served first: a heap of their heads, put right when it is read.

In: lanes that are entered, and lanes whose head came forward. Out: the first lane. A head that went back because
its item left is found out when it comes up, so that taking an item costs nothing for everybody else's roll.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush, heapreplace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from router.engine.lanes import Entry, Lane


class Fronts:
    """Lanes by the head each is filed under, which is never behind the head it has."""

    __slots__ = ("_filed", "_heap")

    def __init__(self, lanes: Iterable[Lane] = ()) -> None:
        self._heap: list[tuple[Entry, int, Lane]] = []
        # by number of the lane
        self._filed: dict[int, Entry] = {}
        for lane in lanes:
            self.file(lane)

    def file(self, lane: Lane) -> None:
        """Take in a lane that is new here or whose head may have come forward."""
        head = lane.head
        filed = self._filed.get(lane.number)
        if head is not None and (filed is None or head < filed):
            self._filed[lane.number] = head
            heappush(self._heap, (head, lane.number, lane))

    def first(self, agent_id: str) -> Lane | None:
        """Give the lane whose head is served first, past those a person has refused."""
        refused = []
        while (lane := self._first()) is not None and agent_id in lane.declined:
            refused.append(heappop(self._heap))
        for filed in refused:
            heappush(self._heap, filed)
        return lane

    def _first(self) -> Lane | None:
        heap = self._heap
        while heap:
            entry, number, lane = heap[0]
            head = lane.head
            if self._filed.get(number) is not entry:
                heappop(heap)
            elif head is entry:
                return lane
            elif head is None:
                heappop(heap)
                del self._filed[number]
            else:
                self._filed[number] = head
                heapreplace(heap, (head, number, lane))
        return None
