"""Generated days with needs that relax, kept items, overflow and incidents: the promises hold, also over a restart."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.engine.config import (
    EngineConfig,
    IncidentConfig,
    LeaseConfig,
    OfferConfig,
    Overflow,
    Protection,
    QueueConfig,
    Reserve,
)
from router.engine.decisions import Act, Decision, OfferMade
from router.engine.engine import Engine
from router.engine.events import (
    AgentChanged,
    AgentRestored,
    ClaimEnded,
    ClaimOutcome,
    ClaimRestored,
    ClaimTaken,
    ClockTick,
    Event,
    IncidentEnded,
    IncidentStarted,
    Item,
    ItemChanged,
    ItemQueued,
    ItemWithdrawn,
    OfferAccepted,
    OfferRejected,
    OfferRestored,
    OverflowRestored,
    PresenceChanged,
)
from router.engine.needs import Need
from router.model.presence import PresenceState
from tests.unit.lease_desk import START
from tests.unit.needs_desk import PATIENT, forbid, prefer, require

PEOPLE = {
    "anna": {"zh": 3, "refunds": 1},
    "lin": {"zh": 1},
    "mei": {"refunds": 3, "gold": 1},
    "tom": {"legal": 2},
}
CONFIG = EngineConfig(
    queues={
        "a": QueueConfig(
            offer_timeout_s=20, thin_staff=2, overflow=Overflow(to="b", when_waiting=4, back_at=2)
        ),
        "b": QueueConfig(
            offer_timeout_s=20,
            affinity_s=30,
            protect=Protection(skill="legal", for_s=15),
            overflow=Overflow(to="a", when_waiting=3, back_at=1),
            reserve=Reserve(units=40, needs=(require("refunds"),)),
        ),
    },
    offers=OfferConfig(ask_again_s=45, max_unanswered=50),
    leases={"chat": LeaseConfig(nudge_s=None, supervisor_s=None, hand_back_s=None, absent_s=None)},
    incidents={
        "storm": IncidentConfig(
            overflow=frozenset("a"), relax=frozenset({"gold"}), reserve={"a": 20}, lasts_s=40
        )
    },
)
assert CONFIG.leases["chat"] == PATIENT

need = st.one_of(
    st.builds(
        prefer, st.sampled_from(["refunds", "gold", "zh"]), st.integers(5, 60), grade=st.integers(1, 3)
    ),
    st.builds(require, st.sampled_from(["zh", "refunds"]), st.integers(1, 3)),
    st.builds(forbid, st.sampled_from(["legal", "gold"]), st.sampled_from([None, 20.0])),
)
needs = st.lists(need, max_size=3, unique_by=lambda one: one.skill).map(tuple)
person, nth = st.sampled_from(sorted(PEOPLE)), st.integers(0, 9)
wished = st.one_of(st.none(), person)
queueing = st.tuples(st.just("queue"), st.sampled_from("ab"), needs, wished)
steps = st.one_of(
    queueing,
    queueing,
    queueing,
    st.tuples(st.just("accept"), nth),
    st.tuples(st.just("reject"), nth),
    st.tuples(st.just("complete"), nth),
    st.tuples(st.just("put_back"), nth),
    st.tuples(st.just("take"), nth, person),
    st.tuples(st.just("change"), nth, st.sampled_from("ab"), needs, st.integers(0, 60)),
    st.tuples(st.just("withdraw"), nth),
    st.tuples(st.just("presence"), person, st.sampled_from(PresenceState)),
    st.tuples(st.just("presence"), person, st.just(PresenceState.AVAILABLE)),
    st.tuples(st.just("start"), st.integers(1, 40)),
    st.tuples(st.just("stop")),
    st.tuples(st.just("tick"), st.integers(1, 30)),
)
days = st.lists(steps, min_size=1, max_size=50)
bounded = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
_SAID_AGAIN = (Act.BLOCKED, Act.NEED_DROPPED, Act.NEED_RESTORED)


class Book:
    """Keeps beside the engine, from its decisions alone, what a store would."""

    def __init__(self) -> None:
        self.engine = Engine(CONFIG, seed=3)
        self.now = START
        self.items: dict[str, Item] = {}
        self.loose: set[str] = set()
        self.offers: dict[str, OfferMade] = {}
        self.claims: dict[str, str] = {}
        self.presence: dict[str, PresenceState] = {}
        self.asked: dict[str, list[tuple[datetime, str]]] = {}
        self.unanswered: dict[str, int] = {}
        self.overflowing: dict[str, None] = {}
        self.until: datetime | None = None
        self.moves: dict[str, int] = {}
        for name, skills in PEOPLE.items():
            self.tell(AgentChanged(at=self.now, agent_id=name, skills=skills))
            self.tell(PresenceChanged(at=self.now, agent_id=name, state=PresenceState.AVAILABLE))

    def tell(self, event: Event) -> list[Decision]:
        self.now = event.at
        decisions = self.engine.apply(event)
        if isinstance(event, PresenceChanged):
            self.presence[event.agent_id] = event.state
        elif isinstance(event, ItemQueued):
            known = self.items.get(event.item.id, event.item)
            refusals = {"declined": known.declined, "declined_at": known.declined_at}
            self.items[event.item.id] = replace(event.item, **refusals)
            self.loose.discard(event.item.id)
        elif isinstance(event, ItemChanged):
            known = self.items[event.item.id]
            entered_at = known.entered_queue_at if event.item.queue == known.queue else event.at
            self.items[event.item.id] = replace(event.item, entered_queue_at=entered_at)
        for decision in decisions:
            self.note(decision)
        return decisions

    def note(self, decision: Decision) -> None:
        act, id = decision.act, decision.item_id
        if act in (Act.OVERFLOW, Act.INCIDENT):
            self.note_desk(decision)
            return
        item = self.items.get(id)
        if item is not None and "declined" in decision.record:
            item = self.items[id] = replace(item, declined=dict(decision.record["declined"]))
        if act is Act.MOVED:
            self.moves[id] = self.moves.get(id, 0) + 1
            moved = {"queue": decision.record["queue"], "moved_from": decision.record["before"]}
            self.items[id] = replace(item, entered_queue_at=decision.at, **moved)
        elif act is Act.OFFERED:
            self.offers[decision.offer.offer_id] = decision.offer
            self.asked.setdefault(decision.agent_id, []).append((decision.at, item.queue))
            self.items[id] = replace(item, offers_made=item.offers_made + 1)
        elif act in (Act.ACCEPTED, Act.REJECTED, Act.EXPIRED, Act.RESCINDED):
            del self.offers[decision.offer.offer_id]
            self.note_answer(decision)
        elif act is Act.CLAIMED:
            self.claims[id] = decision.agent_id
        elif act is Act.PUT_BACK:
            del self.claims[id]
            self.loose.add(id)
            self.items[id] = replace(item, declined_at=decision.at)
        elif act in (Act.COMPLETED, Act.WITHDRAWN):
            self.claims.pop(id, None)
            self.loose.discard(id)
            del self.items[id]

    def note_answer(self, decision: Decision) -> None:
        id, agent_id = decision.item_id, decision.agent_id
        if decision.act is Act.ACCEPTED:
            self.claims[id] = agent_id
        elif decision.act is not Act.RESCINDED:
            self.items[id] = replace(self.items[id], declined_at=decision.at)
        if decision.act is not Act.RESCINDED:
            so_far = self.unanswered.get(agent_id, 0)
            self.unanswered[agent_id] = so_far + 1 if decision.act is Act.EXPIRED else 0

    def note_desk(self, decision: Decision) -> None:
        record = decision.record
        if decision.act is Act.INCIDENT:
            over = record["state"] == "ended"
            self.until = None if over else datetime.fromisoformat(record["until"])
        elif record["open"] and not record["incident"]:
            self.overflowing[record["queue"]] = None
        else:
            self.overflowing.pop(record["queue"], None)

    def event(self, step: tuple) -> Event | None:
        kind, *rest = step
        at = self.now + timedelta(seconds=1)
        match kind:
            case "queue":
                queue, wanted, agent_id = rest
                number = len(self.asked) + int((at - START).total_seconds())
                return ItemQueued(at=at, item=_item(f"i{number}", queue, wanted, at, number, agent_id))
            case "presence":
                return PresenceChanged(at=at, agent_id=rest[0], state=rest[1])
            case "start":
                return IncidentStarted(at=at, name="storm", until=at + timedelta(seconds=rest[0]))
            case "stop":
                return IncidentEnded(at=at, name="storm")
            case "tick":
                return ClockTick(at=self.now + timedelta(seconds=rest[0]))
            case "accept" | "reject":
                offer_id = _pick(self.offers, rest[0])
                told = OfferAccepted if kind == "accept" else OfferRejected
                return told(at=at, offer_id=offer_id) if offer_id else None
        return self.item_event(kind, rest, at)

    def item_event(self, kind: str, rest: list, at: datetime) -> Event | None:
        if kind in ("complete", "put_back"):
            id = _pick(self.claims, rest[0])
            outcome = ClaimOutcome.COMPLETED if kind == "complete" else ClaimOutcome.HANDED_BACK
            return ClaimEnded(at=at, item_id=id, agent_id=self.claims[id], outcome=outcome) if id else None
        id = _pick([id for id in self.items if id not in self.loose], rest[0])
        if id is None:
            return None
        if kind == "take":
            return ClaimTaken(at=at, item_id=id, agent_id=rest[1])
        if kind == "withdraw":
            return ItemWithdrawn(at=at, item_id=id)
        queue, wanted, boost_s = rest[1:]
        item = replace(self.items[id], queue=queue, needs=wanted, boost_s=float(boost_s))
        return ItemChanged(at=at, item=item)

    def events(self, step: tuple) -> list[Event]:
        """Give what a step tells; what becomes due before is told on its own, by a tick."""
        event = self.event(step)
        if event is None:
            return []
        told: list[Event] = [ClockTick(at=event.at), event]
        if isinstance(event, ClaimEnded) and event.outcome is ClaimOutcome.HANDED_BACK:
            item = replace(self.items[event.item_id], declined={}, declined_at=None)
            told.append(ItemQueued(at=event.at, item=item))
        return told

    def check(self) -> None:
        assert all(times == 1 for times in self.moves.values()), "moved twice"
        held = [made.item_id for made in self.offers.values()] + list(self.claims)
        assert len(held) == len(set(held))
        for id, item in self.items.items():
            explained = self.engine.explain(id, self.now)
            assert explained["eligible_since"] == _iso(item.eligible_since)
            if explained["state"] != "waiting":
                continue
            assert id not in held
            assert explained["queue"] == item.queue
            free = [row["agent"] for row in explained["candidates"] if row["gate"] is None]
            kept = explained["kept_for"]
            assert not free if kept is None else kept["agent"] not in free, f"{id} waits beside {free}"
        due = self.engine.next_due()
        assert due is None or due > self.now

    def restored(self) -> Engine:
        """Rebuild the engine as a start does."""
        engine, at = Engine(CONFIG, seed=3), self.now
        if self.until is not None:
            engine.apply(IncidentStarted(at=at, name="storm", until=self.until))
        for item in self.items.values():
            if item.id not in self.loose:
                engine.apply(ItemQueued(at=at, item=item, is_restored=True))
        for made in self.offers.values():
            times = {"offered_at": made.offered_at, "expires_at": made.expires_at}
            ids = {"offer_id": made.offer_id, "item_id": made.item_id, "agent_id": made.agent_id}
            engine.apply(OfferRestored(at=at, **ids, **times))
        for id, agent_id in self.claims.items():
            engine.apply(ClaimRestored(at=at, item_id=id, agent_id=agent_id))
        for queue in self.overflowing:
            engine.apply(OverflowRestored(at=at, queue=queue))
        for name, skills in PEOPLE.items():
            offers = tuple(self.asked.get(name, ()))
            engine.apply(
                AgentRestored(
                    at=at,
                    agent_id=name,
                    skills=skills,
                    state=self.presence[name],
                    last_offer_at=offers[-1][0] if offers else None,
                    unanswered=self.unanswered.get(name, 0),
                    offers=offers,
                )
            )
        made = engine.apply(ClockTick(at=at))
        assert {one.act for one in made} <= {Act.BLOCKED}, "restoring is no act"
        return engine


def _item(
    id: str, queue: str, wanted: tuple[Need, ...], at: datetime, number: int, agent_id: str | None
) -> Item:
    return Item(
        id=id,
        conversation_id=id,
        queue=queue,
        channel_class="chat",
        needs=wanted,
        max_advance_s=60,
        eligible_since=at,
        arrival=number,
        preferred_agent_id=agent_id,
    )


def _pick(ids: object, number: int) -> str | None:
    known = list(ids)  # type: ignore[call-overload]
    return known[number % len(known)] if known else None


def _iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def run(day: list[tuple]) -> tuple[Book, list[Decision]]:
    book, log = Book(), []
    for step in day:
        for event in book.events(step):
            log += book.tell(event)
        book.check()
    return book, log


@bounded
@given(days)
def test_nothing_waits_beside_somebody_who_may_have_it_and_nothing_moves_twice(day: list[tuple]) -> None:
    run(day)


@bounded
@given(days)
def test_the_same_day_twice_is_bit_identical(day: list[tuple]) -> None:
    assert repr(run(day)[1]) == repr(run(day)[1])


@bounded
@given(days, days)
def test_a_restored_engine_decides_like_the_one_that_ran_on(before: list[tuple], after: list[tuple]) -> None:
    book, _ = run(before)
    twin = book.restored()
    assert twin.next_due() == book.engine.next_due()
    for step in after:
        for event in book.events(step):
            decisions = [one for one in book.tell(event) if one.act not in _SAID_AGAIN]
            assert [one for one in twin.apply(event) if one.act not in _SAID_AGAIN] == decisions


@bounded
@given(days, steps)
def test_a_preview_is_what_then_happens(day: list[tuple], step: tuple) -> None:
    book, _ = run(day)
    for event in book.events(step):
        shown = book.engine.preview(event)
        assert book.tell(event) == shown


@bounded
@given(days)
def test_after_an_incident_items_ask_what_they_would_have_asked_without_it(day: list[tuple]) -> None:
    quiet = [step for step in day if step[0] not in ("start", "stop")]
    book, _ = run(quiet)
    waiting = [id for id in book.items if book.engine.explain(id, book.now)["state"] == "waiting"]
    asked = {id: book.engine.explain(id, book.now)["needs"] for id in waiting}
    book.tell(IncidentStarted(at=book.now, name="storm"))
    book.tell(IncidentEnded(at=book.now, name="storm"))
    for id in waiting:
        explained = book.engine.explain(id, book.now)
        assert explained["state"] != "waiting" or explained["needs"] == asked[id]
