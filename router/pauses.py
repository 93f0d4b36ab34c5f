"""Which parts of an account may not send for a while; in: limits a provider named, out: who waits until when.

A limit counts an account, a thread or a recipient. Only that part waits; what is in it keeps its order. Pure:
the time is handed in. The mail room keeps the limits in the store, so that they outlive it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isnan
from typing import Any

ACCOUNT, THREAD, RECIPIENT = "account", "thread", "recipient"

_COLUMNS = {THREAD: "strand_id", RECIPIENT: "contact_point_id"}


LONGEST_S = 86_400.0
"""The longest pause that is kept, whatever a provider says: then it is asked again."""


def bounded_s(asked_s: object) -> float | None:
    """Give the seconds a provider asks to wait as a time that can be kept; None where it names none."""
    if not isinstance(asked_s, int | float) or (isinstance(asked_s, float) and isnan(asked_s)):
        return None
    return float(min(max(asked_s, 0.0), LONGEST_S))


def bounded_until(until: object, now: datetime) -> datetime:
    """Give the end of a pause as one that can be kept; now where none is named."""
    if not isinstance(until, datetime) or until.tzinfo is None:
        return now
    return min(max(until, now), now + timedelta(seconds=LONGEST_S))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of an account: all of it, or one conversation or contact point."""

    scope: str = ACCOUNT
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """What may not send now; `until` is when the whole account may again, `ends_at` the first end of any."""

    until: datetime | None = None
    conversations: frozenset[str] = frozenset()
    points: frozenset[str] = frozenset()
    ends_at: datetime | None = None


def part_of(scope: str, row: Mapping[str, Any]) -> Part:
    """Give the part a limit counts, for a message about to be sent; an unknown word means the account."""
    column = _COLUMNS.get(scope)
    return Part() if column is None else Part(scope=scope, key=row[column])


class Pauses:
    """The pauses of one account."""

    def __init__(self) -> None:
        self._until: dict[Part, datetime] = {}

    def pause(self, part: Part, until: datetime) -> None:
        """Let a part wait; of two limits the later one holds."""
        self._until[part] = max(until, self._until.get(part, until))

    def now(self, now: datetime) -> Paused:
        """Say what waits now."""
        self._until = {part: until for part, until in self._until.items() if until > now}
        return Paused(
            until=self._until.get(Part()),
            conversations=self._keys(THREAD),
            points=self._keys(RECIPIENT),
            ends_at=min(self._until.values(), default=None),
        )

    def _keys(self, scope: str) -> frozenset[str]:
        return frozenset(part.key for part in self._until if part.scope == scope)
