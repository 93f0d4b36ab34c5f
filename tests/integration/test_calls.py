"""Calls become history or call-backs, in whatever order told; where statements differ, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from router.calls import Call, CallDirection, CallOutcome, CallState, NumberKind, Recording
from router.messages import RawInbound
from router.model.calls import call_json
from router.storage import schema as t
from router.storage.store import Store
from router.testing import FakeClock
from tests.integration.notes_channel import item
from tests.integration.test_intake import Front, running

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
NUMBER = "+442079460018"
_serial = count()
BOTH = pytest.mark.parametrize("engine_name", ["sqlite", "postgres"], indirect=True)


def a_call(
    key: str, minute: float = 0, outcome: CallOutcome | None = CallOutcome.MISSED, **known: Any
) -> Call:
    """Build a call of the customer that began so many minutes after nine."""
    start = NOW + timedelta(minutes=minute)
    base = Call(
        key=key,
        source="pbx",
        direction=CallDirection.INBOUND,
        customer_e164=NUMBER,
        started_at=start,
        outcome=outcome,
    )
    return replace(base, **known)


def answered(key: str, minute: float = 0, **known: Any) -> Call:
    start = NOW + timedelta(minutes=minute)
    return a_call(key, minute, CallOutcome.ANSWERED, answered_at=start, talk_s=60.0, **known)


def told(call: Call, at: datetime = NOW + timedelta(hours=2), sender: str = "", **fields: Any) -> RawInbound:
    """Make the raw item by which a source tells of a call."""
    return item(sender, at=at, key=str(next(_serial)), kind="call", call=call_json(call), **fields)


@pytest.fixture
def engine_name(request: pytest.FixtureRequest) -> str:
    """Name SQLite, or the engine a test asks for with `BOTH`."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
async def front(store: Store) -> AsyncIterator[Front]:
    async with running(store, clock=FakeClock(NOW + timedelta(hours=2)), joins_open_episode=True) as opened:
        yield opened


async def open_tasks(front: Front) -> list[Any]:
    return await front.rows(t.task, state="open")


@BOTH
async def test_a_missed_call_is_one_message_one_task_and_one_work_item(front: Front) -> None:
    (conversation,) = await front.take(told(a_call("1", ring_s=41.0, offered_to=("4001", "4002"))))
    (message,) = await front.rows(t.message)
    assert (message.kind, message.direction, message.seq) == ("call", "inbound", 1)
    assert message.preview == "Missed call, rang 41 s, offered to 4001, 4002"
    (task,) = await open_tasks(front)
    (work,) = await front.rows(t.work_item)
    assert (task.conversation_id, task.episode_id) == (conversation, work.episode_id)
    assert (task.kind, task.number, task.dial, task.counter, task.created_by) == (
        "call_back",
        NUMBER,
        NUMBER,
        1,
        None,
    )
    assert (work.state, work.triage["facts"]["message.kind"]) == ("waiting", "call")
    (shown,) = await front.rows(t.conversation)
    assert (shown.state, shown.subject) == ("open", message.preview)
    (raw,) = await front.rows(t.raw_inbound)
    assert raw.filed_as == "opened"


async def test_an_answered_call_is_history_without_work(front: Front) -> None:
    (conversation,) = await front.take(told(answered("1")))
    assert await front.rows(t.work_item) == await front.rows(t.task) == []
    (shown,) = await front.rows(t.conversation, id=conversation)
    assert shown.state == "resolved"
    assert await front.take(told(answered("2", 10))) == [conversation]
    assert len(await front.rows(t.message)) == 2


async def test_an_answered_call_goes_into_what_the_customer_has_open(front: Front) -> None:
    (written,) = await front.take(item(NUMBER, at=NOW, id="m", text="please call"))
    assert await front.take(told(answered("1", 10), sender=NUMBER)) == [written]
    (shown,) = await front.rows(t.conversation, id=written)
    assert shown.state == "open"
    assert len(await front.rows(t.work_item)) == 1


