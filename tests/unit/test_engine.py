"""Single situations at a desk, one promise each."""

from datetime import UTC, datetime, timedelta

import pytest

from router.engine.config import EngineConfig, LeaseConfig, OfferConfig, QueueConfig
from router.engine.decisions import Act, Decision
from router.engine.engine import Engine
from router.engine.events import (
    AgentChanged,
    AgentRemoved,
    ClaimEnded,
    ClaimOutcome,
    ClaimTaken,
    ClockTick,
    Item,
    ItemQueued,
    ItemWithdrawn,
    OfferAccepted,
    OfferRejected,
    PresenceChanged,
)
from router.engine.needs import needs_from_json
from router.model.presence import PresenceState

PATIENT = LeaseConfig(nudge_s=None, supervisor_s=None, hand_back_s=None, absent_s=None)
START = datetime(2026, 1, 5, 9, tzinfo=UTC)


class Desk:
    """Speaks to an engine in short sentences; every call is a second later."""

    def __init__(self, *, seed: int = 1, **config: object) -> None:
        self.engine = Engine(EngineConfig(**config), seed)
        self.now = START

    def tell(self, kind: type, **fields: object) -> list[Decision]:
        self.now += timedelta(seconds=1)
        return self.engine.apply(kind(at=self.now, **fields))

    def agent(
        self, name: str, *, max_claims: int = 1, state: str = "available", **skills: int
    ) -> list[Decision]:
        decisions = self.tell(AgentChanged, agent_id=name, skills=skills, max_claims=max_claims)
        return decisions + self.be(name, state)

    def be(self, name: str, state: str, classes: frozenset[str] | None = None) -> list[Decision]:
        return self.tell(PresenceChanged, agent_id=name, state=PresenceState(state), classes=classes)

    def item(self, id: str, *needs: dict, since: datetime | None = None, **more: object) -> list[Decision]:
        fields: dict = {"queue": "q", "channel_class": "chat", "arrival": int(self.now.timestamp())} | more
        since = since or self.now
        item = Item(
            id=id, conversation_id=f"c-{id}", needs=needs_from_json(needs), eligible_since=since, **fields
        )
        return self.tell(ItemQueued, item=item)

    def accept(self, offer_id: str) -> list[Decision]:
        return self.tell(OfferAccepted, offer_id=offer_id)

    def end(self, item: str, agent: str, outcome: str = "completed") -> list[Decision]:
        return self.tell(ClaimEnded, item_id=item, agent_id=agent, outcome=ClaimOutcome(outcome))

    def tick(self, seconds: float) -> list[Decision]:
        self.now += timedelta(seconds=seconds)
        return self.engine.apply(ClockTick(at=self.now))

    def explain(self, item_id: str) -> dict:
        return dict(self.engine.explain(item_id, self.now))


def acts(decisions: list[Decision]) -> list[tuple[str, str, str | None]]:
    return [(decision.act.value, decision.item_id, decision.agent_id) for decision in decisions]


def test_new_item_is_offered_to_a_free_person_with_a_deadline() -> None:
    desk = Desk(queues={"q": QueueConfig(offer_timeout_s=12)})
    desk.agent("mei", zh=3)
    queued, offered = desk.item("i1", {"require": "zh"})
    assert queued.record["blocked_by"] is None
    assert offered.offer is not None
    assert offered.offer.offer_id == "i1.1"
    assert offered.offer.expires_at - offered.offer.offered_at == timedelta(seconds=12)
    assert desk.engine.next_due() == offered.offer.expires_at


def test_freed_person_gets_the_smallest_key_he_may_serve() -> None:
    desk = Desk()
    desk.agent("mei", zh=3)
    desk.item("first")
    desk.accept("first.1")
    desk.item("old")
    desk.item("other skill", {"require": "fr"}, boost_s=3600)
    desk.item("complaint", boost_s=3600)
    assert acts(desk.end("first", "mei")) == [
        ("completed", "first", "mei"),
        ("offered", "complaint", "mei"),
    ]


def test_item_nobody_can_serve_blocks_no_other() -> None:
    desk = Desk()
    desk.item("stuck", {"require": "fr", "level": 4})
    desk.item("easy")
    assert ("offered", "easy", "tom") in acts(desk.agent("tom", fr=3))
    assert desk.explain("stuck")["blocked_by"] == {"gate": "level", "people": 1}


def test_coming_back_fills_every_free_slot_at_once() -> None:
    desk = Desk()
    for number in range(4):
        desk.item(f"i{number}")
    offered = [item for act, item, _ in acts(desk.agent("mei", max_claims=3)) if act == "offered"]
    assert offered == ["i0", "i1", "i2"]


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
    assert (claimed.record["before"], claimed.record["load"]) == ("mei", 1)
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


