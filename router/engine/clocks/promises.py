"""Room 6, promises: what starts, stops, pauses and moves the clocks, and who is told when.

In: items as they are queued, replies, messages and pauses. Out: items with the due time of their most urgent
promise, a record for every change, and one for every step of the time that has passed.
"""

from __future__ import annotations

from datetime import datetime

from router.engine.clocks.book import ItemClocks
from router.engine.clocks.clock import CUSTOMER, DECLARED, Clock, ClockState
from router.engine.clocks.targets import Promise, strictest
from router.engine.config import Metric, SlaPolicy
from router.engine.deadlines import DeadlineKind
from router.engine.decisions import Act
from router.engine.desk import Desk
from router.engine.dispatch import Dispatch
from router.engine.events import ClockRestored, CustomerWrote, Item, ItemPaused, ItemThawed, Replied
from router.engine.times import to_iso
from router.engine.work_items import WorkItem
from router.messages import JsonObject

_STARTED, _STOPPED, _PAUSED, _THAWED, _CHANGED = "started", "stopped", "paused", "thawed", "changed"
_FROM_THE_START = (Metric.FIRST_RESPONSE, Metric.RESOLUTION)
_ANSWERS = (Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE)


class Promises:
    """Keeps the clocks of the desk."""

    def __init__(self, desk: Desk, dispatch: Dispatch) -> None:
        self._desk = desk
        self._dispatch = dispatch
        # items with a step that had passed before they were queued here: told with the next other event,
        # because what an earlier run has told already comes after the queueing
        self._overdue: dict[str, None] = {}
        self._unsaid: list[tuple[str, Clock, str]] = []

    @property
    def is_behind(self) -> bool:
        """Tell whether somebody is to be told of a step at once."""
        return bool(self._overdue)

    def promised(self, item: Item) -> Item:
        """Give an item the due time of its promises, and begin those it did not have; `announce` says so.

        An item that comes back keeps its clocks as they are, unless it is under other policies now.
        """
        own = self._desk.clocks.items.get(item.id)
        if own is None:
            if not any(name in self._desk.config.sla for name in item.sla):
                return item
            own = self._desk.clocks.items[item.id] = ItemClocks(item)
            self._begin_missing(own, item)
        else:
            own.given = item.due_at, item.lead_s
            if own.names != item.sla:
                own.names = item.sla
                self._promise_anew(own, item)
                self._begin_missing(own, item)
        self._plan(item.id, own)
        return own.stamp(item)

    def announce(self) -> None:
        """Say what began or changed with the item just queued."""
        for item_id, clock, change in self._unsaid:
            self._say(self._desk.waiting.works[item_id], clock, change)
        self._unsaid.clear()

    def take_in(self, event: Replied | CustomerWrote | ItemPaused | ItemThawed) -> None:
        """Let a clock follow what happened; an item nothing is promised for changes nothing."""
        work = self._desk.waiting.works.get(event.item_id)
        own = self._desk.clocks.items.get(event.item_id)
        if work is None or own is None:
            return
        match event:
            case Replied():
                self._replied(work, own)
            case CustomerWrote():
                self._customer_wrote(work, own)
            case ItemPaused():
                self._pause(work, own, DECLARED, event.reason)
            case ItemThawed():
                self._thaw(work, own, DECLARED)

    def end(self, work: WorkItem, *, is_done: bool) -> None:
        """Stop every clock of an item that goes; one that is done was solved, others fall away."""
        own = self._desk.clocks.items.get(work.item.id)
        if own is None:
            return
        for clock in own:
            if clock.is_active:
                clock.stop(self._desk.now, is_met=is_done and clock.metric is Metric.RESOLUTION)
                self._say(work, clock, _STOPPED)
        del self._desk.clocks.items[work.item.id]
        self._overdue.pop(work.item.id, None)

    def restore(self, event: ClockRestored) -> None:
        """Take over a clock of an earlier run in place of the one the queueing began."""
        work = self._desk.waiting.works.get(event.item_id)
        if work is None or event.metric not in tuple(Metric):
            return
        own = self._desk.clocks.items.get(event.item_id)
        if own is None:
            own = self._desk.clocks.items[event.item_id] = ItemClocks(work.item)
        terms = self._desk.config.sla.get(event.policy) or SlaPolicy()
        own.put(_clock_of(event, terms))
        self._follow(work, own)

    def tell(self, item_id: str) -> None:
        """Tell of the steps an item has reached, of each clock only the highest."""
        self._overdue.pop(item_id, None)
        own, work = self._desk.clocks.items[item_id], self._desk.waiting.works[item_id]
        for clock in own:
            step = clock.reach(self._desk.now)
            if step is not None:
                found = {**_facts(work, clock, self._desk.now), "step": step}
                self._desk.records.promise(Act.PROMISE_DUE, work, self._desk.now, found)
        self._plan(item_id, own)

    def catch_up(self) -> None:
        """Tell of the steps that had passed before their items were queued here."""
        for item_id in list(self._overdue):
            self.tell(item_id)

    def _begin_missing(self, own: ItemClocks, item: Item) -> None:
        for metric in _FROM_THE_START:
            if own.get(metric) is None:
                promise = self._promise(item, metric, item.eligible_since)
                if promise is not None:
                    own.put(clock := Clock(promise))
                    self._unsaid.append((item.id, clock, _STARTED))

    def _promise_anew(self, own: ItemClocks, item: Item) -> None:
        for clock in own:
            if not clock.is_active:
                continue
            promise = self._promise(item, clock.metric, clock.promise.started_at)
            if promise is None:
                clock.stop(self._desk.now, is_met=False)
                self._unsaid.append((item.id, clock, _STOPPED))
            elif (promise.policy, promise.target_s) != (clock.promise.policy, clock.promise.target_s):
                clock.promise_anew(promise, self._desk.now)
                self._unsaid.append((item.id, clock, _CHANGED))

    def _replied(self, work: WorkItem, own: ItemClocks) -> None:
        for metric in _ANSWERS:
            clock = own.active(metric)
            if clock is not None:
                clock.stop(self._desk.now, is_met=True)
                self._follow(work, own)
                self._say(work, clock, _STOPPED)
        resolution = own.active(Metric.RESOLUTION)
        if resolution is not None and CUSTOMER in resolution.promise.terms.pauses:
            self._pause(work, own, CUSTOMER)

    def _customer_wrote(self, work: WorkItem, own: ItemClocks) -> None:
        """Start the wait for the next answer, unless the customer waits for one already."""
        self._thaw(work, own, CUSTOMER)
        if any(own.active(metric) for metric in _ANSWERS):
            return
        promise = self._promise(work.item, Metric.NEXT_RESPONSE, self._desk.now)
        if promise is not None:
            own.put(clock := Clock(promise))
            self._follow(work, own)
            self._say(work, clock, _STARTED)

    def _pause(self, work: WorkItem, own: ItemClocks, why: str, reason: str = "") -> None:
        clock = own.active(Metric.RESOLUTION)
        if clock is not None and clock.pause(self._desk.now, why):
            self._follow(work, own)
            self._say(work, clock, _PAUSED, reason)

    def _thaw(self, work: WorkItem, own: ItemClocks, why: str) -> None:
        clock = own.active(Metric.RESOLUTION)
        if clock is not None and clock.thaw(self._desk.now, why):
            self._follow(work, own)
            self._say(work, clock, _PAUSED if clock.paused_by else _THAWED)

    def _promise(self, item: Item, metric: Metric, since: datetime) -> Promise | None:
        return strictest(self._desk.config.sla, item.sla, metric, item.channel_class, since)

    def _follow(self, work: WorkItem, own: ItemClocks) -> None:
        """Let the place in line and the next step follow the clocks."""
        item = own.stamp(work.item)
        if item is not work.item:
            self._dispatch.rekey(work, due_at=item.due_at, lead_s=item.lead_s)
        self._plan(work.item.id, own)

    def _plan(self, item_id: str, own: ItemClocks) -> None:
        """Set the deadline of the next step."""
        now = self._desk.now
        steps = [at for clock in own if (at := clock.next_step_at(now)) is not None]
        before, own.next_at = own.next_at, min(steps, default=None)
        self._overdue.pop(item_id, None)
        if own.next_at is not None and own.next_at <= now:
            self._overdue[item_id] = None
        elif own.next_at is not None and own.next_at != before:
            self._desk.deadlines.add(own.next_at, DeadlineKind.PROMISE_STEP, item_id)

    def _say(self, work: WorkItem, clock: Clock, change: str, reason: str = "") -> None:
        found = {**_facts(work, clock, self._desk.now), "change": change, "reason": reason}
        self._desk.records.promise(Act.CLOCK, work, self._desk.now, found)


def _facts(work: WorkItem, clock: Clock, now: datetime) -> JsonObject:
    """Tell a clock and, as the order of waiting sees it now, its item."""
    due_at, lead_s = work.item.due_at, work.item.lead_s
    return {
        **clock.facts(now),
        "item_due_at": None if due_at is None else to_iso(due_at),
        "item_lead_s": lead_s,
    }


def _clock_of(event: ClockRestored, terms: SlaPolicy) -> Clock:
    promise = Promise(
        metric=Metric(event.metric),
        policy=event.policy,
        terms=terms,
        started_at=event.started_at,
        target_s=event.target_s,
        due_at=event.due_at or event.started_at,
    )
    clock = Clock(promise)
    clock.told = max(event.steps, default=0)
    if event.remaining_s is not None:
        clock.state, clock.remaining_s = ClockState.PAUSED, event.remaining_s
        default = CUSTOMER if CUSTOMER in terms.pauses else DECLARED
        clock.paused_by = event.paused_by or (default,)
    elif event.due_at is None:
        clock.state = ClockState.KEPT
    return clock
