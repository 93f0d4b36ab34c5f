"""Promises: what starts a clock, what stops it, and when people are told; each row here broke elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.engine.calendars import Calendar, public_holidays
from router.engine.clocks.targets import first_due
from router.engine.config import EngineConfig, LeaseConfig, Metric, QueueConfig, SlaPolicy
from router.engine.decisions import Act, Decision
from router.engine.engine import Engine
from router.engine.events import (
    AgentChanged,
    ClaimEnded,
    ClaimOutcome,
    ClaimRestored,
    ClaimTaken,
    ClockRestored,
    ClockTick,
    CustomerWrote,
    Event,
    Item,
    ItemChanged,
    ItemPaused,
    ItemQueued,
    ItemThawed,
    ItemWithdrawn,
    PresenceChanged,
    Replied,
)
from router.model.presence import PresenceState

HOUR = 3600.0
FIRST, NEXT, SOLVED = Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE, Metric.RESOLUTION
SHANGHAI = ZoneInfo("Asia/Shanghai")
SHOP = Calendar(
    zone=SHANGHAI,
    week=[[(9 * 60, 12 * 60), (13 * 60, 18 * 60)]] * 5 + [[], []],
    holidays=public_holidays("CN"),
)
POLICIES: Mapping[str, SlaPolicy] = {
    "chat": SlaPolicy(targets_s={FIRST: 60, NEXT: 120, SOLVED: 8 * HOUR}, lead_s=30),
    "shop": SlaPolicy(
        calendar=SHOP,
        targets_s={FIRST: HOUR, NEXT: 2 * HOUR, SOLVED: 16 * HOUR},
        by_class={"chat": {FIRST: 600}},
        pauses=frozenset({"customer"}),
        lead_s=600,
    ),
    "urgent": SlaPolicy(targets_s={FIRST: 900, NEXT: 900}, lead_s=1800),
    "vip": SlaPolicy(targets_s={FIRST: 2 * HOUR}, steps=(80, 100, 150)),
}


PATIENT = LeaseConfig(nudge_s=None, supervisor_s=None, hand_back_s=None, absent_s=None)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


MONDAY = local("2026-03-02T10:00")


def item(id: str = "i", at: datetime = MONDAY, sla: tuple[str, ...] = ("shop",), **more: Any) -> Item:
    fields: dict[str, Any] = {"channel_class": "email", "arrival": 0, "queue": "q"} | more
    return Item(id=id, conversation_id=f"c-{id}", eligible_since=at, sla=sla, **fields)


class Desk:
    """An engine and everything it said of promises, with the rows a store would keep."""

    def __init__(self, policies: Mapping[str, SlaPolicy] = POLICIES) -> None:
        self.config = EngineConfig(
            default=QueueConfig(max_advance_s=8 * HOUR),
            leases={"chat": PATIENT, "email": PATIENT},
            sla=policies,
        )
        self.engine = Engine(self.config, seed=1)
        self.said: list[Decision] = []

    def do(self, *events: Event) -> list[Decision]:
        found = [decision for event in events for decision in self.engine.apply(event)]
        self.said += found
        return found

    def wait_until(self, at: datetime) -> list[Decision]:
        """Tick whenever the engine asks for it, as the rooms do."""
        found = []
        while (due_at := self.engine.next_due()) is not None and due_at <= at:
            found += self.do(ClockTick(at=due_at))
        return found + self.do(ClockTick(at=at))

    def rows(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Keep the last record of each clock, with the steps told since."""
        rows: dict[tuple[str, str], dict[str, Any]] = {}
        for decision in self.said:
            record = json.loads(json.dumps(decision.record))
            if decision.act is Act.CLOCK:
                rows[decision.item_id, record["metric"]] = record
            elif decision.act is Act.PROMISE_DUE:
                rows[decision.item_id, record["metric"]]["steps"] = record["steps"]
        return rows

    def row(self, metric: Metric, item_id: str = "i") -> dict[str, Any]:
        return self.rows()[item_id, metric.value]

    def due(self, metric: Metric) -> datetime:
        return datetime.fromisoformat(self.row(metric)["due_at"])


def steps_of(decisions: Iterable[Decision]) -> list[tuple[str, int]]:
    return [
        (str(decision.record["metric"]), int(str(decision.record["step"])))
        for decision in decisions
        if decision.act is Act.PROMISE_DUE
    ]


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


# --- restart ----------------------------------------------------------------------------------


