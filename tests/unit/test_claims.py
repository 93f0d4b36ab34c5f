"""Claims that rest while the customer is waited for, wake up, change hands and end."""

import pytest

from router.engine.config import CapacityConfig, ClassConfig
from router.engine.events import ItemWithdrawn
from router.engine.words import say
from tests.unit.lease_desk import LeaseDesk

NAMES = {"mei": "Mei", "lin": "Lin"}
ONE_CHAT = CapacityConfig(classes={"chat": ClassConfig(cost=50, max=2)}, dormant=0.25)


def with_mei(**config: object) -> LeaseDesk:
    desk = LeaseDesk(**config)
    desk.person(0, "mei")
    desk.held(0, "i1", "mei")
    return desk


def test_answered_claim_is_dormant_and_owes_nothing() -> None:
    desk = with_mei()
    assert desk.reply(10, "i1") == [("dormant", "i1", "mei")]
    assert desk.reply(11, "i1") == [], "another reply changes nothing"
    assert desk.run(5000) == []
    assert desk.explain("i1", 5000)["lease"]["is_dormant"] is True


def test_message_of_the_customer_wakes_the_claim_once() -> None:
    desk = with_mei()
    desk.reply(10, "i1")
    assert desk.wrote(20, "i1") == [("woken", "i1", "mei")]
    assert desk.wrote(30, "i1") == []
    assert desk.due() == 120


@pytest.mark.parametrize("id", ["waiting", "gone"])
def test_reply_and_message_on_what_nobody_has_change_nothing(id: str) -> None:
    desk = LeaseDesk()
    desk.item(0, "waiting")
    assert desk.reply(1, id) == []
    assert desk.wrote(2, id) == []


def test_sleep_and_waking_are_said_in_words() -> None:
    desk = with_mei()
    desk.reply(10, "i1")
    assert say(desk.record("dormant"), "en", NAMES).startswith("The customer has his answer; Mei keeps it")
    desk.wrote(20, "i1")
    assert say(desk.record("woken"), "zh", {"mei": "小美"}).startswith("客户再次来信，待小美回复")


def test_waking_while_the_holder_is_offline_waits_for_him_for_the_grace() -> None:
    desk = with_mei()
    desk.person(0, "lin")
    desk.reply(10, "i1")
    desk.be(20, "mei", "offline")
    desk.wrote(500, "i1")
    assert desk.run(560) == [(560, "put_back", "i1", "mei"), (560, "offered", "i1", "lin")]
    assert desk.record("offered")["waited_s"] == 560, "with its original age"


def test_holder_who_comes_back_within_the_grace_keeps_what_woke() -> None:
    desk = with_mei()
    desk.reply(10, "i1")
    desk.be(20, "mei", "offline")
    desk.wrote(500, "i1")
    desk.be(559, "mei", "available")
    assert desk.due() == 600


def test_owed_work_handed_to_a_colleague_gives_him_a_whole_lease() -> None:
    desk = with_mei()
    desk.run(250)
    desk.person(250, "lin")
    assert desk.take(250, "i1", "lin") == [("claimed", "i1", "lin")]
    assert desk.record("claimed")["is_dormant"] is False
    assert [what[:3] for what in desk.run(450)] == [(350, "nudged", "i1"), (450, "escalated", "i1")]


def test_dormant_work_handed_to_a_colleague_stays_dormant() -> None:
    desk = with_mei()
    desk.reply(10, "i1")
    desk.take(20, "i1", "lin")
    assert desk.record("claimed")["is_dormant"] is True
    assert desk.run(1000) == []
    desk.wrote(1000, "i1")
    assert desk.run(1060)[0] == (1060, "put_back", "i1", "lin"), "Lin was never here"
    assert desk.record("put_back")["replied_at"] == "2026-01-05T09:00:10Z"


@pytest.mark.parametrize("is_dormant", [True, False])
def test_ended_claims_leave_no_deadline_behind(is_dormant: bool) -> None:
    for end in ("completed", "handed_back", "withdrawn"):
        desk = with_mei()
        if is_dormant:
            desk.reply(10, "i1")
        if end == "withdrawn":
            desk.tell(20, ItemWithdrawn, item_id="i1", reason="merged")
        else:
            desk.end(20, "i1", "mei", end)
        assert desk.due() is None
        assert desk.wrote(30, "i1") == []
        assert desk.reply(31, "i1") == []


def test_work_queued_again_after_a_hand_back_owes_anew() -> None:
    desk = with_mei()
    desk.person(1, "lin")
    desk.reply(10, "i1")
    desk.end(20, "i1", "mei", "handed_back")
    assert desk.item(20, "i1", since=0)[-1] == ("offered", "i1", "lin")
    desk.accept(25, "i1.2")
    assert desk.due() == 125


def test_work_claimed_without_being_queued_here_has_no_lease() -> None:
    desk = LeaseDesk()
    assert desk.take(0, "unknown", "mei") == [("claimed", "unknown", "mei")]
    assert desk.due() is None
    desk.reply(1, "unknown")
    desk.wrote(2, "unknown")
    assert desk.due() is None
