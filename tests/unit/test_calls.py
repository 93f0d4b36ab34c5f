"""Facts of a call merge to the same call, in whatever order and however often they come."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from router.calls import (
    Call,
    CallDirection,
    CallOutcome,
    CallState,
    NumberKind,
    Recording,
    is_same_call,
    merge_calls,
    number_of,
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
STATES = list(CallState)

moments = st.none() | st.integers(0, 300).map(lambda s: NOON + timedelta(seconds=s))
seconds = st.none() | st.sampled_from([0.0, 4.0, 41.0])
names = st.sampled_from(["", "4001", "4002"])
several = st.sets(st.sampled_from(["4001", "4002", "4003"])).map(lambda found: tuple(sorted(found)))
recordings = st.lists(
    st.builds(
        Recording,
        ref=st.sampled_from(["a", "b"]),
        url=st.sampled_from(["", "https://pbx.example/a"]),
        duration_s=seconds,
        consent=st.sampled_from([None, True, False]),
    ),
    max_size=2,
    unique_by=lambda recording: recording.ref,
).map(lambda found: tuple(sorted(found, key=lambda recording: recording.ref)))
facts = st.builds(
    Call,
    key=st.sampled_from(["leg-1", "leg-2", "leg-3"]),
    source=st.just("pbx"),
    direction=st.sampled_from(CallDirection),
    customer_raw=st.sampled_from(["", "020 7946 0018"]),
    customer_e164=st.sampled_from(["", "+442079460018"]),
    extension=st.sampled_from(["", "7"]),
    number_kind=st.sampled_from(NumberKind),
    queue=names,
    agent=names,
    offered_to=several,
    state=st.sampled_from(CallState),
    started_at=moments,
    answered_at=moments,
    ended_at=moments,
    ring_s=seconds,
    talk_s=seconds,
    outcome=st.none() | st.sampled_from(CallOutcome),
    cause=names,
    recordings=recordings,
    version=st.integers(0, 3),
    manual=st.booleans(),
    note=st.sampled_from(["", "asked for the invoice"]),
    promise_until=moments,
)


def fact(key: str = "leg-1", **known: Any) -> Call:
    """Build a fact of an inbound call."""
    return replace(Call(key=key, source="pbx", direction=CallDirection.INBOUND), **known)


def merged(*told: Call) -> Call:
    whole = told[0]
    for one in told:
        whole = merge_calls(whole, one)
    return whole


@given(st.lists(facts, min_size=2, max_size=4))
def test_every_order_of_the_facts_of_a_call_gives_the_same_call(told: list[Call]) -> None:
    assert len({repr(merged(*order)) for order in permutations(told)}) == 1


@given(facts, facts, facts)
def test_merging_is_idempotent_commutative_and_associative(one: Call, two: Call, three: Call) -> None:
    both = merge_calls(one, two)
    assert merge_calls(both, one) == merge_calls(both, two) == merge_calls(both, both) == both
    assert merge_calls(two, one) == both
    assert merge_calls(both, three) == merge_calls(one, merge_calls(two, three))


@given(facts, facts)
def test_no_fact_takes_a_call_back_or_makes_it_forget(one: Call, two: Call) -> None:
    both = merge_calls(one, two)
    assert STATES.index(both.state) == max(STATES.index(one.state), STATES.index(two.state))
    for name in ("customer_e164", "started_at", "answered_at", "talk_s", "outcome", "note", "promise_until"):
        forgotten = getattr(both, name) in (None, "") and getattr(one, name) not in (None, "")
        assert not forgotten, name
    assert set(one.offered_to) <= set(both.offered_to)
    assert {one.key, two.key} == {both.key, *both.linked_keys} & {"leg-1", "leg-2", "leg-3"}


def test_an_older_fact_that_comes_late_fills_only_what_the_newer_one_left_open() -> None:
    newer = fact(version=5, state=CallState.ENDED, outcome=CallOutcome.ANSWERED, talk_s=30.0)
    older = fact(version=2, state=CallState.RINGING, agent="4001", talk_s=0.0)
    whole = merge_calls(newer, older)
    assert (whole.agent, whole.talk_s, whole.state) == ("4001", 30.0, CallState.ENDED)
    # what was told at version 2 still gives way to what version 3 says
    assert merge_calls(whole, fact(version=3, state=CallState.TALKING, agent="4002")).agent == "4002"


def test_of_two_facts_with_equal_versions_the_later_state_holds() -> None:
    ringing = fact(state=CallState.RINGING, agent="4002")
    talking = fact(state=CallState.TALKING, agent="4001")
    assert merge_calls(talking, ringing).agent == "4001"


def test_a_call_offered_to_several_is_answered_if_one_of_them_answers() -> None:
    whole = merged(
        fact("1", offered_to=("4001",), outcome=CallOutcome.MISSED, agent="4001", ring_s=20.0, version=9),
        fact("2", linked_keys=("1",), offered_to=("4002",), outcome=CallOutcome.ANSWERED, agent="4002"),
        fact("3", linked_keys=("1",), offered_to=("4003",), outcome=CallOutcome.BUSY),
    )
    assert whole.outcome is CallOutcome.ANSWERED
    assert whole.agent == "4002"
    assert whole.offered_to == ("4001", "4002", "4003")
    assert (whole.key, whole.linked_keys) == ("1", ("2", "3"))


def test_the_inner_leg_of_a_transfer_does_not_say_who_the_customer_is() -> None:
    outer = fact("2", customer_e164="+442079460018", started_at=NOON + timedelta(seconds=1))
    inner = fact("1", customer_raw="4001", number_kind=NumberKind.INTERNAL, started_at=NOON)
    inner = replace(inner, direction=CallDirection.INTERNAL)
    whole = merge_calls(inner, outer)
    assert whole.direction is CallDirection.INBOUND
    assert (whole.customer_e164, whole.number_kind) == ("+442079460018", NumberKind.PUBLIC)


def test_an_entry_by_hand_keeps_its_words_and_takes_the_times_of_the_record() -> None:
    entered = fact(
        "hand-1",
        manual=True,
        customer_raw="+44 20 7946 0018",
        started_at=NOON,
        talk_s=300.0,
        reason="refund",
        result="promised a refund",
        note="calls from a friend's phone",
        promise_until=NOON + timedelta(days=2),
    )
    record = fact(
        "leg-1", customer_e164="+442079460018", started_at=NOON + timedelta(seconds=70), talk_s=261.0
    )
    assert is_same_call(entered, record)
    whole = merge_calls(entered, record)
    assert (whole.key, whole.manual, whole.started_at, whole.talk_s) == (
        "leg-1",
        False,
        record.started_at,
        261.0,
    )
    assert (whole.reason, whole.result, whole.note) == (entered.reason, entered.result, entered.note)
    assert whole.promise_until == entered.promise_until


def test_an_entry_by_hand_is_no_record_of_another_number_or_time() -> None:
    entered = fact("hand-1", manual=True, customer_e164="+442079460018", started_at=NOON)
    late = fact("1", customer_e164="+442079460018", started_at=NOON + timedelta(seconds=121))
    assert not is_same_call(entered, late)
    assert not is_same_call(entered, replace(late, started_at=NOON, customer_e164="+442079460019"))
    assert not is_same_call(entered, replace(late, started_at=NOON, extension="7"))
    assert not is_same_call(entered, replace(late, started_at=NOON, customer_e164=""))
    assert not is_same_call(replace(entered, manual=False), replace(late, started_at=NOON))


def test_numbers_are_compared_without_the_marks_they_are_written_with() -> None:
    assert number_of(fact(customer_raw="(020) 7946-0018", extension="7")) == "02079460018;7"
    assert number_of(fact(customer_raw="anonymous", number_kind=NumberKind.ANONYMOUS)) == ""
    assert number_of(fact()) == ""


def test_a_recording_whose_consent_was_refused_stays_refused() -> None:
    yes, no = (fact(recordings=(Recording(ref="a", consent=each),)) for each in (True, False))
    assert merge_calls(no, yes).recordings == (Recording(ref="a", consent=False),)
