"""Who is not asked again for an item, and when everybody is.

A refusal, an offer left to run out and a hand-back all count. Once everybody present who could serve the
item refused, and a cool-down after the last refusal has passed, the memory is emptied: once a cool-down at
most, so that an item nobody wants cannot ring without end.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from router.engine.deadlines import DeadlineKind, Deadlines
from router.engine.work_items import WorkItem

NO_ANSWER = "no_answer"
HANDED_BACK = "handed_back"
REJECTED = "rejected"


class Refusals:
    """Keeps the memory of items and the deadlines at which it may be emptied."""

    __slots__ = ("_cooldown", "_deadlines")

    def __init__(self, deadlines: Deadlines, cooldown_s: float) -> None:
        self._deadlines = deadlines
        self._cooldown = timedelta(seconds=cooldown_s)

    def remember(self, work: WorkItem, agent_id: str, reason: str, at: datetime) -> None:
        """Add a person to those not asked again."""
        asking = work.ask()
        asking.declined = {**asking.declined, agent_id: reason}
        self.count_from(work, at)

    def count_from(self, work: WorkItem, last_refusal_at: datetime) -> None:
        """Start the cool-down of an item's memory."""
        work.ask().clear_at = last_refusal_at + self._cooldown

    def watch(self, work: WorkItem, now: datetime) -> None:
        """Set the deadline of an item that comes to wait.

        Not on the refusal: the item may be offered to somebody else then, and a deadline that does not
        stand while it is offered is dropped.
        """
        clear_at = self.clear_at(work)
        if clear_at is not None and clear_at > now:
            self._deadlines.add(clear_at, DeadlineKind.REFUSALS_FORGOTTEN, work.item.id)

    def forget(self, work: WorkItem) -> Mapping[str, str]:
        """Empty the memory of an item; give what it was."""
        forgotten = work.declined
        asking = work.ask()
        asking.declined, asking.clear_at = {}, None
        return forgotten

    def may_forget(self, work: WorkItem, now: datetime) -> bool:
        """Tell whether the cool-down of an item has passed."""
        clear_at = self.clear_at(work)
        return clear_at is not None and clear_at <= now

    def clear_at(self, work: WorkItem) -> datetime | None:
        """Give when the cool-down of an item passes, None while nobody has refused."""
        return None if work.asking is None else work.asking.clear_at
