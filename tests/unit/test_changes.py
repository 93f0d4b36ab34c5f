from dataclasses import replace
from datetime import timedelta

from router.engine.config import QueueConfig
from router.engine.events import ItemChanged
from tests.unit.lease_desk import at
from tests.unit.needs_desk import NeedsDesk, forbid, prefer, require


def desk_with_tom_busy() -> NeedsDesk:
    desk = NeedsDesk(queues={"q": QueueConfig(offer_timeout_s=600)})
    desk.person(0, "tom", zh=1)
    desk.occupy(0, "tom")
    return desk


def test_a_boost_moves_a_waiting_item_in_its_line_and_the_record_says_from_where() -> None:
    desk = desk_with_tom_busy()
    desk.ask(1, "first")
    desk.ask(2, "second")
    changed = replace(desk.make(2, "second"), boost_s=3600.0, sla=("complaint",))
    assert desk.change(10, changed, "a complaint after all") == [("reprioritised", "second", None)]
    record = desk.record("reprioritised")
    assert record["reason"] == "a complaint after all"
    assert (record["before"]["place"], record["after"]["place"]) == (2, 1)
    assert (record["before"]["boost_s"], record["after"]["boost_s"]) == (0, 3600)
    assert record["after"]["sla"] == ["complaint"]
    assert desk.free(11, "tom")[-1] == ("offered", "second", "tom")


def test_a_due_time_moves_an_item_in_its_line() -> None:
    desk = desk_with_tom_busy()
    desk.ask(100, "first")
    desk.ask(200, "second")
    desk.change(300, replace(desk.make(200, "second"), due_at=at(60)))
    assert desk.record("reprioritised")["after"]["due_at"] == "2026-01-05T09:01:00Z"
    assert desk.free(301, "tom")[-1] == ("offered", "second", "tom")


def test_age_arrival_and_refusals_stay_whatever_the_event_says() -> None:
    desk = desk_with_tom_busy()
    desk.person(0, "mei", zh=1)
    desk.ask(1, "i1")
    desk.reject(2, "i1.1", "lunch")
    told = replace(
        desk.make(500, "i1"), boost_s=60.0, eligible_since=at(500), arrival=77, declined={}, offers_made=0
    )
    desk.change(500, told)
    explained = desk.explain("i1", 500)
    assert (explained["waited_s"], explained["declined"]) == (499, {"mei": "lunch"})
    desk.free(501, "tom")
    assert desk.record("offered")["offer"] == "i1.2"


def test_another_queue_starts_the_clocks_of_needs_anew_and_keeps_the_age() -> None:
    desk = desk_with_tom_busy()
    desk.person(0, "mei", "busy", refunds=1)
    item = desk.make(1, "i1", prefer("refunds", 100))
    desk.ask(1, "i1", prefer("refunds", 100))
    desk.change(51, replace(item, boost_s=60.0))
    assert desk.due() == 101, "the same queue, the same clock"
    desk.change(60, replace(item, queue="other"))
    assert desk.due() == 160
    assert desk.explain("i1", 60)["waited_s"] == 59


def test_needs_that_somebody_free_satisfies_are_offered_at_once() -> None:
    desk = desk_with_tom_busy()
    desk.person(0, "mei")
    desk.ask(1, "i1", require("fr"))
    assert desk.change(2, desk.make(1, "i1")) == [("reprioritised", "i1", None), ("offered", "i1", "mei")]


def test_an_open_offer_stays_with_whoever_may_still_serve_the_item() -> None:
    desk = desk_with_tom_busy()
    desk.person(0, "mei", zh=2)
    desk.ask(1, "i1")
    assert desk.change(2, desk.make(1, "i1", require("zh"), boost_s=60.0)) == [("reprioritised", "i1", None)]
    assert desk.explain("i1", 2)["agent"] == "mei"


def test_an_open_offer_goes_when_the_person_may_not_have_the_item_any_more() -> None:
    desk = desk_with_tom_busy()
    desk.person(0, "mei", zh=2)
    desk.person(0, "lin", "away", fr=1)
    desk.ask(1, "i1")
    assert desk.change(2, desk.make(1, "i1", forbid("zh"))) == [
        ("reprioritised", "i1", None),
        ("rescinded", "i1", "mei"),
    ]
    assert desk.be(3, "lin", "available")[-1] == ("offered", "i1", "lin")


def test_a_claim_stays_and_the_change_shows_when_it_comes_back() -> None:
    desk = desk_with_tom_busy()
    desk.ask(1, "i1")
    desk.take(2, "i1", "mei")
    assert desk.change(3, desk.make(1, "i1", boost_s=3600.0)) == [("reprioritised", "i1", None)]
    assert desk.record("reprioritised")["after"]["place"] is None
    assert desk.explain("i1", 3)["agent"] == "mei"


def test_what_is_the_same_or_gone_changes_nothing() -> None:
    desk = desk_with_tom_busy()
    desk.ask(1, "i1", prefer("refunds", 60))
    same = desk.make(1, "i1", prefer("refunds", 60))
    assert desk.change(2, same) == desk.last == []
    assert desk.change(3, desk.make(1, "unknown")) == desk.last == []
    changed = replace(same, boost_s=9.0)
    assert desk.change(4, changed) == [("reprioritised", "i1", None)]
    assert desk.change(5, changed) == desk.last == []


def test_what_is_given_up_is_not_told_again_by_a_change_of_something_else() -> None:
    desk = desk_with_tom_busy()
    desk.ask(1, "i1", prefer("refunds", 60))
    assert desk.why() == [("need_dropped", ["refunds"], "nobody_on_shift")]
    desk.change(2, desk.make(1, "i1", prefer("refunds", 60), boost_s=60.0))
    assert desk.why() == []
    assert desk.explain("i1", 2)["needs"] == [{"prefer": "refunds", "grade": 1}]


def test_preview_of_a_change_at_a_long_queue_shows_the_new_place_and_changes_nothing() -> None:
    desk = desk_with_tom_busy()
    people = [f"agent {number}" for number in range(60)]
    for number, name in enumerate(people):
        desk.person(1, name, **{f"s{number % 20}": 1, "zh": 1})
        desk.occupy(1, name)
    for number in range(2_000):
        desk.ask(2, f"i{number}", require(f"s{number % 20}"), prefer("zh", 600), arrival=number)
    last = desk.make(2, "i1999", require("s19"), boost_s=3600.0)
    event = ItemChanged(at=at(3), item=last)
    (shown,) = desk.engine.preview(event)
    assert (shown.record["before"]["place"], shown.record["after"]["place"]) == (2000, 1)
    assert desk.explain("i1999", 3)["place"] == 2000
    assert desk.due() == 602
    assert desk.engine.apply(event) == [shown]


def test_another_due_time_moves_a_waiting_item_without_a_record() -> None:
    desk = desk_with_tom_busy()
    desk.ask(1, "first")
    desk.ask(2, "second")
    desk.ask(3, "third")
    dispatch, works = desk.engine._dispatch, desk.engine._desk.waiting.works
    dispatch.rekey(works["third"], due_at=at(0) - timedelta(hours=1), lead_s=10.0)
    assert desk.tick(4) == []
    assert [desk.explain(id, 4)["place"] for id in ("first", "second", "third")] == [2, 3, 1]
    assert desk.free(5, "tom")[-1] == ("offered", "third", "tom")
    dispatch.rekey(works["third"], due_at=None, lead_s=0.0)
    assert desk.reject(6, "third.1")[0] == ("rejected", "third", "tom")
    assert desk.explain("third", 6)["place"] == 2, "an offered item is in its new place when it comes back"
