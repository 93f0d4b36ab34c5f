"""The test kit's core in memory keeps the promises of the real one."""

from datetime import UTC, datetime

import pytest

from router.errors import StoreUnavailable
from router.messages import AcceptOutcome
from router.testing import FakeClock, MemoryContext, MemoryStore, make_raw, make_report
from router.testing.channels import NullChannel, NullSettings


async def test_same_key_twice_is_a_duplicate_with_the_first_id():
    context = MemoryContext()
    (first,) = await context.accept([make_raw(b"a", key="k")])
    (again,) = await context.accept([make_raw(b"b", key="k")])
    assert (first.outcome, again.outcome) == (AcceptOutcome.ACCEPTED, AcceptOutcome.DUPLICATE)
    assert first.inbound_id == again.inbound_id


async def test_same_key_in_two_accounts_is_two_items():
    store = MemoryStore()
    for name in ("one", "two"):
        (result,) = await MemoryContext(name, store=store).accept([make_raw(key="k")])
        assert result.outcome is AcceptOutcome.ACCEPTED


async def test_failed_accept_stores_neither_item_nor_cursor():
    context = MemoryContext()
    context.fail_accept_next()
    with pytest.raises(StoreUnavailable):
        await context.accept([make_raw()], cursor=7)
    assert (context.accepted, await context.cursor()) == ([], None)
    await context.accept([make_raw()], cursor=7)
    assert (len(context.accepted), await context.cursor()) == (1, 7)


async def test_lost_answer_leaves_the_item_stored():
    context = MemoryContext()
    context.store.lose_answer_next()
    with pytest.raises(StoreUnavailable):
        await context.accept([make_raw()])
    assert len(context.accepted) == 1


async def test_thread_of_a_known_channel_counts_densely_from_one():
    context = MemoryContext()
    context.store.know(NullChannel("account-1", NullSettings()))
    results = await context.accept([make_raw(b"a"), make_raw(b"b"), make_raw(b"\xff"), make_raw(b"c")])
    assert [result.outcome for result in results][2] is AcceptOutcome.QUARANTINED
    filed = [message.seq for result in results for message in await context.filed(result.inbound_id)]
    assert filed == [1, 2, 3]
    assert [entry.seq for entry in await context.thread_events("", after_seq=1)] == [2, 3]


async def test_small_store_forgets_what_is_set_to_none():
    context = MemoryContext()
    await context.put("page", 3)
    assert (await context.get("page"), context.values) == (3, {"page": 3})
    await context.put("page", None)
    assert (await context.get("page"), context.values) == (None, {})


async def test_reports_and_marks_are_kept_in_order():
    context = MemoryContext()
    await context.report(make_report("a"))
    await context.sending("try-1")
    assert [(account, report.outgoing_ref) for account, report in context.store.reports] == [
        ("account-1", "a")
    ]
    assert context.store.marked == ["try-1"]


def test_fake_clock_moves_both_clocks_and_only_forward():
    clock = FakeClock()
    wall, monotonic = clock.now(), clock.monotonic()
    clock.advance(90)
    assert ((clock.now() - wall).total_seconds(), clock.monotonic() - monotonic) == (90, 90)
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1)


def test_fake_wall_clock_can_be_wrong_while_waiting_time_is_not():
    clock = FakeClock()
    monotonic = clock.monotonic()
    clock.set_wall(datetime(2020, 1, 1, tzinfo=UTC))
    assert (clock.now().year, clock.monotonic()) == (2020, monotonic)
