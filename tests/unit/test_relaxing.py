from router.engine.config import Protection, QueueConfig
from tests.unit.lease_desk import at
from tests.unit.needs_desk import NeedsDesk, forbid, prefer, require


def desk_with(**queue: object) -> NeedsDesk:
    return NeedsDesk(queues={"q": QueueConfig(offer_timeout_s=600, **queue)})  # type: ignore[arg-type]


def test_a_preference_binds_until_its_second_and_then_anybody_able_is_asked() -> None:
    desk = desk_with()
    desk.person(0, "mei", refunds=2, zh=1)
    desk.occupy(0, "mei")
    desk.person(0, "tom", zh=1)
    assert desk.ask(10, "i1", require("zh"), prefer("refunds", 120)) == [("queued", "i1", None)]
    assert desk.explain("i1", 10)["blocked_by"] == {"gate": "capacity", "people": 1}
    assert desk.due() == 130
    assert desk.tick(129) == []
    assert desk.tick(130) == [("need_dropped", "i1", None), ("offered", "i1", "tom")]
    assert desk.record("need_dropped")["why"] == "time"
    assert desk.record("need_dropped")["in_queue_s"] == 120
    assert desk.record("need_dropped")["needs"] == [{"require": "zh"}, {"prefer": "refunds", "grade": 1}]


def test_a_preference_given_up_still_ranks() -> None:
    desk = desk_with()
    desk.person(0, "tom", calm=1)
    desk.person(0, "mei", refunds=5, calm=5)
    assert desk.ask(1, "i1", prefer("refunds", 0), require("calm"))[-1] == ("offered", "i1", "mei")


def test_steps_come_weakest_first_each_at_its_time() -> None:
    desk = desk_with()
    desk.person(0, "mei", refunds=1, gold=1, calm=1)
    desk.occupy(0, "mei")
    desk.ask(
        0, "i1", prefer("refunds", 30, grade=1), prefer("gold", 60, grade=5), prefer("calm", 90, grade=9)
    )
    assert desk.run(89) == []
    desk.tick(90)
    assert desk.why() == [("need_dropped", ["calm", "gold", "refunds"], "time")]
    assert desk.due() is None


def test_a_failed_offer_does_not_start_the_clock_anew() -> None:
    desk = desk_with()
    desk.person(0, "mei", refunds=1)
    desk.person(0, "tom")
    desk.ask(0, "i1", prefer("refunds", 120))
    assert desk.due() == 600
    assert desk.reject(100, "i1.1") == [("rejected", "i1", "mei")]
    assert desk.due() == 120
    assert desk.tick(120) == [("need_dropped", "i1", None), ("offered", "i1", "tom")]


def test_what_was_given_up_while_an_offer_was_open_is_told_when_the_item_comes_back_and_once() -> None:
    desk = desk_with()
    desk.person(0, "mei", refunds=1)
    desk.person(0, "tom")
    desk.person(0, "lin")
    desk.ask(0, "i1", prefer("refunds", 120))
    back = desk.reject(200, "i1.1")
    assert back[:2] == [("rejected", "i1", "mei"), ("need_dropped", "i1", None)]
    _, item, asked = back[2]
    assert (item, asked in ("tom", "lin")) == ("i1", True)
    assert [act for act, *_ in desk.reject(210, "i1.2")] == ["rejected", "offered"]


def test_relaxing_keeps_the_place_in_line() -> None:
    desk = desk_with()
    desk.person(0, "mei", refunds=1)
    desk.person(0, "tom")
    for name in ("mei", "tom"):
        desk.occupy(0, name)
    desk.ask(1, "older", prefer("refunds", 60))
    desk.ask(2, "newer")
    assert desk.explain("older", 2)["place"] == 1
    desk.run(100)
    assert desk.explain("older", 100)["place"] == 1
    assert desk.explain("older", 100)["waited_s"] == 99
    assert desk.free(101, "tom")[-1] == ("offered", "older", "tom")


def test_of_two_relaxed_in_one_second_the_older_gets_the_free_person() -> None:
    desk = desk_with()
    desk.person(0, "mei", refunds=1)
    desk.occupy(0, "mei")
    desk.person(0, "tom")
    desk.ask(1, "z first", prefer("refunds", 59), arrival=1)
    desk.ask(2, "a second", prefer("refunds", 58), arrival=2)
    assert ("offered", "z first", "tom") in desk.tick(60)


def test_what_nobody_on_shift_has_is_given_up_at_once_and_asked_for_again_when_somebody_comes() -> None:
    desk = desk_with()
    desk.person(0, "tom")
    desk.occupy(0, "tom")
    desk.person(0, "mei", "offline", refunds=1)
    assert desk.ask(1, "i1", prefer("refunds", 600)) == [("queued", "i1", None), ("need_dropped", "i1", None)]
    assert desk.why() == [("need_dropped", ["refunds"], "nobody_on_shift")]
    assert desk.be(2, "mei", "busy") == [("need_restored", "i1", None)]
    assert desk.skills_asked("i1", 2) == ["refunds"]
    assert desk.free(3, "tom")[1:] == [], "tom has no refunds, and somebody on shift has"
    assert desk.be(4, "mei", "offline") == [("need_dropped", "i1", None), ("offered", "i1", "tom")]