@BOTH
async def test_facts_of_one_call_change_its_one_message_in_place(front: Front) -> None:
    ringing = a_call("1", outcome=None, state=CallState.RINGING)
    (quiet,) = await front.take(told(ringing))
    (message,) = await front.rows(t.message)
    assert (message.preview, message.direction) == ("Calling now", "event")
    assert await front.rows(t.task) == []
    await front.take(told(a_call("1", ring_s=20.0)))
    await front.take(told(ringing))
    recorded = a_call(
        "1", outcome=CallOutcome.VOICEMAIL, version=3, recordings=(Recording(ref="r", url="https://x"),)
    )
    assert await front.take(told(recorded)) == [quiet]
    (message,) = await front.rows(t.message)
    assert message.preview == "Voicemail, rang 20 s, recorded"
    assert message.blocks[0]["fields"]["recordings"] == [{"place": 0, "duration_s": None, "consent": None}]
    assert len(await open_tasks(front)) == len(await front.rows(t.work_item)) == 1
    assert len(await front.rows(t.call)) == 1


@BOTH
async def test_words_of_a_voicemail_stand_under_its_call_and_are_the_customers(front: Front) -> None:
    await front.take(
        told(a_call("1", outcome=CallOutcome.VOICEMAIL), text="I must complain", files=["voice.wav"])
    )
    (work,) = await front.rows(t.work_item)
    assert work.queue == "complaints"
    (message,) = await front.rows(t.message)
    assert [block["text"] for block in message.blocks] == ["Voicemail", "I must complain"]
    assert [file.message_id for file in await front.rows(t.attachment)] == [message.id]


async def test_a_second_missed_call_raises_the_counter_and_keeps_the_age(front: Front) -> None:
    (first,) = await front.take(told(a_call("1", 0), at=NOW + timedelta(minutes=1)))
    (second,) = await front.take(told(a_call("2", 30), at=NOW + timedelta(minutes=31)))
    assert first == second
    (task,) = await open_tasks(front)
    assert (task.counter, task.last_missed_at) == (2, NOW + timedelta(minutes=30))
    (work,) = await front.rows(t.work_item)
    assert work.eligible_since == NOW + timedelta(minutes=1)


async def test_a_call_after_the_window_is_a_new_wish_on_the_same_work(front: Front) -> None:
    await front.take(told(a_call("1", -23 * 60)))
    await front.take(told(a_call("2", 65)))
    tasks = {task.state: task for task in await front.rows(t.task)}
    assert (tasks["expired"].closed_reason, tasks["open"].counter) == ("called_again", 1)
    (work,) = await front.rows(t.work_item)
    assert work.state == "waiting"


@BOTH
@pytest.mark.parametrize("direction", [CallDirection.INBOUND, CallDirection.OUTBOUND])
async def test_an_answered_call_after_the_miss_closes_the_task_and_ends_the_work(
    front: Front, direction: CallDirection
) -> None:
    (conversation,) = await front.take(told(a_call("1", 0)))
    await front.take(told(answered("2", 5, direction=direction)), account="other")
    (task,) = await front.rows(t.task)
    assert (task.state, task.closed_reason) == ("done", "answered")
    (work,) = await front.rows(t.work_item)
    assert work.state == "done"
    (shown,) = await front.rows(t.conversation, id=conversation)
    assert shown.state == "resolved"
    (ended,) = front.filed[-1].ended
    assert (ended.item_id, ended.was_served) == (work.id, True)
    kinds = {row.kind for row in await front.rows(t.message, conversation_id=conversation)}
    assert kinds == {"call", "task_closed", "resolved"}


async def test_an_answered_call_before_the_miss_closes_nothing_even_when_told_late(front: Front) -> None:
    await front.take(told(a_call("1", 10)))
    await front.take(told(answered("2", 5)))
    assert len(await open_tasks(front)) == 1


async def test_a_miss_that_was_answered_before_it_was_told_of_makes_nothing(front: Front) -> None:
    await front.take(told(answered("2", 20)))
    await front.take(told(a_call("1", 10)))
    assert await front.rows(t.task) == await front.rows(t.work_item) == []


async def test_a_miss_and_its_answer_in_one_batch_open_nothing(front: Front) -> None:
    await front.take(told(a_call("1", 10)), told(answered("2", 20)))
    assert await open_tasks(front) == []
    assert await front.rows(t.work_item, state="waiting") == []


