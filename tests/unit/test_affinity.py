from router.engine.config import QueueConfig
from router.engine.events import AgentRemoved
from tests.unit.lease_desk import at
from tests.unit.needs_desk import NeedsDesk, prefer, require


def desk_with(affinity_s: float = 300, **more: object) -> NeedsDesk:
    queue = QueueConfig(offer_timeout_s=600, affinity_s=affinity_s)
    desk = NeedsDesk(queues={"q": queue}, **more)
    desk.person(0, "mei", zh=2)
    desk.person(0, "tom", zh=1)
    return desk


def wish(desk: NeedsDesk, when: float, id: str, *needs: object, **more: object) -> list[tuple]:
    return desk.ask(when, id, *needs, preferred_agent_id="mei", **more)  # type: ignore[arg-type]


def test_the_person_who_helped_last_time_is_asked_at_once_if_free() -> None:
    desk = desk_with()
    assert wish(desk, 1, "i1")[-1] == ("offered", "i1", "mei")
    assert desk.record("offered")["preferred"] is True


def test_an_item_waits_for_its_person_alone_until_its_time_is_over() -> None:
    desk = desk_with()
    desk.occupy(0, "mei")
    assert wish(desk, 10, "i1") == [("queued", "i1", None)]
    assert desk.record("queued")["kept_for"] == {"agent": "mei", "until": "2026-01-05T09:05:10Z"}
    assert desk.record("queued")["blocked_by"] == {"gate": "capacity", "people": 1}
    assert desk.explain("i1", 20)["kept_for"]["agent"] == "mei"
    assert desk.due() == 310
    assert desk.tick(309) == []
    assert desk.tick(310) == [("offered", "i1", "tom")]


def test_the_freed_person_gets_what_is_kept_for_him_in_the_order_of_age() -> None:
    desk = desk_with()
    for name in ("mei", "tom"):
        desk.occupy(0, name)
    desk.ask(1, "oldest")
    wish(desk, 2, "kept")
    desk.ask(3, "newest")
    assert desk.free(4, "mei")[-1] == ("offered", "oldest", "mei")
    desk.accept(5, "oldest.1")
    assert desk.end(6, "oldest", "mei")[-1] == ("offered", "kept", "mei")
    desk.accept(7, "kept.1")
    assert desk.end(8, "kept", "mei")[-1] == ("offered", "newest", "mei")


def test_somebody_else_who_becomes_free_does_not_get_it() -> None:
    desk = desk_with()
    for name in ("mei", "tom"):
        desk.occupy(0, name)
    wish(desk, 1, "kept")
    desk.ask(2, "any")
    assert desk.free(3, "tom")[-1] == ("offered", "any", "tom")


def test_it_is_over_at_once_when_the_person_goes_and_holds_again_when_he_is_back() -> None:
    for gone in ("away", "offline"):
        desk = desk_with()
        for name in ("mei", "tom"):
            desk.occupy(0, name)
        wish(desk, 1, "i1")
        desk.be(2, "mei", gone)
        assert desk.explain("i1", 2)["kept_for"] is None
        assert desk.explain("i1", 2)["blocked_by"] == {"gate": "capacity", "people": 1}
        desk.be(3, "mei", "busy")
        assert desk.explain("i1", 3)["kept_for"]["agent"] == "mei"
        assert desk.be(4, "mei", "offline") == []
        assert desk.free(5, "tom")[-1] == ("offered", "i1", "tom")


def test_it_never_begins_with_a_person_who_lacks_what_is_required_or_is_not_there() -> None:
    desk = desk_with()
    desk.occupy(0, "mei")
    assert wish(desk, 1, "needs more", require("zh", 1), require("fr")) == [("queued", "needs more", None)]
    assert desk.record("queued")["kept_for"] is None
    assert wish(desk, 2, "too low", require("zh", 3))[-1] == ("queued", "too low", None)
    assert desk.record("queued")["kept_for"] is None
    assert desk.ask(3, "unknown", preferred_agent_id="anna")[-1] == ("offered", "unknown", "tom")


def test_a_preference_does_not_stand_between_a_customer_and_his_person() -> None:
    desk = desk_with()
    desk.person(0, "lin", refunds=5)
    assert wish(desk, 1, "i1", prefer("refunds", 600))[-1] == ("offered", "i1", "mei")


def test_what_was_given_up_meanwhile_is_told_when_it_is_over() -> None:
    desk = desk_with(100)
    desk.person(0, "lin", refunds=5)
    for name in ("mei", "lin"):
        desk.occupy(0, name)
    wish(desk, 0, "i1", prefer("refunds", 60))
    assert desk.due() == 100
    assert desk.tick(100) == [("need_dropped", "i1", None), ("offered", "i1", "tom")]


def test_a_person_who_declined_is_not_waited_for() -> None:
    desk = desk_with()
    wish(desk, 1, "i1")
    assert desk.reject(2, "i1.1")[-1] == ("offered", "i1", "tom")


def test_time_counts_from_the_entry_into_the_queue() -> None:
    desk = desk_with()
    desk.occupy(0, "mei")
    assert wish(desk, 1000, "i1", eligible_since=at(500))[-1] == ("offered", "i1", "tom")


def test_without_a_time_the_person_goes_first_if_free_and_is_not_waited_for() -> None:
    desk = desk_with(0)
    desk.person(0, "lin", zh=5)
    assert wish(desk, 1, "i1", require("zh"))[-1] == ("offered", "i1", "mei")
    assert desk.record("offered")["runner_up"]["agent"] == "tom"
    assert wish(desk, 2, "i2", require("zh"))[-1] == ("offered", "i2", "tom")
    assert desk.record("offered")["preferred"] is False


def test_taking_a_kept_item_by_hand_and_withdrawing_one_leave_nothing_behind() -> None:
    desk = desk_with()
    desk.occupy(0, "mei")
    wish(desk, 1, "i1")
    wish(desk, 2, "i2")
    assert desk.take(3, "i1", "tom") == [("claimed", "i1", "tom")]
    assert desk.explain("i2", 3)["place"] == 1
    assert desk.free(4, "mei")[-1] == ("offered", "i2", "mei")


def test_a_person_who_leaves_for_good_is_not_waited_for() -> None:
    desk = desk_with()
    desk.occupy(0, "tom")
    desk.occupy(0, "mei")
    wish(desk, 1, "i1")
    desk.tell(2, AgentRemoved, agent_id="mei")
    assert desk.explain("i1", 2)["kept_for"] is None
