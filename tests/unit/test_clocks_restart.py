"""Promises over a restart at any point: nothing is told again, and what was missed is told once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from router.engine.decisions import Act, Decision
from router.engine.engine import Engine
from router.engine.events import ClockRestored, ClockTick, ItemQueued, Replied
from tests.unit.clock_desk import HOUR, MONDAY, Day, Desk, item, restoring, steps, steps_of


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
