"""Room 6: the acts. In: what an event asks for. Out: offers, claims and waiting, each with its record.

After every event nobody who has room stands beside an item he may serve: a freed person takes the smallest
key he may serve, an item that comes or comes back goes to the best person, and an item that nobody can
take stands in no other's way.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from router.engine.config import EngineConfig
from router.engine.deadlines import Deadline, DeadlineKind, Deadlines
from router.engine.decisions import Act, OfferMade
from router.engine.events import Item
from router.engine.gates import Gate
from router.engine.lanes import Entry, Lane
from router.engine.matching import Matching
from router.engine.records import Records
from router.engine.refusals import HANDED_BACK, NO_ANSWER, REJECTED, Refusals
from router.engine.reservations import Reservations
from router.engine.staff import Agent
from router.engine.waiting import Waiting
from router.engine.work_items import WorkItem, WorkState
from router.model.presence import PresenceState


class Dispatch:
    """The state of the desk and every act on it; `now` is set before each event."""

    def __init__(self, config: EngineConfig, seed: int, now: datetime) -> None:
        self.now = now
        self.waiting = Waiting()
        self.matching = Matching(seed)
        self.reservations = Reservations(self.matching)
        self.records = Records(self.waiting, self.matching)
        self.deadlines = Deadlines(self._still_stands)
        self._refusals = Refusals(self.deadlines, config.decline_cooldown_s)
        self._config = config
        self._people_changed = False
        self._people_restored = False

    def run_deadlines(self) -> None:
        """Do what has become due: let offers run out, ask again those who refused."""
        while (due := self.deadlines.take(self.now)) is not None:
            _, kind, id = due
            if kind is DeadlineKind.OFFER_EXPIRES:
                self._expire(self.reservations.offers[id])
            else:
                self._look_again(self.waiting.works[id])

    def settle(self) -> None:
        """Say what the next item of each lane waits for, if people changed."""
        if not self._people_changed:
            return
        self._people_changed = False
        for lane in [lane for lane in self.matching.lanes.values() if lane.size]:
            if lane.declined and self.matching.blocking_gate(lane) is Gate.DECLINED:
                for work in self.waiting.in_lane(lane):
                    self._look_again(work)
            self._explain_head(lane)

    def queue(self, item: Item) -> None:
        """Take in an item; one handed back is not offered to the same person at once."""
        before = self.waiting.works.get(item.id)
        if before is not None and before.state is not WorkState.HANDED_BACK:
            return
        work = self.waiting.works[item.id] = WorkItem(item)
        if before is not None:
            asking = work.ask()
            asking.offers_made = max(asking.offers_made, before.ask().offers_made)
            asking.declined = {**item.declined, **before.declined}
        if work.declined:
            last_refusal_at = item.declined_at if before is None else None
            self._refusals.count_from(work, last_refusal_at or self.now)
        self._find_place(work, is_new=True)

    def restore_offer(self, work: WorkItem, agent: Agent, offer: OfferMade) -> None:
        """Take over an open offer of an earlier run."""
        self.waiting.remove(work)
        number = offer.offer_id.rpartition(".")[2]
        asking = work.ask()
        asking.offers_made = max(asking.offers_made, int(number) if number.isdecimal() else 0)
        self._open(work, agent, offer)

    def restore_claim(self, work: WorkItem, agent: Agent) -> None:
        """Take over a claim of an earlier run."""
        self.waiting.remove(work)
        self.reservations.hold(work, agent)

    def restore_agent(self, agent: Agent) -> None:
        """Remember that this person, known from an earlier run, has not been looked at yet."""
        self._people_restored = True
        agent.profile.refresh(agent)

    def catch_up(self) -> None:
        """Fill the room that people restored since the last call have."""
        if not self._people_restored:
            return
        self._people_restored = False
        self._people_changed = True
        free = [agent for agent in self.matching.agents.values() if agent.entry is not None]
        for agent in sorted(free, key=lambda one: (one.load / one.max_claims, one.last_offer, one.place)):
            self._fill(agent)

    def withdraw(self, work: WorkItem, reason: str) -> None:
        """Let an item go, wherever it stands."""
        agent = self._release(work)
        del self.waiting.works[work.item.id]
        self.records.changed(Act.WITHDRAWN, work, self.now, agent, reason)
        self._fill_freed(agent)

    def accept(self, work: WorkItem, offer: OfferMade) -> None:
        """Make a claim of an offer."""
        agent = self.reservations.close(work, offer)
        agent.unanswered = 0
        self.reservations.hold(work, agent)
        self.records.ended(Act.ACCEPTED, work, offer, self.now)

    def reject(self, work: WorkItem, offer: OfferMade, reason: str) -> None:
        """Remember a refusal; offer the item to the next person and the person the next item."""
        agent = self.reservations.close(work, offer)
        agent.unanswered = 0
        self._refusals.remember(work, agent.id, reason or REJECTED, self.now)
        self.records.ended(Act.REJECTED, work, offer, self.now, reason)
        self._find_place(work)
        self._fill_freed(agent)

    def claim(self, work: WorkItem, agent: Agent) -> None:
        """Give an item to a person as told, whatever his load; whoever had it loses it."""
        holder = work.holder
        before = self._release(work)
        self.reservations.hold(work, agent)
        self.records.claimed(work, self.now, agent, holder)
        self._fill_freed(before)

    def complete(self, work: WorkItem, holder: str) -> None:
        """End a claim whose work is done."""
        agent = self.reservations.let_go(work, holder)
        del self.waiting.works[work.item.id]
        self.records.changed(Act.COMPLETED, work, self.now, agent)
        self._fill_freed(agent)

    def put_back(self, work: WorkItem, holder: str) -> None:
        """End a claim that was handed back; the item waits once it is queued again."""
        agent = self.reservations.let_go(work, holder)
        work.ask().declined = {agent.id: HANDED_BACK}
        self.records.changed(Act.PUT_BACK, work, self.now, agent)
        self._fill_freed(agent)

    def people_changed(self, agent: Agent) -> None:
        """Take back offers a person may not have any more, then fill his room."""
        self._people_changed = True
        for work in self._recall(agent):
            self._find_place(work)
        self._fill_freed(agent)

    def _find_place(self, work: WorkItem, *, is_new: bool = False) -> None:
        """Offer an item to the best person, or let it wait."""
        lane = self.matching.lane(work.lane_key)
        best, second = self.matching.best_people(work, lane)
        gate = Gate.PASSED if best is not None else self.matching.blocking_gate(lane)
        if gate is Gate.DECLINED and self._refusals.may_forget(work, self.now):
            forgotten = self._refusals.forget(work)
            self.records.memory_cleared(work, self.now, forgotten)
            self._find_place(work, is_new=is_new)
            return
        if best is None:
            self.waiting.add(work, lane)
            self._refusals.watch(work, self.now)
        if is_new:
            work.blocked = gate
            self.records.queued(work, lane, self.now, gate)
        if best is None:
            self._explain(work, lane, gate)
        else:
            self._offer(work, lane, best.agent_id, runner_up=None if second is None else second.agent_id)

    def _fill(self, agent: Agent) -> None:
        """Offer a person the smallest keys he may serve until he has no room."""
        pick = self.matching.best_item(agent) if agent.has_room else None
        while pick is not None and agent.has_room:
            entry, lane = pick
            work = self.waiting.works[entry[2]]
            self.waiting.remove(work)
            pick = self.matching.best_item(agent)
            self._offer(work, lane, agent.id, next_item=None if pick is None else pick[0])
            self._explain_head(lane)

    def _fill_freed(self, agent: Agent | None) -> None:
        if agent is None:
            return
        self._fill(agent)
        if not agent.is_staff and not agent.load:
            self.matching.forget(agent)

    def _offer(
        self,
        work: WorkItem,
        lane: Lane,
        agent_id: str,
        *,
        runner_up: str | None = None,
        next_item: Entry | None = None,
    ) -> None:
        asking = work.ask()
        asking.offers_made += 1
        timeout_s = self._config.queue(work.item.queue).offer_timeout_s
        offer = OfferMade(
            offer_id=f"{work.item.id}.{asking.offers_made}",
            item_id=work.item.id,
            agent_id=agent_id,
            offered_at=self.now,
            expires_at=self.now + timedelta(seconds=timeout_s),
        )
        self.records.offered(work, lane, offer, runner_up=runner_up, next_item=next_item)
        self._open(work, self.matching.agents[agent_id], offer)

    def _open(self, work: WorkItem, agent: Agent, offer: OfferMade) -> None:
        self.reservations.open(work, agent, offer)
        self.deadlines.add(offer.expires_at, DeadlineKind.OFFER_EXPIRES, offer.offer_id)

    def _expire(self, work: WorkItem) -> None:
        """Pass over a person who did not answer, and set him away after too many in a row."""
        if work.offer is None:
            return
        offer = work.offer
        agent = self.reservations.close(work, offer)
        agent.unanswered += 1
        self._refusals.remember(work, agent.id, NO_ANSWER, self.now)
        self.records.ended(Act.EXPIRED, work, offer, self.now, NO_ANSWER)
        returned = [work]
        if agent.unanswered >= self._config.max_unanswered:
            self.records.away(agent, self.now)
            self.matching.change_presence(agent, PresenceState.AWAY, agent.profile.classes)
            self._people_changed = True
            returned += self._recall(agent)
        for item in sorted(returned, key=lambda one: one.entry):
            self._find_place(item)
        self._fill_freed(agent)

    def _recall(self, agent: Agent) -> list[WorkItem]:
        """Rescind the offers a person may not have any more; give their items, first one first."""
        recalled = []
        for item_id in list(agent.offered):
            work = self.waiting.works[item_id]
            profile = agent.profile
            gate = self.matching.lane(work.lane_key).requirement.first_failing(
                profile.skills, profile.classes
            )
            if work.offer is not None and not (agent.is_present and gate is Gate.PASSED):
                self._rescind(work, work.offer)
                recalled.append(work)
        return sorted(recalled, key=lambda one: one.entry)

    def _rescind(self, work: WorkItem, offer: OfferMade) -> Agent:
        agent = self.reservations.close(work, offer)
        self.records.ended(Act.RESCINDED, work, offer, self.now)
        return agent

    def _release(self, work: WorkItem) -> Agent | None:
        """Free an item from where it stands; give the person who had it or was asked."""
        lane = work.lane
        if lane is not None:
            self.waiting.remove(work)
            self._explain_head(lane)
        if work.offer is not None:
            return self._rescind(work, work.offer)
        return None if work.holder is None else self.reservations.let_go(work, work.holder)

    def _look_again(self, work: WorkItem) -> None:
        """Let a waiting item look for a person anew if its refusals may be forgotten."""
        if work.lane is not None and self._refusals.may_forget(work, self.now):
            self.waiting.remove(work)
            self._find_place(work)

    def _explain_head(self, lane: Lane) -> None:
        work = self.waiting.head(lane)
        if work is not None:
            self._explain(work, lane, self.matching.blocking_gate(lane))

    def _explain(self, work: WorkItem, lane: Lane, gate: Gate) -> None:
        """Write a record when what an item waits for is not what its last record says."""
        if gate is not work.blocked:
            work.blocked = gate
            self.records.blocked(work, lane, self.now, gate)

    def _still_stands(self, deadline: Deadline) -> bool:
        at, kind, id = deadline
        if kind is DeadlineKind.OFFER_EXPIRES:
            return id in self.reservations.offers
        work = self.waiting.works.get(id)
        return work is not None and work.lane is not None and self._refusals.clear_at(work) == at
