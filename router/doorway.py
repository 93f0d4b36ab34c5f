"""A room that many use at once, and that one may have to himself for a moment.

In: pieces of work that begin and end. Out: a time in which none is under way and none begins.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Doorway:
    """Counts who is inside, and keeps everybody out while somebody is alone."""

    def __init__(self) -> None:
        self._inside = 0
        self._open = asyncio.Event()
        self._open.set()
        self._empty = asyncio.Event()
        self._empty.set()

    async def passed(self) -> None:
        """Wait until nobody is alone inside; at once, without giving way, if nobody is."""
        while not self._open.is_set():
            await self._open.wait()

    def enter(self) -> None:
        """Be inside from now on; `leave` ends it."""
        self._inside += 1
        self._empty.clear()

    def leave(self) -> None:
        """Not be inside any more."""
        self._inside -= 1
        if self._inside == 0:
            self._empty.set()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Let nobody new in, and wait for those inside to leave; one at a time."""
        await self.passed()
        self._open.clear()
        try:
            await self._empty.wait()
            yield
        finally:
            self._open.set()
