"""What a store would know of a desk, kept from events and decisions alone, and what it tells after a restart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from router.engine.config import EngineConfig
from router.engine.decisions import Act, Decision, OfferMade
from router.engine.events import (
    AbsencePlanned,
    AgentChanged,
    AgentRemoved,
    AgentRestored,
    ClaimRestored,
    ClockRestored,
    ClockTick,
    Event,
    IncidentStarted,
    Item,
    ItemChanged,
    ItemQueued,
    OfferRestored,
    OverflowRestored,
    PresenceChanged,
    WrapUpRestored,
)
from router.model.presence import PresenceState

GONE = (PresenceState.AWAY, PresenceState.OFFLINE)
ENDS = (Act.REJECTED, Act.EXPIRED, Act.RESCINDED, Act.FAILED, Act.CANCELLED)
STEPS = (Act.NUDGED, Act.ESCALATED)


@dataclass
class Held:
    """One claim."""

    agent_id: str
    claimed_at: datetime
    owed_since: datetime
    step: str = ""
    is_dormant: bool = False
    replied_at: datetime | None = None


@dataclass
class Person:
    """One person; `made` are the offers he had: when and of which queue."""

    staffed: AgentChanged
    state: PresenceState = PresenceState.OFFLINE
    classes: frozenset[str] | None = None
    available_since: datetime | None = None
    gone_at: datetime | None = None
    rests_until: datetime | None = None
    rest_reason: str = ""
    unanswered: int = 0


@dataclass
class Wrapping:
    """After-call work on an item that is solved."""

    item: Item
    agent_id: str
    since: datetime
    until: datetime


class Book:
    """Everything a restart is told, and every fact a gate looks at."""

    def __init__(self, config: EngineConfig) -> None:
        self.config = config
        self.items: dict[str, Item] = {}
        self.loose: set[str] = set()
        self.offers: dict[str, OfferMade] = {}
        self.ended_offers: set[str] = set()
        self.claims: dict[str, Held] = {}
        self.wrap_ups: dict[str, Wrapping] = {}
        self.clocks: dict[tuple[str, str], dict[str, Any]] = {}
        self.people: dict[str, Person] = {}
        self.made: dict[str, list[tuple[datetime, str]]] = {}
        self.picks: list[tuple[datetime, str, str]] = []
        self.plans: dict[str, tuple[datetime, datetime | None]] = {}
        self.overflowing: dict[str, None] = {}
        self.incidents: dict[str, datetime] = {}
        self.changed_by_hand: set[str] = set()
        self.profiles_changed = False

    def waiting(self) -> list[str]:
        """Name what nobody has been offered and nobody has."""
        held = {made.item_id for made in self.offers.values()} | self.claims.keys() | self.loose
        return [id for id in self.items if id not in held]

    # --- events ------------------------------------------------------------------------------------

    def note_event(self, event: Event) -> None:
        match event:
            case ItemQueued() if event.item.id not in self.items or event.item.id in self.loose:
                known = self.items.get(event.item.id)
                kept = {} if known is None else {
                    "declined": known.declined,
                    "declined_at": known.declined_at,
                    "offers_made": known.offers_made,
                    "moved_from": known.moved_from,
                }  # fmt: skip
                self.items[event.item.id] = replace(event.item, **kept)
            case ItemChanged() if event.item.id in self.items:
                known = self.items[event.item.id]
                entered_at = known.entered_queue_at if event.item.queue == known.queue else event.at
                self.items[event.item.id] = replace(event.item, entered_queue_at=entered_at)
                self.changed_by_hand.add(event.item.id)
            case AgentChanged():
                self.staff(event)
            case AgentRemoved():
                self.people.pop(event.agent_id, None)
                self.made.pop(event.agent_id, None)
                self.plans.pop(event.agent_id, None)
                self.profiles_changed = True
            case PresenceChanged():
                self.be(event)
            case AbsencePlanned():
                self.plans.pop(event.agent_id, None)
                if event.until is None or event.until > max(event.since, event.at):
                    self.plans[event.agent_id] = (event.since, event.until)

    def staff(self, event: AgentChanged) -> None:
        known = self.people.setdefault(event.agent_id, Person(event))
        before = known.staffed
        is_same = (before.skills, before.queues) == (event.skills, event.queues)
        self.profiles_changed |= bool(event.expires or before.expires or not is_same)
        known.staffed = event

    def be(self, event: PresenceChanged) -> None:
        person = self.people[event.agent_id]
        if event.state is PresenceState.AVAILABLE and person.state is not event.state:
            person.available_since, person.unanswered = event.at, 0
            if event.agent_id in self.plans and self.plans[event.agent_id][0] <= event.at:
                del self.plans[event.agent_id]
        self.profiles_changed |= person.classes != event.classes
        person.classes = event.classes
        self.stand(event.agent_id, event.state, event.at)

    def stand(self, name: str, state: PresenceState, at: datetime) -> None:
        person = self.people[name]
        person.state = state
        person.gone_at = (person.gone_at or at) if state in GONE else None

    # --- decisions ---------------------------------------------------------------------------------

    def note(self, decision: Decision) -> None:
        act, id, record = decision.act, decision.item_id, decision.record
        if id in self.items and "declined" in record:
            self.items[id] = replace(self.items[id], declined=dict(record["declined"]))
        if act in (Act.OFFERED, Act.ACCEPTING):
            self.note_offer(decision)
        elif act in ENDS or act is Act.ACCEPTED:
            self.note_end(decision)
        elif act in (Act.DORMANT, Act.WOKEN, *STEPS):
            self.note_lease(decision)
        elif act in (Act.CLOCK, Act.PROMISE_DUE):
            self.clocks[id, record["metric"]] = dict(record)
        elif act in (Act.OVERFLOW, Act.INCIDENT):
            self.note_desk(decision)
        elif act is Act.AWAY:
            self.stand(decision.agent_id, PresenceState.AWAY, decision.at)
        else:
            self.note_item(decision)

    def note_item(self, decision: Decision) -> None:
        act, id, record = decision.act, decision.item_id, decision.record
        if act is Act.QUEUED:
            self.loose.discard(id)
        elif act is Act.MOVED:
            assert self.items[id].moved_from is None, "moved twice"
            moved = {"queue": record["queue"], "moved_from": record["before"]}
            self.items[id] = replace(self.items[id], entered_queue_at=decision.at, **moved)
        elif act is Act.CLAIMED:
            before = self.claims.get(id)
            self.loose.discard(id)
            self.claims[id] = Held(decision.agent_id, decision.at, decision.at)
            if record["is_dormant"]:
                self.claims[id].is_dormant, self.claims[id].replied_at = True, before.replied_at
        elif act is Act.PUT_BACK:
            held = self.claims.pop(id)
            assert held.agent_id == decision.agent_id
            self.items[id] = replace(self.items[id], declined_at=decision.at)
            if not record["reason"]:
                self.loose.add(id)
        elif act is Act.COMPLETED and "wrapped_s" in record:
            wrapping = self.wrap_ups.pop(id)
            assert wrapping.agent_id == decision.agent_id
            assert decision.at <= wrapping.until, "after-call work outlasted its time"
        elif act in (Act.COMPLETED, Act.WRAPPING, Act.WITHDRAWN):
            if act is Act.WRAPPING:
                until = datetime.fromisoformat(record["until"])
                self.wrap_ups[id] = Wrapping(self.items[id], decision.agent_id, decision.at, until)
            self.claims.pop(id, None)
            self.loose.discard(id)
            self.clocks = {key: row for key, row in self.clocks.items() if key[0] != id}
            del self.items[id]

    def note_offer(self, decision: Decision) -> None:
        made, id, name = decision.offer, decision.item_id, decision.agent_id
        assert id not in self.claims, "offered while somebody has it"
        if decision.act is Act.OFFERED:
            assert id not in self.loose
            assert id not in [one.item_id for one in self.offers.values()], "offered twice"
            assert made.offer_id not in self.ended_offers
            item = self.items[id]
            self.items[id] = replace(item, offers_made=item.offers_made + 1)
            self.made.setdefault(name, []).append((decision.at, item.queue))
            self.picks.append((decision.at, name, item.queue))
        else:
            self.people[name].unanswered = 0
        self.offers[made.offer_id] = made

    def note_end(self, decision: Decision) -> None:
        made, id, name, act = decision.offer, decision.item_id, decision.agent_id, decision.act
        assert made.offer_id not in self.ended_offers, "an offer has two outcomes"
        assert self.offers.pop(made.offer_id) == made
        self.ended_offers.add(made.offer_id)
        person, offers = self.people.get(name), self.config.offers
        if act is Act.ACCEPTED:
            assert id not in self.claims, "claimed twice"
            self.claims[id] = Held(name, decision.at, decision.at)
        elif act is not Act.RESCINDED:
            self.items[id] = replace(self.items[id], declined_at=decision.at)
        if person is None:
            return
        if act is Act.EXPIRED:
            person.unanswered += 1
            self.rest(person, decision.at, offers.no_answer_s, "no_answer")
        elif act is Act.REJECTED:
            reason = decision.record["reason"]
            self.rest(
                person,
                decision.at,
                offers.busy_s if reason == "busy" else offers.reject_s,
                reason or "rejected",
            )
        if act in (Act.ACCEPTED, Act.REJECTED):
            person.unanswered = 0

    def rest(self, person: Person, at: datetime, span_s: float, reason: str) -> None:
        until = at + timedelta(seconds=span_s)
        if span_s > 0 and (person.rests_until is None or person.rests_until < until):
            person.rests_until, person.rest_reason = until, reason

    def note_lease(self, decision: Decision) -> None:
        held = self.claims[decision.item_id]
        assert held.agent_id == decision.agent_id
        if decision.act is Act.DORMANT:
            assert not held.is_dormant
            held.is_dormant, held.replied_at, held.step = True, decision.at, ""
        elif decision.act is Act.WOKEN:
            assert held.is_dormant
            held.is_dormant, held.owed_since, held.step = False, decision.at, ""
        else:
            assert not held.is_dormant
            assert held.step != decision.act.value, "a step twice"
            held.step = decision.act.value

    def note_desk(self, decision: Decision) -> None:
        record = decision.record
        if decision.act is Act.INCIDENT:
            self.incidents.pop(record["incident"], None) if record["state"] == "ended" else None
            if record["state"] != "ended":
                self.incidents[record["incident"]] = datetime.fromisoformat(record["until"])
        elif record["open"] and not record["incident"]:
            self.overflowing[record["queue"]] = None
        else:
            self.overflowing.pop(record["queue"], None)

    # --- a restart ---------------------------------------------------------------------------------

    @property
    def can_tell_the_picks(self) -> bool:
        """Say whether tiers can be told exactly: pools as they were, and no order lost within an instant."""
        if not any(queue.share for queue in self.config.queues.values()):
            return True
        told = sorted(self.picks, key=lambda pick: pick[:2])
        return not self.profiles_changed and [pick[1:] for pick in told] == [pick[1:] for pick in self.picks]

    def told_after_a_restart(self, at: datetime) -> Iterator[Event]:
        for name, until in self.incidents.items():
            yield IncidentStarted(at=at, name=name, until=until)
        for item in self.items.values():
            if item.id not in self.loose:
                yield ItemQueued(at=at, item=item, is_restored=True)
        for queue in self.overflowing:
            yield OverflowRestored(at=at, queue=queue)
        for made in self.offers.values():
            yield OfferRestored(at=at, **{name: getattr(made, name) for name in OfferMade.__slots__})
        for item_id, held in self.claims.items():
            yield ClaimRestored(
                at=at,
                item_id=item_id,
                agent_id=held.agent_id,
                renewed_at=held.owed_since,
                step=held.step,
                is_dormant=held.is_dormant,
                claimed_at=held.claimed_at,
                replied_at=held.replied_at,
            )
        for wrapping in self.wrap_ups.values():
            yield self.wrap_up(wrapping, at)
        for (item_id, metric), row in self.clocks.items():
            if item_id not in self.loose and row["state"] != "ended":
                yield self.clock(item_id, metric, row, at)
        for name in sorted(self.people):
            yield self.person(name, at)
        yield ClockTick(at=at)

    def wrap_up(self, wrapping: Wrapping, at: datetime) -> WrapUpRestored:
        item = wrapping.item
        return WrapUpRestored(
            at=at,
            item_id=item.id,
            agent_id=wrapping.agent_id,
            conversation_id=item.conversation_id,
            queue=item.queue,
            channel_class=item.channel_class,
            eligible_since=item.eligible_since,
            since=wrapping.since,
            until=wrapping.until,
        )

    def clock(self, item_id: str, metric: str, row: dict[str, Any], at: datetime) -> ClockRestored:
        is_running, is_paused = row["state"] == "running", row["state"] == "paused"
        return ClockRestored(
            at=at,
            item_id=item_id,
            metric=metric,
            policy=row["policy"],
            started_at=datetime.fromisoformat(row["started_at"]),
            target_s=row["target_s"],
            due_at=datetime.fromisoformat(row["due_at"]) if is_running else None,
            remaining_s=row["remaining_s"] if is_paused else None,
            steps=tuple(row["steps"]),
            paused_by=tuple(row["paused_by"]),
        )

    def person(self, name: str, at: datetime) -> AgentRestored:
        person = self.people[name]
        since, until = self.plans.get(name, (None, None))
        if until is not None and until <= at:
            since = until = None
        is_resting = person.rests_until is not None and person.rests_until > at
        made = self.made.get(name, [])
        return AgentRestored(
            **{field: getattr(person.staffed, field) for field in AgentChanged.__slots__ if field != "at"},
            at=at,
            state=person.state,
            classes=person.classes,
            last_offer_at=max((when for when, _ in made), default=None),
            unanswered=person.unanswered,
            gone_at=person.gone_at,
            absent_since=since,
            absent_until=until,
            available_since=person.available_since,
            rests_until=person.rests_until if is_resting else None,
            rest_reason=person.rest_reason if is_resting else "",
            offers=tuple(made),
        )
