import sys
from collections.abc import Callable
from datetime import UTC, datetime
from types import FrameType
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from router.engine.config import EngineConfig
from router.engine.events import Item
from router.engine.matching import Matching
from router.engine.needs import Need, NeedKind
from router.engine.waiting import Waiting
from router.engine.work_items import WorkItem
from router.model.presence import PresenceState

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
SKILLS = ("zh", "en", "refunds")
steps = st.lists(
    st.tuples(
        st.sampled_from(["come", "leave", "change of skills", "look"]),
        st.integers(0, 40),
        st.sampled_from(SKILLS),
        st.sampled_from([(), ("mei",), ("mei", "li")]),
    ),
    max_size=120,
)


class Desk:
    """Two people of changing skills, and items that come and go without ever being offered."""

    def __init__(self) -> None:
        self.matching = Matching(EngineConfig(), 1, lambda at, agent_id: None)
        self.waiting = Waiting()
        self.present: list[WorkItem] = []
        for name in ("mei", "li"):
            self.equip(name, {"zh", "en"})

    def equip(self, name: str, skills: set[str]) -> None:
        agent = self.matching.agent(name)
        self.matching.change_skills(agent, dict.fromkeys(skills, 1))
        self.matching.change_limits(agent, 100, None)
        self.matching.change_presence(agent, PresenceState.AVAILABLE, None)

    def come(self, number: int, boost_s: int, skill: str, declined: tuple[str, ...]) -> None:
        item = Item(
            id=f"i{number}",
            conversation_id="c",
            queue="q",
            channel_class="chat",
            needs=(Need(kind=NeedKind.REQUIRE, skill=skill),),
            boost_s=boost_s,
            eligible_since=START,
            arrival=number,
            declined=dict.fromkeys(declined, "rejected"),
        )
        work = self.waiting.works[item.id] = WorkItem(item)
        self.waiting.add(work, self.matching.lane(work.lane_key))
        self.present.append(work)

    def leave(self, place: int) -> None:
        if self.present:
            work = self.present.pop(place % len(self.present))
            self.waiting.remove(work)
            del self.waiting.works[work.item.id]

    def scan(self, name: str) -> WorkItem | None:
        skills = self.matching.agents[name].profile.skills
        able = (
            work
            for work in self.present
            if name not in work.declined and all(need.skill in skills for need in work.item.needs)
        )
        return min(able, key=lambda work: work.entry, default=None)


@given(steps)
def test_pick_is_what_a_scan_of_everything_finds_whatever_came_and_left(given_steps: list) -> None:
    desk = Desk()
    for number, (act, size, skill, declined) in enumerate(given_steps):
        if act == "come":
            desk.come(number, size, skill, declined)
        elif act == "leave":
            desk.leave(size)
        elif act == "change of skills":
            desk.equip(("mei", "li")[size % 2], {skill, SKILLS[size % 3]})
        for name in ("mei", "li") if act == "look" else ():
            found = desk.matching.best_item(desk.matching.agents[name])
            expected = desk.scan(name)
            assert (None if found is None else found.entry) == (None if expected is None else expected.entry)


def lines_of(act: Callable[[], object]) -> int:
    """Count the lines of Python an act goes through: unlike its time the same on every machine."""
    before = sys.gettrace()
    lines = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal lines
        lines += event == "line"
        return trace

    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(before)
    return lines


def test_pick_for_somebody_who_can_do_everything_looks_at_few_of_many_lanes() -> None:
    desk = Desk()
    wanted = [f"s{number}" for number in range(300)]
    desk.equip("mei", set(wanted))
    for number, skill in enumerate(wanted):
        desk.come(number, 0, skill, ())
    mei = desk.matching.agents["mei"]
    assert desk.matching.best_item(mei) == (desk.present[0].entry, desk.present[0].lane, None)
    for _ in range(20):
        desk.leave(0)
    found: list[Any] = []
    assert lines_of(lambda: found.append(desk.matching.best_item(mei))) < 300
    assert lines_of(lambda: found.append(desk.matching.best_item(mei))) < 40
    assert [pick.entry for pick in found] == [desk.present[0].entry] * 2
