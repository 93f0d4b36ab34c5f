"""What becomes of offers: answers, silence, memory."""

from datetime import timedelta

from router.engine.config import OfferConfig, QueueConfig
from router.engine.decisions import Act
from router.engine.events import OfferRejected
from tests.unit.engine_desk import PATIENT, START, Desk, acts


def test_declined_item_goes_to_the_next_person_and_the_decliner_gets_other_work() -> None:
    desk = Desk()
    desk.agent("mei", zh=1)
    desk.item("i1", {"require": "zh"})
    desk.agent("tom", zh=5)
    desk.item("i2", {"require": "zh"})
    desk.accept("i2.1")
    desk.item("i3", {"require": "zh"})
    decisions = desk.tell(OfferRejected, offer_id="i1.1", reason="lunch")
    assert acts(decisions) == [("rejected", "i1", "mei"), ("blocked", "i1", None), ("offered", "i3", "mei")]
    assert decisions[0].record["declined"] == {"mei": "lunch"}
    assert ("offered", "i1", "tom") in acts(desk.end("i2", "tom"))


def test_when_all_declined_they_are_asked_again_after_the_cooldown_only() -> None:
    desk = Desk(offers=OfferConfig(ask_again_s=60))
    desk.agent("mei")
    desk.item("i1")
    blocked = desk.tell(OfferRejected, offer_id="i1.1")[-1]
    assert blocked.record["blocked_by"] == {"gate": "declined", "people": 1}
    assert desk.engine.next_due() == desk.now + timedelta(seconds=60)
    assert desk.tick(59) == []
    assert acts(desk.tick(1)) == [("memory_cleared", "i1", None), ("offered", "i1", "mei")]
    assert acts(desk.tell(OfferRejected, offer_id="i1.2"))[-1] == ("blocked", "i1", None)
    assert desk.tick(59) == []


def test_cooldown_outlives_an_offer_that_was_open_meanwhile_and_came_back() -> None:
    desk = Desk(offers=OfferConfig(ask_again_s=60), queues={"q": QueueConfig(offer_timeout_s=600)})
    desk.agent("tom")
    desk.item("i1")
    desk.tell(OfferRejected, offer_id="i1.1")
    refused_at = desk.now
    assert acts(desk.agent("mei"))[0] == ("offered", "i1", "mei")
    assert desk.engine.next_due() == desk.now + timedelta(seconds=600), "nothing to forget while offered"
    assert acts(desk.be("mei", "away"))[0] == ("rescinded", "i1", "mei")
    assert desk.engine.next_due() == refused_at + timedelta(seconds=60)
    again = acts(desk.tick(60))
    assert again == [("memory_cleared", "i1", None), ("offered", "i1", "tom")]


def test_nobody_is_asked_again_while_somebody_who_did_not_decline_is_only_busy() -> None:
    desk = Desk(offers=OfferConfig(ask_again_s=60), leases={"chat": PATIENT})
    desk.agent("mei")
    desk.agent("tom")
    desk.item("i1")
    desk.item("i2")
    decliner = desk.explain("i1")["agent"]
    desk.accept("i2.1")
    desk.tell(OfferRejected, offer_id="i1.1")
    assert desk.tick(600) == []
    other = {"mei": "tom", "tom": "mei"}[str(decliner)]
    assert acts(desk.be(other, "away"))[:2] == [
        ("memory_cleared", "i1", None),
        ("offered", "i1", decliner),
    ]


def test_unanswered_offer_goes_on_with_its_age() -> None:
    desk = Desk()
    desk.agent("mei", zh=1)
    desk.item("i1", {"require": "zh"})
    desk.agent("tom", zh=9)
    assert acts(desk.tick(30)) == [("expired", "i1", "mei"), ("offered", "i1", "tom")]
    assert desk.explain("i1")["waited_s"] == (desk.now - START).total_seconds() - 2


def test_answer_after_the_deadline_changes_nothing() -> None:
    desk = Desk()
    desk.agent("mei")
    desk.item("i1")
    desk.now += timedelta(seconds=60)
    assert acts(desk.accept("i1.1"))[0] == ("expired", "i1", "mei")
    assert desk.explain("i1")["state"] == "waiting"
    assert desk.accept("i1.1") == []


def test_three_unanswered_offers_in_a_row_set_a_person_away() -> None:
    desk = Desk(offers=OfferConfig(ask_again_s=0))
    desk.agent("mei", max_claims=2)
    desk.item("i1")
    desk.tick(30)
    desk.tick(30)
    desk.item("i2")
    decisions = desk.tick(29)
    assert acts(decisions)[:3] == [("expired", "i1", "mei"), ("away", "", "mei"), ("rescinded", "i2", "mei")]
    assert desk.explain("i2")["blocked_by"] == {"gate": "presence", "people": 1}


def test_an_answer_starts_the_count_of_unanswered_offers_anew() -> None:
    desk = Desk(offers=OfferConfig(ask_again_s=0, max_unanswered=2))
    desk.agent("mei")
    desk.item("i1")
    desk.tick(30)
    desk.tell(OfferRejected, offer_id="i1.2")
    assert Act.AWAY not in [decision.act for decision in desk.tick(60)]
