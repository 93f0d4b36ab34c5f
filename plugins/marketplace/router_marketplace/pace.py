"""Keep to a platform's limits before it has to say so; in: what a call counts against, out: go, or wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from router.errors import RateLimited
from router_marketplace.facts import Budget

_MOST_THREADS = 1000


class Pace:
    """Counts calls in sliding windows. What the platform itself refuses is the core's to wait for."""

    def __init__(self, budgets: Mapping[str, Sequence[Budget]]) -> None:
        self._budgets = budgets
        self._made: dict[tuple[str, int, str], deque[float]] = {}

    def take(self, budget: str, thread: str, now_s: float) -> None:
        """Count one call, or raise RateLimited that says when it may be tried again."""
        wait_s = 0.0
        rows = []
        for number, limit in enumerate(self._budgets.get(budget, ())):
            row = self._row((budget, number, thread if limit.scope == "thread" else ""))
            while row and row[0] <= now_s - limit.per_s:
                row.popleft()
            if len(row) >= limit.count:
                wait_s = max(wait_s, row[-limit.count] + limit.per_s - now_s)
            rows.append(row)
        if wait_s > 0:
            raise RateLimited(
                f"the platform's limit for {budget} is reached", code="own_limit", retry_after_s=wait_s
            )
        for row in rows:
            row.append(now_s)

    def _row(self, key: tuple[str, int, str]) -> deque[float]:
        if len(self._made) > _MOST_THREADS:
            # Of thousands of threads the longest unused hold nothing that still counts.
            self._made.pop(next(iter(self._made)))
        row = self._made.pop(key, None) or deque()
        self._made[key] = row
        return row
