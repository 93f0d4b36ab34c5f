"""Calls into plugins: what the caller leaves behind is not reported as forgotten."""

import asyncio
import gc
from typing import Any

from router.accounts.bounded import bounded


async def test_call_that_fails_while_its_caller_is_cancelled_is_not_reported_as_forgotten() -> None:
    reported: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    waiting, gate = asyncio.Event(), asyncio.Event()

    async def fails() -> None:
        waiting.set()
        await gate.wait()
        raise OSError("address already in use")

    caller = asyncio.create_task(bounded(fails(), None))
    await waiting.wait()
    gate.set()
    caller.cancel()
    await asyncio.wait({caller})
    assert caller.cancelled()
    del caller
    gc.collect()
    assert reported == []
