"""A provider's limit is kept by a router that was killed the moment it had stored it."""

import asyncio
import os
import signal
import sys

import pytest

from router.storage.store import Store
from router.storage.upgrade import upgrade_database
from router.testing import FakeClock
from tests.integration.house import NOW, Doors, house


@pytest.mark.long
@pytest.mark.timeout(120)
async def test_provider_is_not_called_by_the_next_run_before_its_limit_ends(sqlite_url: str) -> None:
    await upgrade_database(sqlite_url)
    clock = FakeClock(NOW)
    async with Store.open(sqlite_url) as store, house(store, clock, Doors()) as first:
        conversation = await first.accepted()
        await first.replies.reply(conversation, first.agents["mei"], 1, "limited")
    killed = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.crash.limited",
        sqlite_url,
        env={**os.environ, "OMNIROUTER_CRASH_AT": "K17"},
    )
    assert await killed.wait() == -signal.SIGKILL
    async with Store.open(sqlite_url) as store, house(store, clock, Doors()) as second:
        await second.replies.reply(conversation, second.agents["mei"], 1, "behind it")
        await second.send()
        assert second.doors.sent == []
        clock.advance(3_601)
        await second.send()
        await second.send()
        assert [attempt.blocks[0].text for attempt in second.doors.sent] == ["limited", "behind it"]
