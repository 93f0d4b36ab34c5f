"""What has been accepted and not read yet, held in memory within bounds.

In: accepted items, after their commit. Out: batches in the order they came. What does not fit makes
sources wait before they accept more; the items themselves are in the store, so nothing here is precious.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from router.messages import RawInbound

ITEM_LIMIT = 2_000
BYTE_LIMIT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Waiting:
    """An accepted item that has not been read yet; `attempts` are tries that ended with the process."""

    inbound_id: str
    account: str
    raw: RawInbound
    attempts: int = 0


class Backlog:
    """A queue that counts what it holds until it is `done`, not until it is taken."""

    def __init__(self, item_limit: int = ITEM_LIMIT, byte_limit: int = BYTE_LIMIT) -> None:
        self._item_limit = item_limit
        self._byte_limit = byte_limit
        self._items: deque[Waiting] = deque()
        self._held_items = 0
        self._held_bytes = 0
        self._filled = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()

    async def wait_for_room(self) -> None:
        """Wait until less is held than the limits."""
        await self._has_room.wait()

    def put(self, item: Waiting) -> None:
        """Add an item; the one that passes a limit is still taken, the next has to wait."""
        self._items.append(item)
        self._count(1, len(item.raw.raw))
        self._filled.set()

    async def take(self, limit: int) -> list[Waiting]:
        """Wait for items and take up to `limit` of them, oldest first."""
        await self._filled.wait()
        taken = [self._items.popleft() for _ in range(min(limit, len(self._items)))]
        if not self._items:
            self._filled.clear()
        return taken

    def done(self, items: Sequence[Waiting]) -> None:
        """Let items go that have been read."""
        self._count(-len(items), -sum(len(item.raw.raw) for item in items))

    def _count(self, items: int, size_bytes: int) -> None:
        self._held_items += items
        self._held_bytes += size_bytes
        if self._held_items < self._item_limit and self._held_bytes < self._byte_limit:
            self._has_room.set()
        else:
            self._has_room.clear()
