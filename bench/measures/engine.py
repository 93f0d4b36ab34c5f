"""Targets 11 to 13: the next item for a person who became free, with little and with much waiting."""

from __future__ import annotations

import gc
import statistics
import time
import tracemalloc
from dataclasses import dataclass, field

from bench.figures import Figure, Table, Target
from bench.measures import engine_choice
from bench.processes import apart
from bench.skilled import BusyDesk
from router.engine.events import Item

FEW, MANY = 1_000, 100_000
ROUNDS, EVENTS, SCANS = 10, 200, 8

SCAN = Target(
    number="11",
    title="engine: pick, 100k waiting / naive scan",
    bar=1 / 500,
    stretch=1 / 3_000,
    at_least=False,
)
PICK = Target(
    number="11b", title="engine: pick, 100k waiting, median", bar=10, stretch=3, at_least=False, unit="us"
)
SLOW = Target(
    number="11c", title="engine: pick, 100k waiting, p99", bar=60, stretch=15, at_least=False, unit="us"
)
GROWTH = Target(number="12", title="engine: pick, 100k / 1k waiting", bar=6, stretch=3, at_least=False)
WHOLE = Target(
    number="12b",
    title="engine: claim ended to next offer, 100k / 1k waiting",
    bar=1.3,
    stretch=1.1,
    at_least=False,
)
MEMORY = Target(
    number="13",
    title="engine: matcher memory per waiting item",
    bar=256,
    stretch=128,
    at_least=False,
    unit="B",
)


@dataclass(slots=True)
class Times:
    """Microseconds of processor time of each timed act; other work on the machine shows in wall time."""

    picks: list[float] = field(default_factory=list)
    scans: list[float] = field(default_factory=list)
    events: list[float] = field(default_factory=list)


def measure(table: Table, pairs: int) -> None:
    """Time little and much waiting in turn, and everything of a pair in one process."""
    found = [apart(run) for _ in range(pairs)]
    picks = [statistics.median(many.picks) for _, many in found]
    scans = [statistics.median(many.scans) for _, many in found]
    few_picks = [statistics.median(few.picks) for few, _ in found]
    events = [(statistics.median(few.events), statistics.median(many.events)) for few, many in found]
    ratios = [pick / scan for pick, scan in zip(picks, scans, strict=True)]
    table.add(Figure(target=SCAN, values=ratios, note=f"1/{1 / statistics.median(ratios):,.0f}"))
    table.add(Figure(target=PICK, values=picks, note=f"scan {statistics.median(scans):,.0f} us"))
    table.add(Figure(target=SLOW, values=[_p99(many.picks) for _, many in found]))
    growths = [many / few for few, many in zip(few_picks, picks, strict=True)]
    table.add(Figure(target=GROWTH, values=growths, note=f"1k {statistics.median(few_picks):.1f} us"))
    note = " / ".join(f"{statistics.median(side):.0f}" for side in zip(*events, strict=True))
    wholes = [many / few for few, many in events]
    table.add(Figure(target=WHOLE, values=wholes, note=f"{note} us, 1k / 100k, with its record"))
    each, item = apart(bytes_each, MANY // 5)
    table.add(Figure(target=MEMORY, values=[each], note=f"the item itself {item:.0f} B"))
    engine_choice.measure(table)


def run() -> tuple[Times, Times]:
    """Give the times with little and with much waiting, taken in turn."""
    sides = [(BusyDesk(waiting), Times()) for waiting in (FEW, MANY)]
    gc.collect()
    gc.freeze()
    naive = NaiveScan(sides[1][0])
    for _ in range(ROUNDS):
        for desk, times in sides:
            _time_picks(desk, times.picks)
            _time_events(desk, times.events)
        _time_scans(naive, sides[1][1].scans)
    return sides[0][1], sides[1][1]


def _time_picks(desk: BusyDesk, times_us: list[float]) -> None:
    """Time finding the next item and taking it out of its heap and line; the booking around it is not timed."""
    books = desk.engine._desk
    for _ in range(EVENTS):
        agent_id = desk.dice.choice(list(desk.held))
        held = books.waiting.works[desk.held[agent_id]]
        agent = books.reservations.let_go(held, agent_id)
        began = time.thread_time_ns()
        pick = books.matching.best_item(agent)
        if pick is not None:
            work = books.waiting.works[pick.entry[2]]
            books.waiting.remove(work)
            times_us.append((time.thread_time_ns() - began) / 1e3)
            books.waiting.add(work, pick.lane)
        books.reservations.hold(held, agent)


def _time_events(desk: BusyDesk, times_us: list[float]) -> None:
    """Time the whole event: the claim ends, the next item is offered, both with their records."""
    for _ in range(EVENTS):
        ended = desk.end_a_claim()
        began = time.thread_time_ns()
        decisions = desk.engine.apply(ended)
        spent_us = (time.thread_time_ns() - began) / 1e3
        if len(decisions) > 1:
            times_us.append(spent_us)
        desk.accept(decisions)
        desk.queue(desk.new_items(1))


class NaiveScan:
    """The shortest code that finds the oldest item a person may serve: look at every one that waits."""

    def __init__(self, desk: BusyDesk) -> None:
        self._dice = desk.dice
        self._masks = [sum(1 << skill for skill in skills) for skills in desk.skills]
        works = desk.engine._desk.waiting.works
        self.waiting = [(*works[item.id].entry, _mask(item)) for item in desk.waiting]

    def pick(self, skills: int) -> int:
        """Give where the oldest item stands that asks for nothing else than these skills, -1 if none does."""
        best, found = None, -1
        for index, one in enumerate(self.waiting):
            if one[3] & skills == one[3] and (best is None or one < best):
                best, found = one, index
        return found

    def random_skills(self) -> int:
        """Give the skills of somebody."""
        return self._dice.choice(self._masks)


def _time_scans(naive: NaiveScan, times_us: list[float]) -> None:
    for _ in range(SCANS):
        skills = naive.random_skills()
        began = time.thread_time_ns()
        naive.pick(skills)
        times_us.append((time.thread_time_ns() - began) / 1e3)


def _mask(item: Item) -> int:
    return sum(1 << int(need.skill[1:]) for need in item.needs)


def _p99(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.99)]


def bytes_each(waiting: int) -> tuple[float, float]:
    """Give what the engine keeps for each waiting item, and what an item weighs that somebody else made."""
    desk = BusyDesk(100)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    items = desk.new_items(waiting)
    made = tracemalloc.get_traced_memory()[0]
    desk.queue(items)
    return (tracemalloc.get_traced_memory()[0] - made) / waiting, (made - before) / waiting
