"""The life of an offer, second by second: every end it can have, and what becomes of its item."""

import pytest

from router.engine.config import OfferConfig, QueueConfig
from router.engine.events import AgentChanged, ItemWithdrawn
from router.engine.words import say
from tests.unit.lease_desk import LeaseDesk

NAMES = {"mei": "Mei", "lin": "Lin"}


def offered(**offers: float) -> LeaseDesk:
    """Mei is offered `i1`, Lin has come after; an offer lasts 30 s, its set-up 20 s."""
    settings: dict = {"ask_again_s": 1000, "accepting_s": 20, **offers}
    desk = LeaseDesk(offers=OfferConfig(**settings), queues={"q": QueueConfig(offer_timeout_s=30)})
    desk.person(0, "mei")
    desk.item(0, "i1")
    desk.person(0, "lin")
    return desk


def test_offer_being_set_up_has_a_cap_of_its_own_and_becomes_a_claim() -> None:
    desk = offered()
    assert desk.accepting(25, "i1.1") == [("accepting", "i1", "mei")]
    made = desk.last[0].offer
    assert made is not None
    assert made.is_accepting
    assert (desk.record("accepting")["open_s"], desk.record("accepting")["expires_at"]) == (
        25,
        "2026-01-05T09:00:45Z",
    )
    assert desk.due() == 45, "the time to answer has stopped"
    assert desk.explain("i1", 26)["state"] == "accepting"
    assert say(desk.explain("i1", 26), "en", NAMES) == "Mei took it; it is being set up."
    assert desk.accept(44, "i1.1") == [("accepted", "i1", "mei")]
    assert desk.due() == 144, "the lease runs from the claim"


def test_telling_twice_that_an_offer_is_set_up_gives_no_more_time() -> None:
    desk = offered()
    desk.accepting(10, "i1.1")
    assert desk.accepting(15, "i1.1") == []
    assert desk.due() == 30


def test_set_up_that_failed_goes_to_the_next_person_at_once_and_blames_nobody() -> None:
    desk = offered()
    desk.accepting(10, "i1.1")
    assert desk.fail(12, "i1.1", "line lost") == [("failed", "i1", "mei"), ("offered", "i1", "lin")]
    assert desk.record("failed")["reason"] == "line lost"
    assert desk.record("offered")["waited_s"] == 12
    assert say(desk.record("failed"), "en", NAMES) == (
        "It could not be set up for Mei (line lost); the next person is asked."
    )
    assert desk.item(13, "i2")[-1] == ("offered", "i2", "mei"), "other work is offered to Mei as ever"


def test_set_up_that_takes_too_long_is_cancelled_and_blames_nobody() -> None:
    desk = offered()
    desk.accepting(10, "i1.1")
    assert desk.run(30) == [(30, "cancelled", "i1", "mei"), (30, "offered", "i1", "lin")]
    assert desk.accept(31, "i1.1") == [], "what comes after the end changes nothing"


@pytest.mark.parametrize("is_failed", [True, False], ids=["failed", "cancelled"])
def test_nobody_is_offered_again_in_the_same_instant_what_was_not_set_up(is_failed: bool) -> None:
    desk = offered(ask_again_s=0)
    desk.be(0, "lin", "away")
    desk.accepting(10, "i1.1")
    if is_failed:
        assert desk.fail(20, "i1.1") == [("failed", "i1", "mei")]
    else:
        assert desk.tick(30) == [("cancelled", "i1", "mei")]
    ended_at = 20 if is_failed else 30
    assert desk.run(ended_at + 9) == []
    assert desk.tick(ended_at + 10) == [("memory_cleared", "i1", None), ("offered", "i1", "mei")]
    assert desk.record("memory_cleared")["declined"] == {}
    assert say(desk.record("memory_cleared"), "en", NAMES) == (
        "Mei may be asked again after the set-up that failed."
    )


def test_refusal_outlives_the_moment_somebody_else_is_passed_over() -> None:
    desk = offered(ask_again_s=100)
    desk.reject(5, "i1.1", "lunch")
    desk.accepting(6, "i1.2")
    desk.fail(8, "i1.2")
    assert desk.explain("i1", 9)["declined"] == {"mei": "lunch", "lin": "not_set_up"}
    assert desk.run(18) == [(18, "memory_cleared", "i1", None), (18, "offered", "i1", "lin")]
    assert desk.record("memory_cleared")["declined"] == {"mei": "lunch"}


