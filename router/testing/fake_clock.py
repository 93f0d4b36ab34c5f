"""A clock that stands still until told; in: how far to go, out: the time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from router.clock import Clock

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class FakeClock:
    """A `Clock` for tests. Advancing it wakes nobody: it only answers who asks."""

    def __init__(self, start: datetime = START) -> None:
        if start.tzinfo is None:
            raise ValueError("start has to be an aware time")
        self._now = start.astimezone(UTC)
        self._monotonic_s = 1000.0
        self._followed: Clock | None = None

    def now(self) -> datetime:
        """Give the current time, aware and in UTC."""
        return self._now if self._followed is None else self._followed.now()

    def monotonic(self) -> float:
        """Give seconds that never go back."""
        return self._monotonic_s if self._followed is None else self._followed.monotonic()

    def follow(self, clock: Clock) -> None:
        """Show the time of another clock from now on, for a simulated provider in a router that really runs."""
        self._followed = clock

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        if seconds < 0:
            raise ValueError("time does not go back; use set_wall for a wrong wall clock")
        self._now += timedelta(seconds=seconds)
        self._monotonic_s += seconds

    def set_wall(self, now: datetime) -> None:
        """Move the wall clock alone, as an operator or time server would."""
        self._now = now.astimezone(UTC)
