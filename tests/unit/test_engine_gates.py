"""Every gate against a plain reading of the rules: generated days, each person for each waiting item."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from router.engine.config import (
    CapacityConfig,
    ClassConfig,
    EngineConfig,
    LeaseConfig,
    OfferConfig,
    QueueConfig,
    QueueMode,
    Ramp,
    Reserve,
    SlowStart,
)
from router.engine.events import ClockTick, Item, ItemQueued, PresenceChanged
from router.engine.needs import Need, NeedKind
from router.model.presence import PresenceState
from tests.unit.desk_machine import PEOPLE, SETTINGS, DeskMachine, person, staffing
from tests.unit.desk_reading import Reading

PATIENT = LeaseConfig(nudge_s=None, supervisor_s=None, hand_back_s=None, absent_s=None)
CLASSES = {
    "chat": ClassConfig(cost=30, max=2),
    "email": ClassConfig(cost=20, max=3, interruptible_by=frozenset({"chat"})),
}
CONFIG = EngineConfig(
    queues={
        "complaints": QueueConfig(
            reserve=Reserve(units=30, needs=(Need(kind=NeedKind.REQUIRE, skill="zh"),)),
            offer_timeout_s=15,
        ),
        "leads": QueueConfig(mode=QueueMode.NEWEST, strategy="spare_capacity", offer_timeout_s=15),
    },
    default=QueueConfig(strategy="round_robin", offer_timeout_s=15),
    capacity=CapacityConfig(
        classes=CLASSES,
        dormant=0.3,
        ramp=Ramp(items=3, per_s=20),
        slow_start=SlowStart(for_s=12, items=1, per_s=5),
    ),
    offers=OfferConfig(reject_s=6, no_answer_s=4, ask_again_s=25, max_unanswered=99),
    leases=dict.fromkeys(CLASSES, PATIENT),
)

needs = st.lists(
    st.builds(
        Need,
        kind=st.sampled_from(NeedKind),
        skill=st.sampled_from(["zh", "refunds"]),
        level=st.integers(1, 3),
    ),
    max_size=2,
).map(tuple)


class Days(DeskMachine):
    """Reads every gate off the book."""

    def __init__(self) -> None:
        super().__init__()
        self.open_desk(CONFIG)
        self.arrivals = 0
        for name in PEOPLE:
            self.staff(name, {"zh": 2}, 90)
        # few, so that they come to their limits
        for name in PEOPLE[:2]:
            self.be(name, PresenceState.AVAILABLE, None)

    @rule(count=st.integers(2, 3), channel_class=st.sampled_from(list(CLASSES)))
    def items_come_together(self, count: int, channel_class: str) -> None:
        for _ in range(count):
            self.item_comes((), "plain", channel_class, 0)

    @rule(
        wanted=needs,
        queue=st.sampled_from(["complaints", "leads", "plain"]),
        channel_class=st.sampled_from(list(CLASSES)),
        boost_s=st.sampled_from([0, 0, 30]),
    )
    def item_comes(self, wanted: tuple[Need, ...], queue: str, channel_class: str, boost_s: int) -> None:
        self.arrivals = number = self.arrivals + 1
        item = Item(
            id=f"i{number}",
            conversation_id="c",
            queue=queue,
            channel_class=channel_class,
            needs=wanted,
            boost_s=boost_s,
            eligible_since=self.now,
            arrival=number,
        )
        self.do(ItemQueued(at=self.now, item=item))

    staff = staffing(
        skills=["zh", "refunds"],
        units=[0, 50, 90, 200],
        max_claims=[None, None, 2],
        queues=[None, None, frozenset({"plain"}), frozenset({"complaints", "leads"})],
        expires_s=st.sampled_from([None, None, 0, 3, 10]),
    )

    @rule(
        name=person,
        state=st.sampled_from([PresenceState.AVAILABLE, PresenceState.BUSY]),
        classes=st.sampled_from([None, None, frozenset({"chat"})]),
    )
    def be(self, name: str, state: PresenceState, classes: frozenset[str] | None) -> None:
        self.do(PresenceChanged(at=self.now, agent_id=name, state=state, classes=classes))

    @rule(seconds=st.integers(1, 12))
    def time_passes(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now += timedelta(seconds=1)
            self.do(ClockTick(at=self.now))

    @rule()
    def engine_restarts(self) -> None:
        self.restart()

    @invariant()
    def every_gate_is_where_the_rules_put_it_and_nobody_waits_beside_somebody_free(self) -> None:
        reading = Reading(self.book, self.now)
        for item_id in self.book.waiting():
            item = self.book.items[item_id]
            rows = self.engine.explain(item_id, self.now)["candidates"]
            found = {row["agent"]: row["gate"] for row in rows}
            expected = {name: reading.gate(name, item) for name in PEOPLE}
            assert found == expected
            assert None not in expected.values(), f"{item_id} waits beside somebody free"


Days.TestCase.settings = SETTINGS
TestEveryGate = Days.TestCase
