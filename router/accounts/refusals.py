"""Count the calls an account refused: how many, why, since when, and whether any was taken.

In: refusals of a channel, in memory until the router stops. Out: counts for operators. Anybody on the internet can
make these numbers grow, so they never change an account's health, and the log names only every tenfold.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from router.clock import Clock
from router.errors import InboundRejected
from router.legible import legible
from router.model.refusals import RefusedCalls

_log = logging.getLogger(__name__)

MOST_REASONS = 8
OTHER = "other"
WHY_CHARS = 200


class Refusals:
    """The refused calls of one account, or of one door that belongs to none."""

    def __init__(self, name: str, clock: Clock) -> None:
        self._name = name
        self._clock = clock
        self._by_reason: dict[str, RefusedCalls] = {}
        self._taken_at: datetime | None = None

    def took(self) -> None:
        """Note that a call was genuine."""
        self._taken_at = self._clock.now()

    def refused(self, error: InboundRejected) -> None:
        """Count one refusal."""
        reason, now = legible(error.code[:40]), self._clock.now()
        if reason not in self._by_reason and len(self._by_reason) >= MOST_REASONS:
            reason = OTHER
        known = self._by_reason.get(reason) or RefusedCalls(reason=reason, count=0, since=now, last_at=now)
        why = legible(str(error)[:WHY_CHARS])
        told = replace(known, count=known.count + 1, last_at=now, why=why)
        self._by_reason[reason] = told
        if str(told.count).strip("0") == "1":
            _log.warning(
                "%d calls of %s refused since %s: %s",
                told.count, self._name, told.since.isoformat(timespec="seconds"), told.why,
                extra={"account": self._name, "reason": reason, "count": told.count},
            )  # fmt: skip

    def list(self) -> Sequence[RefusedCalls]:
        """Give the counts, the reason met last first."""
        told = [replace(one, taken_at=self._taken_at) for one in self._by_reason.values()]
        return sorted(told, key=lambda one: one.last_at, reverse=True)
