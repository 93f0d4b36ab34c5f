"""The state of the desk: what waits, who is here, who has what, and when something is due.

Only books; what happens to them is decided in `dispatch`, `answers`, `claims` and `absence`.
"""

from __future__ import annotations

from datetime import datetime

from router.engine.config import EngineConfig
from router.engine.deadlines import Deadline, DeadlineKind, Deadlines
from router.engine.guard import Guard
from router.engine.leases import Leases
from router.engine.matching import Matching
from router.engine.records import Records
from router.engine.refusals import Refusals
from router.engine.reservations import Reservations
from router.engine.staff import Absence, Agent
from router.engine.waiting import Waiting
from router.strategy import Strategy


class Desk:
    """What every act reads and changes; `now` is set before each event."""

    __slots__ = (
        "config",
        "deadlines",
        "guard",
        "leases",
        "matching",
        "now",
        "people_changed",
        "records",
        "refusals",
        "reservations",
        "waiting",
    )

    def __init__(
        self, config: EngineConfig, seed: int, now: datetime, strategies: tuple[Strategy, ...] = ()
    ) -> None:
        self.now = now
        self.config = config
        self.waiting = Waiting()
        self.deadlines = Deadlines(self._still_stands)
        self.matching = Matching(config, seed, self._watch_gate, strategies)
        self.guard = Guard(config, self.matching, self.deadlines)
        self.reservations = Reservations(self.matching)
        self.records = Records(self.waiting, self.matching)
        self.leases = Leases(config, self.matching, self.deadlines)
        self.refusals = Refusals(self.deadlines, config.offers.ask_again_s)
        # True until everybody who waits has been told what the change of people means for him
        self.people_changed = False

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
            case DeadlineKind.LEASE_STEP:
                return self.leases.next_at(id) == at
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

    def _agent_absence(self, agent_id: str) -> Absence | None:
        agent = self.matching.agents.get(agent_id)
        return None if agent is None else agent.absence


def _is_time(kind: DeadlineKind, absence: Absence, at: datetime) -> bool:
    if kind is DeadlineKind.ABSENCE_BEGINS:
        return not absence.is_begun and absence.since == at
    return absence.until == at