def restoring(desk: Desk, live: Mapping[str, Item], holders: Mapping[str, str], at: datetime) -> list[Event]:
    """Tell a new engine what the store knows."""
    rows = [row for (item_id, _), row in sorted(desk.rows().items()) if item_id in live]
    return [
        *(ItemQueued(at=at, item=each) for each in live.values()),
        *(ClaimRestored(at=at, item_id=id, agent_id=holder) for id, holder in sorted(holders.items())),
        *(_restored(row, at) for row in rows),
    ]


def _restored(row: Mapping[str, Any], at: datetime) -> ClockRestored:
    is_running = row["state"] == "running"
    return ClockRestored(
        at=at,
        item_id=row["item"],
        metric=row["metric"],
        policy=row["policy"],
        started_at=datetime.fromisoformat(row["started_at"]),
        target_s=row["target_s"],
        due_at=datetime.fromisoformat(row["due_at"]) if is_running else None,
        remaining_s=row["remaining_s"],
        steps=tuple(row["steps"]),
        paused_by=tuple(row["paused_by"]),
    )


def test_after_a_restart_nothing_is_told_again_and_what_was_missed_is_told_once() -> None:
    desk = Desk()
    live = {"i": item(), "j": item("j", arrival=1)}
    desk.do(*(ItemQueued(at=MONDAY, item=each) for each in live.values()))
    desk.wait_until(MONDAY + timedelta(minutes=31))
    later = MONDAY + timedelta(minutes=50)
    events = restoring(desk, live, {}, later)
    desk.engine = Engine(desk.config, seed=1)
    repeated = [decision for event in events for decision in desk.engine.apply(event)]
    assert steps_of(repeated) == []
    assert desk.engine.next_due() == later
    assert steps_of(desk.do(ClockTick(at=later))) == [("first_response", 75)] * 2


def test_restored_clock_of_an_answer_given_is_not_begun_again() -> None:
    desk = Desk()
    desk.do(ItemQueued(at=MONDAY, item=item()), Replied(at=MONDAY, item_id="i"))
    events = restoring(desk, {"i": item()}, {}, MONDAY)
    desk.engine = Engine(desk.config, seed=1)
    desk.do(*events)
    record = desk.engine.explain("i", MONDAY)
    assert [promise["metric"] for promise in record["promises"]] == ["resolution"]
    assert (record["due_at"], record["promise"]) == (None, None)


def test_restored_clock_of_no_item_or_of_an_unknown_metric_changes_nothing() -> None:
    desk = Desk()
    desk.do(ItemQueued(at=MONDAY, item=item(sla=())))
    gone = {"policy": "shop", "started_at": MONDAY, "target_s": 60.0, "due_at": MONDAY}
    desk.do(ClockRestored(at=MONDAY, item_id="x", metric="resolution", **gone))
    desk.do(ClockRestored(at=MONDAY, item_id="i", metric="applause", **gone))
    assert desk.engine.next_due() is None


def test_clock_of_a_policy_that_is_gone_keeps_its_due_time() -> None:
    desk = Desk()
    due_at = MONDAY + timedelta(hours=1)
    desk.do(ItemQueued(at=MONDAY, item=item(sla=("gone",))))
    desk.do(
        ClockRestored(
            at=MONDAY, item_id="i", metric="first_response", policy="gone", started_at=MONDAY,
            target_s=HOUR, due_at=due_at, steps=(50, 75),
        )
    )  # fmt: skip
    assert desk.engine.next_due() == due_at


steps = st.one_of(
    st.tuples(
        st.just("queue"), st.sampled_from([("shop",), ("chat",), ("vip", "shop"), ("chat", "vip"), ()])
    ),
    st.tuples(st.just("reply"), st.integers(0, 3)),
    st.tuples(st.just("write"), st.integers(0, 3)),
    st.tuples(st.just("pause"), st.integers(0, 3)),
    st.tuples(st.just("thaw"), st.integers(0, 3)),
    st.tuples(st.just("take"), st.integers(0, 3)),
    st.tuples(st.just("put_back"), st.integers(0, 3)),
    st.tuples(st.just("wait"), st.integers(1, 30_000)),
    st.tuples(st.just("wait"), st.integers(1, 200_000)),
)


