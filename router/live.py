"""What happened a moment ago: rooms publish here after their commit, desks are told.

In comes one `LiveEvent` per change, from any room; out go the last 10,000 of them, numbered, to whoever
follows. Nothing here is durable: a follower that falls out of the ring is told so and loads afresh.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from router.errors import RouterError
from router.messages import JsonObject
from router.model.timeline import Message

RING_SIZE = 10_000
WRITTEN = 500
SUPERVISORS = "supervisors"
"""The audience of what only supervisors and admins are told."""

ItemT = TypeVar("ItemT")
SeenT = TypeVar("SeenT")


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveEvent:
    """One change, told after its commit.

    `topic` and `data` are those of the event table in `docs/http-api.md`. For `message`, `delivery`,
    `offer` and `presence` ids are enough (`{conversation_id, message_id}`, `{offer_id}`, `{agent_id}`): the
    web side reads the shape once for all who see it. `audience` is one agent's id, `SUPERVISORS`, or None for
    everybody.
    """

    topic: str
    data: JsonObject = field(default_factory=dict)
    audience: str | None = None


class Ring(Generic[ItemT]):
    """The newest items, numbered densely. One event loop only; followers never slow a writer.

    `first` and `last` are the numbers of the oldest and the newest item held; `last` is `first - 1` while
    there is none.
    """

    def __init__(self, size: int = RING_SIZE, *, first: int = 1) -> None:
        self._items: list[ItemT | None] = [None] * size
        self._arrival = asyncio.Event()
        self.first = first
        self.last = first - 1
        self.closed = False

    def extend(self, items: Iterable[ItemT]) -> None:
        """Append items and wake every follower once."""
        size = len(self._items)
        for item in items:
            if self.last - self.first + 1 == size:
                self.first += 1
            self.last += 1
            self._items[self.last % size] = item
        self._wake()

    def drop_oldest(self) -> ItemT | None:
        """Forget the oldest item before its time, and give it."""
        place = self.first % len(self._items)
        oldest, self._items[place] = self._items[place], None
        self.first += 1
        return oldest

    def holds_after(self, number: int) -> bool:
        """Say whether everything after `number` is still here."""
        return self.first - 1 <= number <= self.last

    def after(self, number: int, limit: int = RING_SIZE) -> list[ItemT]:
        """Give the items numbered `number + 1` onwards, oldest first; IndexError when some are gone."""
        if not self.holds_after(number):
            raise IndexError(f"item {number + 1} is not among {self.first} to {self.last}")
        size = len(self._items)
        wanted = range(number + 1, min(self.last, number + limit) + 1)
        return [item for n in wanted if (item := self._items[n % size]) is not None]

    async def wait_past(self, number: int) -> None:
        """Wait until there is an item after `number`, or the ring is closed."""
        while self.last <= number and not self.closed:
            await self._arrival.wait()

    async def until(
        self, look: Callable[[], Awaitable[SeenT]], enough: Callable[[SeenT], object] = bool
    ) -> SeenT:
        """Look again after every new item until what is seen is enough, and give that.

        Raises RouterError when the ring is closed first. What is looked at must be told here after its change.
        """
        while True:
            # Taken before the look: a change that comes while it lasts must wake the next one.
            number, closed = self.last, self.closed
            seen = await look()
            if enough(seen):
                return seen
            if closed:
                raise RouterError("the router stopped before what was awaited came about")
            await self.wait_past(number)

    def close(self) -> None:
        """Wake all followers for the last time."""
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        self._arrival.set()
        self._arrival = asyncio.Event()


class LiveEvents(Ring[LiveEvent]):
    """The ring the rooms publish to. `epoch` names this run of the router: numbers start again with it."""

    def __init__(self, epoch: str, size: int = RING_SIZE) -> None:
        super().__init__(size)
        self.epoch = epoch
        self._written: OrderedDict[str, Message] = OrderedDict()

    def publish(self, event: LiveEvent, written: Message | None = None) -> None:
        """Tell a change. Call it after the commit, on the event loop; it never blocks and never fails.

        `written` is the message a `message` event is about, where whoever tells has just stored it: the
        newest 500 of them need not be read again.
        """
        if written is not None:
            self._written[written.id] = written
            if len(self._written) > WRITTEN:
                self._written.popitem(last=False)
        self.extend((event,))

    def take_written(self, message_id: str) -> Message | None:
        """Give a message that was just stored, once."""
        return self._written.pop(message_id, None)
