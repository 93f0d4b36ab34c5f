"""The people of one profile in the order they are asked for one kind of work.

Kinds differ by channel class, by the units kept free for other queues, and by the strategy of the queue. In:
people as they change. Out: who is asked first, and how many stand at each gate of the moment.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from router.engine.fronts import Fronts
from router.engine.gates import Gate
from router.strategy import PersonSnapshot, Rank, Strategy

if TYPE_CHECKING:
    from router.engine.lanes import Lane
    from router.engine.staff import Agent, Profile

FreeEntry = tuple[Rank, int, str]
"""Rank, place on the ring, agent id: smaller is asked first."""


class Demand(NamedTuple):
    """What makes two lanes ask the same of a person's moment."""

    channel_class: str
    reserved: int
    strategy: str


class Roll:
    """Who of a profile may be asked for a demand, and at which gate the others of them stand."""

    __slots__ = (
        "_entries",
        "counts",
        "demand",
        "free",
        "fronts",
        "gates",
        "lanes",
        "profile",
        "queued",
        "strategy",
    )

    def __init__(self, profile: Profile, demand: Demand, strategy: Strategy) -> None:
        self.profile = profile
        self.demand = demand
        self.strategy = strategy
        self.free: list[FreeEntry] = []
        self._entries: dict[str, FreeEntry] = {}
        self.gates: dict[str, Gate] = {}
        self.counts = [0] * len(Gate)
        # lanes ordered by key alone, and those whose queue has an order or a share of its own
        self.lanes: list[Lane] = []
        self.queued: list[Lane] = []
        # of `lanes`, the one to serve first
        self.fronts = Fronts()

    def has(self, agent_id: str) -> bool:
        """Tell whether a person may be asked."""
        return agent_id in self._entries

    def file(self, agent: Agent, snapshot: PersonSnapshot) -> None:
        """File a person who is present anew after something about him changed."""
        gate = self.gate_of(agent)
        if gate is not Gate.PASSED and self.gates.get(agent.id) is gate:
            return
        self.withdraw(agent)
        self.gates[agent.id] = gate
        self.counts[gate] += 1
        if gate is Gate.PASSED:
            entry = self._entries[agent.id] = (self.strategy.rank_person(snapshot), agent.place, agent.id)
            insort(self.free, entry)

    def withdraw(self, agent: Agent) -> None:
        """Take a person out."""
        gate = self.gates.pop(agent.id, None)
        if gate is not None:
            self.counts[gate] -= 1
        entry = self._entries.pop(agent.id, None)
        if entry is not None:
            del self.free[bisect_left(self.free, entry)]

    def gate_of(self, agent: Agent) -> Gate:
        """Give the first gate of the moment that stops a person who is present, refusals aside."""
        if agent.rests_until is not None:
            return Gate.COOLDOWN
        left = agent.holdings.left_after(self.demand.channel_class)
        if left is None or left < 0:
            return Gate.CAPACITY
        if left < self.demand.reserved * agent.holdings.scales.whole:
            return Gate.RESERVE
        return Gate.PASSED if agent.brake is None else Gate.RAMP

    def next_free(self, start: int, passed_over: Mapping[str, str]) -> Sequence[FreeEntry]:
        """Give the two who are asked first: by rank, then the next on the ring."""
        free = self.free
        if passed_over:
            free = [entry for entry in free if entry[2] not in passed_over]
        if len(free) < 2 or free[0][0] != free[1][0]:
            return free[:2]
        alike = free[0][0]
        first = bisect_left(free, (alike, start, ""))
        if first == len(free) or free[first][0] != alike:
            return free[:2]
        second = first + 1
        if second == len(free) or free[second][0] != alike:
            second = 0
        return free[first], free[second]
