"""Await plugin code with a time limit that holds even if the code ignores its cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from router.errors import PluginContractError

T = TypeVar("T")

_PATIENCE_S = 1.0


async def bounded(coroutine: Coroutine[Any, Any, T], limit_s: float | None) -> T:
    """Await a coroutine of a plugin for at most this long; raises TimeoutError.

    It runs as a task of its own: whatever it does with its cancellation (swallow it, wait for ever), the
    caller goes on after a second and leaves it behind.
    """
    task = asyncio.ensure_future(_contained(coroutine))
    # Retrieved in any case, so that nothing is reported as forgotten when the caller goes first.
    task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    try:
        done, _ = await asyncio.wait({task}, timeout=limit_s)
        if not done:
            raise TimeoutError(f"no answer within {limit_s:g} s")
        if task.cancelled():
            raise PluginContractError("the plugin cancelled itself")
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=_PATIENCE_S)


async def _contained(coroutine: Coroutine[Any, Any, T]) -> T:
    try:
        return await coroutine
    except SystemExit as error:
        # Left alone it would end the event loop, and with it everybody else.
        raise PluginContractError(f"the plugin tried to end the process (exit {error.code})") from None