class Day:
    """Plays steps on a desk, with the books a store would keep of items and holders."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.now = MONDAY
        self.live: dict[str, Item] = {}
        self.holders: dict[str, str] = {}

    def play(self, step: tuple[str, Any]) -> list[Decision]:
        kind, given_value = step
        self.now += timedelta(seconds=given_value if kind == "wait" else 7)
        found = self.desk.wait_until(self.now)
        if kind == "queue":
            number = len(self.live)
            self.live[f"i{number}"] = item(f"i{number}", self.now, given_value, arrival=number)
            return found + self.desk.do(ItemQueued(at=self.now, item=self.live[f"i{number}"]))
        if kind != "wait" and self.live:
            found += self.desk.do(*self.events(kind, list(self.live)[given_value % len(self.live)]))
        return found

    def events(self, kind: str, id: str) -> list[Event]:
        simple = {"reply": Replied, "write": CustomerWrote, "pause": ItemPaused, "thaw": ItemThawed}
        if kind in simple:
            return [simple[kind](at=self.now, item_id=id)]
        if kind == "take":
            self.holders[id] = "mei"
            return [ClaimTaken(at=self.now, item_id=id, agent_id="mei")]
        if self.holders.pop(id, None) is None:
            return []
        handed_back = ClaimOutcome.HANDED_BACK
        return [
            ClaimEnded(at=self.now, item_id=id, agent_id="mei", outcome=handed_back),
            ItemQueued(at=self.now, item=self.live[id]),
        ]

    def restart(self) -> None:
        events = restoring(self.desk, self.live, self.holders, self.now)
        self.desk.engine = Engine(self.desk.config, seed=1)
        for event in events:
            self.desk.engine.apply(event)


def about_promises(decisions: Iterable[Decision]) -> list[tuple[Any, ...]]:
    return [
        (decision.at, decision.item_id, decision.record)
        for decision in decisions
        if decision.act in (Act.CLOCK, Act.PROMISE_DUE)
    ]


@settings(deadline=None)
@given(st.lists(steps, min_size=2, max_size=25), st.integers(0, 24))
def test_engine_restarted_at_any_point_says_the_same(played: list, restart_after: int) -> None:
    ran_on, restarted = Day(), Day()
    for number, step in enumerate(played):
        assert about_promises(restarted.play(step)) == about_promises(ran_on.play(step))
        if number == restart_after % len(played):
            restarted.restart()
    until = ran_on.now + timedelta(days=20)
    assert about_promises(restarted.desk.wait_until(until)) == about_promises(ran_on.desk.wait_until(until))
    told = ("key", "place", "due_at", "promise", "promises")
    for id in ran_on.live:
        first, second = (day.desk.engine.explain(id, until) for day in (ran_on, restarted))
        assert [first[name] for name in told] == [second[name] for name in told]


@settings(deadline=None)
@given(st.lists(steps, min_size=2, max_size=25))
def test_each_step_of_each_clock_is_told_once_and_upwards(played: list) -> None:
    day = Day()
    for step in played:
        day.play(step)
    day.desk.wait_until(day.now + timedelta(days=20))
    runs: dict[tuple[str, str], list[list[int]]] = {}
    for decision in day.desk.said:
        record = decision.record
        key = decision.item_id, str(record.get("metric"))
        if decision.act is Act.CLOCK and record["change"] == "started":
            runs.setdefault(key, []).append([])
        elif decision.act is Act.PROMISE_DUE:
            runs[key][-1].append(int(str(record["step"])))
    assert all(first < second for run in runs.values() for told in run for first, second in pairwise(told))


# --- order ------------------------------------------------------------------------------------


def test_promise_moves_a_waiting_item_forward_and_the_record_names_it() -> None:
    desk = Desk()
    desk.do(ItemQueued(at=MONDAY, item=item("plain", sla=())))
    at = MONDAY + timedelta(minutes=10)
    queued = desk.do(ItemQueued(at=at, item=item("urgent", at, ("urgent",), arrival=1)))[0].record
    assert (queued["place"], queued["passed"], queued["advanced_by"]) == (1, 1, "due")
    assert queued["promise"] == {
        "metric": "first_response",
        "policy": "urgent",
        "due_at": "2026-03-02T02:25:00Z",
    }
    offered = desk.do(
        AgentChanged(at=at, agent_id="mei", skills={}, max_claims=1),
        PresenceChanged(at=at, agent_id="mei", state=PresenceState.AVAILABLE),
    )
    assert [(each.item_id, each.record["promise"]) for each in offered if each.act is Act.OFFERED] == [
        ("urgent", queued["promise"])
    ]


def test_answer_and_message_of_the_customer_move_a_waiting_item_in_place() -> None:
    desk = Desk()
    at = MONDAY + timedelta(minutes=12)
    desk.do(ItemQueued(at=MONDAY, item=item("plain", sla=())))
    desk.do(ItemQueued(at=at, item=item("urgent", at, ("urgent",), arrival=1)))
    places = [desk.engine.explain("urgent", at)["place"]]
    for event in (Replied(at=at, item_id="urgent"), CustomerWrote(at=at, item_id="urgent")):
        desk.do(event)
        places.append(desk.engine.explain("urgent", at)["place"])
    assert places == [1, 2, 1]
    assert desk.engine.explain("urgent", at)["promise"]["metric"] == "next_response"


def test_due_time_given_by_hand_counts_when_it_is_earlier_and_again_after_the_answer() -> None:
    desk = Desk()
    by_hand = MONDAY + timedelta(minutes=20)
    desk.do(ItemQueued(at=MONDAY, item=item(due_at=by_hand)))
    assert desk.engine.explain("i", MONDAY)["due_at"] == "2026-03-02T02:20:00Z"
    desk.do(ItemQueued(at=MONDAY, item=item("j", due_at=MONDAY + timedelta(hours=3), arrival=1)))
    assert desk.engine.explain("j", MONDAY)["due_at"] == "2026-03-02T03:00:00Z"
    desk.do(Replied(at=MONDAY, item_id="j"))
    assert desk.engine.explain("j", MONDAY)["due_at"] == "2026-03-02T05:00:00Z"
    assert desk.row(FIRST, "j")["item_due_at"] == "2026-03-02T05:00:00Z"


@settings(deadline=None)
@given(st.lists(steps, min_size=2, max_size=25))
def test_waiting_items_stand_in_the_order_of_their_keys_whatever_the_clocks_do(played: list) -> None:
    day = Day()
    for step in played:
        day.play(step)
        waiting = [
            record
            for id in day.live
            if (record := day.desk.engine.explain(id, day.now))["state"] == "waiting"
        ]
        waiting.sort(key=lambda record: int(str(record["place"])))
        assert [record["place"] for record in waiting] == list(range(1, len(waiting) + 1))
        keys = [datetime.fromisoformat(str(record["key"])) for record in waiting]
        assert keys == sorted(keys)


def test_item_put_under_other_policies_in_place_moves_and_keeps_the_time_that_passed() -> None:
    desk = Desk()
    desk.do(ItemQueued(at=MONDAY, item=item("plain", sla=())))
    desk.do(ItemQueued(at=MONDAY, item=item(sla=("vip",), arrival=1)))
    at = MONDAY + timedelta(minutes=10)
    changed = desk.do(ItemChanged(at=at, item=item(at=at, sla=("urgent",), arrival=1), reason="re-route"))
    row = desk.row(FIRST)
    assert [decision.act for decision in changed] == [Act.REPRIORITISED, Act.CLOCK]
    assert (row["change"], row["policy"], desk.due(FIRST)) == (
        "changed",
        "urgent",
        MONDAY + timedelta(minutes=15),
    )
    assert desk.engine.explain("i", at)["place"] == 1
    again = desk.do(ItemChanged(at=at, item=item(at=at, sla=("urgent",), arrival=1)))
    assert [(decision.act, decision.record["step"]) for decision in again] == [(Act.PROMISE_DUE, 50)]


def test_longer_promise_tells_its_own_steps() -> None:
    desk = Desk()
    desk.do(ItemQueued(at=MONDAY, item=item(sla=("urgent",))))
    at = MONDAY + timedelta(minutes=20)
    assert steps_of(desk.wait_until(at))[-1] == ("first_response", 100)
    desk.do(ItemChanged(at=at, item=item(sla=("shop",))))
    assert desk.due(FIRST) == MONDAY + timedelta(hours=1)
    told = [step for step in steps_of(desk.wait_until(MONDAY + timedelta(hours=1))) if step[0] == FIRST]
    assert told == [("first_response", 50), ("first_response", 75), ("first_response", 100)]


def test_promise_that_is_taken_away_falls_away() -> None:
    desk = Desk()
    desk.do(ItemQueued(at=MONDAY, item=item()))
    desk.do(ItemChanged(at=MONDAY, item=item(sla=())))
    assert {row["state"] for row in desk.rows().values()} == {"ended"}
    assert (desk.engine.explain("i", MONDAY)["due_at"], desk.engine.next_due()) == (None, None)


def test_preview_of_an_answer_leaves_the_clock_running() -> None:
    desk = Desk()
    desk.do(ItemQueued(at=MONDAY, item=item()))
    seen = desk.engine.preview(Replied(at=MONDAY, item_id="i"))
    assert [decision.record["change"] for decision in seen] == ["stopped", "paused"]
    assert desk.engine.explain("i", MONDAY)["promise"]["metric"] == "first_response"
