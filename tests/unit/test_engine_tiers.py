"""Queues with a share of the picks, and queues that serve the last come first."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from router.engine.config import EngineConfig, QueueConfig, QueueMode, Share
from router.engine.decisions import Act, Decision
from router.engine.engine import Engine
from router.engine.events import (
    AgentChanged,
    AgentRestored,
    ClaimEnded,
    ClaimOutcome,
    ClockTick,
    Item,
    ItemQueued,
    OfferAccepted,
    PresenceChanged,
)
from router.engine.words import say
from router.model.presence import PresenceState
from tests.unit.engine_desk import START, Desk

COMPLAINTS = {"complaints": QueueConfig(share=Share(part=2, whole=3))}
NEWEST = {"leads": QueueConfig(mode=QueueMode.NEWEST)}


def serve(desk: Desk, decisions: list[Decision], count: int) -> list[str]:
    """Let mei complete one item after the other, beginning with the one these decisions offer; give them all."""
    offers = []
    for _ in range(count):
        (item_id,) = [decision.item_id for decision in decisions if decision.act is Act.OFFERED]
        offers.append(item_id)
        desk.accept(f"{item_id}.1")
        decisions = desk.end(item_id, "mei")
    return offers


def test_tier_goes_first_whatever_the_keys_but_leaves_the_others_their_share() -> None:
    desk = Desk(queues=COMPLAINTS)
    for number in range(3):
        desk.item(f"plain {number}", boost_s=3600)
    for number in range(6):
        desk.item(f"complaint {number}", queue="complaints")
    assert serve(desk, desk.agent("mei"), 9) == [
        "complaint 0",
        "complaint 1",
        "plain 0",
        "complaint 2",
        "complaint 3",
        "plain 1",
        "complaint 4",
        "complaint 5",
        "plain 2",
    ]


def test_full_tier_is_served_all_the_same_by_those_who_can_do_nothing_else() -> None:
    desk = Desk(queues=COMPLAINTS)
    desk.item("plain", {"require": "fr"})
    for number in range(4):
        desk.item(f"complaint {number}", queue="complaints")
    assert serve(desk, desk.agent("mei"), 4) == [f"complaint {number}" for number in range(4)]


def test_record_of_a_pick_names_the_share_it_was_made_under() -> None:
    desk = Desk(queues=COMPLAINTS)
    desk.item("plain")
    for number in range(3):
        desk.item(f"complaint {number}", queue="complaints")
    first = next(decision for decision in desk.agent("mei") if decision.act is Act.OFFERED)
    assert first.record["tier"] == {
        "queue": "complaints",
        "part": 2,
        "whole": 3,
        "picks": 0,
        "desk_picks": 0,
    }
    assert "complaints goes first: up to 2 of 3 picks in a row" in say(first.record, "en", {})
    desk.accept("complaint 0.1")
    desk.end("complaint 0", "mei")
    desk.accept("complaint 1.1")
    given_way = desk.end("complaint 1", "mei")[-1]
    assert (given_way.item_id, given_way.record["tier"]["picks"]) == ("plain", 2)
    assert "complaints has had its 2 of 3 picks" in say(given_way.record, "en", {})
    assert "“complaints”" in say(given_way.record, "zh", {})


def test_items_without_a_tier_have_none_in_the_record() -> None:
    desk = Desk(queues=COMPLAINTS)
    desk.agent("mei")
    assert desk.item("plain")[-1].record["tier"] is None


def test_tiers_with_places_left_compete_by_key() -> None:
    shares = {name: QueueConfig(share=Share(part=1, whole=3)) for name in ("vip", "safety")}
    desk = Desk(queues=shares)
    for number in range(4):
        desk.item(f"vip {number}", queue="vip")
        desk.item(f"safety {number}", queue="safety")
        desk.item(f"plain {number}")
    assert serve(desk, desk.agent("mei"), 6) == [
        "vip 0",
        "safety 0",
        "plain 0",
        "vip 1",
        "safety 1",
        "plain 1",
    ]


def test_restart_goes_on_with_the_picks_it_is_told() -> None:
    engine = Engine(EngineConfig(queues=COMPLAINTS), seed=1)
    for number, queue in enumerate(("complaints", "other")):
        item = Item(
            id=queue,
            conversation_id="c",
            queue=queue,
            channel_class="chat",
            eligible_since=START,
            arrival=number,
        )
        engine.apply(ItemQueued(at=START, item=item))
    offers = tuple((START - timedelta(seconds=60 - number), "complaints") for number in range(2))
    here = PresenceState.AVAILABLE
    engine.apply(
        AgentRestored(at=START, agent_id="mei", skills={}, units=20, state=here, offers=offers, max_claims=1)
    )
    made = [one.item_id for one in engine.apply(ClockTick(at=START)) if one.act is Act.OFFERED]
    assert made == ["other"]


@given(
    st.integers(1, 4).flatmap(lambda part: st.tuples(st.just(part), st.integers(part, 5))),
    st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.booleans()), min_size=30, max_size=60),
)
def test_no_window_of_any_pool_or_the_desk_exceeds_the_share_while_others_wait(
    share: tuple[int, int], steps: list[tuple[str, bool]]
) -> None:
    part, whole = share
    config = EngineConfig(queues={"tier": QueueConfig(share=Share(part=part, whole=whole))})
    engine = Engine(config, seed=1)
    for number in range(200):
        item = Item(
            id=f"i{number}",
            conversation_id="c",
            queue="tier" if number % 2 else "plain",
            channel_class="chat",
            eligible_since=START,
            arrival=number,
        )
        engine.apply(ItemQueued(at=START, item=item))
    picks: list[tuple[str, bool]] = []
    holds: dict[str, str] = {}

    def note(decisions: list[Decision]) -> None:
        for decision in decisions:
            if decision.act is Act.OFFERED:
                picks.append((decision.agent_id, decision.item_id in {f"i{n}" for n in range(1, 200, 2)}))
                engine.apply(OfferAccepted(at=decision.at, offer_id=decision.offer.offer_id))
                holds[decision.agent_id] = decision.item_id

    # a and b are one pool, c is another
    for name, skill in (("a", "x"), ("b", "x"), ("c", "y")):
        engine.apply(AgentChanged(at=START, agent_id=name, skills={skill: 1}, units=20))
        note(engine.apply(PresenceChanged(at=START, agent_id=name, state=PresenceState.AVAILABLE)))
    for name, _ in steps:
        ended = ClaimEnded(at=START, item_id=holds[name], agent_id=name, outcome=ClaimOutcome.COMPLETED)
        note(engine.apply(ended))
    everybody = [is_tier for _, is_tier in picks]
    for line in (everybody, *([t for n, t in picks if n in pool] for pool in ("ab", "c"))):
        windows = [line[start : start + whole] for start in range(len(line) - whole + 1)]
        assert all(sum(window) <= part for window in windows)
    assert sum(everybody[:part]) == part, "the tier goes first while it may"


def test_last_come_is_served_first_within_a_newest_queue() -> None:
    desk = Desk(queues=NEWEST)
    for number in range(3):
        desk.item(f"lead {number}", queue="leads", boost_s=600 - number)
    desk.item("other skill", {"require": "zh"}, queue="leads")
    assert serve(desk, desk.agent("mei", zh=1), 4) == ["other skill", "lead 2", "lead 1", "lead 0"]


def test_newest_queue_competes_with_the_waiting_key_of_its_next_item() -> None:
    desk = Desk(queues=NEWEST)
    desk.item("old lead", queue="leads")
    desk.item("plain 1")
    desk.item("new lead", queue="leads")
    desk.item("plain 2")
    assert serve(desk, desk.agent("mei"), 4) == ["plain 1", "new lead", "old lead", "plain 2"]


def test_place_in_line_follows_the_order_of_the_queue() -> None:
    desk = Desk(queues=NEWEST)
    for number in range(3):
        desk.item(f"lead {number}", queue="leads", boost_s=600 if number == 1 else 0)
    assert [desk.explain(f"lead {number}")["place"] for number in range(3)] == [3, 2, 1]
    middle = desk.explain("lead 1")
    assert (middle["item_before"]["item"], middle["item_after"]["item"]) == ("lead 2", "lead 0")
    assert middle["passed"] == 0


def test_item_that_comes_back_to_a_newest_queue_stands_where_it_entered() -> None:
    desk = Desk(queues=NEWEST)
    entered_at = datetime(2026, 1, 5, 8, tzinfo=UTC)
    desk.item("first", queue="leads", since=entered_at)
    desk.item("moved here", queue="leads", since=entered_at, entered_queue_at=desk.now)
    assert desk.explain("moved here")["place"] == 1
