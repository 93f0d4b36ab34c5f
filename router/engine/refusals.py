"""Who is not asked again for an item, and when everybody is.

A refusal, an offer left to run out and a hand-back all count. Once everybody present who could serve the
item refused, and a cool-down after the last refusal has passed, the memory is emptied: once a cool-down at
most, so that an item nobody wants cannot ring without end.

Somebody whose accepted offer could not be set up has refused nothing: he is only passed over for this item
for a moment, so that the same attempt is not made again in the same instant.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from router.engine.deadlines import DeadlineKind, Deadlines
from router.engine.work_items import WorkItem

NO_ANSWER = "no_answer"
HANDED_BACK = "handed_back"
REJECTED = "rejected"
BUSY = "busy"
NOT_SET_UP = "not_set_up"
"""Why somebody is passed over for a moment; no refusal."""

PASSED_OVER = timedelta(seconds=10)
"""How long, counted from the last refusal or failed set-up of the item."""


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

    def remember_only(self, work: WorkItem, agent_id: str, reason: str, at: datetime) -> None:
        """Let a person who had the item be the only one not asked again."""
        work.ask().declined = {agent_id: reason}
        self.count_from(work, at)

    def count_from(self, work: WorkItem, last_refusal_at: datetime) -> None:
        """Start the cool-down of an item's memory."""
        work.ask().clear_at = last_refusal_at + self._cooldown
        lapse_at = self.lapse_at(work)
        if lapse_at is not None:
            self._deadlines.add(lapse_at, DeadlineKind.PASSED_OVER_NO_MORE, work.item.id)

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

    def lapse(self, work: WorkItem) -> Mapping[str, str]:
        """Let those who were passed over be asked again; give who they are."""
        asking = work.ask()
        lapsed = {id: reason for id, reason in asking.declined.items() if reason == NOT_SET_UP}
        asking.declined = {id: reason for id, reason in asking.declined.items() if id not in lapsed}
        if not asking.declined:
            asking.clear_at = None
        return lapsed

    def may_forget(self, work: WorkItem, now: datetime) -> bool:
        """Tell whether the cool-down of an item has passed."""
        clear_at = self.clear_at(work)
        return clear_at is not None and clear_at <= now

    def clear_at(self, work: WorkItem) -> datetime | None:
        """Give when the cool-down of an item passes, None while nobody has refused."""
        if work.asking is None or work.asking.clear_at is None:
            return None
        lapse_at = self.lapse_at(work)
        return work.asking.clear_at if lapse_at is None else max(work.asking.clear_at, lapse_at)

    def lapse_at(self, work: WorkItem) -> datetime | None:
        """Give until when somebody is passed over, None if nobody is."""
        if work.asking is None or work.asking.clear_at is None:
            return None
        if NOT_SET_UP not in work.asking.declined.values():
            return None
        return work.asking.clear_at - self._cooldown + PASSED_OVER
