"""The order of waiting: one static key per item, smaller first. In: items. Out: keys and bounds.

Every item ages at the same speed, so the order between two waiting items never changes and a place once found
stays right. The clamp by `max_advance_s` makes overtaking by key finite; what else lets items pass is in
`overtaking`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from router.engine.config import Share
from router.engine.events import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingClass:
    """Items that are ordered alike: by how much they advance at most, in which queue, and how it serves."""

    boost_s: float
    max_advance_s: float
    queue: str = ""
    share: Share | None = None
    is_newest_first: bool = False


class Cap(StrEnum):
    """What stands where no time bounds overtaking."""

    SHARE = "share"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overtaking:
    """How far later arrivals of one class may pass an item of another.

    `within_s` is the time after its arrival in which that can happen; None: at any time, and then `cap` says
    why: a `share` lets them go first in at most `picks` (so many of how many), `newest` without a limit.
    """

    within_s: float | None
    cap: Cap | None = None
    picks: tuple[int, int] | None = None


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


def overtaking(ahead: WaitingClass, behind: WaitingClass) -> Overtaking:
    """Say how far later arrivals of `ahead` can pass an item of `behind`, tiers and newest-first included.

    An item of a queue that serves its newest first stands behind everything that comes to that queue, and
    with it behind whatever that lets through: nothing bounds it. A tier passes others at any time, another
    tier too, but only within its share; others pass a tier only in the picks its share leaves them. Else the
    key decides.
    """
    if behind.is_newest_first:
        return Overtaking(within_s=None, cap=Cap.NEWEST)
    if ahead.queue != behind.queue:
        if ahead.share is not None:
            return _in_picks(ahead.share.part, ahead.share.whole)
        if behind.share is not None:
            return _in_picks(behind.share.whole - behind.share.part, behind.share.whole)
    return Overtaking(within_s=_by_key(ahead, behind))


def _in_picks(part: int, whole: int) -> Overtaking:
    return Overtaking(within_s=None, cap=Cap.SHARE, picks=(part, whole))


def _by_key(ahead: WaitingClass, behind: WaitingClass) -> float:
    """Bound overtaking by key.

    An arrival advances by at most min(boost, max_advance), and the item behind is at least
    min(boost, max_advance) ahead of its own arrival: so later arrivals pass it only within the difference,
    and nobody who comes after that ever does.
    """
    advance = min(max(ahead.boost_s, 0.0), ahead.max_advance_s)
    head_start = min(behind.boost_s, behind.max_advance_s)
    return max(0.0, advance - head_start)