def test_failed_set_ups_never_set_a_person_away() -> None:
    desk = offered(max_unanswered=1)
    desk.be(0, "lin", "away")
    for number in range(1, 6):
        desk.accepting(number * 20, f"i1.{number}")
        desk.fail(number * 20 + 1, f"i1.{number}")
        assert desk.tick(number * 20 + 11)[-1] == ("offered", "i1", "mei")


def test_taking_an_offer_starts_the_count_of_unanswered_ones_anew() -> None:
    desk = offered(max_unanswered=2)
    desk.be(0, "lin", "away")
    assert desk.tick(30) == [("expired", "i1", "mei")]
    desk.item(31, "i2")
    desk.accepting(32, "i2.1")
    desk.fail(33, "i2.1")
    desk.item(34, "i3")
    assert ("away", "", "mei") not in desk.tick(64)


@pytest.mark.parametrize("state", ["busy", "away", "offline"])
def test_offer_being_set_up_stays_with_a_person_who_turns_busy_by_it(state: str) -> None:
    desk = offered()
    desk.accepting(10, "i1.1")
    assert desk.be(11, "mei", state) == []
    assert desk.accept(12, "i1.1") == [("accepted", "i1", "mei")]


def test_offer_being_set_up_also_survives_the_loss_of_a_skill() -> None:
    desk = offered()
    desk.accepting(10, "i1.1")
    assert desk.tell(11, AgentChanged, agent_id="mei", skills={}, max_claims=0) == []


def test_withdrawn_and_taken_items_end_a_set_up() -> None:
    desk = offered()
    desk.accepting(10, "i1.1")
    assert desk.take(11, "i1", "lin") == [("rescinded", "i1", "mei"), ("claimed", "i1", "lin")]
    desk.item(12, "i2")
    desk.accepting(13, "i2.1")
    ended = desk.tell(14, ItemWithdrawn, item_id="i2", reason="spam")
    assert [act for act, _, _ in ended] == ["rescinded", "withdrawn"]


def test_offer_may_be_accepted_refused_or_fail_without_a_set_up() -> None:
    desk = offered()
    assert desk.fail(5, "i1.1") == [("failed", "i1", "mei"), ("offered", "i1", "lin")]
    assert desk.accept(6, "i1.2") == [("accepted", "i1", "lin")]
    assert desk.fail(7, "i1.2") == []
    assert desk.accepting(7, "i1.2") == []


def test_person_may_still_refuse_while_it_is_set_up() -> None:
    desk = offered()
    desk.accepting(10, "i1.1")
    assert desk.reject(11, "i1.1", "wrong one") == [("rejected", "i1", "mei"), ("offered", "i1", "lin")]
    assert desk.explain("i1", 12)["declined"] == {"mei": "wrong one"}


@pytest.mark.parametrize(
    ("reason", "rests_s"),
    [("", 5), ("lunch", 5), ("busy", 50), (None, 15)],
    ids=["no", "why", "busy", "none"],
)
def test_person_is_left_alone_for_a_while_after_an_offer_he_did_not_take(
    reason: str | None, rests_s: float
) -> None:
    desk = offered(reject_s=5, busy_s=50, no_answer_s=15)
    desk.be(0, "lin", "away")
    ended_at = 30 if reason is None else 10
    if reason is None:
        desk.tick(30)
    else:
        desk.reject(10, "i1.1", reason)
    assert desk.item(ended_at, "i2") == [("queued", "i2", None)]
    (row,) = [row for row in desk.explain("i2", ended_at)["candidates"] if row["agent"] == "mei"]
    assert row["gate"] == "cooldown"
    assert desk.run(ended_at + rests_s - 1) == []
    assert desk.run(ended_at + rests_s) == [(ended_at + rests_s, "offered", "i2", "mei")]


def test_lost_race_and_failed_set_up_cost_no_rest() -> None:
    desk = offered(reject_s=50, busy_s=50, no_answer_s=50)
    desk.be(0, "lin", "away")
    desk.take(1, "i1", "lin")
    assert desk.item(2, "i2")[-1] == ("offered", "i2", "mei")
    desk.accepting(3, "i2.1")
    desk.fail(4, "i2.1")
    assert desk.item(5, "i3")[-1] == ("offered", "i3", "mei")


def test_busy_answer_is_an_answer() -> None:
    desk = offered(max_unanswered=2, ask_again_s=0)
    desk.be(0, "lin", "away")
    desk.tick(30)
    desk.reject(31, "i1.2", "busy")
    assert ("away", "", "mei") not in desk.tick(61)
