"""Whom an item is kept for: the person who should have it, for a while. In: items, people. Out: who is waited for.

While an item is kept it waits in a lane of its own for each person, apart from the lanes others are filled from.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from router.engine.config import EngineConfig
from router.engine.gates import Gate
from router.engine.lanes import Lane, LaneKey
from router.engine.matching import Matching
from router.engine.picking import Pick
from router.engine.relaxing import Relaxing, entered_at
from router.engine.staff import Agent
from router.engine.survey import first_gate
from router.engine.times import to_iso
from router.engine.waiting import Waiting
from router.engine.work_items import WorkItem
from router.messages import JsonObject
from router.model.presence import PresenceState

_GONE = (PresenceState.AWAY, PresenceState.OFFLINE)


class Affinity:
    """Who is waited for by which items."""

    __slots__ = ("_config", "_fond", "_lanes", "_matching", "_relaxing", "_waiting")

    def __init__(
        self, config: EngineConfig, matching: Matching, waiting: Waiting, relaxing: Relaxing
    ) -> None:
        self._config = config
        self._matching = matching
        self._waiting = waiting
        self._relaxing = relaxing
        # by person, then by queue
        self._lanes: dict[str, dict[str, Lane]] = {}
        # ids of waiting items that may be kept for somebody, should he come, until their time is over
        self._fond: dict[str, None] = {}

    def until(self, work: WorkItem) -> datetime | None:
        """Give how long an item is kept for the person it prefers, None if it is not."""
        item = work.item
        if item.preferred_agent_id is None:
            return None
        affinity_s = self._config.queue(item.queue).affinity_s
        return entered_at(item) + timedelta(seconds=affinity_s) if affinity_s else None

    def keeper(self, work: WorkItem, now: datetime) -> Agent | None:
        """Give the person an item waits for alone: on shift and not away, and able to do what is required."""
        until = self.until(work)
        if until is None or until <= now:
            return None
        agent = self._matching.agents.get(str(work.item.preferred_agent_id))
        if agent is None or agent.presence in _GONE or agent.is_absent or agent.id in work.declined:
            return None
        profile = agent.profile
        gate = self._relaxing.firm(work).first_failing(profile.skills, profile.classes, profile.queues)
        return agent if gate is Gate.PASSED else None

    def lane(self, work: WorkItem, keeper: Agent) -> Lane:
        """Give where the items of a queue wait that are kept for a person."""
        lanes, queue = self._lanes.setdefault(keeper.id, {}), work.item.queue
        if queue not in lanes:
            lanes[queue] = Lane(LaneKey(queue, "", (), frozenset()), self._config.queue(queue))
        return lanes[queue]

    def is_kept(self, work: WorkItem) -> bool:
        """Tell whether an item waits for one person alone."""
        agent_id = work.item.preferred_agent_id
        if agent_id is None or work.lane is None:
            return False
        return self._lanes.get(agent_id, {}).get(work.item.queue) is work.lane

    def waits(self, work: WorkItem, now: datetime) -> None:
        """Remember an item that may be kept for somebody."""
        until = self.until(work)
        if until is not None and until > now:
            self._fond[work.item.id] = None

    def asked_alone(self, work: WorkItem, lane: Lane, keeper: Agent) -> str | None:
        """Give the person an item is kept for if he may be asked now."""
        return keeper.id if first_gate(keeper, work, lane) is Gate.PASSED else None

    def asked_first(self, work: WorkItem, lane: Lane) -> str | None:
        """Give the person an item prefers if he may be asked now."""
        agent = self._matching.agents.get(work.item.preferred_agent_id or "")
        return None if agent is None else self.asked_alone(work, lane, agent)

    def gate(self, work: WorkItem, lane: Lane, keeper: Agent | None) -> Gate:
        """Give the gate an item waits at: that of the person it is kept for, or of those who came furthest."""
        return self._matching.blocking_gate(lane) if keeper is None else first_gate(keeper, work, lane)

    def gate_now(self, work: WorkItem, lane: Lane) -> Gate:
        """Give the gate a waiting item waits at."""
        keeper = self._matching.agents.get(work.item.preferred_agent_id or "")
        return self.gate(work, lane, keeper if self.is_kept(work) else None)

    def note(self, work: WorkItem) -> JsonObject | None:
        """Say for records whom a waiting item is kept for, and until when."""
        until = self.until(work) if self.is_kept(work) else None
        return None if until is None else {"agent": work.item.preferred_agent_id, "until": to_iso(until)}

    def kept(self, agent: Agent) -> list[Pick]:
        """Give of each queue the first item that waits for a person alone and that he may be asked for now."""
        if agent.id not in self._lanes:
            return []
        firsts = (self._first(agent, lane) for lane in self._lanes[agent.id].values())
        return [first for first in firsts if first is not None]

    def changed(self, now: datetime) -> list[WorkItem]:
        """Give the waiting items that are kept for somebody and should not be, or the other way round."""
        found = []
        for item_id in list(self._fond):
            work = self._waiting.works.get(item_id)
            until = None if work is None or work.lane is None else self.until(work)
            if work is None or until is None or (until <= now and not self.is_kept(work)):
                del self._fond[item_id]
            elif (self.keeper(work, now) is not None) is not self.is_kept(work):
                found.append(work)
        self._forget_empty()
        return found

    def _first(self, agent: Agent, kept: Lane) -> Pick | None:
        for work in self._waiting.in_lane(kept):
            lane = self._matching.lane(work.lane_key)
            if self.asked_alone(work, lane, agent) is not None:
                return Pick(work.entry, lane)
        return None

    def _forget_empty(self) -> None:
        for lanes in self._lanes.values():
            for queue in [queue for queue, lane in lanes.items() if not lane.size]:
                del lanes[queue]
        self._lanes = {agent_id: lanes for agent_id, lanes in self._lanes.items() if lanes}
