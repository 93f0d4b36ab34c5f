"""Keep to a platform's limits before it has to say so; in: what a call counts against, out: go, or wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from router.errors import RateLimited
from router_marketplace.facts import Budget

_MOST_THREADS = 1000
_GRAIN = 200
"""Calls within this part of a window count as one moment, so that a day's quota is not a day's list."""


@dataclass(slots=True)
class _Moment:
    """Calls that were made at about the same time."""

    first_s: float
    last_s: float
    count: int = 1


@dataclass(slots=True)
class _Window:
    """What was called within one limit's last `per_s` seconds, oldest first."""

    moments: deque[_Moment] = field(default_factory=deque)
    total: int = 0

    def wait_s(self, limit: Budget, now_s: float) -> float:
        """Say how long a call has to wait, and forget what counts no more."""
        while self.moments and self.moments[0].last_s <= now_s - limit.per_s:
            self.total -= self.moments.popleft().count
        surplus = self.total - limit.count + 1
        for moment in self.moments:
            if surplus <= 0:
                break
            surplus -= moment.count
            if surplus <= 0:
                return moment.last_s + limit.per_s - now_s
        return 0.0

    def add(self, limit: Budget, now_s: float) -> None:
        """Count one call."""
        self.total += 1
        newest = self.moments[-1] if self.moments else None
        if newest is not None and now_s - newest.first_s < limit.per_s / _GRAIN:
            newest.last_s, newest.count = now_s, newest.count + 1
        else:
            self.moments.append(_Moment(now_s, now_s))


class Pace:
    """Counts calls in sliding windows. What the platform itself refuses is the core's to wait for."""

    def __init__(self, budgets: Mapping[str, Sequence[Budget]]) -> None:
        self._budgets = budgets
        self._windows: dict[tuple[str, int, str], _Window] = {}

    def take(self, budget: str, thread: str, now_s: float) -> None:
        """Count one call, or raise RateLimited that says when it may be tried again."""
        limits = self._budgets.get(budget, ())
        windows = [
            self._window((budget, number, thread if limit.scope == "thread" else ""))
            for number, limit in enumerate(limits)
        ]
        wait_s = max(
            (one.wait_s(limit, now_s) for one, limit in zip(windows, limits, strict=True)), default=0.0
        )
        if wait_s > 0:
            raise RateLimited(
                f"the platform's limit for {budget} is reached", code="own_limit", retry_after_s=wait_s
            )
        for window, limit in zip(windows, limits, strict=True):
            window.add(limit, now_s)

    def _window(self, key: tuple[str, int, str]) -> _Window:
        if len(self._windows) > _MOST_THREADS:
            # Of thousands of threads the longest unused hold nothing that still counts.
            self._windows.pop(next(iter(self._windows)))
        window = self._windows.pop(key, None) or _Window()
        self._windows[key] = window
        return window
