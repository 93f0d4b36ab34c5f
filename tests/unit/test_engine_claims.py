"""Leaving, helping oneself, handing over and back."""

from datetime import timedelta

import pytest

from router.engine.config import OfferConfig
from router.engine.decisions import Act
from router.engine.events import AgentRemoved, ClaimTaken, ItemWithdrawn, OfferRejected
from tests.unit.engine_desk import START, Desk, acts


@pytest.mark.parametrize("state", ["away", "busy", "offline"])
def test_leaving_returns_offers_but_not_claims(state: str) -> None:
    desk = Desk()
    desk.agent("mei", max_claims=2)
    desk.item("kept")
    desk.accept("kept.1")
    desk.item("open")
    assert acts(desk.be("mei", state))[0] == ("rescinded", "open", "mei")
    assert desk.explain("kept")["agent"] == "mei"


def test_switching_a_channel_off_returns_its_offer() -> None:
    desk = Desk()
    desk.agent("mei")
    desk.item("i1")
    decisions = desk.be("mei", "available", frozenset({"email"}))
    assert decisions[0].act is Act.RESCINDED
    assert decisions[-1].record["blocked_by"] == {"gate": "channel_class", "people": 1}


def test_helping_oneself_takes_the_item_from_an_open_offer_even_beyond_the_limit() -> None:
    desk = Desk()
    desk.agent("mei", zh=1)
    desk.item("i1", {"require": "zh"})
    desk.agent("tom", max_claims=0)
    taken = desk.tell(ClaimTaken, item_id="i1", agent_id="tom")
    assert acts(taken) == [("rescinded", "i1", "mei"), ("claimed", "i1", "tom")]
    assert desk.accept("i1.1") == []
    assert desk.tell(ClaimTaken, item_id="i1", agent_id="tom") == []


def test_item_handed_to_a_colleague_names_who_had_it_and_frees_that_person() -> None:
    desk = Desk()
    desk.agent("mei")
    desk.item("i1")
    desk.accept("i1.1")
    desk.item("i2")
    claimed, offered = desk.tell(ClaimTaken, item_id="i1", agent_id="tom")
    assert acts([claimed, offered]) == [("claimed", "i1", "tom"), ("offered", "i2", "mei")]
    assert (claimed.record["before"], claimed.record["load"]) == ("mei", 20)
    assert desk.explain("i1")["agent"] == "tom"
    assert acts(desk.end("i1", "mei")) == [], "what the former holder ends is not his any more"
    (taken,) = desk.tell(ClaimTaken, item_id="i3", agent_id="tom")
    assert taken.record["before"] is None


def test_item_put_back_keeps_its_age_and_goes_to_somebody_else() -> None:
    desk = Desk()
    desk.agent("mei", zh=1)
    desk.item("i1", {"require": "zh"})
    desk.accept("i1.1")
    desk.agent("tom", zh=9)
    desk.item("newer", {"forbid": "zh"})
    assert acts(desk.end("i1", "mei", "handed_back")) == [("put_back", "i1", "mei")]
    again = desk.item("i1", {"require": "zh"}, since=START + timedelta(seconds=2))
    assert acts(again) == [("queued", "i1", None), ("offered", "i1", "tom")]
    assert again[1].offer is not None
    assert again[1].offer.offer_id == "i1.2"
    assert again[0].record["place"] == 1


def test_item_put_back_by_the_only_person_rings_again_after_the_cooldown_only() -> None:
    desk = Desk(offers=OfferConfig(ask_again_s=60))
    desk.agent("mei")
    desk.item("i1")
    desk.accept("i1.1")
    desk.end("i1", "mei", "handed_back")
    assert acts(desk.item("i1", declined={"tom": "no_answer"}, declined_at=START)) == [("queued", "i1", None)]
    assert acts(desk.tick(60)) == [("memory_cleared", "i1", None), ("offered", "i1", "mei")]


def test_withdrawn_item_frees_the_person_who_was_asked() -> None:
    desk = Desk()
    desk.agent("mei")
    desk.item("i1")
    desk.item("i2")
    assert acts(desk.tell(ItemWithdrawn, item_id="i1", reason="merged")) == [
        ("rescinded", "i1", "mei"),
        ("withdrawn", "i1", "mei"),
        ("offered", "i2", "mei"),
    ]
    assert desk.explain("i1")["state"] == "gone"


def test_removed_person_loses_offers_and_is_not_counted() -> None:
    desk = Desk()
    desk.agent("mei")
    desk.item("i1")
    desk.tell(AgentRemoved, agent_id="mei")
    assert desk.explain("i1")["blocked_by"] == {"gate": "presence", "people": 0}


def test_events_that_no_longer_apply_change_nothing() -> None:
    desk = Desk()
    desk.item("i1")
    assert desk.item("i1") == []
    assert desk.accept("nobody.1") == []
    assert desk.tell(OfferRejected, offer_id="nobody.1") == []
    assert desk.end("i1", "mei") == []
    assert desk.tell(ItemWithdrawn, item_id="x") == []
    assert desk.tell(AgentRemoved, agent_id="x") == []
    assert desk.engine.next_due() is None
