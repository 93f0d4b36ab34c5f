"""Room 6, answers: what becomes of offers and claims. Out: who has what, and what that frees.

In: an answer, an offer that ran out, a claim taken or ended, a person who changed.
"""

from __future__ import annotations

from router.engine.decisions import Act, OfferMade
from router.engine.desk import Desk
from router.engine.dispatch import Dispatch
from router.engine.gates import Gate
from router.engine.refusals import HANDED_BACK, NO_ANSWER, REJECTED
from router.engine.staff import Agent
from router.engine.work_items import WorkItem
from router.model.presence import PresenceState


class Answers:
    """Ends offers and claims and lets dispatch fill what they free."""

    def __init__(self, desk: Desk, dispatch: Dispatch) -> None:
        self._desk = desk
        self._dispatch = dispatch

    def accept(self, work: WorkItem, offer: OfferMade) -> None:
        """Make a claim of an offer."""
        agent = self._desk.reservations.close(work, offer)
        agent.unanswered = 0
        self._desk.reservations.hold(work, agent)
        self._desk.records.ended(Act.ACCEPTED, work, offer, self._desk.now)

    def reject(self, work: WorkItem, offer: OfferMade, reason: str) -> None:
        """Remember a refusal; offer the item to the next person and the person the next item."""
        agent = self._desk.reservations.close(work, offer)
        agent.unanswered = 0
        self._desk.refusals.remember(work, agent.id, reason or REJECTED, self._desk.now)
        self._desk.records.ended(Act.REJECTED, work, offer, self._desk.now, reason)
        self._dispatch.find_place(work)
        self._dispatch.fill_freed(agent)

    def expire(self, work: WorkItem) -> None:
        """Pass over a person who did not answer, and set him away after too many in a row."""
        if work.offer is None:
            return
        offer = work.offer
        agent = self._desk.reservations.close(work, offer)
        agent.unanswered += 1
        self._desk.refusals.remember(work, agent.id, NO_ANSWER, self._desk.now)
        self._desk.records.ended(Act.EXPIRED, work, offer, self._desk.now, NO_ANSWER)
        returned = [work]
        if agent.unanswered >= self._desk.config.offers.max_unanswered:
            self._desk.records.away(agent, self._desk.now)
            self._desk.matching.change_presence(agent, PresenceState.AWAY, agent.profile.classes)
            self._desk.people_changed = True
            returned += self._recall(agent)
        for item in sorted(returned, key=lambda one: one.entry):
            self._dispatch.find_place(item)
        self._dispatch.fill_freed(agent)

    def claim(self, work: WorkItem, agent: Agent) -> None:
        """Give an item to a person as told, whatever his load; whoever had it loses it."""
        holder = work.holder
        before = self._release(work)
        self._desk.reservations.hold(work, agent)
        self._desk.records.claimed(work, self._desk.now, agent, holder)
        self._dispatch.fill_freed(before)

    def complete(self, work: WorkItem, holder: str) -> None:
        """End a claim whose work is done."""
        agent = self._desk.reservations.let_go(work, holder)
        del self._desk.waiting.works[work.item.id]
        self._desk.records.changed(Act.COMPLETED, work, self._desk.now, agent)
        self._dispatch.fill_freed(agent)

    def put_back(self, work: WorkItem, holder: str) -> None:
        """End a claim that was handed back; the item waits once it is queued again."""
        agent = self._desk.reservations.let_go(work, holder)
        work.ask().declined = {agent.id: HANDED_BACK}
        self._desk.records.changed(Act.PUT_BACK, work, self._desk.now, agent)
        self._dispatch.fill_freed(agent)

    def withdraw(self, work: WorkItem, reason: str) -> None:
        """Let an item go, wherever it stands."""
        agent = self._release(work)
        del self._desk.waiting.works[work.item.id]
        self._desk.records.changed(Act.WITHDRAWN, work, self._desk.now, agent, reason)
        self._dispatch.fill_freed(agent)

    def people_changed(self, agent: Agent) -> None:
        """Take back offers a person may not have any more, then fill his room."""
        self._desk.people_changed = True
        for work in self._recall(agent):
            self._dispatch.find_place(work)
        self._dispatch.fill_freed(agent)

    def expire_skills(self, agent: Agent) -> None:
        """Take away the skills a person had only until now."""
        if self._desk.matching.expire_skills(agent, self._desk.now):
            self.people_changed(agent)
        self._desk.watch_skills(agent)

    def restore_offer(self, work: WorkItem, agent: Agent, offer: OfferMade) -> None:
        """Take over an open offer of an earlier run."""
        self._desk.waiting.remove(work)
        number = offer.offer_id.rpartition(".")[2]
        asking = work.ask()
        asking.offers_made = max(asking.offers_made, int(number) if number.isdecimal() else 0)
        self._dispatch.open(work, agent, offer)

    def restore_claim(self, work: WorkItem, agent: Agent) -> None:
        """Take over a claim of an earlier run."""
        self._desk.waiting.remove(work)
        self._desk.reservations.hold(work, agent)

    def _recall(self, agent: Agent) -> list[WorkItem]:
        """Rescind the offers a person may not have any more; give their items, first one first."""
        recalled = []
        for item_id in list(agent.offered):
            work = self._desk.waiting.works[item_id]
            gate = self._desk.matching.lane(work.lane_key).gate(agent.profile)
            if work.offer is not None and not (agent.is_present and gate is Gate.PASSED):
                self._rescind(work, work.offer)
                recalled.append(work)
        return sorted(recalled, key=lambda one: one.entry)

    def _rescind(self, work: WorkItem, offer: OfferMade) -> Agent:
        agent = self._desk.reservations.close(work, offer)
        self._desk.records.ended(Act.RESCINDED, work, offer, self._desk.now)
        return agent

    def _release(self, work: WorkItem) -> Agent | None:
        """Free an item from where it stands; give the person who had it or was asked."""
        lane = work.lane
        if lane is not None:
            self._desk.waiting.remove(work)
            self._dispatch.explain_head(lane)
        if work.offer is not None:
            return self._rescind(work, work.offer)
        return None if work.holder is None else self._desk.reservations.let_go(work, work.holder)
