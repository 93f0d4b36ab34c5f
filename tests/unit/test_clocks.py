"""Promises: what starts a clock, what stops it, and when people are told; each row here broke elsewhere."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from router.engine.clocks.targets import first_due
from router.engine.decisions import Act
from router.engine.events import (
    ClaimEnded,
    ClaimOutcome,
    ClaimTaken,
    ClockTick,
    CustomerWrote,
    ItemPaused,
    ItemQueued,
    ItemThawed,
    ItemWithdrawn,
    Replied,
)
from tests.unit.clock_desk import FIRST, HOUR, MONDAY, NEXT, POLICIES, SOLVED, Desk, item, local, steps_of

# --- starting ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "due"),
    [
        ("2026-03-02T10:00", "2026-03-02T11:00"),
        ("2026-03-02T11:30", "2026-03-02T13:30"),  # lunch does not count (several periods)
        ("2026-03-02T23:00", "2026-03-03T10:00"),  # nor does the night (no wall clock)
        ("2026-03-06T17:30", "2026-03-09T09:30"),  # nor the week-end
        ("2026-09-30T17:30", "2026-10-08T09:30"),  # nor Golden Week (public holidays)
        ("2026-10-09T17:30", "2026-10-10T09:30"),  # but a Saturday that is made up does
    ],
)
def test_first_answer_is_due_in_working_time_from_when_the_customer_wrote(written: str, due: str) -> None:
    desk = Desk()
    desk.do(ItemQueued(at=local(written), item=item(at=local(written))))
    assert desk.due(FIRST) == local(due)


def test_item_queued_outside_hours_starts_at_opening() -> None:
    desk = Desk()
    night = local("2026-03-02T23:00")
    desk.do(ItemQueued(at=night, item=item(at=night)))
    assert desk.row(FIRST)["started_at"] == "2026-03-03T01:00:00Z"
    assert desk.row(FIRST)["passed_s"] == 0


def test_target_of_the_channel_class_wins() -> None:
    desk = Desk()
    desk.do(ItemQueued(at=MONDAY, item=item(channel_class="chat")))
    assert desk.due(FIRST) == MONDAY + timedelta(minutes=10)
    assert desk.due(SOLVED) == local("2026-03-04T10:00")


def test_of_several_policies_the_strictest_counts_for_each_promise() -> None:
    desk = Desk()
    desk.do(ItemQueued(at=MONDAY, item=item(sla=("vip", "shop", "forgotten"))))
    assert (desk.row(FIRST)["policy"], desk.due(FIRST)) == ("shop", MONDAY + timedelta(hours=1))
    night = local("2026-03-02T18:30")
    desk.do(ItemQueued(at=night, item=item("late", night, ("vip", "shop"))))
    assert desk.row(FIRST, "late")["policy"] == "vip"
    assert desk.row(SOLVED, "late")["policy"] == "shop"


def test_item_without_a_policy_is_promised_nothing() -> None:
    desk = Desk()
    desk.do(ItemQueued(at=MONDAY, item=item(sla=())), Replied(at=MONDAY, item_id="i"))
    assert (desk.rows(), desk.engine.next_due()) == ({}, None)


def test_triage_and_engine_agree_on_the_first_due_time() -> None:
    for minute in range(0, 7 * 24 * 60, 97):
        at = MONDAY + timedelta(minutes=minute, seconds=13)
        desk = Desk()
        desk.do(ItemQueued(at=at + timedelta(seconds=5), item=item(at=at, sla=("vip", "shop"))))
        promise = first_due(POLICIES, ("vip", "shop"), "email", at)
        assert promise is not None
        assert desk.due(FIRST) == promise.due_at


def test_item_told_twice_begins_its_clocks_once() -> None:
    desk = Desk()
    desk.do(ItemQueued(at=MONDAY, item=item()), ItemQueued(at=MONDAY, item=item()))
    assert [decision.act for decision in desk.said] == [Act.QUEUED, Act.CLOCK, Act.CLOCK]


def test_promise_that_ends_while_it_stands_still_is_due_as_if_it_had_gone_on() -> None:
    desk = Desk()
    later = MONDAY + timedelta(minutes=30)
    desk.do(ItemQueued(at=MONDAY, item=item()), ItemPaused(at=MONDAY, item_id="i", reason="parts"))
    desk.do(ItemWithdrawn(at=later, item_id="i"))
    row = desk.row(SOLVED)
    assert (row["state"], row["left_s"]) == ("ended", 16 * HOUR)
    assert desk.due(SOLVED) == local("2026-03-04T10:30")


# --- answers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("after_s", "state"), [(3600, "kept"), (3601, "late")])
def test_first_reply_stops_the_first_clock_kept_or_late(after_s: int, state: str) -> None:
    desk = Desk()
    desk.do(ItemQueued(at=MONDAY, item=item()))
    desk.do(Replied(at=MONDAY + timedelta(seconds=after_s), item_id="i", agent_id="mei"))
    row = desk.row(FIRST)
    assert (row["change"], row["state"], row["left_s"]) == ("stopped", state, 3600 - after_s)


def test_own_reply_never_starts_a_clock_or_a_breach() -> None:
    desk = Desk()
    desk.do(ItemQueued(at=MONDAY, item=item(sla=("chat",))))
    desk.do(*(Replied(at=MONDAY + timedelta(seconds=seconds), item_id="i") for seconds in (30, 40, 50)))
    assert ("i", "next_response") not in desk.rows()
    assert steps_of(desk.wait_until(MONDAY + timedelta(hours=3))) == []


def test_next_answer_runs_from_the_first_message_that_waits() -> None:
    desk = Desk()
    desk.do(ItemQueued(at=MONDAY, item=item(sla=("chat",))))

    def seconds(number: int) -> datetime:
        return MONDAY + timedelta(seconds=number)

    desk.do(CustomerWrote(at=seconds(10), item_id="i"))
    assert ("i", "next_response") not in desk.rows()  # he still waits for the first answer
    desk.do(Replied(at=seconds(20), item_id="i"))
    desk.do(CustomerWrote(at=seconds(100), item_id="i"), CustomerWrote(at=seconds(200), item_id="i"))
    assert desk.due(NEXT) == seconds(220)
    desk.do(Replied(at=seconds(219), item_id="i"))
    assert desk.row(NEXT)["state"] == "kept"
    desk.do(CustomerWrote(at=seconds(400), item_id="i"))
    assert (desk.row(NEXT)["change"], desk.due(NEXT)) == ("started", seconds(520))


def test_put_back_transfer_and_another_queue_never_reset_the_first_answer() -> None:
    desk = Desk()
    desk.do(ItemQueued(at=MONDAY, item=item()))
    due_at = desk.due(FIRST)
    for number, queue in enumerate(("q", "complaints", "q"), 1):
        at = MONDAY + timedelta(minutes=10 * number)
        desk.do(
            ClaimTaken(at=at, item_id="i", agent_id="mei"),
            ClaimEnded(at=at, item_id="i", agent_id="mei", outcome=ClaimOutcome.HANDED_BACK),
            ItemQueued(at=at, item=item(queue=queue, entered_queue_at=at)),
        )
    assert desk.due(FIRST) == due_at
    changes = [decision.record["change"] for decision in desk.said if decision.act is Act.CLOCK]
    assert changes == ["started", "started"]


def test_item_that_comes_back_under_other_policies_goes_on_with_the_time_that_passed() -> None:
    desk = Desk()
    desk.do(ItemQueued(at=MONDAY, item=item(sla=("vip",))))
    at = MONDAY + timedelta(minutes=30)
    desk.do(
        ClaimTaken(at=at, item_id="i", agent_id="mei"),
        ClaimEnded(at=at, item_id="i", agent_id="mei", outcome=ClaimOutcome.HANDED_BACK),
        ItemQueued(at=at, item=item(sla=("shop",))),
    )
    assert (desk.row(FIRST)["change"], desk.due(FIRST)) == ("changed", MONDAY + timedelta(hours=1))
    assert desk.row(SOLVED)["change"] == "started"


# --- resolution -------------------------------------------------------------------------------


def test_declared_pause_stops_the_resolution_and_thawing_restores_what_was_left() -> None:
    desk = Desk()
    desk.do(ItemQueued(at=MONDAY, item=item(sla=("chat",))), Replied(at=MONDAY, item_id="i"))
    paused_at = MONDAY + timedelta(hours=6)
    desk.wait_until(paused_at)
    desk.do(ItemPaused(at=paused_at, item_id="i", reason="parcel in transit"))
    row = desk.row(SOLVED)
    assert (row["state"], row["due_at"], row["remaining_s"]) == ("paused", None, 2 * HOUR)
    assert (row["reason"], row["paused_by"]) == ("parcel in transit", ["declared"])
    thawed_at = MONDAY + timedelta(days=30)
    assert steps_of(desk.wait_until(thawed_at)) == []
    desk.do(ItemThawed(at=thawed_at, item_id="i"))
    assert desk.due(SOLVED) == thawed_at + timedelta(hours=2)
    assert steps_of(desk.wait_until(thawed_at + timedelta(hours=2))) == [("resolution", 100)]


def test_resolution_stands_still_while_the_customer_is_waited_for_if_the_policy_says_so() -> None:
    desk = Desk()
    desk.do(ItemQueued(at=MONDAY, item=item()))
    desk.do(Replied(at=MONDAY + timedelta(hours=1), item_id="i"))
    desk.do(ItemPaused(at=MONDAY + timedelta(hours=2), item_id="i"))
    desk.do(CustomerWrote(at=MONDAY + timedelta(days=1), item_id="i"))
    assert desk.row(SOLVED)["paused_by"] == ["declared"]
    desk.do(ItemThawed(at=MONDAY + timedelta(days=2), item_id="i"))
    assert (desk.row(SOLVED)["change"], desk.row(SOLVED)["left_s"]) == ("thawed", 15 * HOUR)
    assert desk.due(SOLVED) == local("2026-03-05T18:00")


def test_pause_told_twice_and_thaw_without_a_pause_change_nothing() -> None:
    desk = Desk()
    desk.do(ItemQueued(at=MONDAY, item=item(sla=("chat",))))
    assert desk.do(ItemThawed(at=MONDAY, item_id="i")) == []
    assert len(desk.do(ItemPaused(at=MONDAY, item_id="i"), ItemPaused(at=MONDAY, item_id="i"))) == 1
    assert desk.do(ItemPaused(at=MONDAY, item_id="nobody")) == []


def test_resolution_that_is_late_is_not_made_good_by_a_pause() -> None:
    desk = Desk()
    desk.do(ItemQueued(at=MONDAY, item=item(sla=("chat",))))
    late = MONDAY + timedelta(hours=9)
    assert Act.CLOCK not in [decision.act for decision in desk.do(ItemPaused(at=late, item_id="i"))]
    desk.do(
        ClaimTaken(at=late, item_id="i", agent_id="mei"),
        ClaimEnded(at=late, item_id="i", agent_id="mei", outcome=ClaimOutcome.COMPLETED),
    )
    assert (desk.row(SOLVED)["state"], desk.row(FIRST)["state"]) == ("late", "late")


def test_completing_keeps_the_resolution_and_ends_what_was_not_due() -> None:
    desk = Desk()
    desk.do(
        ItemQueued(at=MONDAY, item=item()),
        ClaimTaken(at=MONDAY, item_id="i", agent_id="mei"),
        ClaimEnded(at=MONDAY, item_id="i", agent_id="mei", outcome=ClaimOutcome.COMPLETED),
    )
    assert (desk.row(SOLVED)["state"], desk.row(FIRST)["state"]) == ("kept", "ended")
    assert desk.engine.next_due() is None


def test_withdrawn_item_breaks_and_keeps_no_promise() -> None:
    desk = Desk()
    desk.do(ItemQueued(at=MONDAY, item=item()), ItemWithdrawn(at=MONDAY, item_id="i", reason="merged"))
    assert {row["state"] for row in desk.rows().values()} == {"ended"}
    assert desk.engine.next_due() is None


# --- steps ------------------------------------------------------------------------------------


def test_steps_are_told_once_each_in_working_time() -> None:
    desk = Desk()
    start = local("2026-03-02T11:30")
    desk.do(ItemQueued(at=start, item=item(at=start)))
    told = [
        decision
        for decision in desk.wait_until(local("2026-03-02T18:00"))
        if decision.record.get("metric") == "first_response"
    ]
    assert [(decision.at, decision.record["step"]) for decision in told] == [
        (local("2026-03-02T12:00"), 50),
        (local("2026-03-02T13:15"), 75),
        (local("2026-03-02T13:30"), 100),
    ]
    assert (told[1].record["passed_s"], told[1].record["left_s"]) == (2700, 900)
    assert told[1].record["steps"] == [50, 75]


def test_steps_of_the_policy_are_told_also_after_the_due_time() -> None:
    desk = Desk()
    desk.do(ItemQueued(at=MONDAY, item=item(sla=("vip",))))
    told = [
        (decision.at - MONDAY, decision.record["step"])
        for decision in desk.wait_until(MONDAY + timedelta(days=1))
        if decision.act is Act.PROMISE_DUE
    ]
    assert told == [
        (timedelta(minutes=96), 80),
        (timedelta(hours=2), 100),
        (timedelta(hours=3), 150),
    ]


def test_who_has_the_item_is_told_of_the_step() -> None:
    desk = Desk()
    desk.do(ItemQueued(at=MONDAY, item=item()), ClaimTaken(at=MONDAY, item_id="i", agent_id="mei"))
    told = desk.wait_until(MONDAY + timedelta(minutes=30))
    assert [(decision.act, decision.agent_id) for decision in told] == [(Act.PROMISE_DUE, "mei")]


def test_steps_that_passed_while_nothing_ran_are_told_once_with_the_highest() -> None:
    desk = Desk()
    desk.do(ItemQueued(at=MONDAY, item=item(sla=("chat",))))
    late = MONDAY + timedelta(hours=7)
    assert steps_of(desk.do(ClockTick(at=late))) == [("first_response", 100), ("resolution", 75)]
    assert steps_of(desk.do(ClockTick(at=late))) == []


def test_item_that_had_waited_long_when_it_was_queued_is_told_of_at_once() -> None:
    desk = Desk()
    now = MONDAY + timedelta(minutes=50)
    desk.do(ItemQueued(at=now, item=item()))
    assert desk.engine.next_due() == now
    assert steps_of(desk.do(ClockTick(at=now))) == [("first_response", 75)]
    assert desk.engine.next_due() == MONDAY + timedelta(hours=1)
