"""How much one visitor and one address may do: counters in, a wait or a refusal out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address, ip_network

SWEEP_AT = 10_000


class Pace:
    """A token bucket kept in one number, the time at which it is full again (GCRA).

    A bucket per visitor has to be small and has to name the wait, which the common libraries do not.
    """

    __slots__ = ("_burst_s", "_full_at", "_step_s")

    def __init__(self, *, count: int, per_s: float, burst: int) -> None:
        self._step_s = per_s / count
        self._burst_s = self._step_s * burst
        self._full_at = 0.0

    def wait_s(self, now: float) -> float:
        """Take one token, or give the seconds until there is one."""
        full_at = max(self._full_at, now) + self._step_s
        if full_at - now > self._burst_s + 1e-9:
            return full_at - now - self._burst_s
        self._full_at = full_at
        return 0.0

    def is_full(self, now: float) -> bool:
        """Tell whether nothing has been taken lately."""
        return self._full_at <= now


class AtOnce:
    """How many things run at once, for each of many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._running: Counter[str] = Counter()

    @contextmanager
    def one_more(self, who: str) -> Iterator[bool]:
        """Count one more while it runs; False when there are too many, and this one is not counted."""
        if self._running[who] >= self._most:
            yield False
            return
        self._running[who] += 1
        try:
            yield True
        finally:
            self._running -= Counter({who: 1})


def prefix_of(address: str | None) -> str:
    """Give the part of an address one household shares: all of IPv4, the /64 of IPv6."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return address or ""
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ip_network((parsed, 64), strict=False).network_address)
    return str(parsed)


class _Address:
    """What one address holds."""

    __slots__ = ("newcomers", "sockets")

    def __init__(self, newcomers_per_minute: int) -> None:
        self.sockets = 0
        self.newcomers = Pace(count=newcomers_per_minute, per_s=60, burst=2 * newcomers_per_minute)


class Addresses:
    """Sockets and newcomers per address."""

    def __init__(self, *, sockets: int, newcomers_per_minute: int) -> None:
        self._sockets = sockets
        self._newcomers_per_minute = newcomers_per_minute
        self._known: dict[str, _Address] = {}

    def enter(self, prefix: str, now: float) -> bool:
        """Count one more socket; False when the address has too many."""
        if prefix not in self._known and len(self._known) >= SWEEP_AT:
            self._sweep(now)
        known = self._known.setdefault(prefix, _Address(self._newcomers_per_minute))
        if known.sockets >= self._sockets:
            return False
        known.sockets += 1
        return True

    def leave(self, prefix: str) -> None:
        """Count one socket less."""
        self._known[prefix].sockets -= 1

    def newcomer_wait_s(self, prefix: str, now: float) -> float:
        """Take one place for a new visitor, or give the seconds until there is one."""
        return self._known[prefix].newcomers.wait_s(now)

    def _sweep(self, now: float) -> None:
        """Forget addresses that hold nothing any more."""
        self._known = {
            prefix: known
            for prefix, known in self._known.items()
            if known.sockets or not known.newcomers.is_full(now)
        }
