"""The share of a tier with all that brings items to people past the line: affinity, recalls, put-backs."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from router.engine.config import CapacityConfig, EngineConfig, QueueConfig, Share
from router.engine.decisions import Act, Decision
from router.engine.events import AgentChanged, ClockTick, Event, Item, ItemQueued, PresenceChanged
from router.model.presence import PresenceState
from tests.unit.desk_machine import PEOPLE, SETTINGS, DeskMachine, person
from tests.unit.desk_reading import Reading
from tests.unit.engine_desk import Desk


def served(desk: Desk, name: str, count: int) -> list[str]:
    """Let somebody come and complete one item after the other; give them all."""
    decisions, items = desk.be(name, "available"), []
    for _ in range(count):
        (item_id,) = [decision.item_id for decision in decisions if decision.act is Act.OFFERED]
        items.append(item_id)
        desk.accept(f"{item_id}.1")
        decisions = desk.end(item_id, name)
    return items


def test_work_kept_for_somebody_does_not_take_more_than_the_share_of_its_tier() -> None:
    queues = {"tier": QueueConfig(share=Share(part=1, whole=2), affinity_s=900), "plain": QueueConfig()}
    desk = Desk(queues=queues)
    desk.agent("mei", state="busy")
    for number in range(3):
        desk.item(f"kept {number}", queue="tier", preferred_agent_id="mei")
    for number in range(3):
        desk.item(f"plain {number}", queue="plain")
    assert served(desk, "mei", 6) == ["kept 0", "plain 0", "kept 1", "plain 1", "kept 2", "plain 2"]


def test_work_kept_for_somebody_does_not_pass_a_tier_with_a_place_left() -> None:
    queues = {"tier": QueueConfig(share=Share(part=2, whole=3)), "plain": QueueConfig(affinity_s=900)}
    desk = Desk(queues=queues)
    desk.agent("mei", state="busy")
    for number in range(3):
        desk.item(f"kept {number}", queue="plain", preferred_agent_id="mei")
    for number in range(4):
        desk.item(f"tier {number}", queue="tier")
    assert served(desk, "mei", 5) == ["tier 0", "tier 1", "kept 0", "tier 2", "tier 3"]


def test_offers_of_somebody_who_leaves_go_on_by_the_share_of_their_tier() -> None:
    desk = Desk(queues={"tier": QueueConfig(share=Share(part=1, whole=2))})
    desk.agent("mei", max_claims=3)
    for name, queue in (("tier 0", "tier"), ("plain", "q"), ("tier 1", "tier")):
        desk.item(name, queue=queue)
    desk.agent("tom")
    moved = [one.item_id for one in desk.be("mei", "offline") if one.act is Act.OFFERED]
    assert moved == ["plain"], "the last pick was the tier's, so that the next is not"


class Shares(DeskMachine):
    """A desk with two tiers, where much is kept for somebody."""

    @initialize(
        first=st.sampled_from([(1, 2), (2, 3), (1, 3)]),
        second=st.sampled_from([None, (1, 3)]),
        most=st.integers(1, 3),
    )
    def open(self, first: tuple[int, int], second: tuple[int, int] | None, most: int) -> None:
        def tier(share: tuple[int, int] | None) -> QueueConfig:
            found = None if share is None else Share(part=share[0], whole=share[1])
            return QueueConfig(share=found, affinity_s=40)

        queues = {"tier": tier(first), "other": tier(second), "plain": QueueConfig(affinity_s=40)}
        self.open_desk(EngineConfig(queues=queues, capacity=CapacityConfig(dormant=1.0)))
        self.came = 0
        for name in PEOPLE:
            # two of them are one pool
            skills = {"x": 1} if name in PEOPLE[:2] else {"y": PEOPLE.index(name)}
            self.do(AgentChanged(at=self.now, agent_id=name, skills=skills, max_claims=most))
            self.be(name, PresenceState.AVAILABLE)

    @rule(queue=st.sampled_from(["tier", "tier", "other", "plain"]), wished=st.one_of(st.none(), person))
    def item_comes(self, queue: str, wished: str | None) -> None:
        self.came += 1
        item = Item(
            id=f"i{self.came}",
            conversation_id="c",
            queue=queue,
            channel_class="chat",
            eligible_since=self.now,
            arrival=self.came,
            preferred_agent_id=wished,
        )
        self.do(ItemQueued(at=self.now, item=item))

    @rule(
        name=person,
        state=st.sampled_from([PresenceState.AVAILABLE, PresenceState.BUSY, PresenceState.OFFLINE]),
    )
    def be(self, name: str, state: PresenceState) -> None:
        self.do(PresenceChanged(at=self.now, agent_id=name, state=state))

    @rule(seconds=st.integers(1, 60))
    def time_passes(self, seconds: int) -> None:
        self.pass_time(seconds)
        self.apply(ClockTick(at=self.now))

    def apply(self, event: Event) -> list[Decision]:
        # what becomes due in one instant is done one by one; a pick in between cannot know of the next
        self.is_one = not isinstance(event, ClockTick)
        return super().apply(event)

    def check(self, decision: Decision) -> None:
        if decision.act is Act.OFFERED and self.is_one:
            reading = Reading(self.book, decision.at)
            wrong = reading.breaks_share(str(decision.agent_id), decision.item_id)
            assert wrong is None, wrong


Shares.TestCase.settings = settings(SETTINGS, max_examples=SETTINGS.max_examples // 2)
TestShares = Shares.TestCase
