"""Run the router as a program: until SIGINT or SIGTERM, then stop in order."""

from __future__ import annotations

import asyncio
import gc
import signal

from router.bootstrap import running_router
from router.config import Config


async def stop_asked() -> None:
    """Wait for SIGINT or SIGTERM."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    try:
        await asked.wait()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def serve_forever(config: Config) -> None:
    """Start everything, say where, and run until told to stop."""
    async with running_router(config) as router:
        settle_memory()
        print(f"ready {router.url}", flush=True)
        await stop_asked()


def settle_memory() -> None:
    """Set aside what the start has made: it stays, and walking it over and over would hold the loop."""
    gc.collect()
    gc.freeze()
