"""The engine: events in, decisions out; the same events, configuration and seed give the same decisions.

It holds an index in memory and nothing else. After a start it is rebuilt by telling it what the database
knows: `ItemQueued` for every live item, then `OfferRestored`, `ClaimRestored`, `WrapUpRestored` and
`ClockRestored`, then `AgentRestored`; a `ClockTick` ends it and does what has become due or possible meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from router.engine.absence import Attendance
from router.engine.answers import Answers
from router.engine.changes import Changes
from router.engine.claims import Claims
from router.engine.clocks.promises import Promises
from router.engine.config import EngineConfig
from router.engine.copying import copied
from router.engine.deadlines import DeadlineKind
from router.engine.decisions import Decision, OfferMade
from router.engine.desk import Desk
from router.engine.dispatch import Dispatch
from router.engine.events import (
    AbsencePlanned,
    AgentChanged,
    AgentRemoved,
    AgentRestored,
    ClaimEnded,
    ClaimOutcome,
    ClaimRestored,
    ClaimTaken,
    ClockRestored,
    CustomerWrote,
    Event,
    IncidentEnded,
    IncidentStarted,
    Item,
    ItemChanged,
    ItemPaused,
    ItemQueued,
    ItemThawed,
    ItemWithdrawn,
    OfferAccepted,
    OfferAccepting,
    OfferFailed,
    OfferRejected,
    OfferRestored,
    OverflowRestored,
    PresenceChanged,
    Replied,
    WrapUpDone,
    WrapUpRestored,
)
from router.engine.relief import Relief
from router.engine.staff import Agent
from router.engine.work_items import WorkItem
from router.messages import JsonObject
from router.strategy import Strategy

_START = datetime.min.replace(tzinfo=UTC)


class Engine:
    """Decides who is offered what; not thread-safe, one caller at a time."""

    def __init__(
        self, config: EngineConfig, seed: int, strategies: Iterable[Strategy] = (), *, records: bool = True
    ) -> None:
        """Raise ConfigError when a queue asks for a strategy nobody brought.

        Without `records` every decision is there, but its record leaves out what only people read.
        """
        self._desk = Desk(config, seed, _START, tuple(strategies))
        self._desk.records.is_brief = not records
        self._dispatch = Dispatch(self._desk)
        self._answers = Answers(self._desk, self._dispatch)
        self._claims = Claims(self._desk, self._dispatch, self._answers)
        self._relief = Relief(self._desk, self._dispatch)
        self._changes = Changes(self._desk, self._dispatch, self._answers)
        self._attendance = Attendance(self._desk, self._answers, self._claims)
        self._promises = Promises(self._desk, self._dispatch)

    def apply(self, event: Event) -> list[Decision]:
        """Take in an event and give what follows from it, in order.

        Time never goes back: an event with an older time counts as happening now. What has become due by
        then is done first, so an answer that comes after its offer ran out changes nothing.
        """
        desk = self._desk
        desk.now = max(desk.now, event.at)
        if isinstance(event, OverflowRestored):
            desk.overflows.restore(event.queue)
            return []
        if isinstance(event, OfferRestored | ClaimRestored | WrapUpRestored | AgentRestored):
            self._restore(event)
            return []
        if isinstance(event, ClockRestored):
            self._promises.restore(event)
            return []
        if not isinstance(event, ItemQueued):
            self._promises.catch_up()
        self._run_deadlines()
        self._dispatch.catch_up()
        self._take_in(event)
        desk.records.add(desk.guard.look(desk.now, people_changed=desk.people_changed))
        self._dispatch.settle()
        if not (isinstance(event, ItemQueued) and event.is_restored):
            self._relief.settle()
        return desk.records.take()

    def preview(self, event: Event) -> list[Decision]:
        """Give what would follow from an event, and change nothing."""
        return copied(self).apply(event)

    def next_due(self, by: datetime | None = None) -> datetime | None:
        """Give when a `ClockTick` will next change something, None if only events can, or none `by` then."""
        return self._desk.now if self._promises.is_behind else self._desk.deadlines.next(by)

    def explain(self, item_id: str, at: datetime) -> JsonObject:
        """Say where an item stands, what it waits for, and what stops each person; changes nothing."""
        work = self._desk.waiting.works.get(item_id)
        if work is None:
            return self._desk.records.explain_gone(item_id, at, self._desk.wrap_ups.of(item_id))
        lease = None if work.holder is None else self._desk.leases.of(work)
        return self._desk.records.explain(work, self._desk.matching.lane(work.lane_key), at, lease)

    def _run_deadlines(self) -> None:
        """Do what has become due, in the order it became due."""
        desk = self._desk
        needs_changed: dict[str, None] = {}
        while (due := desk.deadlines.take(desk.now)) is not None:
            _, kind, id = due
            match kind:
                case DeadlineKind.NEEDS_CHANGE:
                    needs_changed[id] = None
                case DeadlineKind.INCIDENT_ENDS:
                    self._relief.end(id, by_time=True)
                case DeadlineKind.OFFER_EXPIRES:
                    self._answers.run_out(desk.reservations.offers[id])
                case DeadlineKind.WRAP_UP_ENDS:
                    self._claims.wrapped_up(id, "time")
                case DeadlineKind.LEASE_STEP:
                    self._claims.take_step(desk.waiting.works[id])
                case DeadlineKind.PROMISE_STEP:
                    self._promises.tell(id)
                case DeadlineKind.ABSENCE_BEGINS:
                    self._attendance.begin(desk.matching.agents[id])
                case DeadlineKind.ABSENCE_ENDS:
                    self._attendance.end(desk.matching.agents[id])
                case DeadlineKind.PASSED_OVER_NO_MORE:
                    self._answers.ask_again(desk.waiting.works[id])
                case DeadlineKind.REFUSALS_FORGOTTEN:
                    self._dispatch.look_again(desk.waiting.works[id])
                case DeadlineKind.GATE_OPENS:
                    self._dispatch.open_gates(desk.matching.agents[id])
                case DeadlineKind.SKILL_EXPIRES:
                    self._answers.expire_skills(desk.matching.agents[id])
        self._dispatch.needs_changed(needs_changed)

    def _take_in(self, event: Event) -> None:
        match event:
            case ItemQueued():
                self._queue(event)
            case ItemChanged():
                self._change(event)
            case ItemWithdrawn():
                self._withdraw(event)
            case IncidentStarted():
                self._relief.start(event.name, event.until)
            case IncidentEnded():
                self._relief.end(event.name)
            case OfferAccepting() | OfferFailed() | OfferAccepted() | OfferRejected():
                self._answer(event)
            case ClaimTaken():
                self._take(event)
            case Replied() | CustomerWrote():
                self._promises.take_in(event)
                self._follow(event)
            case ItemPaused() | ItemThawed():
                self._promises.take_in(event)
            case ClaimEnded():
                self._end_claim(event)
            case WrapUpDone():
                self._claims.wrapped_up(event.item_id, "told")
            case AgentChanged() | AgentRemoved() | PresenceChanged() | AbsencePlanned():
                self._change_person(event)

    def _queue(self, event: ItemQueued) -> None:
        if not self._desk.waiting.is_live(event.item.id):
            # the same work comes back before it was wrapped up
            self._claims.wrapped_up(event.item.id, "told")
            promised = self._promises.promised(event.item)
            self._relief.queue(event if promised is event.item else replace(event, item=promised))
            self._promises.announce()

    def _change(self, event: ItemChanged) -> None:
        work = self._desk.waiting.works.get(event.item.id)
        if work is not None:
            aged = replace(event.item, eligible_since=work.item.eligible_since)
            self._changes.change(work, self._promises.promised(aged), event.reason)
            self._promises.announce()

    def _withdraw(self, event: ItemWithdrawn) -> None:
        work = self._desk.waiting.works.get(event.item_id)
        if work is not None:
            self._promises.end(work, is_done=False)
            self._claims.withdraw(work, event.reason)

    def _answer(self, event: OfferAccepting | OfferFailed | OfferAccepted | OfferRejected) -> None:
        work = self._desk.reservations.offers.get(event.offer_id)
        if work is None or work.offer is None:
            return
        match event:
            case OfferAccepting():
                self._answers.set_up(work, work.offer)
            case OfferAccepted():
                self._answers.accept(work, work.offer)
            case OfferRejected():
                self._answers.reject(work, work.offer, event.reason)
            case OfferFailed():
                self._answers.fail(work, work.offer, event.reason)

    def _follow(self, event: Replied | CustomerWrote) -> None:
        work = self._desk.waiting.works.get(event.item_id)
        if work is None:
            return
        if isinstance(event, Replied):
            self._claims.reply(work)
        else:
            self._claims.wake(work)

    def _take(self, event: ClaimTaken) -> None:
        work = self._work(event.item_id, event.at)
        if work.holder != event.agent_id:
            self._claims.take(work, self._desk.matching.agent(event.agent_id))

    def _end_claim(self, event: ClaimEnded) -> None:
        work = self._desk.waiting.works.get(event.item_id)
        if work is None or work.holder != event.agent_id:
            return
        if event.outcome is ClaimOutcome.COMPLETED:
            self._promises.end(work, is_done=True)
            self._claims.complete(work, event.agent_id)
        else:
            self._claims.put_back(work, event.agent_id)

    def _change_person(self, event: AgentChanged | AgentRemoved | PresenceChanged | AbsencePlanned) -> None:
        matching = self._desk.matching
        if isinstance(event, AgentRemoved) and event.agent_id not in matching.agents:
            return
        agent = matching.agent(event.agent_id)
        match event:
            case AgentChanged():
                self._equip(agent, event)
                self._answers.person_changed(agent)
            case AgentRemoved():
                self._attendance.remove(agent)
            case PresenceChanged():
                self._attendance.be(agent, event.state, event.classes)
            case AbsencePlanned():
                self._attendance.plan(agent, event)

    def _equip(self, agent: Agent, event: AgentChanged | AgentRestored) -> None:
        """Give a person the skills, queues and limits of an event."""
        matching = self._desk.matching
        agent.is_staff = True
        agent.expires = {skill: at for skill, at in sorted(event.expires.items()) if skill in event.skills}
        matching.change_skills(agent, event.skills, event.queues)
        matching.change_limits(agent, event.units, event.max_claims)
        matching.expire_skills(agent, self._desk.now)
        self._desk.watch_skills(agent)

    def _restore(self, event: OfferRestored | ClaimRestored | WrapUpRestored | AgentRestored) -> None:
        agent = self._desk.matching.agent(event.agent_id)
        if isinstance(event, AgentRestored):
            self._restore_agent(agent, event)
            return
        if isinstance(event, WrapUpRestored):
            self._claims.restore_wrap_up(agent, event)
            return
        work = self._work(event.item_id, event.at)
        if work.offer is not None or work.holder is not None:
            return
        if isinstance(event, ClaimRestored):
            self._claims.restore(work, agent, event)
        else:
            self._answers.restore(work, agent, offer_of(event))

    def _restore_agent(self, agent: Agent, event: AgentRestored) -> None:
        self._equip(agent, event)
        self._desk.matching.change_presence(agent, event.state, event.classes)
        if event.last_offer_at is not None:
            agent.last_offer = max(agent.last_offer, event.last_offer_at.timestamp())
        agent.unanswered = event.unanswered
        if event.rests_until is not None and event.rests_until > self._desk.now:
            agent.rest(event.rests_until, event.rest_reason)
        agent.restore_pace(event.available_since, [at for at, _ in event.offers], self._desk.now)
        agent.gone_at = event.gone_at
        self._attendance.restore(agent, event.absent_since, event.absent_until)
        self._dispatch.restore_agent(agent, event.offers)

    def _work(self, item_id: str, at: datetime) -> WorkItem:
        """Give a live item, as a bare one when it was never queued here."""
        works = self._desk.waiting.works
        found = works.get(item_id)
        if found is None:
            bare = Item(
                id=item_id, conversation_id="", queue="", channel_class="", eligible_since=at, arrival=0
            )
            found = works[item_id] = WorkItem(bare)
        return found


def offer_of(event: OfferRestored) -> OfferMade:
    """Give the offer that is told again after a start."""
    return OfferMade(
        offer_id=event.offer_id,
        item_id=event.item_id,
        agent_id=event.agent_id,
        offered_at=event.offered_at,
        expires_at=event.expires_at,
        is_accepting=event.is_accepting,
    )
