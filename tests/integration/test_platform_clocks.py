"""What a provider demands of open work moves its due time, and falls away when it is no longer the shop's turn."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from router.engine.config import EngineConfig, Metric, SlaPolicy
from router.platform_clocks import CLOSING_LEAD_S, PlatformClocks, demanded_due
from router.storage import schema as t
from router.storage.platform_dues import Demanded, PlatformDue
from router.storage.store import Store
from router.storage.views.lists import ListRequest, list_conversations
from router.storage.views.scope import Scope
from router.testing import FakeClock
from tests.integration.house import CONFIG, NOW, Doors, House, InForce, house
from tests.integration.notes_channel import item

THREAD = [["thread", "t1"]]
QUICK = SlaPolicy(targets_s={Metric.FIRST_RESPONSE: 600, Metric.NEXT_RESPONSE: 1200}, lead_s=60)
RULES = """
version: 1
queues: {desk: {}}
sla_policies: {quick: {first_response: 10m, next_response: 20m, lead: 1m}}
rules: [{name: all, when: "true", set: {queue: desk, sla: quick}}]
"""
EVERYBODY = Scope(agent_id="", sees_all_tokens=False, channel_of={})
STATE: dict[str, Any] = {"turn": None, "reply_needed_since": None, "closes_at": None}


def minutes(number: float) -> datetime:
    return NOW + timedelta(minutes=number)


def due(
    answered: float | None = None, asked: float | None = 0, sla: tuple[str, ...] = ("quick",), **state: Any
):
    demanded = Demanded(
        item={"sla": sla, "channel_class": "marketplace"},
        state=STATE | state,
        asked_at=None if asked is None else minutes(asked),
        answered_at=None if answered is None else minutes(answered),
        known=None,
    )
    return demanded_due({"quick": QUICK}, demanded, NOW)


def test_wait_of_a_customer_counts_from_when_the_provider_says_it_began() -> None:
    assert due(reply_needed_since=minutes(-5)) == PlatformDue(due_at=minutes(5), lead_s=60)


def test_wait_for_another_answer_counts_by_the_promise_of_the_next_one() -> None:
    assert due(answered=-30, reply_needed_since=minutes(-5)) == PlatformDue(due_at=minutes(15), lead_s=60)


def test_answer_after_the_wait_began_ends_it() -> None:
    assert due(answered=-1, asked=-5, reply_needed_since=minutes(-5)) is None


def test_thread_that_closes_is_due_its_lead_before() -> None:
    assert due(closes_at=minutes(8)) == PlatformDue(due_at=minutes(7), lead_s=60)
    lead = timedelta(seconds=CLOSING_LEAD_S)
    expected = PlatformDue(due_at=minutes(60) - lead, lead_s=CLOSING_LEAD_S)
    assert due(sla=(), closes_at=minutes(60)) == expected


def test_of_both_the_one_that_is_urgent_first_counts() -> None:
    both = {"reply_needed_since": minutes(-5), "closes_at": minutes(300)}
    assert due(**both) == PlatformDue(due_at=minutes(5), lead_s=60)


@pytest.mark.parametrize("turn", ["customer", "nobody"])
def test_nothing_is_due_while_it_is_not_the_shops_turn(turn: str) -> None:
    assert due(turn=turn, reply_needed_since=minutes(-5), closes_at=minutes(8)) is None


def test_thread_that_closes_presses_nobody_who_has_answered_and_none_that_has_closed() -> None:
    assert due(answered=1, closes_at=minutes(8)) is None
    assert due(closes_at=minutes(-1)) is None


# --- in the house ---------------------------------------------------------------------------------


@pytest.fixture
async def desk(store: Store) -> AsyncIterator[House]:
    config = replace(CONFIG, sla={"quick": QUICK})
    async with house(store, FakeClock(NOW), Doors(), config, rules=RULES) as opened:
        yield opened


def clocks_of(desk: House, config: EngineConfig | None = None) -> PlatformClocks:
    in_force = InForce(config or replace(CONFIG, sla={"quick": QUICK}))
    return PlatformClocks(desk.front.store, desk.clock, desk.room, in_force)


async def state(desk: House, **facts: object) -> str:
    told = item("", at=desk.clock.now(), role="system", kind="thread_state", evidence=THREAD, state=facts,
                occurred_at=desk.clock.now().isoformat(), id=f"{desk.clock.now()}")  # fmt: skip
    (conversation,) = await desk.front.take(told)
    return conversation


async def key(desk: House, conversation: str) -> datetime | None:
    """Give the due time the engine orders the waiting item by."""
    (work,) = await desk.front.rows(t.work_item, conversation_id=conversation)
    told: Any = desk.room.explain(work.id)["due_at"]
    return None if told is None else datetime.fromisoformat(told)


async def test_closing_thread_moves_its_work_forward_and_the_customers_turn_moves_it_back(
    desk: House,
) -> None:
    conversation = await desk.conversation(evidence=THREAD)
    clocks = clocks_of(desk)
    assert await key(desk, conversation) == minutes(10)
    await state(desk, turn="shop", closes_at=minutes(6).isoformat())
    await clocks.follow([conversation])
    assert await key(desk, conversation) == minutes(5)
    desk.clock.advance(1)
    await state(desk, turn="customer", closes_at=minutes(6).isoformat())
    await clocks.follow([conversation])
    assert await key(desk, conversation) == minutes(10)
    (work,) = await desk.front.rows(t.work_item)
    assert (work.platform_due_at, work.due_at, work.state) == (None, minutes(10), "waiting")


async def test_waiting_list_stands_in_the_order_of_what_providers_demand(desk: House) -> None:
    early = await desk.conversation(sender="bob@shop.example", evidence=[["thread", "t2"]])
    desk.clock.advance(60)
    closing = await desk.conversation(evidence=THREAD)
    request = ListRequest(view="waiting", limit=9)

    async def listed() -> list[str]:
        async with desk.front.store.reading() as connection:
            page = await list_conversations(connection, EVERYBODY, request)
        return [one.id for one in page.conversations]

    assert await listed() == [early, closing]
    await state(desk, turn="shop", closes_at=minutes(1.5).isoformat())
    await clocks_of(desk).follow([closing])
    assert await listed() == [closing, early]


async def test_promise_that_is_due_earlier_than_the_thread_closes_still_counts(desk: House) -> None:
    conversation = await desk.conversation(evidence=THREAD)
    await state(desk, turn="shop", closes_at=minutes(300).isoformat())
    await clocks_of(desk).follow([conversation])
    assert await key(desk, conversation) == minutes(10)


async def test_due_time_of_the_provider_outlives_a_restart(desk: House) -> None:
    conversation = await desk.conversation(evidence=THREAD)
    await state(desk, turn="shop", closes_at=minutes(6).isoformat())
    await clocks_of(desk).recover()
    await desk.room.restore()
    assert await key(desk, conversation) == minutes(5)


async def test_state_of_a_thread_without_open_work_opens_none(desk: House) -> None:
    conversation = await state(desk, turn="shop", reply_needed_since=NOW.isoformat())
    await clocks_of(desk).follow([conversation])
    assert await desk.front.rows(t.work_item) == []


async def test_new_work_is_as_old_as_the_wait_its_provider_tells_of(desk: House) -> None:
    told = {"reply_needed_since": minutes(-4).isoformat()}
    conversation = await desk.conversation(evidence=THREAD, state=told)
    assert await key(desk, conversation) == minutes(6)
