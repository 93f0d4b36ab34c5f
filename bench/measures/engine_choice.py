"""Target 14: how good the choices are, against the exact optimum and against queueing theory."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import accumulate
from statistics import mean

import numpy as np
from scipy.optimize import linear_sum_assignment  # type: ignore[import-untyped]

from bench.figures import Figure, Table, Target
from bench.processes import apart
from bench.skilled import BEGIN, Needs, staff
from router.engine.config import EngineConfig
from router.engine.decisions import Act
from router.engine.engine import Engine
from router.engine.erlang import mean_wait_s
from router.engine.events import (
    AgentChanged,
    ClaimEnded,
    ClaimOutcome,
    Event,
    Item,
    ItemQueued,
    OfferAccepted,
    PresenceChanged,
)
from router.engine.needs import Need, NeedKind
from router.model.presence import PresenceState

PAIRS = Target(
    number="14",
    title="engine: pairs made / optimum, 200 people and items",
    bar=0.97,
    stretch=0.99,
    at_least=True,
)
WAIT = Target(number="14b", title="engine: mean wait, off Erlang C by", bar=0.1, stretch=0.05, at_least=False)
DESKS, SEEDS = 200, 10
PEOPLE, LOAD, CALLS, HANDLING_S = 20, 16.0, 60_000, 300.0


def measure(table: Table) -> None:
    """Choose for two hundred people at one moment, and serve one line for a long time."""
    table.add(Figure(target=PAIRS, values=apart(pairs_made)))
    wait_s = apart(mean_wait)
    ratio = wait_s / mean_wait_s(PEOPLE, LOAD, HANDLING_S)
    table.add(Figure(target=WAIT, values=[abs(ratio - 1)], note=f"mean wait / Erlang C {ratio:.3f}"))


def pairs_made() -> list[float]:
    """Give the share of the most pairs possible, for items that come one by one to idle people."""
    return [_share(random.Random(seed), seed) for seed in range(SEEDS)]


def _share(dice: random.Random, seed: int) -> float:
    wanted = Needs(dice).draw(DESKS)
    people = staff(dice, DESKS)
    engine = Engine(EngineConfig(), seed)
    for number, skills in enumerate(people):
        levels = {f"s{skill}": 1 for skill in sorted(skills)}
        engine.apply(AgentChanged(at=BEGIN, agent_id=f"a{number}", skills=levels, max_claims=1))
        engine.apply(PresenceChanged(at=BEGIN, agent_id=f"a{number}", state=PresenceState.AVAILABLE))
    made = 0
    for number, needs in enumerate(wanted):
        decisions = engine.apply(ItemQueued(at=BEGIN, item=_item(number, 0.0, needs)))
        made += sum(decision.act is Act.OFFERED for decision in decisions)
    fits = np.array([[needs <= skills for needs in wanted] for skills in people], dtype=np.int64)
    rows, columns = linear_sum_assignment(fits, maximize=True)
    return made / int(fits[rows, columns].sum())


def _item(number: int, comes_s: float, wanted: frozenset[int] = frozenset()) -> Item:
    needs = tuple(Need(kind=NeedKind.REQUIRE, skill=f"s{skill}") for skill in sorted(wanted))
    name, at = f"i{number}", BEGIN + timedelta(seconds=comes_s)
    return Item(
        id=name,
        conversation_id=name,
        queue="q",
        channel_class="phone",
        needs=needs,
        eligible_since=at,
        arrival=number,
    )


class _PhoneRoom:
    """One line in virtual time: calls come, are taken when they are offered, and end."""

    def __init__(self, people: int, dice: random.Random) -> None:
        self._engine = Engine(EngineConfig(), 1, records=False)
        self._dice = dice
        self._ends: list[tuple[float, str, str]] = []
        self._came_s: dict[str, float] = {}
        self.waits_s: list[float] = []
        for number in range(people):
            self._tell(0.0, AgentChanged(at=BEGIN, agent_id=f"a{number}", skills={}))
            self._tell(0.0, PresenceChanged(at=BEGIN, agent_id=f"a{number}", state=PresenceState.AVAILABLE))

    def call(self, number: int, comes_s: float) -> None:
        """Let a call come, after the calls that end before it."""
        while self._ends and self._ends[0][0] <= comes_s:
            ends_s, item_id, agent_id = heappop(self._ends)
            outcome = ClaimOutcome.COMPLETED
            self._tell(
                ends_s, ClaimEnded(at=_at(ends_s), item_id=item_id, agent_id=agent_id, outcome=outcome)
            )
        self._came_s[f"i{number}"] = comes_s
        self._tell(comes_s, ItemQueued(at=_at(comes_s), item=_item(number, comes_s)))

    def _tell(self, now_s: float, event: Event) -> None:
        for decision in self._engine.apply(event):
            if decision.act is Act.OFFERED and decision.offer is not None:
                self.waits_s.append(now_s - self._came_s.pop(decision.item_id))
                takes_s = self._dice.expovariate(1 / HANDLING_S)
                heappush(self._ends, (now_s + takes_s, decision.item_id, decision.offer.agent_id))
                self._tell(now_s, OfferAccepted(at=_at(now_s), offer_id=decision.offer.offer_id))


def mean_wait() -> float:
    """Give the mean seconds calls wait for one of twenty people who are busy four fifths of the time."""
    dice = random.Random(5)
    room = _PhoneRoom(PEOPLE, dice)
    gaps_s = (dice.expovariate(LOAD / HANDLING_S) for _ in range(CALLS))
    for number, comes_s in enumerate(accumulate(gaps_s)):
        room.call(number, comes_s)
    return mean(room.waits_s)


def _at(now_s: float) -> datetime:
    return BEGIN + timedelta(seconds=now_s)
