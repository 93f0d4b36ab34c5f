"""Which parts of an account may not send for a while; in: limits a provider named, out: who waits until when.

A limit counts an account, a thread or a recipient. Only that part waits; what is in it keeps its order. Pure:
the time is handed in. The mail room keeps the limits in the store, so that they outlive it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

ACCOUNT, THREAD, RECIPIENT = "account", "thread", "recipient"

_COLUMNS = {THREAD: "strand_id", RECIPIENT: "contact_point_id"}


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
