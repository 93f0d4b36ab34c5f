"""One clock: a promise to one customer about one metric, and how much of its time has passed.

In: the promise, then what happens. Out: its state, what is left, and when people are to be told next.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from router.engine.clocks.targets import Promise, due_after, working_s
from router.engine.config import Metric
from router.engine.times import to_iso
from router.messages import JsonValue

CUSTOMER = "customer"
"""A clock is paused for the customer, who is the one who is waited for."""

DECLARED = "declared"
"""A clock is paused because somebody said that the matter waits for something outside."""

_HALF_MICROSECOND = 5e-7


class ClockState(StrEnum):
    """Where a promise stands; `ended` is one that fell away before it was due."""

    RUNNING = "running"
    PAUSED = "paused"
    KEPT = "kept"
    LATE = "late"
    ENDED = "ended"


class Clock:
    """A promise under way; `due_at` only counts while it runs, `remaining_s` while it is paused."""

    __slots__ = ("due_at", "paused_by", "promise", "remaining_s", "state", "told")

    def __init__(self, promise: Promise) -> None:
        self.promise = promise
        self.due_at = promise.due_at
        self.state = ClockState.RUNNING
        self.remaining_s = 0.0
        self.paused_by: tuple[str, ...] = ()
        # the highest per cent people were told of
        self.told = 0

    @property
    def metric(self) -> Metric:
        """Tell what the promise is about."""
        return self.promise.metric

    @property
    def is_active(self) -> bool:
        """Tell whether the promise has still to be kept."""
        return self.state in (ClockState.RUNNING, ClockState.PAUSED)

    @property
    def urgent_at(self) -> float:
        """Give when the item counts as urgent, in seconds since 1970."""
        return self.due_at.timestamp() - self.promise.terms.lead_s

    def left_s(self, now: datetime) -> float:
        """Give the working seconds that are left; below 0 is how late it is."""
        if self.state is ClockState.PAUSED:
            return self.remaining_s
        calendar = self.promise.terms.calendar
        return working_s(calendar, now, self.due_at) - working_s(calendar, self.due_at, now)

    def stop(self, now: datetime, *, is_met: bool) -> None:
        """End the promise: kept if what was promised has happened, late once its time was over.

        What ends while it stands still has the due time it would have had if it had gone on now.
        """
        if self.state is ClockState.PAUSED:
            self.due_at = due_after(self.promise.terms.calendar, now, self.remaining_s) or self.due_at
        is_late = self.state is ClockState.RUNNING and now > self.due_at
        self.remaining_s = self.left_s(now)
        if self.state is ClockState.PAUSED:
            # as if it had gone on, for what it stood at before the pause is not known after a restart
            self.due_at = due_after(self.promise.terms.calendar, now, self.remaining_s) or self.due_at
        self.state = ClockState.LATE if is_late else ClockState.KEPT if is_met else ClockState.ENDED

    def pause(self, now: datetime, reason: str) -> bool:
        """Let the clock stand still; tell whether that changed anything. One that is late runs on."""
        if not self.is_active or reason in self.paused_by:
            return False
        if self.state is ClockState.RUNNING:
            if now >= self.due_at:
                return False
            self.remaining_s = self.left_s(now)
            self.state = ClockState.PAUSED
        self.paused_by = tuple(sorted((*self.paused_by, reason)))
        return True

    def thaw(self, now: datetime, reason: str) -> bool:
        """Take a reason to stand still away; without any left the clock goes on with what remained."""
        if self.state is not ClockState.PAUSED or reason not in self.paused_by:
            return False
        self.paused_by = tuple(other for other in self.paused_by if other != reason)
        if not self.paused_by:
            due_at = due_after(self.promise.terms.calendar, now, self.remaining_s)
            self.due_at = due_at or self.due_at
            self.state = ClockState.RUNNING
        return True

    def promise_anew(self, promise: Promise, now: datetime) -> None:
        """Go on under another promise, with the time that has passed."""
        left_s = promise.target_s - (self.promise.target_s - self.left_s(now))
        self.promise = promise
        if self.state is ClockState.PAUSED:
            self.remaining_s = max(left_s, 0.0)
        else:
            self.due_at = due_after(promise.terms.calendar, now, max(left_s, 0.0)) or promise.due_at
        if promise.target_s:
            # what was told of a shorter promise is told again of a longer one
            self.told = min(self.told, int(100 * (promise.target_s - left_s) / promise.target_s))

    def next_step_at(self, now: datetime) -> datetime | None:
        """Give when the next step that nobody was told of is reached; None if there is none."""
        if self.state is not ClockState.RUNNING:
            return None
        step = min((step for step in self.promise.terms.steps if step > self.told), default=None)
        if step is None:
            return None
        if step == 100:
            return self.due_at
        wanted_s = self._step_s(step) - self.promise.target_s + self.left_s(now)
        return now if wanted_s <= 0 else due_after(self.promise.terms.calendar, now, wanted_s)

    def reach(self, now: datetime) -> int | None:
        """Give the highest step reached that nobody was told of, and count it as told."""
        next_at = self.next_step_at(now)
        if next_at is None or next_at > now:
            return None
        passed_s = self.promise.target_s - self.left_s(now) + _HALF_MICROSECOND
        untold = sorted(step for step in self.promise.terms.steps if step > self.told)
        self.told = max((step for step in untold if self._step_s(step) <= passed_s), default=untold[0])
        return self.told

    def facts(self, now: datetime) -> dict[str, JsonValue]:
        """Tell everything about the promise, as records and rows keep it."""
        is_running, is_paused = self.state is ClockState.RUNNING, self.state is ClockState.PAUSED
        left_s = self.left_s(now) if is_running else self.remaining_s
        return {
            "metric": self.metric.value,
            "policy": self.promise.policy,
            "state": self.state.value,
            "started_at": to_iso(self.promise.started_at),
            "target_s": self.promise.target_s,
            "due_at": None if is_paused else to_iso(self.due_at),
            "remaining_s": self.remaining_s if is_paused else None,
            "passed_s": self.promise.target_s - left_s,
            "left_s": left_s,
            "paused_by": list(self.paused_by),
            "steps": sorted(step for step in self.promise.terms.steps if step <= self.told),
        }

    def _step_s(self, step: int) -> float:
        return self.promise.target_s * step / 100
