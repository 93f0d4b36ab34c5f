"""What records say."""

from datetime import timedelta

from router.engine.events import AgentChanged, OfferAccepted
from tests.unit.engine_desk import START, Desk


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
    assert explained["candidates"][0] == {
        "agent": "mei",
        "gate": "capacity",
        "limit": "items",
        "items": 1,
        "max_claims": 1,
        "load": 20,
        "of": 100,
        "spare": 80,
        "cost": 20,
        "count": 1,
        "max": 5,
    }
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
