"""Room 6, claims: what becomes of work somebody has. Out: who has what, who is told, and what that frees.

In: work taken or ended, replies, messages of the customer, steps of the leases.

A claim is active while a reply is owed and dormant while the customer is the one who is waited for. Once its
work is solved it is completed, after the time its holder is given to wrap it up.
"""

from __future__ import annotations

from router.engine.answers import Answers
from router.engine.decisions import Act
from router.engine.desk import Desk
from router.engine.dispatch import Dispatch
from router.engine.events import ClaimRestored, Item, WrapUpRestored
from router.engine.leases import Lease, LeaseStep
from router.engine.refusals import HANDED_BACK
from router.engine.staff import Agent
from router.engine.work_items import WorkItem, WorkState
from router.engine.wrap_ups import WrapUp

_TOLD = {LeaseStep.NUDGED: Act.NUDGED, LeaseStep.ESCALATED: Act.ESCALATED}


class Claims:
    """Makes claims without an offer, follows them, and ends them."""

    def __init__(self, desk: Desk, dispatch: Dispatch, answers: Answers) -> None:
        self._desk = desk
        self._dispatch = dispatch
        self._answers = answers

    def take(self, work: WorkItem, agent: Agent) -> None:
        """Give an item to a person as told, whatever his load; whoever had it loses it.

        While the customer is waited for, the new holder owes no reply either.
        """
        holder = work.holder
        before = None if holder is None else self._desk.leases.of(work)
        freed = self._release(work)
        self._desk.reservations.hold(work, agent)
        self._desk.leases.begin(work, self._desk.now)
        if before is not None and before.is_dormant:
            self._rest(work, before)
        is_dormant = self._desk.leases.of(work).is_dormant
        self._desk.records.claimed(work, self._desk.now, agent, holder, is_dormant=is_dormant)
        self._dispatch.fill_freed(freed)

    def complete(self, work: WorkItem, holder: str) -> None:
        """End a claim whose work is done, at once or when its holder has wrapped it up."""
        self.wrapped_up(work.item.id, "told")
        agent = self._let_go(work, holder)
        del self._desk.waiting.works[work.item.id]
        span = self._desk.wrap_ups.span(work.item)
        if span:
            now = self._desk.now
            self._wrap_up(WrapUp(item=work.item, agent_id=holder, since=now, until=now + span))
            self._desk.records.wrapping(work, now, agent, now + span)
        else:
            self._desk.records.changed(Act.COMPLETED, work, self._desk.now, agent)
        self._dispatch.fill_freed(agent)

    def wrapped_up(self, item_id: str, reason: str) -> None:
        """End after-call work, so that its room can be filled."""
        wrap_up = self._desk.wrap_ups.end(item_id)
        if wrap_up is None:
            return
        agent = self._desk.reservations.wrapped_up(wrap_up)
        work = WorkItem(wrap_up.item)
        self._desk.records.wrapped_up(work, self._desk.now, agent, reason, wrap_up.since)
        self._dispatch.fill_freed(agent)

    def put_back(self, work: WorkItem, holder: str) -> None:
        """End a claim that was handed back; the item waits once it is queued again."""
        agent = self._let_go(work, holder)
        self._desk.refusals.remember_only(work, agent.id, HANDED_BACK, self._desk.now)
        self._desk.records.changed(Act.PUT_BACK, work, self._desk.now, agent)
        self._dispatch.fill_freed(agent)

    def withdraw(self, work: WorkItem, reason: str) -> None:
        """Let an item go, wherever it stands."""
        agent = self._release(work)
        del self._desk.waiting.works[work.item.id]
        self._desk.records.changed(Act.WITHDRAWN, work, self._desk.now, agent, reason)
        self._dispatch.fill_freed(agent)

    def reply(self, work: WorkItem) -> None:
        """Let a claim rest, now that the customer was answered, and use the room it leaves."""
        if work.state is not WorkState.CLAIMED:
            return
        lease = self._desk.leases.of(work)
        if lease.is_dormant:
            lease.replied_at = self._desk.now
            return
        agent = self._holder(work)
        self._rest(work, None)
        self._desk.records.changed(Act.DORMANT, work, self._desk.now, agent)
        self._dispatch.fill_freed(agent)

    def wake(self, work: WorkItem) -> None:
        """Let a reply be owed again; the claim counts in full, though it be beyond the limit.

        Whoever is gone as planned does not get the work back for a moment first.
        """
        if work.state is not WorkState.CLAIMED or not self._desk.leases.of(work).is_dormant:
            return
        agent = self._holder(work)
        self._desk.reservations.wake(work)
        self._desk.leases.owe(work, self._desk.now)
        self._desk.records.changed(Act.WOKEN, work, self._desk.now, agent)
        if agent.is_absent:
            self.hand_back(work, LeaseStep.ABSENT)

    def take_step(self, work: WorkItem) -> None:
        """Do what a lease asks for: tell somebody, or let the work go on to the next person."""
        step = self._desk.leases.take_step(work)
        if step in (LeaseStep.SILENT, LeaseStep.ABSENT):
            self.hand_back(work, step)
        elif step in _TOLD:
            lease = self._desk.leases.of(work)
            self._desk.records.reminded(_TOLD[step], work, self._desk.now, self._holder(work), lease)

    def hand_back(self, work: WorkItem, reason: LeaseStep) -> None:
        """Take owed work from a silent or absent person; it waits again at once, with its age."""
        lease = self._desk.leases.of(work)
        agent = self._let_go(work, str(work.holder))
        self._desk.refusals.remember_only(work, agent.id, reason.value, self._desk.now)
        self._desk.records.taken_back(work, self._desk.now, agent, lease, reason.value)
        self._dispatch.find_place(work)
        self._dispatch.fill_freed(agent)

    def restore(self, work: WorkItem, agent: Agent, event: ClaimRestored) -> None:
        """Take over a claim of an earlier run."""
        self._desk.waiting.remove(work)
        self._desk.reservations.hold(work, agent)
        lease = Lease(event.renewed_at or event.at, event.claimed_at)
        lease.replied_at = event.replied_at
        lease.step = LeaseStep(event.step)
        lease.is_dormant = event.is_dormant
        if event.is_dormant:
            self._desk.reservations.sleep(work)
        self._desk.leases.restore(work, lease)

    def restore_wrap_up(self, agent: Agent, event: WrapUpRestored) -> None:
        """Take over after-call work of an earlier run."""
        if self._desk.wrap_ups.of(event.item_id) is not None:
            return
        item = Item(
            id=event.item_id,
            conversation_id=event.conversation_id,
            queue=event.queue,
            channel_class=event.channel_class,
            eligible_since=event.eligible_since,
            arrival=0,
        )
        self._wrap_up(WrapUp(item=item, agent_id=agent.id, since=event.since, until=event.until))

    def _wrap_up(self, wrap_up: WrapUp) -> None:
        self._desk.wrap_ups.begin(wrap_up)
        self._desk.reservations.wrap_up(wrap_up)

    def _holder(self, work: WorkItem) -> Agent:
        return self._desk.matching.agents[str(work.holder)]

    def _rest(self, work: WorkItem, before: Lease | None) -> None:
        """Let a claim be dormant; `before` is the lease it had with somebody else."""
        self._desk.reservations.sleep(work)
        self._desk.leases.rest(work, self._desk.now if before is None else before.replied_at)

    def _let_go(self, work: WorkItem, holder: str) -> Agent:
        self._desk.leases.end(work)
        return self._desk.reservations.let_go(work, holder)

    def _release(self, work: WorkItem) -> Agent | None:
        """Free an item from where it stands; give the person who had it or was asked."""
        lane = work.lane
        if lane is not None:
            self._desk.waiting.remove(work)
            self._dispatch.explain_head(lane)
        if work.offer is not None:
            return self._answers.rescind(work, work.offer)
        return None if work.holder is None else self._let_go(work, work.holder)
