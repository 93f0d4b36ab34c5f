"""The order of waiting: one static key per item, smaller first. In: items. Out: keys and bounds.

Every item ages at the same speed, so the order between two waiting items never changes and a heap is
enough. The clamp by `max_advance_s` makes overtaking finite (`overtake_bound`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from router.engine.events import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingClass:
    """Items that are ordered alike, for `overtake_bound`; `boost_s` None stands for any boost or due time."""

    boost_s: float | None
    max_advance_s: float


def key_of(item: Item) -> float:
    """Give the place of an item in waiting order, in seconds since 1970.

    max(eligible_since - max_advance, min(eligible_since - boost, due_at - lead))
    """
    since = item.eligible_since.timestamp()
    wanted = since - item.boost_s
    if item.due_at is not None:
        wanted = min(wanted, item.due_at.timestamp() - item.lead_s)
    return max(since - item.max_advance_s, wanted)


def newest_key_of(item: Item) -> tuple[float, int]:
    """Give the place of an item in a queue that serves the last come first: smaller for those who came later."""
    return -(item.entered_queue_at or item.eligible_since).timestamp(), -item.arrival


def key_at(key: float) -> datetime:
    """Give the key as the time it stands for: the item waits as if it had come at that time."""
    return datetime.fromtimestamp(key, UTC)


def overtake_bound(ahead: WaitingClass, behind: WaitingClass) -> float:
    """Give the seconds after an item of `behind` within which a later arrival of `ahead` can still pass it.

    An arrival advances by at most min(boost, max_advance) (max_advance where a due time may pull it), and
    the item behind is at least min(boost, max_advance) ahead of its own arrival: so later arrivals pass it
    only within the difference, and nobody who comes after that ever does.
    """
    advance = (
        ahead.max_advance_s if ahead.boost_s is None else min(max(ahead.boost_s, 0.0), ahead.max_advance_s)
    )
    head_start = min(behind.boost_s or 0.0, behind.max_advance_s)
    return max(0.0, advance - head_start)
