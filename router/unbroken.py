"""Let an act that has begun come to its end, even when whoever asked for it has gone.

A commit cannot be taken back once it is under way, so what has to follow it (an entry in the backlog, a
wake-up) must not depend on the patience of the caller.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Unbroken:
    """Runs coroutines to their end; the caller's cancellation only ends the caller's waiting."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    async def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run to the end and give the result."""
        return await asyncio.shield(self.begin(coroutine))

    def begin(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin to run to the end. Whoever waits for the task shields it."""
        task = asyncio.create_task(coroutine)
        self._running.add(task)
        task.add_done_callback(self._done)
        return task

    async def settled(self) -> None:
        """Wait until everything under way has come to its end, well or not."""
        if self._running:
            await asyncio.wait(self._running)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            # Read here, so that an error nobody waits for any more is not reported as forgotten.
            task.exception()
