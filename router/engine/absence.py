"""Who is gone: presence as told and absences as planned. Out: work handed back and offers taken back.

In: presence, plans, and the times at which a plan begins and ends.

From the beginning of a planned absence nothing is offered, and what is owed goes back in the order of its due
times. It lasts until its end, until another plan, or until the person comes back: is told to be available
after having been something else. Dormant claims stay; when the customer writes they go back at once.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from router.engine.answers import Answers
from router.engine.claims import Claims
from router.engine.deadlines import DeadlineKind
from router.engine.desk import Desk
from router.engine.events import AbsencePlanned
from router.engine.leases import LeaseStep
from router.engine.staff import Absence, Agent
from router.engine.work_items import WorkItem
from router.model.presence import PresenceState


class Attendance:
    """Follows who comes and goes."""

    def __init__(self, desk: Desk, answers: Answers, claims: Claims) -> None:
        self._desk = desk
        self._answers = answers
        self._claims = claims

    def be(self, agent: Agent, state: PresenceState, classes: frozenset[str] | None) -> None:
        """Give a person another presence."""
        comes_back = state is PresenceState.AVAILABLE and agent.presence is not state
        if comes_back:
            agent.became_available(self._desk.now)
            if agent.is_absent:
                self._desk.matching.change_absence(agent, None)
        is_gone = state in (PresenceState.AWAY, PresenceState.OFFLINE)
        if not is_gone:
            agent.gone_at = None
        elif agent.gone_at is None:
            agent.gone_at = self._desk.now
        agent.is_staff = True
        self._desk.matching.change_presence(agent, state, classes)
        self._answers.person_changed(agent)

    def remove(self, agent: Agent) -> None:
        """Let a person be gone for good."""
        # before he is forgotten, or one who was gone as planned is counted out twice
        self._desk.matching.change_absence(agent, None)
        agent.retire()
        self._desk.matching.change_presence(agent, PresenceState.OFFLINE, None)
        self._desk.matching.change_skills(agent, {})
        self._desk.matching.change_limits(agent, 0, None)
        self._answers.person_changed(agent)

    def plan(self, agent: Agent, event: AbsencePlanned) -> None:
        """Take in a plan; it replaces the earlier one, and begins at once if its time has come."""
        agent.is_staff = True
        known = agent.absence
        if known is not None and (known.since, known.until) == (event.since, event.until):
            return
        now = self._desk.now
        is_nothing = event.until is not None and event.until <= max(event.since, now)
        self.restore(agent, None if is_nothing else event.since, event.until)
        if agent.absence is not None and event.since <= now:
            self._begin(agent, agent.absence, owed=self._owed(agent))
        else:
            self._answers.person_changed(agent)

    def restore(self, agent: Agent, since: datetime | None, until: datetime | None) -> None:
        """Note a plan and its times; nothing comes of it before they have come."""
        absence = None if since is None else Absence(since=since, until=until)
        self._desk.matching.change_absence(agent, absence)
        if since is not None:
            self._desk.deadlines.add(since, DeadlineKind.ABSENCE_BEGINS, agent.id)
        if since is not None and until is not None:
            self._desk.deadlines.add(until, DeadlineKind.ABSENCE_ENDS, agent.id)
        self._answers.watch_claims(agent)

    def begin(self, agent: Agent) -> None:
        """Let a planned absence begin; what came to be owed after its beginning was taken knowingly."""
        absence = agent.absence
        if absence is not None:
            owed = [
                work for work in self._owed(agent) if self._desk.leases.of(work).owed_since < absence.since
            ]
            self._begin(agent, absence, owed)

    def end(self, agent: Agent) -> None:
        """Let a planned absence be over."""
        self._desk.matching.change_absence(agent, None)
        self._answers.person_changed(agent)

    def _begin(self, agent: Agent, absence: Absence, owed: list[WorkItem]) -> None:
        self._desk.matching.change_absence(agent, replace(absence, is_begun=True))
        for work in sorted(owed, key=_by_due_time):
            self._claims.hand_back(work, LeaseStep.ABSENT)
        self._answers.person_changed(agent)

    def _owed(self, agent: Agent) -> list[WorkItem]:
        """List the work a person owes a reply on."""
        works = [self._desk.waiting.works[item_id] for item_id in agent.claims]
        return [work for work in works if not self._desk.leases.of(work).is_dormant]


def _by_due_time(work: WorkItem) -> tuple[bool, float, tuple[float, int, str]]:
    due_at = work.item.due_at
    return due_at is None, 0.0 if due_at is None else due_at.timestamp(), work.entry
