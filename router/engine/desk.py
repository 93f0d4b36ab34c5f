"""The state of the desk: what waits, who is here, who has what, and when something is due.

Only books; what happens to them is decided in `dispatch` and in `answers`.
"""

from __future__ import annotations

from datetime import datetime

from router.engine.clocks.book import ClockBook
from router.engine.config import EngineConfig
from router.engine.deadlines import Deadline, DeadlineKind, Deadlines
from router.engine.matching import Matching
from router.engine.records import Records
from router.engine.refusals import Refusals
from router.engine.reservations import Reservations
from router.engine.waiting import Waiting


class Desk:
    """What every act reads and changes; `now` is set before each event."""

    __slots__ = (
        "clocks",
        "config",
        "deadlines",
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
        self.refusals = Refusals(self.deadlines, config.offers.ask_again_s)
        # True until everybody who waits has been told what the change of people means for him
        self.people_changed = False

    def _still_stands(self, deadline: Deadline) -> bool:
        at, kind, id = deadline
        if kind is DeadlineKind.OFFER_EXPIRES:
            return id in self.reservations.offers
        if kind is DeadlineKind.PROMISE_STEP:
            return self.clocks.next_at(id) == at
        work = self.waiting.works.get(id)
        return work is not None and work.lane is not None and self.refusals.clear_at(work) == at
