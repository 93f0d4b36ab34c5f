"""Promises and the order of what waits: a clock moves an item in its queue, also under other policies."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from router.engine.decisions import Act
from router.engine.events import (
    AgentChanged,
    CustomerWrote,
    ItemChanged,
    ItemQueued,
    PresenceChanged,
    Replied,
)
from router.model.presence import PresenceState
from tests.unit.clock_desk import FIRST, MONDAY, Day, Desk, item, steps, steps_of


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
