"""The one source of time: aware UTC wall time for records, monotonic seconds for waiting."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time; tests pass `router.testing.FakeClock`."""

    def now(self) -> datetime:
        """Give the current time, aware and in UTC."""
        ...

    def monotonic(self) -> float:
        """Give seconds that never go back, from an arbitrary start."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """Give the current time, aware and in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Give seconds that never go back, from an arbitrary start."""
        return time.monotonic()
