"""What operators are told of calls nobody could verify."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedCalls:
    """Calls refused for one reason since the router started.

    `why` are the words of the last one, `taken_at` is when a genuine call came last, None for never: then a
    secret is wrong more likely than that strangers knock.
    """

    reason: str
    count: int
    since: datetime
    last_at: datetime
    why: str = ""
    taken_at: datetime | None = None
