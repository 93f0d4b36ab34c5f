"""The state of the desk: what waits, who is here, who has what, and when something is due.

Only books; what happens to them is decided in `dispatch` and in `answers`.
"""

from __future__ import annotations

from datetime import datetime

from router.engine.config import EngineConfig
from router.engine.deadlines import Deadline, DeadlineKind, Deadlines
from router.engine.guard import Guard
from router.engine.matching import Matching
from router.engine.records import Records
from router.engine.refusals import Refusals
from router.engine.reservations import Reservations
from router.engine.staff import Agent
from router.engine.waiting import Waiting
from router.strategy import Strategy


class Desk:
    """What every act reads and changes; `now` is set before each event."""

    __slots__ = (
        "config",
        "deadlines",
        "guard",
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
        if kind is DeadlineKind.GUARD:
            return self.guard.due_at == at
        if kind is DeadlineKind.OFFER_EXPIRES:
            return id in self.reservations.offers
        if kind is DeadlineKind.REFUSALS_FORGOTTEN:
            work = self.waiting.works.get(id)
            return work is not None and work.lane is not None and self.refusals.clear_at(work) == at
        agent = self.matching.agents.get(id)
        if agent is None:
            return False
        if kind is DeadlineKind.GATE_OPENS:
            return agent.opens_at == at
        return at in agent.expires.values()