def test_a_step_is_skipped_to_the_next_one_only() -> None:
    desk = desk_with()
    desk.person(0, "mei", gold=1)
    desk.occupy(0, "mei")
    desk.person(0, "tom")
    desk.ask(0, "i1", prefer("refunds", 300, grade=1), prefer("gold", 120, grade=5))
    assert desk.why() == [("need_dropped", ["refunds"], "nobody_on_shift")]
    assert desk.skills_asked("i1", 1) == ["gold"]
    assert desk.tick(120) == [("need_dropped", "i1", None), ("offered", "i1", "tom")]


def test_somebody_who_comes_takes_the_oldest_of_what_he_makes_possible() -> None:
    desk = desk_with()
    desk.person(0, "mei", zh=1, refunds=1)
    desk.occupy(0, "mei")
    desk.ask(1, "older", require("zh"), prefer("refunds", 600))
    desk.ask(2, "newer", require("zh"))
    desk.be(3, "mei", "offline")
    assert desk.skills_asked("older", 3) == ["zh"]
    assert desk.person(4, "tom", zh=1)[-1] == ("offered", "older", "tom")


def test_losing_a_preferred_skill_gives_it_up_for_who_waits() -> None:
    desk = desk_with()
    desk.person(0, "mei", refunds=1)
    desk.occupy(0, "mei")
    desk.person(0, "tom")
    desk.ask(1, "i1", prefer("refunds", 600))
    assert desk.person(2, "mei", refunds=0) == [("need_dropped", "i1", None), ("offered", "i1", "tom")]


def test_lasting_skills_are_never_given_up() -> None:
    desk = NeedsDesk(lasting=frozenset({"fr"}))
    desk.person(0, "tom")
    assert desk.ask(0, "i1", prefer("fr", 10)) == [("queued", "i1", None)]
    assert desk.run(10_000) == []
    assert desk.explain("i1", 10_000)["blocked_by"] == {"gate": "skill", "people": 1}


def test_with_few_people_preferences_are_ignored_until_there_are_enough_again() -> None:
    desk = desk_with(thin_staff=2)
    desk.person(0, "tom", zh=1)
    desk.person(0, "mei", zh=1, refunds=1)
    for name in ("tom", "mei"):
        desk.occupy(0, name)
    desk.ask(1, "i1", require("zh"), prefer("refunds", 600))
    assert desk.skills_asked("i1", 1) == ["zh", "refunds"]
    desk.be(2, "mei", "away")
    assert desk.why() == [("need_dropped", ["refunds"], "thin_staff")]
    desk.be(3, "mei", "available")
    assert desk.why() == [("need_restored", ["refunds"], "")]


def test_protected_people_are_reached_after_the_delay() -> None:
    desk = desk_with(protect=Protection(skill="legal", level=2, for_s=60))
    desk.person(0, "expert", legal=3)
    desk.person(0, "tom", legal=1)
    desk.occupy(0, "tom")
    assert desk.ask(10, "plain") == [("queued", "plain", None)]
    assert desk.skills_asked("plain", 10) == ["not legal"]
    assert desk.ask(11, "legal matter", require("legal", 2))[-1] == ("offered", "legal matter", "expert")
    desk.accept(12, "legal matter.1")
    assert desk.end(13, "legal matter", "expert") == [("completed", "legal matter", "expert")]
    assert desk.tick(70) == [("need_dropped", "plain", None), ("offered", "plain", "expert")]


def test_protection_ends_at_once_when_nobody_else_on_shift_can_do_the_work() -> None:
    desk = desk_with(protect=Protection(skill="legal", for_s=60))
    desk.person(0, "expert", legal=3, zh=1)
    desk.person(0, "tom")
    assert desk.ask(1, "i1", require("zh"))[-1] == ("offered", "i1", "expert")
    assert desk.why() == [("need_dropped", ["legal"], "nobody_on_shift")]


def test_an_open_offer_ends_with_what_is_required_and_not_with_what_is_preferred() -> None:
    desk = desk_with()
    desk.person(0, "mei", zh=1, refunds=1)
    desk.ask(0, "i1", require("zh"), prefer("refunds", 600))
    assert desk.person(1, "mei", zh=1) == []
    assert desk.person(2, "mei", refunds=1)[0] == ("rescinded", "i1", "mei")


def test_an_item_nobody_can_serve_holds_up_no_other() -> None:
    desk = desk_with()
    desk.person(0, "tom")
    desk.occupy(0, "tom")
    desk.ask(1, "stuck", require("fr"), prefer("refunds", 60), forbid("gold", 30))
    desk.ask(2, "easy")
    assert desk.free(3, "tom")[-1] == ("offered", "easy", "tom")
    assert desk.explain("stuck", 3)["state"] == "waiting"


def test_clocks_run_from_the_entry_into_the_queue() -> None:
    desk = desk_with()
    desk.person(0, "mei", refunds=1)
    desk.occupy(0, "mei")
    desk.ask(100, "i1", prefer("refunds", 60), eligible_since=at(0), entered_queue_at=at(90))
    assert desk.due() == 150
