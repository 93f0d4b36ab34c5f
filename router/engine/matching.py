"""Who may serve what: profiles against lanes, and the best pair for a free person or a new item.

Both sides keep a list of the other that passes the gates of the profile, so that a pick looks only at
heads: O(C + log n) with C lanes a profile may serve. Counts of present people by gate are kept per lane,
so that "what is this item waiting for" needs no scan either.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass

from router.engine.gates import Fit, Gate
from router.engine.lanes import Entry, Lane, LaneKey
from router.engine.ring import ring_distance, ring_place
from router.engine.staff import Absence, Agent, FreeEntry, Profile, ProfileKey, profile_key
from router.engine.work_items import WorkItem
from router.model.presence import PresenceState

_LANES_BEFORE_SWEEP = 512
_STATIC_GATES = (Gate.FORBID, Gate.LEVEL, Gate.SKILL, Gate.CHANNEL_CLASS)


@dataclass(frozen=True, slots=True, order=True)
class Candidate:
    """One person who may be asked now, ordered as they are asked."""

    fit: Fit
    load: float
    last_offer: float
    distance: int
    agent_id: str


class Matching:
    """The people and the lanes, and which may serve which."""

    __slots__ = ("_seed", "_sweep_at", "agents", "lanes", "profiles", "serves")

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._sweep_at = _LANES_BEFORE_SWEEP
        self.agents: dict[str, Agent] = {}
        self.profiles: dict[ProfileKey, Profile] = {}
        self.lanes: dict[LaneKey, Lane] = {}
        self.serves: dict[ProfileKey, list[Lane]] = {}

    def agent(self, agent_id: str) -> Agent:
        """Give a person, as an absent one without skills when not seen before."""
        found = self.agents.get(agent_id)
        if found is None:
            profile = self._profile(profile_key({}, None))
            found = Agent(agent_id, ring_place(self._seed, agent_id), profile)
            profile.members[agent_id] = found
            self.agents[agent_id] = found
        return found

    def change_skills(self, agent: Agent, skills: Mapping[str, int], max_claims: int | None) -> None:
        """Give a person other skills and another limit."""
        agent.max_claims = 5 if max_claims is None else max_claims
        self._move(agent, profile_key(skills, agent.profile.classes))

    def change_presence(self, agent: Agent, state: PresenceState, classes: frozenset[str] | None) -> None:
        """Give a person another presence."""
        if agent.is_present:
            self._count(agent.profile, -1)
        agent.presence = PresenceState.OFFLINE
        self._move(agent, (agent.profile.key[0], classes))
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
            found = self.lanes[key] = Lane(key)
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
        for fit, profile in lane.able:
            if second is not None and fit > second.fit:
                break
            if not profile.free:
                continue
            for entry in profile.next_free(start, work.declined):
                found = _candidate(fit, entry, start)
                if best is None or found < best:
                    best, second = found, best
                elif second is None or found < second:
                    second = found
        return best, second

    def best_item(self, agent: Agent) -> tuple[Entry, Lane] | None:
        """Give the waiting item with the smallest key that a person may serve, and its lane."""
        best: Entry | None = None
        best_lane: Lane | None = None
        for lane in self.serves[agent.profile.key]:
            head = lane.head
            if head is not None and (best is None or head < best) and agent.id not in lane.declined:
                best, best_lane = head, lane
        return None if best is None or best_lane is None else (best, best_lane)

    def blocking_gate(self, lane: Lane) -> Gate:
        """Give the gate at which the people who came furthest for this lane are stopped."""
        able = lane.present[Gate.PASSED]
        if able:
            is_refused = lane.declined and able <= self.decliners(lane)
            return Gate.DECLINED if is_refused else Gate.CAPACITY
        return next((gate for gate in _STATIC_GATES if lane.present[gate]), Gate.PRESENCE)

    def decliners(self, lane: Lane) -> int:
        """Count the people present who could serve a lane but are not asked again."""
        return sum(1 for agent_id in lane.declined if self._could_serve(agent_id, lane))

    def _could_serve(self, agent_id: str, lane: Lane) -> bool:
        agent = self.agents.get(agent_id)
        if agent is None or not agent.is_present:
            return False
        profile = agent.profile
        return lane.requirement.first_failing(profile.skills, profile.classes) is Gate.PASSED

    def _profile(self, key: ProfileKey) -> Profile:
        found = self.profiles.get(key)
        if found is None:
            found = self.profiles[key] = Profile(key)
            self.serves[key] = []
            for lane in self.lanes.values():
                self._link(lane, found)
        return found

    def _link(self, lane: Lane, profile: Profile) -> None:
        gate = lane.requirement.first_failing(profile.skills, profile.classes)
        lane.present[gate] += profile.present
        if gate is Gate.PASSED:
            insort(lane.able, (lane.requirement.fit(profile.skills), profile), key=lambda pair: pair[0])
            self.serves[profile.key].append(lane)

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
            for lane in self.serves.pop(profile.key):
                lane.able = [pair for pair in lane.able if pair[1] is not profile]

    def _count(self, profile: Profile, step: int) -> None:
        profile.present += step
        for lane in self.lanes.values():
            lane.present[lane.requirement.first_failing(profile.skills, profile.classes)] += step

    def _sweep(self) -> None:
        """Drop lanes nothing waits in; the next time comes when the lanes have doubled."""
        self.lanes = {key: lane for key, lane in self.lanes.items() if lane.size}
        for key, lanes in self.serves.items():
            self.serves[key] = [lane for lane in lanes if lane.size]
        self._sweep_at = max(_LANES_BEFORE_SWEEP, 2 * len(self.lanes))


def _candidate(fit: Fit, entry: FreeEntry, start: int) -> Candidate:
    return Candidate(fit, entry[0], entry[1], ring_distance(start, entry[2]), entry[3])
