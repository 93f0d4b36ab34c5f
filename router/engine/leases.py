"""The lease of each claim: how long the holder may be silent before somebody is told and the work goes on.

In: claims, replies, messages of the customer, people who go. Out: the next step of a claim and when it is.

A lease runs while a reply is owed: from the claim, or from the customer's next message, until the customer
was answered. Nothing else renews it, neither a note nor being present.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from router.engine.config import EngineConfig, LeaseConfig
from router.engine.deadlines import DeadlineKind, Deadlines
from router.engine.events import Item
from router.engine.matching import Matching
from router.engine.work_items import WorkItem


class LeaseStep(StrEnum):
    """What happens to owed work whose holder is silent, mildest first, and to that of one who is gone."""

    NONE = ""
    NUDGED = "nudged"
    ESCALATED = "escalated"
    SILENT = "silent"
    ABSENT = "absent"


_LADDER = (LeaseStep.NONE, LeaseStep.NUDGED, LeaseStep.ESCALATED, LeaseStep.SILENT)
Step = tuple[datetime, LeaseStep]


class Lease:
    """What is known of one claim; changed only by `Leases`."""

    __slots__ = ("claimed_at", "is_dormant", "next", "owed_since", "replied_at", "step")

    def __init__(self, owed_since: datetime, claimed_at: datetime | None) -> None:
        self.owed_since = owed_since
        self.claimed_at = claimed_at
        self.replied_at: datetime | None = None
        # the last step taken since the reply is owed
        self.step = LeaseStep.NONE
        self.is_dormant = False
        self.next: Step | None = None


class Leases:
    """The lease of every claim by item, and the deadlines at which something comes of it."""

    __slots__ = ("_config", "_deadlines", "_leases", "_matching")

    def __init__(self, config: EngineConfig, matching: Matching, deadlines: Deadlines) -> None:
        self._config = config
        self._matching = matching
        self._deadlines = deadlines
        self._leases: dict[str, Lease] = {}

    def of(self, work: WorkItem) -> Lease:
        """Give the lease of a claimed item."""
        return self._leases[work.item.id]

    def begin(self, work: WorkItem, now: datetime) -> Lease:
        """Let a reply be owed by the new holder of an item."""
        lease = self._leases[work.item.id] = Lease(now, now)
        self.watch(work)
        return lease

    def restore(self, work: WorkItem, lease: Lease) -> None:
        """Go on with the lease of an earlier run."""
        self._leases[work.item.id] = lease
        self.watch(work)

    def end(self, work: WorkItem) -> Lease:
        """Forget the lease of a claim that is over; give what it was."""
        return self._leases.pop(work.item.id)

    def rest(self, work: WorkItem, replied_at: datetime | None) -> None:
        """Let nothing be owed until the customer writes."""
        lease = self.of(work)
        lease.is_dormant = True
        lease.replied_at = replied_at or lease.replied_at
        lease.step = LeaseStep.NONE
        self.watch(work)

    def owe(self, work: WorkItem, now: datetime) -> None:
        """Let a reply be owed from now on."""
        lease = self.of(work)
        lease.is_dormant = False
        lease.owed_since = now
        lease.step = LeaseStep.NONE
        self.watch(work)

    def take_step(self, work: WorkItem) -> LeaseStep:
        """Take the step of a lease that has come up; give which it is.

        A step that ends the claim is not noted, so that a hand-over tells what went before.
        """
        lease = self.of(work)
        # cleared, so that a further step at the same moment gets a deadline of its own
        due, lease.next = lease.next, None
        if due is None:
            return LeaseStep.NONE
        if due[1] in (LeaseStep.NUDGED, LeaseStep.ESCALATED):
            lease.step = due[1]
            self.watch(work)
        return due[1]

    def watch(self, work: WorkItem) -> None:
        """Set the deadline of the next step anew: after its holder came or went, or its due time changed."""
        lease = self._leases.get(work.item.id)
        if lease is None:
            return
        step = None if lease.is_dormant or work.holder is None else self._next_step(work, work.holder, lease)
        if step is not None and (lease.next is None or lease.next[0] != step[0]):
            self._deadlines.add(step[0], DeadlineKind.LEASE_STEP, work.item.id)
        lease.next = step

    def next_at(self, item_id: str) -> datetime | None:
        """Give when the next step of an item is due, None if none is."""
        lease = self._leases.get(item_id)
        return None if lease is None or lease.next is None else lease.next[0]

    def _next_step(self, work: WorkItem, holder: str, lease: Lease) -> Step | None:
        """Give the earliest step not yet taken; at the same moment absence first, then the milder one.

        An item that was claimed without ever being queued here has none: nobody could be found for it.
        """
        if not work.item.queue:
            return None
        limits = self._config.lease(work.item.channel_class)
        steps: list[Step] = []
        gone_since = self._matching.agents[holder].gone_since
        if limits.absent_s is not None and gone_since is not None:
            steps.append((max(gone_since, lease.owed_since) + _seconds(limits.absent_s), LeaseStep.ABSENT))
        told_at = _told_at(lease, work.item, limits)
        taken = _LADDER.index(lease.step)
        steps += [(at, step) for at, step in told_at if _LADDER.index(step) > taken]
        if limits.hand_back_s is not None:
            steps.append((lease.owed_since + _seconds(limits.hand_back_s), LeaseStep.SILENT))
        return min(steps, key=lambda step: step[0], default=None)


def _told_at(lease: Lease, item: Item, limits: LeaseConfig) -> list[Step]:
    """Give when the holder is reminded and when supervisors are told.

    A due time that is still to come brings both forward: the supervisors are told when it comes, the holder
    `lead_s` before. Where that was before the reply was owed, he is told together with the supervisors.
    """
    since, due_at = lease.owed_since, item.due_at
    ahead = [due_at] if due_at is not None and due_at > since else []
    steps: list[Step] = []
    if limits.supervisor_s is not None:
        steps.append((min([since + _seconds(limits.supervisor_s), *ahead]), LeaseStep.ESCALATED))
    if limits.nudge_s is not None:
        urgent_at = [at for due in ahead if (at := due - _seconds(item.lead_s)) > since]
        told_at = [since + _seconds(limits.nudge_s), *urgent_at, *(at for at, _ in steps)]
        steps.insert(0, (min(told_at), LeaseStep.NUDGED))
    return steps


def _seconds(count: float) -> timedelta:
    return timedelta(seconds=count)
