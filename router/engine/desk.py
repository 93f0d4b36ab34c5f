"""The state of the desk: what waits, who is here, who has what, and when something is due.

Only books; what happens to them is decided in `dispatch`, `answers`, `claims` and `absence`.
"""

from __future__ import annotations

from datetime import datetime

from router.engine.clocks.book import ClockBook
from router.engine.config import EngineConfig
from router.engine.deadlines import Deadline, DeadlineKind, Deadlines
from router.engine.leases import Leases
from router.engine.matching import Matching
from router.engine.records import Records
from router.engine.refusals import Refusals
from router.engine.reservations import Reservations
from router.engine.staff import Absence
from router.engine.waiting import Waiting


class Desk:
    """What every act reads and changes; `now` is set before each event."""

    __slots__ = (
        "clocks",
        "config",
        "deadlines",
        "leases",
        "matching",
        "now",
        "people_changed",
        "records",
        "refusals",
        "reservations",
        "waiting",
    )

    def __init__(self, config: EngineConfig, seed: int, now: datetime) -> None:
        self.now = now
        self.config = config
        self.waiting = Waiting()
        self.matching = Matching(seed)
        self.reservations = Reservations(self.matching)
        self.clocks = ClockBook()
        self.records = Records(self.waiting, self.matching, self.clocks)
        self.deadlines = Deadlines(self._still_stands)
        self.leases = Leases(config, self.matching, self.deadlines)
        self.refusals = Refusals(self.deadlines, config.offers.ask_again_s)
        # True until everybody who waits has been told what the change of people means for him
        self.people_changed = False

    def _still_stands(self, deadline: Deadline) -> bool:
        at, kind, id = deadline
        match kind:
            case DeadlineKind.OFFER_EXPIRES:
                offered = self.reservations.offers.get(id)
                return offered is not None and offered.offer is not None and offered.offer.expires_at == at
            case DeadlineKind.LEASE_STEP:
                return self.leases.next_at(id) == at
            case DeadlineKind.PROMISE_STEP:
                return self.clocks.next_at(id) == at
            case DeadlineKind.ABSENCE_BEGINS | DeadlineKind.ABSENCE_ENDS:
                agent = self.matching.agents.get(id)
                return agent is not None and agent.absence is not None and _is_time(kind, agent.absence, at)
            case DeadlineKind.REFUSALS_FORGOTTEN | DeadlineKind.PASSED_OVER_NO_MORE:
                return self._is_to_ask_again(kind, id, at)

    def _is_to_ask_again(self, kind: DeadlineKind, item_id: str, at: datetime) -> bool:
        work = self.waiting.works.get(item_id)
        if work is None or work.lane is None:
            return False
        is_lapse = kind is DeadlineKind.PASSED_OVER_NO_MORE
        return at == (self.refusals.lapse_at(work) if is_lapse else self.refusals.clear_at(work))


def _is_time(kind: DeadlineKind, absence: Absence, at: datetime) -> bool:
    if kind is DeadlineKind.ABSENCE_BEGINS:
        return not absence.is_begun and absence.since == at
    return absence.until == at
