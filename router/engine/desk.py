"""The state of the desk: what waits, who is here, who has what, and when something is due.

Only books; what happens to them is decided in `dispatch`, `answers`, `claims` and `absence`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from router.engine.affinity import Affinity
from router.engine.clocks.book import ClockBook
from router.engine.config import EngineConfig, Reserve
from router.engine.deadlines import Deadline, DeadlineKind, Deadlines
from router.engine.guard import Guard
from router.engine.incidents import Incidents
from router.engine.leases import Leases
from router.engine.matching import Matching
from router.engine.overflow import Overflows
from router.engine.records import Records
from router.engine.refusals import Refusals
from router.engine.relaxing import Relaxing
from router.engine.reservations import Reservations
from router.engine.staff import Absence, Agent
from router.engine.waiting import Waiting
from router.engine.wrap_ups import WrapUps
from router.strategy import Strategy


class Desk:
    """What every act reads and changes; `now` is set before each event."""

    __slots__ = (
        "affinity",
        "clocks",
        "config",
        "deadlines",
        "guard",
        "incidents",
        "leases",
        "matching",
        "now",
        "overflows",
        "people_changed",
        "records",
        "refusals",
        "relaxing",
        "reservations",
        "waiting",
        "wrap_ups",
    )

    def __init__(
        self, config: EngineConfig, seed: int, now: datetime, strategies: tuple[Strategy, ...] = ()
    ) -> None:
        self.now = now
        self.config = config
        self.waiting = Waiting()
        self.clocks = ClockBook()
        self.deadlines = Deadlines(self._still_stands)
        self.matching = Matching(config, seed, self._watch_gate, strategies)
        self.guard = Guard(config, self.matching, self.deadlines)
        self.reservations = Reservations(self.matching)
        self.incidents = Incidents(config.incidents)
        self.relaxing = Relaxing(config, self.matching, self.incidents)
        self.overflows = Overflows(config, self.waiting, self.incidents)
        self.affinity = Affinity(config, self.matching, self.waiting, self.relaxing)
        self.records = Records(self.waiting, self.matching, self.affinity, self.clocks)
        self.leases = Leases(config, self.matching, self.deadlines)
        self.wrap_ups = WrapUps(config, self.deadlines)
        self.refusals = Refusals(self.deadlines, config.offers.ask_again_s)
        # True until everybody who waits has been told what the change of people means for him
        self.people_changed = False

    def reserves(self) -> Mapping[str, Reserve]:
        """Give what is kept free for each queue now, with what incidents add."""
        return self.incidents.reserves(self.config.queues)

    def watch_skills(self, agent: Agent) -> None:
        """Set the deadline at which a person loses the next skill."""
        if agent.expires:
            self.deadlines.add(min(agent.expires.values()), DeadlineKind.SKILL_EXPIRES, agent.id)

    def _watch_gate(self, at: datetime, agent_id: str) -> None:
        self.deadlines.add(at, DeadlineKind.GATE_OPENS, agent_id)

    def _still_stands(self, deadline: Deadline) -> bool:
        at, kind, id = deadline
        match kind:
            case DeadlineKind.GUARD:
                return self.guard.due_at == at
            case DeadlineKind.OFFER_EXPIRES:
                offered = self.reservations.offers.get(id)
                return offered is not None and offered.offer is not None and offered.offer.expires_at == at
            case DeadlineKind.NEEDS_CHANGE:
                return self._changes_by_itself(id, at)
            case DeadlineKind.INCIDENT_ENDS:
                return self.incidents.until.get(id) == at
            case DeadlineKind.WRAP_UP_ENDS:
                wrap_up = self.wrap_ups.of(id)
                return wrap_up is not None and wrap_up.until == at
            case DeadlineKind.LEASE_STEP:
                return self.leases.next_at(id) == at
            case DeadlineKind.PROMISE_STEP:
                return self.clocks.next_at(id) == at
            case DeadlineKind.ABSENCE_BEGINS | DeadlineKind.ABSENCE_ENDS:
                absence = self._agent_absence(id)
                return absence is not None and _is_time(kind, absence, at)
            case DeadlineKind.PASSED_OVER_NO_MORE:
                work = self.waiting.works.get(id)
                return work is not None and self.refusals.lapse_at(work) == at
            case DeadlineKind.REFUSALS_FORGOTTEN:
                work = self.waiting.works.get(id)
                return work is not None and work.lane is not None and self.refusals.clear_at(work) == at
            case DeadlineKind.GATE_OPENS:
                agent = self.matching.agents.get(id)
                return agent is not None and agent.opens_at == at
            case DeadlineKind.SKILL_EXPIRES:
                agent = self.matching.agents.get(id)
                return agent is not None and at in agent.expires.values()

    def _changes_by_itself(self, item_id: str, at: datetime) -> bool:
        work = self.waiting.works.get(item_id)
        if work is None or work.lane is None:
            return False
        if self.affinity.is_kept(work):
            return self.affinity.until(work) == at
        return at in self.relaxing.changes_at(work)

    def _agent_absence(self, agent_id: str) -> Absence | None:
        agent = self.matching.agents.get(agent_id)
        return None if agent is None else agent.absence


def _is_time(kind: DeadlineKind, absence: Absence, at: datetime) -> bool:
    if kind is DeadlineKind.ABSENCE_BEGINS:
        return not absence.is_begun and absence.since == at
    return absence.until == at
