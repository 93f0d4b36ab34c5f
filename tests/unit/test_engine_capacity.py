"""How much one person gets: units, classes, dormant work, reserves, rests, ramps and expiring skills."""

from datetime import timedelta

from router.engine.config import (
    CapacityConfig,
    ClassConfig,
    OfferConfig,
    QueueConfig,
    Ramp,
    Reserve,
    SlowStart,
)
from router.engine.decisions import Decision
from router.engine.events import AgentChanged, ClaimTaken, CustomerWrote, OfferRejected, Replied
from router.engine.needs import Need, NeedKind
from tests.unit.engine_desk import Desk, acts

CLASSES = {
    "chat": ClassConfig(cost=20, max=3),
    "email": ClassConfig(cost=10, max=8, interruptible_by=frozenset({"chat", "phone"})),
    "phone": ClassConfig(cost=100, max=1),
}


def offered(decisions: list[Decision]) -> list[str]:
    return [decision.item_id for decision in decisions if decision.offer and decision.act == "offered"]


def blocked(desk: Desk, item_id: str) -> dict:
    return desk.explain(item_id)["blocked_by"]


def row(desk: Desk, item_id: str, agent: str) -> dict:
    return next(row for row in desk.explain(item_id)["candidates"] if row["agent"] == agent)


def test_items_are_offered_until_the_units_are_used_up() -> None:
    desk = Desk(capacity=CapacityConfig(classes={"chat": ClassConfig(cost=30, max=9)}))
    desk.agent("mei", max_claims=None)
    for number in range(4):
        desk.item(f"i{number}")
    assert desk.explain("i2")["agent"] == "mei"
    assert blocked(desk, "i3") == {"gate": "capacity", "people": 1}
    found = row(desk, "i3", "mei")
    assert (found["limit"], found["load"], found["of"], found["cost"]) == ("units", 90, 100, 30)


def test_full_class_leaves_room_for_other_classes() -> None:
    desk = Desk(capacity=CapacityConfig(classes={**CLASSES, "chat": ClassConfig(cost=1, max=1)}))
    desk.agent("mei", max_claims=None)
    desk.item("chat 1")
    desk.item("chat 2")
    assert row(desk, "chat 2", "mei")["limit"] == "class"
    assert offered(desk.item("mail", channel_class="email")) == ["mail"]


def test_cap_on_items_stops_a_person_with_units_to_spare() -> None:
    desk = Desk(capacity=CapacityConfig(classes=CLASSES))
    desk.agent("mei", max_claims=1)
    desk.item("i1")
    desk.item("i2")
    found = row(desk, "i2", "mei")
    assert (found["limit"], found["items"], found["max_claims"]) == ("items", 1, 1)


def test_interruptible_work_does_not_stand_in_the_way_of_a_call_but_the_call_stops_more_of_it() -> None:
    desk = Desk(capacity=CapacityConfig(classes=CLASSES))
    desk.agent("mei", max_claims=None)
    for number in range(3):
        desk.item(f"mail {number}", channel_class="email")
        desk.accept(f"mail {number}.1")
    assert offered(desk.item("call", channel_class="phone")) == ["call"]
    desk.item("mail 3", channel_class="email")
    found = row(desk, "mail 3", "mei")
    assert (found["limit"], found["load"], found["spare"]) == ("units", 130, -30)


def test_reply_makes_room_that_the_customers_answer_takes_again() -> None:
    desk = Desk(capacity=CapacityConfig(classes={"chat": ClassConfig(cost=50, max=9)}, dormant=0.5))
    desk.agent("mei", max_claims=None)
    for number in range(4):
        desk.item(f"i{number}")
        desk.accept(f"i{number}.1")
    assert offered(desk.tell(Replied, item_id="i0")) == []
    assert offered(desk.tell(Replied, item_id="i1")) == ["i2"]
    desk.accept("i2.1")
    desk.tell(CustomerWrote, item_id="i0")
    found = row(desk, "i3", "mei")
    assert (found["load"], found["spare"], found["count"]) == (125, -25, 2.5)


def test_dormant_work_takes_its_part_of_the_places_of_a_class() -> None:
    desk = Desk(capacity=CapacityConfig(classes={"chat": ClassConfig(cost=1, max=2)}, dormant=0.25))
    desk.agent("mei", max_claims=None)
    for number in range(3):
        desk.item(f"i{number}")
        desk.accept(f"i{number}.1")
    assert desk.explain("i2")["state"] == "waiting"
    desk.tell(Replied, item_id="i0")
    assert desk.explain("i2")["state"] == "waiting"
    assert row(desk, "i2", "mei")["count"] == 1.25


def test_work_given_by_hand_exceeds_the_limit_and_stops_offers_until_there_is_room() -> None:
    desk = Desk(capacity=CapacityConfig(classes=CLASSES))
    desk.agent("mei", units=20, max_claims=None)
    for name in ("one", "two"):
        desk.item(name, queue="elsewhere", channel_class="chat")
        desk.tell(ClaimTaken, item_id=name, agent_id="mei")
    desk.item("waits")
    assert row(desk, "waits", "mei")["spare"] == -20
    assert offered(desk.end("one", "mei")) == []
    assert offered(desk.end("two", "mei")) == ["waits"]


def test_more_units_are_filled_at_once() -> None:
    desk = Desk()
    desk.agent("mei", units=20, max_claims=None)
    desk.item("i1")
    desk.item("i2")
    assert offered(desk.tell(AgentChanged, agent_id="mei", skills={}, units=40)) == ["i2"]


