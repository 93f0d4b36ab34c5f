"""A mail room whose provider asks to slow down, for as long as it lives: `python -m tests.crash.limited URL`."""

from __future__ import annotations

import asyncio
import sys

from router.errors import RateLimited
from router.ids import new_id
from router.outbox import Outbox
from router.storage.store import Store
from router.testing import FakeClock
from tests.integration.house import NOW, Doors


async def run(url: str) -> None:
    """Send what is due; the crash point ends it."""
    doors = Doors(answers=[RateLimited("slow down", retry_after_s=3_600)])
    async with Store.open(url) as store:
        outbox = Outbox(store, FakeClock(NOW), new_id(), doors, lambda messages: None)
        await outbox.recover()
        outbox.add_lane("notes")
        await outbox.run("notes")


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1]))
