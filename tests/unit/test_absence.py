"""Planned absence: what goes back when, who is asked meanwhile, and how it ends."""

from router.engine.events import AgentRemoved
from tests.unit.lease_desk import LeaseDesk, at


def test_owed_work_goes_back_in_the_order_of_its_due_times() -> None:
    desk = LeaseDesk()
    desk.person(0, "mei")
    desk.held(0, "late", "mei", due_at=at(900))
    desk.held(0, "none old", "mei", since=-50)
    desk.held(0, "none new", "mei", since=-10)
    desk.held(0, "soon", "mei", due_at=at(500))
    desk.held(0, "rests", "mei")
    desk.reply(1, "rests")
    assert desk.plan(2, "mei", since=50, until=400) == []
    assert desk.due() == 50
    assert desk.tick(50) == [("put_back", id, "mei") for id in ("soon", "late", "none old", "none new")]
    assert desk.record("put_back")["reason"] == "absent"
    assert desk.explain("rests", 51)["agent"] == "mei"


def test_nothing_is_offered_from_the_beginning_to_the_end() -> None:
    desk = LeaseDesk()
    desk.person(0, "mei")
    desk.plan(0, "mei", since=50, until=400)
    assert desk.item(10, "before")[-1] == ("offered", "before", "mei")
    assert desk.tick(50) == [("expired", "before", "mei")]
    assert desk.item(60, "during") == [("queued", "during", None)]
    (row,) = desk.explain("during", 61)["candidates"]
    assert row == {
        "agent": "mei",
        "gate": "presence",
        "state": "absent",
        "until": "2026-01-05T09:06:40Z",
    }
    assert desk.due() == 400
    assert ("offered", "during", "mei") in desk.tick(400)


def test_open_offer_is_taken_back_when_the_absence_begins() -> None:
    desk = LeaseDesk()
    desk.person(0, "mei")
    desk.person(0, "lin", "away")
    desk.plan(0, "mei", since=50)
    desk.item(40, "i1")
    assert desk.tick(50) == [("rescinded", "i1", "mei")]
    assert desk.be(51, "lin", "available") == [("offered", "i1", "lin")]


def test_absence_told_after_its_beginning_begins_at_once() -> None:
    desk = LeaseDesk()
    desk.person(0, "mei")
    desk.held(0, "i1", "mei")
    assert desk.plan(20, "mei", since=10, until=90) == [("put_back", "i1", "mei")]
    assert desk.plan(21, "mei", since=10, until=90) == [], "told twice"


def test_what_wakes_during_the_absence_goes_back_at_once() -> None:
    desk = LeaseDesk()
    desk.person(0, "mei")
    desk.person(0, "lin")
    desk.held(0, "i1", "mei")
    desk.reply(1, "i1")
    desk.plan(2, "mei", since=10)
    desk.tick(10)
    assert desk.wrote(20, "i1") == [
        ("woken", "i1", "mei"),
        ("put_back", "i1", "mei"),
        ("offered", "i1", "lin"),
    ]


def test_absence_without_an_end_lasts_until_the_person_comes_back() -> None:
    desk = LeaseDesk()
    desk.person(0, "mei")
    desk.plan(0, "mei", since=10)
    desk.tick(10)
    desk.item(20, "i1")
    assert desk.be(30, "mei", "available") == [], "the state he had before is not coming back"
    desk.be(40, "mei", "offline")
    assert desk.be(50, "mei", "available") == [("offered", "i1", "mei")]


def test_new_plan_replaces_the_earlier_one() -> None:
    desk = LeaseDesk()
    desk.person(0, "mei")
    desk.plan(0, "mei", since=50, until=100)
    desk.plan(1, "mei", since=200, until=300)
    assert desk.due() == 200
    desk.tick(200)
    desk.plan(210, "mei", since=200, until=400)
    assert desk.due() == 400


def test_plan_that_ends_before_it_begins_takes_the_earlier_one_back() -> None:
    desk = LeaseDesk()
    desk.person(0, "mei")
    desk.plan(0, "mei", since=10)
    desk.tick(10)
    desk.item(20, "i1")
    assert desk.plan(30, "mei", since=30, until=30) == [("offered", "i1", "mei")]
    assert desk.due() == 60


def test_work_taken_by_hand_during_the_absence_follows_the_grace_for_the_absent() -> None:
    desk = LeaseDesk()
    desk.person(0, "mei")
    desk.plan(0, "mei", since=10, until=1000)
    desk.tick(10)
    desk.held(20, "i1", "mei")
    assert desk.run(200) == [(80, "put_back", "i1", "mei")]


def test_end_of_the_absence_stops_the_grace_for_the_absent() -> None:
    desk = LeaseDesk()
    desk.person(0, "mei")
    desk.plan(0, "mei", since=10, until=70)
    desk.tick(10)
    desk.held(20, "i1", "mei")
    assert desk.run(120) == [(120, "nudged", "i1", "mei")]


def test_removed_person_has_no_plan_any_more() -> None:
    desk = LeaseDesk()
    desk.person(0, "mei")
    desk.plan(0, "mei", since=10)
    desk.tell(1, AgentRemoved, agent_id="mei")
    assert desk.due() is None


def test_somebody_removed_while_gone_as_planned_is_not_counted_out_twice() -> None:
    desk = LeaseDesk()
    desk.person(0, "mei")
    desk.plan(1, "mei", since=1)
    desk.tell(2, AgentRemoved, agent_id="mei")
    desk.item(3, "i1")
    assert desk.record("queued")["blocked_by"] == {"gate": "presence", "people": 0}
