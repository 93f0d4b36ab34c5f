"""Who may serve what: profiles against lanes, and the best pair for a free person or a new item.

Both sides keep a list of the other that passes the gates of the profile, and the lanes of a profile stand in
the order of their heads: a pick is O(log C + log n) with C lanes a profile may serve. Counts of present people
by gate are kept per lane and per roll, so that "what is this item waiting for" needs no scan either.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from router.engine.capacity import Scales
from router.engine.config import EngineConfig, Reserve
from router.engine.fronts import Fronts
from router.engine.gates import MOMENT_GATES, PROFILE_GATES, Gate, Requirement
from router.engine.lanes import Lane, LaneKey
from router.engine.pace import pace_of
from router.engine.picking import Pick, pick_item
from router.engine.ring import ring_distance, ring_place
from router.engine.rolls import Demand, FreeEntry, Roll
from router.engine.staff import Absence, Agent, Profile, ProfileKey, Watch, profile_key
from router.engine.strategies import strategies_by_name
from router.engine.tiers import Tiers
from router.engine.work_items import WorkItem
from router.model.presence import PresenceState
from router.strategy import Rank, Strategy

_LANES_BEFORE_SWEEP = 512
_LAST_PROFILE_GATE_FIRST = tuple(reversed(PROFILE_GATES))
_LAST_MOMENT_GATE_FIRST = tuple(reversed(MOMENT_GATES))
_NOBODY = (0,) * len(Gate)


@dataclass(frozen=True, slots=True, order=True)
class Candidate:
    """One person who may be asked now, ordered as they are asked."""

    by_fit: Rank
    by_person: Rank
    distance: int
    agent_id: str


class Matching:
    """The people and the lanes, and which may serve which."""

    __slots__ = (
        "_config",
        "_lane_numbers",
        "_needed_for",
        "_scales",
        "_seed",
        "_strategies",
        "_sweep_at",
        "_watch",
        "agents",
        "lanes",
        "profiles",
        "reserves",
        "tiers",
    )

    def __init__(
        self, config: EngineConfig, seed: int, watch: Watch, strategies: tuple[Strategy, ...] = ()
    ) -> None:
        self._config = config
        self._seed = seed
        self._watch = watch
        self._strategies = strategies_by_name(config, strategies)
        self._scales = Scales(config.capacity)
        self._sweep_at = _LANES_BEFORE_SWEEP
        self._lane_numbers = 0
        self.agents: dict[str, Agent] = {}
        self.profiles: dict[ProfileKey, Profile] = {}
        self.lanes: dict[LaneKey, Lane] = {}
        self.tiers = Tiers(config.queues)
        self.reserves: Mapping[str, Reserve] = {
            name: queue.reserve for name, queue in config.queues.items() if queue.reserve is not None
        }
        self._needed_for = _needed_for(self.reserves)

    def agent(self, agent_id: str) -> Agent:
        """Give a person, as an absent one without skills when not seen before."""
        found = self.agents.get(agent_id)
        if found is None:
            profile = self._profile(profile_key({}, None))
            place, pace = ring_place(self._seed, agent_id), pace_of(self._config.capacity)
            found = Agent(agent_id, place, profile, self._scales, pace)
            profile.members[agent_id] = found
            self.agents[agent_id] = found
        return found

    def change_limits(self, agent: Agent, units: int, max_claims: int | None) -> None:
        """Give a person another budget, and another cap on the number of items."""
        agent.holdings.units, agent.holdings.max_claims = units, max_claims
        agent.profile.refresh(agent)

    def change_skills(
        self, agent: Agent, skills: Mapping[str, int], queues: frozenset[str] | None = None
    ) -> None:
        """Give a person other skills and other queues to serve (None: all)."""
        self._move(agent, profile_key(skills, agent.profile.classes, queues))

    def expire_skills(self, agent: Agent, now: datetime) -> bool:
        """Take away the skills whose time has come, and see to the next; tell whether any went."""
        lost = [skill for skill, at in agent.expires.items() if at <= now]
        for skill in lost:
            del agent.expires[skill]
        left = {skill: level for skill, level in agent.profile.skills.items() if skill not in lost}
        has_lost = len(left) < len(agent.profile.skills)
        if has_lost:
            self.change_skills(agent, left, agent.profile.queues)
        return has_lost

    def change_presence(self, agent: Agent, state: PresenceState, classes: frozenset[str] | None) -> None:
        """Give a person another presence."""
        if agent.is_present:
            self._count(agent.profile, -1)
        agent.presence = PresenceState.OFFLINE
        self._move(agent, (agent.profile.key[0], classes, agent.profile.queues))
        agent.presence = state
        if agent.is_present:
            self._count(agent.profile, 1)
        agent.profile.refresh(agent)

    def change_absence(self, agent: Agent, absence: Absence | None) -> None:
        """Give a person another planned absence; one that has begun counts as not being present."""
        if agent.is_present:
            self._count(agent.profile, -1)
        agent.absence = absence
        if agent.is_present:
            self._count(agent.profile, 1)
        agent.profile.refresh(agent)

    def change_reserves(self, reserves: Mapping[str, Reserve]) -> None:
        """Keep other units free from now on, by the queue they are kept for."""
        self.reserves = reserves
        self._needed_for = _needed_for(reserves)
        joined = [(lane, lane.able) for lane in self.lanes.values()]
        for profile in self.profiles.values():
            profile.rolls = {}
        for lane, able in joined:
            lane.able = []
            for rank, roll in able:
                self._enter(lane, roll.profile, rank)

    def forget(self, agent: Agent) -> None:
        """Drop a person who has left and has nothing any more."""
        self._leave(agent)
        del self.agents[agent.id]

    def lane(self, key: LaneKey) -> Lane:
        """Give the lane of a key, with its people counted."""
        found = self.lanes.get(key)
        if found is None:
            if len(self.lanes) >= self._sweep_at:
                self._sweep()
            self._lane_numbers += 1
            found = self.lanes[key] = Lane(key, self._config.queue(key.queue), self._lane_numbers)
            for profile in self.profiles.values():
                self._link(found, profile)
        return found

    def start(self, work: WorkItem) -> int:
        """Give the place on the ring from which people who are otherwise equal are asked for an item."""
        return ring_place(self._seed, work.item.id)

    def best_people(self, work: WorkItem, lane: Lane) -> tuple[Candidate | None, Candidate | None]:
        """Give the person to ask for an item, and who would have been next."""
        start = self.start(work)
        best: Candidate | None = None
        second: Candidate | None = None
        for by_fit, roll in lane.able:
            if second is not None and by_fit > second.by_fit:
                break
            if not roll.free:
                continue
            for entry in roll.next_free(start, work.declined):
                found = _candidate(by_fit, entry, start)
                if best is None or found < best:
                    best, second = found, best
                elif second is None or found < second:
                    second = found
        return best, second

    def best_item(self, agent: Agent, kept: Sequence[Pick] = ()) -> Pick | None:
        """Give the waiting item a person is asked for next; `kept` are those he alone may have."""
        return pick_item(agent, self.tiers, kept)

    def blocking_gate(self, lane: Lane) -> Gate:
        """Give the gate at which the people who came furthest for this lane are stopped."""
        return self.furthest(lane)[0]

    def furthest(self, lane: Lane) -> tuple[Gate, int]:
        """Give the gate reached by the people who came furthest for this lane, and how many they are."""
        if not lane.present[Gate.PASSED]:
            gate = next((gate for gate in _LAST_PROFILE_GATE_FIRST if lane.present[gate]), Gate.PRESENCE)
            return gate, len(self.agents) if gate is Gate.PRESENCE else lane.present[gate]
        counts = self.count_moment(lane, lane.declined)
        gate = next((gate for gate in _LAST_MOMENT_GATE_FIRST if counts[gate]), Gate.DECLINED)
        if gate is Gate.DECLINED and counts[Gate.PASSED]:
            # somebody free is about to be asked; until then he counts as taken
            return Gate.CAPACITY, counts[Gate.PASSED]
        return gate, counts[gate]

    def count_moment(self, lane: Lane, declined: frozenset[str]) -> list[int]:
        """Count the people present whose profile may serve a lane by the gate of the moment they came to."""
        rolls = [roll.counts for _, roll in lane.able]
        counts = list(rolls[0]) if len(rolls) == 1 else list(map(sum, zip(_NOBODY, *rolls, strict=True)))
        for agent_id in declined:
            agent = self.agents.get(agent_id)
            able = None if agent is None else lane.roll(agent.profile)
            if able is not None and agent_id in able.gates:
                counts[able.gates[agent_id]] -= 1
                counts[Gate.DECLINED] += 1
        return counts

    def reserved(self, profile: Profile, queue: str) -> Mapping[str, int]:
        """Give the units a profile keeps free for queues other than this one, by queue."""
        found: dict[str, int] = {}
        for name, reserve in self.reserves.items():
            if name == queue or (profile.queues is not None and name not in profile.queues):
                continue
            if self._needed_for[name].first_failing(profile.skills, None) is Gate.PASSED:
                found[name] = reserve.units
        return found

    def _profile(self, key: ProfileKey) -> Profile:
        found = self.profiles.get(key)
        if found is None:
            found = self.profiles[key] = Profile(key, self._watch)
            for lane in self.lanes.values():
                self._link(lane, found)
        return found

    def _link(self, lane: Lane, profile: Profile) -> None:
        """Count the people of a profile for a lane, and enter those who pass every gate of the profile."""
        gate = lane.gate(profile)
        lane.present[gate] += profile.present
        if gate is Gate.PASSED:
            strategy = self._strategies[self._config.queue(lane.key.queue).strategy]
            self._enter(lane, profile, strategy.rank_fit(lane.requirement.fit(profile.skills)))

    def _enter(self, lane: Lane, profile: Profile, rank: Rank) -> None:
        """Enter people in a lane, and the lane with them."""
        strategy = self._strategies[self._config.queue(lane.key.queue).strategy]
        reserved = sum(self.reserved(profile, lane.key.queue).values())
        demand = Demand(lane.key.channel_class, reserved, strategy.name)
        roll = profile.rolls.get(demand)
        if roll is None:
            roll = profile.rolls[demand] = Roll(profile, demand, strategy)
            for agent in profile.members.values():
                if agent.is_present:
                    roll.file(agent, agent.snapshot())
        insort(lane.able, (rank, roll), key=lambda pair: pair[0])
        if lane.is_plain:
            roll.lanes.append(lane)
            roll.fronts.file(lane)
        else:
            roll.queued.append(lane)

    def _move(self, agent: Agent, key: ProfileKey) -> None:
        if key != agent.profile.key:
            self._leave(agent)
            agent.profile = self._profile(key)
            agent.profile.members[agent.id] = agent
            if agent.is_present:
                self._count(agent.profile, 1)
        agent.profile.refresh(agent)

    def _leave(self, agent: Agent) -> None:
        profile = agent.profile
        del profile.members[agent.id]
        profile.withdraw(agent)
        if agent.is_present:
            self._count(profile, -1)
        if not profile.members:
            del self.profiles[profile.key]
            self.tiers.forget(profile.key)
            for roll in profile.rolls.values():
                for lane in (*roll.lanes, *roll.queued):
                    lane.able = [pair for pair in lane.able if pair[1] is not roll]

    def _count(self, profile: Profile, step: int) -> None:
        profile.present += step
        for lane in self.lanes.values():
            lane.present[lane.gate(profile)] += step

    def _sweep(self) -> None:
        """Drop lanes nothing waits in; the next time comes when the lanes have doubled."""
        self.lanes = {key: lane for key, lane in self.lanes.items() if lane.size}
        for profile in self.profiles.values():
            for demand, roll in list(profile.rolls.items()):
                roll.lanes = [lane for lane in roll.lanes if lane.size]
                roll.fronts = Fronts(roll.lanes)
                roll.queued = [lane for lane in roll.queued if lane.size]
                if not roll.lanes and not roll.queued:
                    del profile.rolls[demand]
        self._sweep_at = max(_LANES_BEFORE_SWEEP, 2 * len(self.lanes))


def _needed_for(reserves: Mapping[str, Reserve]) -> dict[str, Requirement]:
    """Give what people need for the queues units are kept free for."""
    return {name: Requirement("", reserve.needs) for name, reserve in reserves.items()}


def _candidate(by_fit: Rank, entry: FreeEntry, start: int) -> Candidate:
    return Candidate(by_fit, entry[0], ring_distance(start, entry[1]), entry[2])
