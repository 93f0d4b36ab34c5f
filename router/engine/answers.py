"""Room 6, answers: what becomes of offers. Out: who has what, who is asked next, and what that frees.

In: an answer, a set-up that failed, an offer that ran out, a person who may not be asked any more.

    pending -> accepting -> accepted; or rejected, expired, rescinded, failed, cancelled

However an offer ends other than by being accepted, its item looks for the next person at once, with its age.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from router.engine.deadlines import DeadlineKind
from router.engine.decisions import Act, OfferMade
from router.engine.desk import Desk
from router.engine.dispatch import Dispatch
from router.engine.gates import Gate
from router.engine.refusals import BUSY, NO_ANSWER, NOT_SET_UP, REJECTED
from router.engine.staff import Agent
from router.engine.work_items import WorkItem
from router.model.presence import PresenceState


class Answers:
    """Ends offers and lets dispatch fill what they free."""

    def __init__(self, desk: Desk, dispatch: Dispatch) -> None:
        self._desk = desk
        self._dispatch = dispatch

    def set_up(self, work: WorkItem, offer: OfferMade) -> None:
        """Give a person who took an offer the time its set-up may take."""
        if offer.is_accepting:
            return
        cap = timedelta(seconds=self._desk.config.offers.accepting_s)
        taken = replace(offer, expires_at=self._desk.now + cap, is_accepting=True)
        work.place = taken
        self._desk.matching.agents[offer.agent_id].unanswered = 0
        self._desk.deadlines.add(taken.expires_at, DeadlineKind.OFFER_EXPIRES, taken.offer_id)
        self._desk.records.accepting(work, taken, self._desk.now)

    def accept(self, work: WorkItem, offer: OfferMade) -> None:
        """Make a claim of an offer; from now on a reply is owed."""
        self._desk.reservations.keep(work, offer)
        self._desk.leases.begin(work, self._desk.now)
        self._desk.records.ended(Act.ACCEPTED, work, offer, self._desk.now)

    def reject(self, work: WorkItem, offer: OfferMade, reason: str) -> None:
        """Remember a refusal; offer the item to the next person and the person the next item."""
        agent = self._desk.reservations.close(work, offer)
        agent.unanswered = 0
        self._desk.refusals.remember(work, agent.id, reason or REJECTED, self._desk.now)
        self._desk.records.ended(Act.REJECTED, work, offer, self._desk.now, reason)
        offers = self._desk.config.offers
        self._let_rest(agent, offers.busy_s if reason == BUSY else offers.reject_s, reason or REJECTED)
        self._dispatch.find_place(work)
        self._dispatch.fill_freed(agent)

    def fail(self, work: WorkItem, offer: OfferMade, reason: str) -> None:
        """End an offer that could not be set up, through nobody's fault."""
        self._give_up(work, offer, Act.FAILED, reason)

    def run_out(self, work: WorkItem) -> None:
        """End an offer whose time is over: unanswered, or not set up in time."""
        offer = work.offer
        if offer is None:
            return
        if offer.is_accepting:
            self._give_up(work, offer, Act.CANCELLED, "")
        else:
            self._expire(work, offer)

    def ask_again(self, work: WorkItem) -> None:
        """Let those who were passed over for a moment be asked again; a waiting item looks anew."""
        lapsed = self._desk.refusals.lapse(work)
        self._desk.records.memory_cleared(work, self._desk.now, lapsed, NOT_SET_UP)
        if work.lane is not None:
            self._desk.waiting.remove(work)
            self._dispatch.find_place(work)

    def rescind(self, work: WorkItem, offer: OfferMade) -> Agent:
        """Take an offer back; give the person who was asked."""
        agent = self._desk.reservations.close(work, offer)
        self._desk.records.ended(Act.RESCINDED, work, offer, self._desk.now)
        return agent

    def person_changed(self, agent: Agent) -> None:
        """Take back the offers a person may not have any more, look at his leases, then fill his room."""
        self._desk.people_changed = True
        self.watch_claims(agent)
        self._dispatch.judge_people()
        for work in self._dispatch.in_turn(self._recall(agent)):
            self._dispatch.find_place(work)
        self._dispatch.fill_freed(agent)

    def expire_skills(self, agent: Agent) -> None:
        """Take away the skills a person had only until now."""
        if self._desk.matching.expire_skills(agent, self._desk.now):
            self.person_changed(agent)
        self._desk.watch_skills(agent)

    def watch_claims(self, agent: Agent) -> None:
        """Look at the leases of a person's work anew after he came or went."""
        for item_id in agent.claims:
            self._desk.leases.watch(self._desk.waiting.works[item_id])

    def restore(self, work: WorkItem, agent: Agent, offer: OfferMade) -> None:
        """Take over an open offer of an earlier run."""
        self._desk.waiting.remove(work)
        number = offer.offer_id.rpartition(".")[2]
        asking = work.ask()
        asking.offers_made = max(asking.offers_made, int(number) if number.isdecimal() else 0)
        self._dispatch.open(work, agent, offer)

    def _expire(self, work: WorkItem, offer: OfferMade) -> None:
        """Pass over a person who did not answer, and set him away after too many in a row."""
        agent = self._desk.reservations.close(work, offer)
        agent.unanswered += 1
        self._desk.refusals.remember(work, agent.id, NO_ANSWER, self._desk.now)
        self._desk.records.ended(Act.EXPIRED, work, offer, self._desk.now, NO_ANSWER)
        self._let_rest(agent, self._desk.config.offers.no_answer_s, NO_ANSWER)
        returned = [work]
        if agent.unanswered >= self._desk.config.offers.max_unanswered:
            self._desk.records.away(agent, self._desk.now)
            self._desk.matching.change_presence(agent, PresenceState.AWAY, agent.profile.classes)
            agent.gone_at = agent.gone_at or self._desk.now
            self._desk.people_changed = True
            self.watch_claims(agent)
            returned += self._recall(agent)
        for item in self._dispatch.in_turn(returned):
            self._dispatch.find_place(item)
        self._dispatch.fill_freed(agent)

    def _let_rest(self, agent: Agent, span_s: float, reason: str) -> None:
        """Leave a person alone for a while after an offer he did not take."""
        if span_s > 0:
            agent.rest(self._desk.now + timedelta(seconds=span_s), reason)

    def _give_up(self, work: WorkItem, offer: OfferMade, act: Act, reason: str) -> None:
        """Pass over, for a moment and for this item only, a person for whom an offer was not set up."""
        agent = self._desk.reservations.close(work, offer)
        self._desk.refusals.remember(work, agent.id, NOT_SET_UP, self._desk.now)
        self._desk.records.ended(act, work, offer, self._desk.now, reason)
        self._dispatch.find_place(work)
        self._dispatch.fill_freed(agent)

    def _recall(self, agent: Agent) -> list[WorkItem]:
        """Rescind the offers a person may not have any more; give their items, first one first.

        An offer he took stays with him while it is set up: a telephone sets people busy at that moment.
        """
        recalled = []
        for item_id in list(agent.offered):
            work = self._desk.waiting.works[item_id]
            if work.offer is None or work.offer.is_accepting:
                continue
            gate = self._desk.matching.lane(work.lane_key).gate(agent.profile)
            if not (agent.is_present and gate is Gate.PASSED):
                self.rescind(work, work.offer)
                recalled.append(work)
        return sorted(recalled, key=lambda one: one.entry)
