"""Judge a source's failures; in: an exception and the time, out: state, cause and when to try again.

Trouble outside (network, provider busy, store away) is retried for ever with growing delays. An unknown
exception is a fault of the plugin: retried as well, but a row of them within a window ends the account.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from random import Random

from router.capabilities import HealthState
from router.errors import AuthExpired, AuthInvalid, ConfigError, SendError, StoreUnavailable
from router.legible import legible

_OUTSIDE = (SendError, StoreUnavailable, OSError, EOFError)
_CAUSE_CHARS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a failure means; without `delay_s` only an operator's restart helps."""

    state: HealthState
    cause: str
    delay_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Every time limit and budget of one account; `spare_s` lets an inner limit answer before an outer."""

    open_s: float = 30.0
    close_s: float = 10.0
    pull_s: float = 300.0
    send_s: float = 60.0
    confirm_s: float = 30.0
    http_s: float = 10.0
    look_up_s: float = 2.0
    spare_s: float = 1.5
    steady_s: float = 5.0
    first_delay_s: float = 1.0
    longest_delay_s: float = 300.0
    crash_limit: int = 5
    crash_window_s: float = 300.0


@dataclass(slots=True, kw_only=True)
class FailureRecord:
    """The failures in a row of one source; `clear` on every success."""

    limits: Limits
    random: Random
    _in_a_row: int = 0
    _crashed_at_s: deque[float] = field(default_factory=deque)

    def clear(self) -> None:
        """Forget everything: the source works."""
        self._in_a_row = 0
        self._crashed_at_s.clear()

    def judge(self, error: Exception, at_s: float) -> Verdict:
        """Count this failure and say what to do."""
        cause = cause_of(error)
        renewed_in_vain = isinstance(error, AuthExpired) and self._in_a_row > 0
        self._in_a_row += 1
        if isinstance(error, AuthInvalid) or renewed_in_vain:
            return Verdict(state=HealthState.AUTH_NEEDED, cause=cause)
        if isinstance(error, ConfigError):
            return Verdict(state=HealthState.FAILED, cause=cause)
        if not isinstance(error, _OUTSIDE) and self._crash_loop(at_s):
            return Verdict(
                state=HealthState.FAILED,
                cause=f"{self.limits.crash_limit} crashes in a row, restart it by hand; last: {cause}",
            )
        return Verdict(state=HealthState.DOWN, cause=cause, delay_s=self._delay_s(error))

    def _crash_loop(self, at_s: float) -> bool:
        crashes = self._crashed_at_s
        crashes.append(at_s)
        while crashes[0] < at_s - self.limits.crash_window_s:
            crashes.popleft()
        return len(crashes) >= self.limits.crash_limit

    def _delay_s(self, error: Exception) -> float:
        limits = self.limits
        # 2 ** 20 is past any limit; a year of failures must not compute a bignum.
        most_s = min(limits.longest_delay_s, limits.first_delay_s * 2.0 ** min(self._in_a_row, 20))
        delay_s = self.random.uniform(limits.first_delay_s, most_s)
        asked_s = getattr(error, "retry_after_s", None) or 0.0
        return float(max(delay_s, min(asked_s, limits.longest_delay_s)))


def cause_of(error: BaseException) -> str:
    """Name an exception in one short line."""
    first_line = str(error).strip().partition("\n")[0]
    return legible(f"{type(error).__name__}: {first_line}"[:_CAUSE_CHARS].removesuffix(": "))
