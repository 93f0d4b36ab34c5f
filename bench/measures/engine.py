"""Targets 11 to 13: picking work for a person who became free, with little and with much waiting."""

from __future__ import annotations

import random
import statistics
import time
import tracemalloc
from datetime import UTC, datetime, timedelta

from bench.figures import Figure, Table, Target
from bench.processes import apart
from router.engine.config import EngineConfig
from router.engine.decisions import Act
from router.engine.engine import Engine
from router.engine.events import (
    AgentChanged,
    ClaimEnded,
    ClaimOutcome,
    Item,
    ItemQueued,
    OfferAccepted,
    PresenceChanged,
)
from router.engine.needs import needs_from_json
from router.model.presence import PresenceState

SKILLS, PROFILES, AGENTS = 100, 60, 1_000
FEW, MANY = 1_000, 100_000
EVENTS = 2_000
BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)

PICK = Target(
    number="11",
    title="engine: claim ended to next offer, 100k waiting, median",
    bar=10,
    stretch=3,
    at_least=False,
    unit="us",
)
GROWTH = Target(
    number="12", title="engine: the same event, 100k / 1k waiting", bar=6, stretch=3, at_least=False
)
MEMORY = Target(
    number="13",
    title="engine: memory per waiting conversation",
    bar=256,
    stretch=128,
    at_least=False,
    unit="B",
)


def measure(table: Table, pairs: int) -> None:
    """Run small and large in turn."""
    medians, growths, note = [], [], ""
    for _ in range(pairs):
        few, _ = apart(run, FEW)
        many, p99 = apart(run, MANY)
        medians.append(many)
        growths.append(many / few)
        note = f"p99 {p99:.0f} us; with its decision record"
    table.add(Figure(target=PICK, values=medians, note=note))
    table.add(Figure(target=GROWTH, values=growths))
    table.add(Figure(target=MEMORY, values=[apart(bytes_each, MANY // 5)]))


class _Desk:
    def __init__(self) -> None:
        self.engine = Engine(EngineConfig(), 1)
        self._random = random.Random(3)
        self._now = BEGIN
        self._profiles = [self._skills(8) for _ in range(PROFILES)]
        self._needs = [
            needs_from_json([{"require": f"s{skill}", "level": 1} for skill in sorted(self._skills(2))])
            for _ in range(3 * SKILLS)
        ]
        self._arrivals = 0

    def _skills(self, count: int) -> dict[str, int]:
        return {f"s{skill}"[1:]: 5 for skill in self._random.sample(range(SKILLS), count)}

    def hire(self) -> None:
        """Bring the agents, all away."""
        for number in range(AGENTS):
            skills = {f"s{name}": level for name, level in self._profiles[number % PROFILES].items()}
            self.engine.apply(
                AgentChanged(at=self.tick(), agent_id=f"agent-{number}", skills=skills, units=20)
            )

    def queue(self, count: int) -> None:
        """Let work arrive."""
        for _ in range(count):
            self._arrivals += 1
            name = f"{self._arrivals:032x}"
            needs = self._needs[min(int(self._random.paretovariate(0.7)) - 1, len(self._needs) - 1)]
            item = Item(
                id=name,
                conversation_id=name,
                queue="q",
                channel_class="chat",
                needs=needs,
                eligible_since=self.tick(),
                arrival=self._arrivals,
            )
            self.engine.apply(ItemQueued(at=self._now, item=item))

    def tick(self) -> datetime:
        """Let a millisecond pass."""
        self._now += timedelta(milliseconds=1)
        return self._now


def run(waiting: int) -> tuple[float, float]:
    """Give median and 99th percentile, in microseconds, of the event that frees a person."""
    desk = _Desk()
    desk.hire()
    desk.queue(waiting)
    held: list[tuple[str, str]] = []
    for number in range(AGENTS // 5):
        event = PresenceChanged(
            at=desk.tick(), agent_id=f"agent-{number}", state=PresenceState.AVAILABLE, classes=None
        )
        for decision in desk.engine.apply(event):
            if decision.act is Act.OFFERED and decision.offer is not None:
                desk.engine.apply(OfferAccepted(at=desk.tick(), offer_id=decision.offer.offer_id))
                held.append((decision.item_id, decision.offer.agent_id))
    times_us = []
    for _ in range(EVENTS):
        if not held:
            break
        item_id, agent_id = held.pop(0)
        ended = ClaimEnded(at=desk.tick(), item_id=item_id, agent_id=agent_id, outcome=ClaimOutcome.COMPLETED)
        began = time.perf_counter()
        decisions = desk.engine.apply(ended)
        times_us.append((time.perf_counter() - began) * 1e6)
        for decision in decisions:
            if decision.act is Act.OFFERED and decision.offer is not None:
                desk.engine.apply(OfferAccepted(at=desk.tick(), offer_id=decision.offer.offer_id))
                held.append((decision.item_id, decision.offer.agent_id))
        desk.queue(1)
    times_us.sort()
    return statistics.median(times_us), times_us[int(len(times_us) * 0.99)]


def bytes_each(waiting: int) -> float:
    """Give the memory the engine keeps per waiting item, the item's own words included."""
    desk = _Desk()
    desk.hire()
    desk.queue(100)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    desk.queue(waiting)
    return (tracemalloc.get_traced_memory()[0] - before) / waiting
