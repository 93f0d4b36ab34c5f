"""Calls entered by hand: the form the desk shows, what becomes of it, and what is said of mistakes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from router_phone_log.manual_form import CallForm

from router.calls import is_same_call
from router.errors import MalformedMessage
from router.messages import AcceptOutcome

from .conftest import call_of, channel, item, opened

FULL = {
    "direction": "inbound",
    "number": "13800138000",
    "outcome": "answered",
    "started_at": "2025-03-03 12:30",
    "duration": "3:30",
    "customer_name": "Zhang",
    "order": "20250301001",
    "reason": "parcel is late",
    "result": "asked the carrier",
    "note": "call after six",
    "promise": "an answer today",
    "promise_until": "2025-03-03T18:00+08:00",
    "agent": "4001",
}


async def test_a_full_form_becomes_a_call_with_all_it_says():
    phone = channel()
    async with opened(phone) as context:
        assert (await phone.submit(FULL)).outcome is AcceptOutcome.ACCEPTED
        [event] = context.accepted[0].events
    call = call_of(event)
    assert call.manual
    assert (call.customer_e164, call.agent, call.talk_s) == ("+8613800138000", "4001", 210)
    assert call.started_at == datetime(2025, 3, 3, 4, 30, tzinfo=UTC)
    assert call.promise_until == datetime(2025, 3, 3, 10, 0, tzinfo=UTC)
    assert (call.reason, call.result) == ("parcel is late", "asked the carrier")
    assert call.note == "call after six\nPromised: an answer today"
    assert (call.order_hints, event.author.display) == (("20250301001",), "Zhang")


async def test_a_short_form_is_a_call_of_just_now():
    phone = channel()
    async with opened(phone) as context:
        await phone.submit({"direction": "inbound", "outcome": "missed", "number": "13800138000"})
        [event] = context.accepted[0].events
        assert call_of(event).started_at == context.clock.now()


async def test_a_button_pressed_twice_makes_one_call_and_another_entry_another():
    phone = channel()
    async with opened(phone) as context:
        outcomes = [(await phone.submit({**FULL, "entry_id": entry})).outcome for entry in ("a", "a", "b")]
        assert outcomes == [AcceptOutcome.ACCEPTED, AcceptOutcome.DUPLICATE, AcceptOutcome.ACCEPTED]
        keys = {call_of(event).key for one in context.accepted for event in one.events}
    assert len(keys) == 2


async def test_an_entry_and_the_record_of_the_same_call_are_one():
    phone = channel()
    async with opened(phone) as context:
        await phone.submit(FULL)
        entered = call_of(context.accepted[0].events[0])
    record = (
        b'{"callid": "1.1", "timestart": "2025-03-03 12:31:00", "callfrom": "13800138000", "callto": "4001"}'
    )
    [event] = phone.decode(item(record, source="ip-pbx"))
    assert is_same_call(entered, call_of(event))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"direction": "sideways"}, "direction: "),
        ({"outcome": ""}, "outcome: "),
        ({"started_at": "soon"}, "started_at: 'soon' is no time"),
        ({"duration": "long"}, "duration: 'long' is no length"),
        ({"number": "1" * 200}, "number: "),
        ({"colour": "red"}, "colour: is no field of this form"),
        ({"ended_at": "2025-03-03 12:00"}, "ended_at: the call ended before it began"),
    ],
)
async def test_a_mistake_is_named_by_its_field_and_nothing_is_stored(changes, said):
    phone = channel()
    async with opened(phone) as context:
        with pytest.raises(MalformedMessage, match=said):
            await phone.submit({**FULL, **changes})
        assert (context.accepted, context.store.quarantined) == ([], [])


async def test_every_mistake_is_named_at_once():
    phone = channel()
    async with opened(phone):
        with pytest.raises(MalformedMessage) as caught:
            await phone.submit({"direction": "x", "outcome": "y", "started_at": "z"})
    assert [part.split(":")[0] for part in str(caught.value).split("; ")] == [
        "direction",
        "outcome",
        "started_at",
    ]


def test_the_form_shows_every_field_in_english_and_chinese():
    schema = channel().form_schema()
    fields = schema["properties"]
    assert set(fields) == set(CallForm.model_fields) - {"entry_id"}
    for field in fields.values():
        assert field["x-titles"]["en"] == field["title"]
        assert any("\u4e00" <= one <= "\u9fff" for one in field["x-titles"]["zh"])
    assert schema["required"] == ["direction", "outcome"]
    for name in ("direction", "outcome"):
        assert list(fields[name]["x-choices"]) == fields[name]["enum"]