def test_person_is_asked_only_for_the_queues_he_may_serve() -> None:
    desk = Desk()
    desk.agent("mei", queues=frozenset({"mail", "returns"}))
    desk.item("i1")
    assert blocked(desk, "i1") == {"gate": "permission", "people": 1}
    assert row(desk, "i1", "mei") == {
        "agent": "mei",
        "gate": "permission",
        "queue": "q",
        "serves": ["mail", "returns"],
    }
    assert offered(desk.item("i2", queue="mail")) == ["i2"]
    assert acts(desk.tell(AgentChanged, agent_id="mei", skills={}, queues=frozenset({"q"}))) == [
        ("rescinded", "i2", "mei"),
        ("blocked", "i2", None),
        ("offered", "i1", "mei"),
    ]


def test_skill_is_lost_at_its_time_and_the_open_offer_with_it() -> None:
    desk = Desk(queues={"q": QueueConfig(offer_timeout_s=600)})
    lost_at = desk.now + timedelta(seconds=60)
    desk.tell(AgentChanged, agent_id="mei", skills={"zh": 3, "en": 2}, expires={"zh": lost_at})
    desk.be("mei", "available")
    desk.item("i1", {"require": "zh"})
    assert desk.engine.next_due() == lost_at
    assert acts(desk.tick(60))[:2] == [("rescinded", "i1", "mei"), ("blocked", "i1", None)]
    assert blocked(desk, "i1") == {"gate": "skill", "people": 1}
    assert offered(desk.item("i2", {"require": "en"})) == ["i2"]


def test_skill_that_has_expired_before_it_is_told_is_never_held() -> None:
    desk = Desk()
    desk.tell(AgentChanged, agent_id="mei", skills={"zh": 3}, expires={"zh": desk.now})
    desk.be("mei", "available")
    desk.item("i1", {"require": "zh"})
    assert blocked(desk, "i1")["gate"] == "skill"
    assert desk.engine.next_due() is None


RESERVE = Reserve(units=40, needs=(Need(kind=NeedKind.REQUIRE, skill="zh"),))


def test_units_reserved_for_a_queue_are_kept_free_by_those_who_can_serve_it_only() -> None:
    desk = Desk(queues={"complaints": QueueConfig(reserve=RESERVE)})
    desk.agent("mei", max_claims=None, units=60, zh=3)
    for number in range(2):
        desk.item(f"i{number}")
    assert blocked(desk, "i1") == {"gate": "reserve", "people": 1}
    found = row(desk, "i1", "mei")
    assert (found["reserved"], found["reserved_for"], found["load"]) == (40, ["complaints"], 20)
    assert offered(desk.item("c1", queue="complaints")) == ["c1"]
    assert offered(desk.agent("tom", max_claims=None, units=20)) == ["i1"]


def test_refusal_leaves_the_person_alone_for_the_cooldown_then_fills_him() -> None:
    desk = Desk(offers=OfferConfig(reject_s=30, ask_again_s=600))
    desk.agent("mei")
    desk.item("i1")
    desk.item("i2")
    assert offered(desk.tell(OfferRejected, offer_id="i1.1")) == []
    assert blocked(desk, "i2") == {"gate": "cooldown", "people": 1}
    assert row(desk, "i2", "mei")["until"] == (desk.now + timedelta(seconds=30)).isoformat().replace(
        "+00:00", "Z"
    )
    assert offered(desk.tick(29)) == []
    assert offered(desk.tick(1)) == ["i2"]


def test_ramp_lets_so_many_items_through_in_a_window_and_opens_by_itself() -> None:
    desk = Desk(
        capacity=CapacityConfig(ramp=Ramp(items=2, per_s=60)), queues={"q": QueueConfig(offer_timeout_s=600)}
    )
    desk.agent("mei", max_claims=None)
    began = desk.now
    for number in range(4):
        desk.item(f"i{number}")
    assert blocked(desk, "i2") == {"gate": "ramp", "people": 1}
    found = row(desk, "i2", "mei")
    assert (found["items"], found["per_s"]) == (2, 60)
    assert desk.engine.next_due() == began + timedelta(seconds=61)
    assert offered(desk.tick(56)) == []
    assert offered(desk.tick(1)) == ["i2"]
    assert offered(desk.tick(1)) == ["i3"]


def test_slow_start_holds_back_only_those_who_have_just_come() -> None:
    slow = SlowStart(for_s=100, items=1, per_s=40)
    desk = Desk(capacity=CapacityConfig(slow_start=slow), queues={"q": QueueConfig(offer_timeout_s=900)})
    for number in range(6):
        desk.item(f"i{number}")
    assert offered(desk.agent("mei", max_claims=None)) == ["i0"]
    assert offered(desk.tick(39)) == []
    assert offered(desk.tick(1)) == ["i1"]
    assert offered(desk.tick(40)) == ["i2"]
    assert offered(desk.tick(20)) == ["i3", "i4"], "the slow start is over"


def test_refusal_told_twice_rests_once() -> None:
    desk = Desk(offers=OfferConfig(reject_s=30, ask_again_s=600))
    desk.agent("mei")
    desk.item("i1")
    desk.tell(OfferRejected, offer_id="i1.1")
    ends_at = desk.now + timedelta(seconds=30)
    assert desk.tell(OfferRejected, offer_id="i1.1") == []
    assert desk.engine.next_due() == ends_at
    assert offered(desk.item("i2")) == []
    assert offered(desk.tick(29)) == ["i2"]
