"""The ring of live events: numbers, limits and waking."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import RouterError
from router.live import LiveEvent, LiveEvents, Ring


@given(st.integers(1, 20), st.lists(st.integers(0, 30), max_size=20), st.integers(1, 5))
def test_whatever_is_still_held_is_given_once_and_in_order(size, batches, first):
    ring: Ring[int] = Ring(size, first=first)
    written: list[int] = []
    for batch in batches:
        items = list(range(len(written), len(written) + batch))
        ring.extend(items)
        written += items
    for number in range(first - 2, ring.last + 3):
        held = first - 1 <= number <= ring.last and ring.last - number <= size
        assert ring.holds_after(number) == held
        if held:
            assert ring.after(number) == written[number - first + 1 :]
        else:
            with pytest.raises(IndexError):
                ring.after(number)


def test_the_oldest_can_be_dropped_before_its_time():
    ring: Ring[str] = Ring(5)
    ring.extend("abc")
    assert ring.drop_oldest() == "a"
    assert not ring.holds_after(0)
    assert ring.after(1) == ["b", "c"]


async def test_every_follower_wakes_on_a_publication_and_on_closing():
    live = LiveEvents("epoch")
    waiting = [asyncio.ensure_future(live.wait_past(0)) for _ in range(3)]
    await asyncio.sleep(0)
    live.publish(LiveEvent(topic="queues"))
    await asyncio.gather(*waiting)
    later = asyncio.ensure_future(live.wait_past(live.last))
    await asyncio.sleep(0)
    live.close()
    await later


async def test_what_comes_while_somebody_looks_is_seen_by_the_next_look():
    live = LiveEvents("epoch")
    came = []

    async def look() -> list[int]:
        seen = list(came)
        if not came:
            came.append(1)
            live.publish(LiveEvent(topic="queues"))
        return seen

    assert await live.until(look) == [1]


async def test_who_waits_for_what_never_comes_hears_that_the_router_stopped():
    live = LiveEvents("epoch")

    async def look() -> bool:
        return False

    waiting = asyncio.ensure_future(live.until(look))
    await asyncio.sleep(0)
    live.close()
    with pytest.raises(RouterError, match="stopped"):
        await waiting