@pytest.mark.parametrize(
    ("needs", "chosen"),
    [
        ([{"require": "zh", "level": 2}], "tom"),
        ([{"require": "zh"}, {"prefer": "refunds", "grade": 1}], "lin"),
        ([{"prefer": "gold", "grade": 2}, {"prefer": "refunds", "grade": 1}], "lin"),
        ([{"prefer": "gold", "grade": 1}, {"prefer": "refunds", "grade": 2}], "mei"),
        ([{"require": "zh"}, {"forbid": "refunds"}, {"forbid": "gold"}], "tom"),
    ],
    ids=["smallest surplus", "preference first", "grade 1 over 2", "grades swapped", "forbidden skills"],
)
def test_best_person_by_preference_then_small_surplus(needs: list[dict], chosen: str) -> None:
    desk = Desk()
    desk.agent("lin", zh=5, refunds=5)
    desk.agent("tom", zh=2)
    desk.agent("mei", zh=4, gold=1)
    assert desk.item("i1", *needs)[-1].agent_id == chosen


def test_equal_people_are_asked_by_load_then_longest_since_an_offer() -> None:
    desk = Desk()
    desk.agent("mei", max_claims=4)
    desk.agent("tom", max_claims=2)
    first = [desk.item(f"i{number}")[-1].agent_id for number in range(2)]
    assert set(first) == {"mei", "tom"}
    assert desk.item("i2")[-1].agent_id == "mei"
    record = desk.item("i3")[-1].record
    assert (record["agent"], record["winner"]["load"], record["winner"]["of"]) == ("tom", 1, 2)


def test_seed_alone_decides_among_people_never_asked() -> None:
    def chosen(seed: int, item: str) -> str | None:
        desk = Desk(seed=seed)
        for name in ("anna", "lin", "mei", "tom"):
            desk.agent(name)
        return desk.item(item)[-1].agent_id

    assert chosen(3, "x") == chosen(3, "x")
    assert len({chosen(3, f"item {number}") for number in range(40)}) == 4
    assert len({chosen(seed, "x") for seed in range(40)}) == 4


def test_offer_record_names_the_runner_up_and_what_stops_the_others() -> None:
    desk = Desk()
    desk.agent("mei", zh=2)
    desk.agent("lin", zh=3)
    desk.agent("tom", zh=1)
    desk.agent("anna", state="busy", zh=5)
    record = desk.item("i1", {"require": "zh", "level": 2})[-1].record
    assert (record["winner"]["agent"], record["runner_up"]["agent"]) == ("mei", "lin")
    rows = {row["agent"]: row for row in record["candidates"]}
    assert rows["tom"] == {"agent": "tom", "gate": "level", "skill": "zh", "needs": 2, "has": 1}
    assert rows["anna"] == {"agent": "anna", "gate": "presence", "state": "busy"}
    assert record["by_gate"] == {"presence": 1, "level": 1, "passed": 2}


def test_more_than_twenty_people_are_summarised() -> None:
    desk = Desk()
    desk.agent("mei", zh=2)
    for number in range(30):
        desk.agent(f"agent {number}", state="available" if number else "away")
    desk.item("i1", {"require": "zh"})
    desk.accept("i1.1")
    assert desk.item("i2", {"require": "zh"})[-1].record["blocked_by"] == {"gate": "capacity", "people": 1}
    explained = desk.explain("i2")
    assert len(explained["candidates"]) == 20
    assert explained["candidates"][0] == {"agent": "mei", "gate": "capacity", "load": 1, "of": 1}
    assert explained["by_gate"] == {"presence": 1, "skill": 29, "capacity": 1}
    freed = desk.end("i1", "mei")[-1].record
    assert freed["candidates"] is None
    assert freed["by_gate"] == {"presence": 1, "skill": 29, "passed": 1}


def test_place_counts_the_queue_and_says_whom_the_boost_put_behind() -> None:
    desk = Desk()
    for number in range(3):
        desk.item(f"i{number}")
    desk.item("elsewhere", queue="other")
    record = desk.item("complaint", boost_s=3600)[0].record
    assert (record["place"], record["waiting"], record["passed"]) == (1, 4, 3)
    assert (record["advance_s"], record["advanced_by"]) == (3600, "boost")
    late = desk.explain("i2")
    assert (late["place"], late["item_before"]["item"], late["item_after"]) == (4, "i1", None)


def test_record_is_written_only_when_the_blocking_gate_changes() -> None:
    desk = Desk()
    desk.item("i1", {"require": "zh", "level": 3})
    assert desk.tell(AgentChanged, agent_id="mei", skills={}, max_claims=1) == []
    gates = [
        [d.record["blocked_by"]["gate"] for d in step]
        for step in (
            desk.be("mei", "available"),
            desk.be("mei", "available", frozenset({"email"})),
            desk.be("mei", "available", frozenset({"email", "phone"})),
            desk.be("mei", "offline"),
            desk.agent("tom", zh=1),
        )
    ]
    assert gates == [["skill"], ["channel_class"], [], ["presence"], ["level"]]


def test_time_that_goes_back_counts_as_now() -> None:
    desk = Desk()
    desk.agent("mei")
    made = desk.item("i1")[-1].offer
    assert made is not None
    late = desk.engine.apply(OfferAccepted(at=START - timedelta(days=1), offer_id="i1.1"))
    assert late[0].at == made.offered_at
