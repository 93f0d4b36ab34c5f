"""How often a log-in may fail: counted in memory, bounded, forgotten after five minutes."""

from __future__ import annotations

from collections import OrderedDict, deque

from router.clock import Clock
from router.web.problems import Problem

WINDOW_S = 300.0
KEYS_REMEMBERED = 10_000

# one person's typing errors; one machine that tries many logins; one login tried from many machines
PER_LOGIN_AND_ADDRESS = 10
PER_ADDRESS = 50
PER_LOGIN = 200


class LoginAttempts:
    """Counts attempts before the password is looked at, so that parallel ones count too."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def begin(self, login: str, address: str) -> None:
        """Count one attempt; raises Problem 429 when there were too many."""
        now = self._clock.monotonic()
        limits = self._limits(login, address)
        for key, limit in limits.items():
            times = self._recent(key, now)
            if len(times) >= limit:
                wait_s = int(times[0] + WINDOW_S - now) + 1
                raise Problem(
                    429,
                    "rate_limited",
                    f"Too many failed log-ins; try again in {wait_s} seconds.",
                    headers={"Retry-After": str(wait_s)},
                )
        for key in limits:
            self._times.setdefault(key, deque()).append(now)
            self._times.move_to_end(key)
        while len(self._times) > KEYS_REMEMBERED:
            self._times.popitem(last=False)

    def succeed(self, login: str, address: str) -> None:
        """Take back the attempt that was none: the password was right."""
        for key in self._limits(login, address):
            times = self._times.get(key)
            if times:
                times.pop()

    def _recent(self, key: str, now: float) -> deque[float]:
        times = self._times.get(key, deque[float]())
        while times and times[0] <= now - WINDOW_S:
            times.popleft()
        return times

    @staticmethod
    def _limits(login: str, address: str) -> dict[str, int]:
        return {
            f"both {address} {login}": PER_LOGIN_AND_ADDRESS,
            f"address {address}": PER_ADDRESS,
            f"login {login}": PER_LOGIN,
        }
