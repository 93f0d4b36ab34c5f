from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from router.engine.config import EngineConfig
from router.engine.events import Item
from router.engine.gates import Gate
from router.engine.lanes import LaneKey
from router.engine.matching import Matching
from router.engine.needs import Need, NeedKind
from router.engine.survey import count_by_gate, first_gate, list_candidates
from router.engine.waiting import Waiting
from router.engine.work_items import WorkItem
from router.model.presence import PresenceState

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
levels = st.dictionaries(st.sampled_from(["zh", "en", "refunds"]), st.integers(1, 3))
people = st.lists(
    st.tuples(
        levels,
        st.integers(0, 2),
        st.sampled_from(PresenceState),
        st.sampled_from([None, frozenset({"chat"}), frozenset({"email"})]),
        st.integers(0, 2),
    ),
    max_size=30,
)
needs = st.lists(
    st.builds(
        Need,
        kind=st.sampled_from(NeedKind),
        skill=st.sampled_from(["zh", "en", "refunds"]),
        level=st.integers(1, 3),
        grade=st.integers(0, 2),
    ),
    max_size=3,
).map(tuple)


def a_matching(config: EngineConfig | None = None) -> Matching:
    return Matching(config or EngineConfig(), 1, lambda at, agent_id: None)


def work_item(number: int, wanted: tuple[Need, ...] = (), declined: tuple[str, ...] = ()) -> WorkItem:
    item = Item(
        id=f"i{number}",
        conversation_id="c",
        queue="q",
        channel_class="chat",
        needs=wanted,
        eligible_since=START,
        arrival=number,
        declined=dict.fromkeys(declined, "rejected"),
    )
    return WorkItem(item)


def staffed(crowd: list) -> Matching:
    matching = a_matching()
    for number, (skills, max_claims, state, classes, load) in enumerate(crowd):
        agent = matching.agent(f"a{number}")
        for _ in range(load):
            agent.holdings.add("chat")
        matching.change_skills(agent, skills)
        matching.change_limits(agent, 100, max_claims)
        matching.change_presence(agent, state, classes)
    return matching


@given(people, needs, st.sets(st.sampled_from([f"a{number}" for number in range(6)]), max_size=3))
def test_counts_kept_along_the_way_equal_a_scan(crowd: list, wanted: tuple, decliners: set) -> None:
    matching = staffed(crowd[: len(crowd) // 2])
    work = work_item(1, wanted, tuple(sorted(decliners)))
    lane = matching.lane(work.lane_key)
    for number, (skills, max_claims, state, classes, _) in enumerate(crowd):
        matching.change_presence(matching.agent(f"a{number}"), state, classes)
        matching.change_skills(matching.agent(f"a{number}"), skills)
        matching.change_limits(matching.agent(f"a{number}"), 100, max_claims)
    scanned = [first_gate(agent, work, lane) for agent in matching.agents.values()]
    assert count_by_gate(matching, work, lane) == {
        gate.word: scanned.count(gate) for gate in Gate if gate in scanned
    }
    if Gate.PASSED not in scanned:
        assert matching.blocking_gate(lane) == max(scanned, default=Gate.PRESENCE)


@given(people, needs)
def test_best_person_and_runner_up_head_the_list_of_candidates(crowd: list, wanted: tuple) -> None:
    matching = staffed(crowd)
    work = work_item(1, wanted)
    lane = matching.lane(work.lane_key)
    listed = [row["agent"] for row in list_candidates(matching, work, lane) if row["gate"] is None]
    found = matching.best_people(work, lane)
    assert [one.agent_id for one in found if one is not None] == listed[:2]


@given(people, needs, st.sets(st.sampled_from([f"a{number}" for number in range(6)]), max_size=3))
def test_candidates_stand_by_how_far_they_came_and_nobody_is_left_out(
    crowd: list, wanted: tuple, declined: set[str]
) -> None:
    matching = staffed(crowd)
    work = work_item(1, wanted, tuple(declined))
    lane = matching.lane(work.lane_key)
    listed = [str(row["agent"]) for row in list_candidates(matching, work, lane)]
    gates = {agent.id: first_gate(agent, work, lane) for agent in matching.agents.values()}
    assert len(set(listed)) == len(listed) == min(20, len(gates))
    assert [gates[agent_id] for agent_id in listed] == sorted(gates.values(), reverse=True)[:20]


def test_lanes_nothing_waits_in_are_dropped_in_time() -> None:
    matching = a_matching()
    agent = matching.agent("mei")
    matching.change_presence(agent, PresenceState.AVAILABLE, None)
    waiting = Waiting()
    kept = waiting.works["i0"] = work_item(0)
    waiting.add(kept, matching.lane(kept.lane_key))
    for number in range(5000):
        wanted = (Need(kind=NeedKind.FORBID, skill=f"skill {number}"),)
        matching.lane(LaneKey("q", "chat", wanted, frozenset()))
    assert len(matching.lanes) < 1000
    (roll,) = agent.profile.rolls.values()
    assert len(roll.lanes) == len(matching.lanes)
    matching.change_limits(agent, 100, None)
    assert matching.best_item(agent) == (kept.entry, kept.lane, None)


def test_profiles_nobody_has_any_more_are_dropped() -> None:
    matching = a_matching()
    agent = matching.agent("mei")
    lane = matching.lane(work_item(1).lane_key)
    for level in range(100):
        matching.change_skills(agent, {"zh": level})
    assert len(matching.profiles) == len(lane.able) == 1
    matching.forget(agent)
    assert not matching.profiles
    assert not lane.able
