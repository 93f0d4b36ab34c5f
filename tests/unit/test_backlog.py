"""The backlog holds what is unread within bounds."""

import asyncio
from datetime import UTC, datetime

import pytest

from router.backlog import Backlog, Waiting
from router.messages import RawInbound

NOW = datetime(2026, 3, 4, tzinfo=UTC)


def waiting(name: str, size_bytes: int = 1) -> Waiting:
    return Waiting(name, "a", RawInbound(dedupe_key=name, raw=b"x" * size_bytes, received_at=NOW))


async def test_items_are_taken_in_order_up_to_the_limit() -> None:
    backlog = Backlog()
    for name in "abc":
        backlog.put(waiting(name))
    assert [item.inbound_id for item in await backlog.take(2)] == ["a", "b"]
    assert [item.inbound_id for item in await backlog.take(2)] == ["c"]


@pytest.mark.parametrize("full", [Backlog(item_limit=1), Backlog(byte_limit=10)])
async def test_a_full_backlog_makes_sources_wait_until_what_was_taken_is_done(full: Backlog) -> None:
    full.put(waiting("a", 10))
    source = asyncio.create_task(full.wait_for_room())
    taken = await full.take(1)
    assert not source.done()
    full.done(taken)
    await source


async def test_taking_from_an_empty_backlog_waits_for_the_next_item() -> None:
    backlog = Backlog()
    taking = asyncio.create_task(backlog.take(5))
    await asyncio.sleep(0)
    backlog.put(waiting("a"))
    assert [item.inbound_id for item in await taking] == ["a"]