async def test_what_the_customer_wrote_meanwhile_keeps_the_work_alive(front: Front) -> None:
    (conversation,) = await front.take(told(a_call("1", 0), sender=NUMBER))
    assert await front.take(item(NUMBER, at=NOW, id="m", text="I also write")) == [conversation]
    await front.take(told(answered("2", 5), sender=NUMBER))
    assert await open_tasks(front) == []
    (work,) = await front.rows(t.work_item)
    assert work.state == "waiting"


async def test_a_miss_that_turns_out_to_be_an_answer_closes_its_own_task(front: Front) -> None:
    await front.take(told(a_call("1", 0, version=1)))
    await front.take(told(answered("1", 0, version=2)))
    (task,) = await front.rows(t.task)
    assert (task.state, task.closed_reason) == ("done", "answered")
    await front.take(told(a_call("1", 0, CallOutcome.ABANDONED, version=3)))
    assert len(await open_tasks(front)) == 1


@BOTH
async def test_an_answer_told_late_takes_off_the_misses_before_it(front: Front) -> None:
    for key, minute in (("1", 0), ("2", 10), ("3", 30)):
        await front.take(told(a_call(key, minute)))
    await front.take(told(answered("4", 20)))
    (task,) = await open_tasks(front)
    assert (task.counter, task.first_missed_at) == (1, NOW + timedelta(minutes=30))


@pytest.mark.parametrize(
    "known",
    [
        {"number_kind": NumberKind.EMERGENCY, "customer_e164": "", "customer_raw": "112"},
        {"number_kind": NumberKind.ANONYMOUS, "customer_e164": "", "customer_raw": "anonymous"},
        {"number_kind": NumberKind.INTERNAL, "customer_e164": "", "customer_raw": "4001"},
        {"direction": CallDirection.INTERNAL},
        {"customer_e164": ""},
    ],
)
async def test_a_call_nobody_can_be_called_back_about_is_kept_without_a_conversation(
    front: Front, known: dict[str, Any]
) -> None:
    assert await front.take(told(a_call("1", **known))) == [""]
    assert len(await front.rows(t.call)) == 1
    for table in (t.conversation, t.task, t.work_item, t.message):
        assert await front.rows(table) == []
    (raw,) = await front.rows(t.raw_inbound)
    assert raw.filed_as == "kept"


async def test_a_call_to_somebody_who_did_not_answer_makes_no_task(front: Front) -> None:
    await front.take(told(a_call("1", direction=CallDirection.OUTBOUND)))
    assert await front.rows(t.task) == []


@BOTH
async def test_legs_that_turn_out_to_be_one_call_share_one_message(front: Front) -> None:
    (conversation, _) = await front.take(told(a_call("1", 0)), told(a_call("2", 0, offered_to=("4002",))))
    (task,) = await open_tasks(front)
    assert task.counter == 2
    await front.take(told(a_call("3", 0, linked_keys=("1", "2"), offered_to=("4003",))))
    (call,) = await front.rows(t.call)
    assert len(await front.rows(t.call_key, call_id=call.id)) == 3
    (message,) = await front.rows(t.message, conversation_id=conversation)
    assert message.preview == "Missed call, offered to 4002, 4003"
    (task,) = await open_tasks(front)
    assert task.counter == 1


@BOTH
async def test_an_entry_by_hand_and_its_record_are_one_call(front: Front) -> None:
    entered = answered("hand", 0, manual=True, reason="refund", note="call her mornings")
    await front.take(told(entered))
    await front.take(told(answered("pbx-1", 1.5)))
    (call,) = await front.rows(t.call)
    assert not call.manual
    (message,) = await front.rows(t.message)
    fields = message.blocks[0]["fields"]
    assert (fields["reason"], fields["note"]) == ("refund", "call her mornings")
    await front.take(told(answered("pbx-2", 10)))
    assert len(await front.rows(t.call)) == 2


async def test_a_number_learned_later_finds_the_contact_it_already_has(front: Front) -> None:
    (known,) = await front.take(told(answered("0", -60)))
    await front.take(told(a_call("1", customer_e164="", outcome=None, state=CallState.RINGING)))
    assert await front.take(told(a_call("1"))) == [known]
    assert len(await front.rows(t.contact_point)) == 1


async def test_a_call_long_ago_makes_no_task(front: Front) -> None:
    await front.take(told(a_call("1", -72 * 60)))
    assert await front.rows(t.task) == []
