"""Which queues send new work elsewhere: from a length on, until they are short again. In: lengths. Out: where to.

What has been moved once stays where it is, so that two queues that overflow into each other pass nothing
back and forth.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from router.engine.config import EngineConfig, Overflow
from router.engine.events import Item
from router.engine.incidents import Incidents
from router.engine.waiting import Waiting


class Overflows:
    """The overflow of each queue that has one: open by its own length, or by an incident."""

    __slots__ = ("_by_length", "_incidents", "_told", "_waiting", "queues")

    def __init__(self, config: EngineConfig, waiting: Waiting, incidents: Incidents) -> None:
        self._waiting = waiting
        self._incidents = incidents
        self.queues = {name: queue.overflow for name, queue in config.queues.items() if queue.overflow}
        self._by_length: dict[str, None] = {}
        # the queues whose overflow is known to be open
        self._told: dict[str, None] = {}

    def restore(self, queue: str) -> None:
        """Take over from an earlier run that the overflow of a queue is open by its length."""
        if queue in self.queues:
            self._by_length[queue] = self._told[queue] = None

    def target(self, item: Item) -> str | None:
        """Give where an item that comes goes instead of its own queue."""
        overflow = self.queues.get(item.queue)
        if overflow is None or item.moved_from is not None or item.queue not in self._told:
            return None
        return overflow.to if overflow.to != item.queue else None

    def changes(self) -> list[tuple[str, Overflow, bool]]:
        """Give the queues whose overflow opens or closes now, in the order of the rules."""
        changed = []
        for queue, overflow in self.queues.items():
            is_open = self._follow(queue, overflow) or queue in self._incidents.overflowing
            if is_open is not (queue in self._told):
                changed.append((queue, overflow, is_open))
                if is_open:
                    self._told[queue] = None
                else:
                    del self._told[queue]
        return changed

    def _follow(self, queue: str, overflow: Overflow) -> bool:
        """Open at one length and close at another; between the two it stays as it is."""
        waiting = self._waiting.count(queue)
        if waiting >= overflow.when_waiting:
            self._by_length[queue] = None
        elif waiting <= overflow.back_at:
            self._by_length.pop(queue, None)
        return queue in self._by_length


def move(item: Item, to: str, at: datetime) -> Item:
    """Give an item as it comes to the queue that overflow takes it to: with its age, needs and advance."""
    return replace(item, queue=to, entered_queue_at=at, moved_from=item.queue)
