"""Room 6, placing: who is asked for an item and what a free person gets. Out: offers and waiting.

After every event nobody who has room stands beside an item he may serve: a freed person takes the smallest
key he may serve, an item that comes or comes back goes to the best person, and an item that nobody can
take stands in no other's way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from router.engine.deadlines import DeadlineKind
from router.engine.decisions import Act, OfferMade
from router.engine.desk import Desk
from router.engine.events import Item
from router.engine.gates import Gate
from router.engine.lanes import Entry, Lane
from router.engine.picking import Pick
from router.engine.refiling import Refiling
from router.engine.staff import Agent
from router.engine.turns import in_turn
from router.engine.work_items import WorkItem, WorkState


class Dispatch:
    """Brings items and people together."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._refiling = Refiling(desk)
        # ids of waiting items that belong elsewhere since people changed, and look for a person
        self._refiled: dict[str, None] = {}
        self._people_restored = False
        self._picks_restored: list[tuple[datetime, str, str]] = []

    def queue(self, item: Item, *, moved_from: str | None = None) -> None:
        """Take in an item; one handed back is not offered to the same person at once."""
        before = self._desk.waiting.works.get(item.id)
        if before is not None and before.state is not WorkState.HANDED_BACK:
            return
        work = self._desk.waiting.works[item.id] = WorkItem(item)
        if before is not None:
            asking = work.ask()
            asking.offers_made = max(asking.offers_made, before.ask().offers_made)
            asking.declined = {**item.declined, **before.declined}
        if work.declined:
            last_refusal_at = item.declined_at if before is None else None
            self._desk.refusals.count_from(work, last_refusal_at or self._desk.now)
        if moved_from is not None:
            self._desk.records.write(Act.MOVED, self._desk.now, work, before=moved_from)
        self.find_place(work, is_new=True)

    def restore_agent(self, agent: Agent, offers: Iterable[tuple[datetime, str]]) -> None:
        """Remember that this person, known from an earlier run, has not been looked at yet, and what he was asked."""
        self._people_restored = True
        self._picks_restored += [(at, agent.id, queue) for at, queue in offers]
        agent.profile.refresh(agent)

    def catch_up(self) -> None:
        """Fill the room that people restored since the last call have."""
        if not self._people_restored:
            return
        self._people_restored = False
        self._desk.people_changed = True
        matching = self._desk.matching
        for _, agent_id, queue in sorted(self._picks_restored, key=lambda pick: pick[:2]):
            matching.tiers.note(queue, matching.agents[agent_id].profile.key)
        self._picks_restored = []
        self.judge_people(is_told=False)
        for work in self._desk.reservations.offers.values():
            if work.offer is not None:
                self._refiling.leave(work, work.offer.offered_at)
        self.fill_all()

    def fill_all(self) -> None:
        """Fill the room of everybody, least loaded first."""
        present = [agent for agent in self._desk.matching.agents.values() if agent.is_present]
        for agent in sorted(present, key=lambda one: (one.holdings.ratio, one.last_offer, one.place)):
            self.fill(agent)

    def open_gates(self, agent: Agent) -> None:
        """Fill the room of a person whose rest or ramp has ended."""
        agent.open_gates(self._desk.now)
        self.fill(agent)

    def settle(self) -> None:
        """Place what belongs elsewhere and say what the next item of each lane waits for, if people changed."""
        if not self._desk.people_changed:
            return
        self.judge_people()
        self._desk.people_changed = False
        self._place_refiled(is_judged=True)
        lanes = [lane for lane in self._desk.matching.lanes.values() if lane.size]
        refused: list[WorkItem] = []
        for lane in lanes:
            if lane.declined and self._desk.matching.blocking_gate(lane) is Gate.DECLINED:
                refused += self._desk.waiting.in_lane(lane)
        # in the order of waiting: lanes stand in the order in which they were needed, which a restart or a look changes
        for work in self.in_turn(refused):
            self.look_again(work)
        heads = [(lane.head, lane) for lane in lanes if lane.head is not None]
        for _, lane in sorted(heads, key=lambda pair: pair[0]):
            self.explain_head(lane)

    def judge_people(self, *, is_told: bool = True) -> None:
        """File waiting items anew for which the people who are here now change what they ask.

        Done before anybody's room is filled; `settle` then looks for people for what was filed anew.
        """
        desk = self._desk
        works = desk.affinity.changed(desk.now)
        for kind in desk.relaxing.judge_people():
            for lane in [desk.matching.lanes[key] for key in kind.lanes if key in desk.matching.lanes]:
                works += [work for work in desk.waiting.in_lane(lane) if desk.relaxing.kind(work) is kind]
        for work in sorted(works, key=_by_entry):
            if self._refiling.refile(work, is_told=is_told):
                self._refiled[work.item.id] = None

    def needs_changed(self, item_ids: Iterable[str]) -> None:
        """Look anew at items whose needs change at this time; first one first."""
        works = [self._desk.waiting.works[item_id] for item_id in item_ids]
        for work in sorted(works, key=_by_entry):
            lane = work.lane
            if lane is not None and self._refiling.refile(work):
                self.explain_head(lane)
                self._refiled[work.item.id] = None
        self._place_refiled()

    def rekey(self, work: WorkItem, *, due_at: datetime | None, lead_s: float) -> None:
        """Let an item have another due time; a waiting one moves in its line and lane without a record."""
        lane = work.lane
        self._desk.waiting.remove(work)
        work.change(replace(work.item, due_at=due_at, lead_s=lead_s))
        self._desk.leases.watch(work)
        if lane is not None:
            self._desk.waiting.add(work, lane)

    def look_for_place(self, work: WorkItem) -> None:
        """Let a waiting item look for a person anew."""
        if work.lane is not None:
            self._desk.waiting.remove(work)
            self.find_place(work)

    def find_place(self, work: WorkItem, *, is_new: bool = False) -> None:
        """Offer an item to the best person, or let it wait."""
        keeper, changes = self._refiling.judge(work)
        lane = self._desk.matching.lane(work.lane_key)
        best, second = self._best_people(work, lane, keeper)
        gate = Gate.PASSED if best is not None else self._desk.affinity.gate(work, lane, keeper)
        if gate is Gate.DECLINED and self._desk.refusals.may_forget(work, self._desk.now):
            forgotten = self._desk.refusals.forget(work)
            self._desk.records.memory_cleared(work, self._desk.now, forgotten)
            self._refiling.tell(work, changes)
            self.find_place(work, is_new=is_new)
            return
        if best is None:
            self._refiling.file(work, keeper)
            self._desk.refusals.watch(work, self._desk.now)
        if is_new:
            work.blocked = gate
            self._desk.records.queued(work, lane, self._desk.now, gate)
        self._refiling.tell(work, changes)
        if best is None:
            self._explain(work, lane, gate)
        else:
            self._offer(work, lane, best, runner_up=second)

    def _best_people(self, work: WorkItem, lane: Lane, keeper: Agent | None) -> tuple[str | None, str | None]:
        """Give who is asked for an item and who would have been next; the person it prefers goes first."""
        if keeper is not None:
            return self._desk.affinity.asked_alone(work, lane, keeper), None
        best, second = (
            None if candidate is None else candidate.agent_id
            for candidate in self._desk.matching.best_people(work, lane)
        )
        preferred = self._desk.affinity.asked_first(work, lane)
        if preferred is None or preferred == best:
            return best, second
        return preferred, best

    def fill_freed(self, agent: Agent | None) -> None:
        """Fill the room of a person who was freed; forget him once he has left and has nothing."""
        if agent is None:
            return
        self.fill(agent)
        if not agent.is_staff and agent.has_nothing:
            self._desk.matching.forget(agent)

    def fill(self, agent: Agent) -> None:
        """Offer a person what he may serve, first one first, until no gate lets more through."""
        while (pick := self._best_item(agent)) is not None:
            work = self._desk.waiting.works[pick.entry[2]]
            self._desk.waiting.remove(work)
            following = self._best_item(agent)
            next_item = None if following is None else following.entry
            self._offer(work, pick.lane, agent.id, next_item=next_item, held_back=pick.held_back)
            self.explain_head(pick.lane)

    def _best_item(self, agent: Agent) -> Pick | None:
        """Give what a person is asked for next, of what anybody may have and what is kept for him."""
        return self._desk.matching.best_item(agent, self._desk.affinity.kept(agent))

    def _place_refiled(self, *, is_judged: bool = False) -> None:
        """Look for people for what was filed anew; what `is_judged` stays where it is if nobody is free for it."""
        works = [
            self._desk.waiting.works[item_id]
            for item_id in self._refiled
            if item_id in self._desk.waiting.works
        ]
        self._refiled.clear()
        for work in self.in_turn(works):
            lane = work.lane
            if is_judged and lane is not None and self._nobody_is_free(work, lane):
                self._explain(work, lane, self._desk.matching.blocking_gate(lane))
            else:
                self.look_for_place(work)

    def in_turn(self, works: Iterable[WorkItem]) -> Iterator[WorkItem]:
        """Give items that look for people at once one by one, tiers first while their share lasts."""
        return in_turn(works, self._desk.matching.tiers, self._may_go_first)

    def _may_go_first(self, work: WorkItem) -> bool:
        """Tell whether an item of a tier would be offered within its share, or to nobody."""
        desk = self._desk
        keeper = desk.affinity.keeper(work, desk.now)
        best, _ = self._best_people(work, desk.matching.lane(work.lane_key), keeper)
        return best is None or desk.matching.tiers.may_go_first(
            work.item.queue, desk.matching.agents[best].profile.key
        )

    def _nobody_is_free(self, work: WorkItem, lane: Lane) -> bool:
        """Tell that looking for a person leaves a waiting item where it is."""
        if any(roll.free for _, roll in lane.able) or self._desk.affinity.is_kept(work):
            return False
        return not self._desk.refusals.may_forget(work, self._desk.now)

    def _offer(
        self,
        work: WorkItem,
        lane: Lane,
        agent_id: str,
        *,
        runner_up: str | None = None,
        next_item: Entry | None = None,
        held_back: str | None = None,
    ) -> None:
        asking = work.ask()
        asking.offers_made += 1
        timeout_s = self._desk.config.queue(work.item.queue).offer_timeout_s
        offer = OfferMade(
            offer_id=f"{work.item.id}.{asking.offers_made}",
            item_id=work.item.id,
            agent_id=agent_id,
            offered_at=self._desk.now,
            expires_at=self._desk.now + timedelta(seconds=timeout_s),
        )
        agent = self._desk.matching.agents[agent_id]
        pool, tiers = agent.profile.key, self._desk.matching.tiers
        tier = tiers.figures(held_back or work.item.queue, pool)
        self._desk.records.offered(work, lane, offer, runner_up=runner_up, next_item=next_item, tier=tier)
        tiers.note(work.item.queue, pool)
        self.open(work, agent, offer)

    def open(self, work: WorkItem, agent: Agent, offer: OfferMade) -> None:
        """Book an offer and when it runs out."""
        self._desk.reservations.open(work, agent, offer)
        self._desk.deadlines.add(offer.expires_at, DeadlineKind.OFFER_EXPIRES, offer.offer_id)
        self._refiling.leave(work, offer.offered_at)

    def look_again(self, work: WorkItem) -> None:
        """Let a waiting item look for a person anew if its refusals may be forgotten."""
        if work.lane is not None and self._desk.refusals.may_forget(work, self._desk.now):
            self._desk.waiting.remove(work)
            self.find_place(work)

    def explain_head(self, lane: Lane) -> None:
        """Say what the next item of a lane waits for, if that has changed."""
        work = self._desk.waiting.head(lane)
        if work is None:
            return
        if self._desk.affinity.is_kept(work):
            lane = self._desk.matching.lane(work.lane_key)
        self._explain(work, lane, self._desk.affinity.gate_now(work, lane))

    def _explain(self, work: WorkItem, lane: Lane, gate: Gate) -> None:
        """Write a record when what an item waits for is not what its last record says."""
        if gate is not work.blocked:
            work.blocked = gate
            self._desk.records.blocked(work, lane, self._desk.now, gate)


def _by_entry(work: WorkItem) -> Entry:
    return work.entry
