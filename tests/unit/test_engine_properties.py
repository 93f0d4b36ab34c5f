"""Generated days at a desk: whatever happens in whatever order, the promises of the engine hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from router.engine.config import EngineConfig, LeaseConfig, OfferConfig, QueueConfig
from router.engine.decisions import Act, Decision
from router.engine.engine import Engine
from router.engine.events import (
    AgentChanged,
    AgentRemoved,
    AgentRestored,
    ClaimEnded,
    ClaimOutcome,
    ClaimRestored,
    ClaimTaken,
    ClockTick,
    Event,
    Item,
    ItemQueued,
    ItemWithdrawn,
    OfferAccepted,
    OfferRejected,
    OfferRestored,
    PresenceChanged,
)
from router.engine.needs import Need, NeedKind
from router.engine.ordering import key_of
from router.model.presence import PresenceState

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
PEOPLE = ("anna", "lin", "mei", "tom")
SKILLS = ("zh", "refunds")
PATIENT = LeaseConfig(nudge_s=None, supervisor_s=None, hand_back_s=None, absent_s=None)
CONFIG = EngineConfig(
    queues={"chat": QueueConfig(offer_timeout_s=20)},
    offers=OfferConfig(ask_again_s=45, max_unanswered=2),
    leases={"chat": PATIENT, "email": PATIENT},
)

needs = st.lists(
    st.builds(
        Need,
        kind=st.sampled_from(NeedKind),
        skill=st.sampled_from(SKILLS),
        level=st.integers(1, 3),
        grade=st.integers(0, 2),
    ),
    max_size=2,
).map(tuple)
person = st.sampled_from(PEOPLE)
nth = st.integers(0, 7)
steps = st.one_of(
    st.tuples(st.just("queue"), needs, st.sampled_from(["chat", "email"]), st.integers(0, 120)),
    st.tuples(st.just("queue"), needs, st.sampled_from(["chat", "email"]), st.integers(0, 120)),
    st.tuples(st.just("accept"), nth),
    st.tuples(st.just("accept"), nth),
    st.tuples(st.just("reject"), nth),
    st.tuples(st.just("complete"), nth),
    st.tuples(st.just("put_back"), nth),
    st.tuples(st.just("take"), nth, person),
    st.tuples(st.just("withdraw"), nth),
    st.tuples(st.just("tick"), st.integers(1, 60)),
    st.tuples(
        st.just("skills"),
        person,
        st.dictionaries(st.sampled_from(SKILLS), st.integers(1, 3)),
        st.integers(0, 3),
    ),
    st.tuples(
        st.just("presence"),
        person,
        st.sampled_from([PresenceState.AVAILABLE, PresenceState.AVAILABLE, *PresenceState]),
        st.sampled_from([None, frozenset({"chat"}), frozenset({"email"})]),
    ),
    st.tuples(st.just("remove"), person),
)
days = st.lists(steps, min_size=1, max_size=60)
opening = [("skills", name, {"zh": 2, "refunds": level}, 2) for level, name in enumerate(PEOPLE, 1)]
opening += [("presence", name, PresenceState.AVAILABLE, None) for name in PEOPLE]


class Desk:
    """Keeps book beside the engine, from its decisions alone, the way the database would."""

    def __init__(self) -> None:
        self.engine = Engine(CONFIG, seed=7)
        self.now = START
        self.items: dict[str, Item] = {}
        self.waiting: set[str] = set()
        self.loose: set[str] = set()
        self.offers: dict[str, tuple[str, str]] = {}
        self.open: dict[str, Decision] = {}
        self.claims: dict[str, str] = {}
        self.declined: dict[str, dict[str, str]] = {}
        self.declined_at: dict[str, datetime] = {}
        self.offers_made: dict[str, int] = {}
        self.last_offer: dict[str, datetime] = {}
        self.unanswered: dict[str, int] = {}
        self.skills: dict[str, tuple[dict[str, int], int]] = {}
        self.presence: dict[str, tuple[PresenceState, frozenset[str] | None]] = {}
        self.log: list[Decision] = []
        self.arrivals = 0

    def do(self, event: Event) -> list[Decision]:
        # what has become due happens before the event, so it is told first and on its own
        is_due = (
            not isinstance(event, ClockTick)
            and (due := self.engine.next_due()) is not None
            and due <= event.at
        )
        first = self.do(ClockTick(at=event.at)) if is_due else []
        before = (dict(self.claims), dict(self.offers), set(self.waiting))
        self.now = event.at
        self.note_event(event)
        decisions = self.engine.apply(event)
        for decision in decisions:
            self.note(decision)
        self.check(event, decisions, before)
        self.log += decisions
        return first + decisions

    def event(self, step: tuple) -> Event | None:
        kind, *rest = step
        at = self.now + timedelta(seconds=1)
        if kind == "queue":
            self.arrivals += 1
            wanted, queue, boost_s = rest
            item = Item(
                id=f"i{self.arrivals}",
                conversation_id=f"c{self.arrivals}",
                queue=queue,
                channel_class=queue,
                needs=wanted,
                boost_s=boost_s,
                max_advance_s=60,
                eligible_since=at,
                arrival=self.arrivals,
            )
            return ItemQueued(at=at, item=item)
        if kind == "tick":
            return ClockTick(at=self.now + timedelta(seconds=rest[0]))
        if kind == "skills":
            return AgentChanged(at=at, agent_id=rest[0], skills=rest[1], max_claims=rest[2])
        if kind == "presence":
            return PresenceChanged(at=at, agent_id=rest[0], state=rest[1], classes=rest[2])
        if kind == "remove":
            return AgentRemoved(at=at, agent_id=rest[0])
        return self.event_on_item(kind, rest, at)

    def event_on_item(self, kind: str, rest: list, at: datetime) -> Event | None:
        if kind in ("accept", "reject"):
            if not self.offers:
                return None
            offer_id = list(self.offers)[rest[0] % len(self.offers)]
            return (OfferAccepted if kind == "accept" else OfferRejected)(at=at, offer_id=offer_id)
        if kind in ("complete", "put_back"):
            if not self.claims:
                return None
            item_id = list(self.claims)[rest[0] % len(self.claims)]
            outcome = ClaimOutcome.COMPLETED if kind == "complete" else ClaimOutcome.HANDED_BACK
            return ClaimEnded(at=at, item_id=item_id, agent_id=self.claims[item_id], outcome=outcome)
        if not self.items:
            return None
        item_id = list(self.items)[rest[0] % len(self.items)]
        if kind == "take":
            return ClaimTaken(at=at, item_id=item_id, agent_id=rest[1])
        return ItemWithdrawn(at=at, item_id=item_id, reason="merged")

    def step(self, step: tuple) -> list[Decision]:
        event = self.event(step)
        if event is None:
            return []
        decisions = self.do(event)
        if step[0] == "put_back" and isinstance(event, ClaimEnded):
            decisions += self.do(ItemQueued(at=event.at, item=self.items[event.item_id]))
        return decisions

    def note_event(self, event: Event) -> None:
        if isinstance(event, ItemQueued):
            self.items[event.item.id] = event.item
        elif isinstance(event, AgentChanged):
            self.skills[event.agent_id] = (dict(event.skills), event.max_claims)
        elif isinstance(event, PresenceChanged):
            was, _ = self.presence.get(event.agent_id, (PresenceState.OFFLINE, None))
            if event.state is PresenceState.AVAILABLE and was is not event.state:
                self.unanswered[event.agent_id] = 0
            self.presence[event.agent_id] = (event.state, event.classes)
        elif isinstance(event, AgentRemoved):
            self.skills.pop(event.agent_id, None)
            self.presence.pop(event.agent_id, None)
            self.last_offer.pop(event.agent_id, None)
            self.unanswered.pop(event.agent_id, None)

    def load(self, agent_id: str) -> int:
        offered = sum(1 for _, asked in self.offers.values() if asked == agent_id)
        return offered + sum(1 for holder in self.claims.values() if holder == agent_id)

    def note(self, decision: Decision) -> None:
        item_id, agent_id, act = decision.item_id, decision.agent_id, decision.act
        assert decision.record["act"] == act.value
        if "declined" in decision.record:
            self.declined[item_id] = dict(decision.record["declined"])
        if act is Act.QUEUED:
            self.waiting.add(item_id)
            self.loose.discard(item_id)
        elif act is Act.OFFERED:
            assert item_id in self.waiting, "offered an item that does not wait"
            assert agent_id not in self.declined.get(item_id, {}), "asked again"
            assert self.load(agent_id) < self.skills[agent_id][1], "over capacity"
            self.waiting.remove(item_id)
            self.offers[decision.offer.offer_id] = (item_id, agent_id)
            self.open[decision.offer.offer_id] = decision
            self.offers_made[item_id] = self.offers_made.get(item_id, 0) + 1
            self.last_offer[agent_id] = decision.at
        elif act in (Act.ACCEPTED, Act.REJECTED, Act.EXPIRED, Act.RESCINDED):
            assert self.offers.pop(decision.offer.offer_id) == (item_id, agent_id)
            self.note_answer(decision)
        elif act is Act.AWAY:
            self.presence[agent_id] = (PresenceState.AWAY, self.presence[agent_id][1])
        elif act is Act.CLAIMED:
            self.waiting.discard(item_id)
            self.loose.discard(item_id)
            self.claims[item_id] = agent_id
        elif act is Act.PUT_BACK:
            assert self.claims.pop(item_id) == agent_id
            self.loose.add(item_id)
            self.declined_at[item_id] = decision.at
        elif act in (Act.COMPLETED, Act.WITHDRAWN):
            self.claims.pop(item_id, None)
            self.waiting.discard(item_id)
            self.loose.discard(item_id)
            self.items.pop(item_id)

    def note_answer(self, decision: Decision) -> None:
        item_id, agent_id = decision.item_id, decision.agent_id
        if decision.act is Act.ACCEPTED:
            assert item_id not in self.claims, "two claims"
            self.claims[item_id] = agent_id
        else:
            self.waiting.add(item_id)
        if decision.act is not Act.RESCINDED:
            unanswered = self.unanswered.get(agent_id, 0) + 1
            self.unanswered[agent_id] = unanswered if decision.act is Act.EXPIRED else 0
        if decision.act in (Act.REJECTED, Act.EXPIRED):
            self.declined_at[item_id] = decision.at

    def may_serve(self, agent_id: str, item: Item) -> bool:
        skills, _ = self.skills.get(agent_id, ({}, 0))
        state, classes = self.presence.get(agent_id, (PresenceState.OFFLINE, None))
        if state is not PresenceState.AVAILABLE or (
            classes is not None and item.channel_class not in classes
        ):
            return False
        for need in item.needs:
            held = skills.get(need.skill, 0) >= need.level
            if need.kind is not NeedKind.PREFER and held is not (need.kind is NeedKind.REQUIRE):
                return False
        return agent_id not in self.declined.get(item.id, {})

    def has_room(self, agent_id: str) -> bool:
        return self.load(agent_id) < self.skills.get(agent_id, ({}, 0))[1]

    def check(self, event: Event, decisions: list[Decision], before: tuple) -> None:
        held = [item_id for item_id, _ in self.offers.values()] + list(self.claims)
        assert len(held) == len(set(held)), "an item is offered or claimed twice"
        assert not self.waiting & set(held)
        assert self.waiting | set(held) | self.loose == set(self.items), "an item is lost"
        for item_id in self.waiting:
            idle = [
                name for name in PEOPLE if self.has_room(name) and self.may_serve(name, self.items[item_id])
            ]
            assert not idle, f"{item_id} waits beside {idle}"
        for item_id in self.items:
            since = self.engine.explain(item_id, self.now)["eligible_since"]
            assert datetime.fromisoformat(since) == self.items[item_id].eligible_since
        ended = isinstance(event, ClaimEnded) and event.outcome is ClaimOutcome.COMPLETED
        offered = [decision for decision in decisions if decision.act is Act.OFFERED]
        if (
            ended
            and len(offered) == 1
            and [d.act for d in decisions if d.act is not Act.BLOCKED][:1] == [Act.COMPLETED]
        ):
            mine = [self.items[id] for id in before[2] if self.may_serve(event.agent_id, self.items[id])]
            first = min(mine, key=lambda item: (key_of(item), item.arrival))
            assert offered[0].item_id == first.id, "not the smallest key"

    def restored(self) -> Engine:
        engine = Engine(CONFIG, seed=7)
        for item in self.items.values():
            if item.id in self.loose:
                continue
            whole = Item(
                **{name: getattr(item, name) for name in Item.__slots__ if name not in _KNOWN_LATER},
                offers_made=self.offers_made.get(item.id, 0),
                declined=self.declined.get(item.id, {}),
                declined_at=self.declined_at.get(item.id),
            )
            engine.apply(ItemQueued(at=self.now, item=whole))
        for offer_id in self.offers:
            made = self.open[offer_id].offer
            engine.apply(
                OfferRestored(
                    at=self.now,
                    offer_id=offer_id,
                    item_id=made.item_id,
                    agent_id=made.agent_id,
                    offered_at=made.offered_at,
                    expires_at=made.expires_at,
                )
            )
        for item_id, agent_id in self.claims.items():
            engine.apply(ClaimRestored(at=self.now, item_id=item_id, agent_id=agent_id))
        for name in sorted(self.skills.keys() | self.presence.keys()):
            skills, max_claims = self.skills.get(name, ({}, None))
            state, classes = self.presence.get(name, (PresenceState.OFFLINE, None))
            engine.apply(
                AgentRestored(
                    at=self.now,
                    agent_id=name,
                    skills=skills,
                    units=100 if name in self.skills else 0,
                    max_claims=max_claims,
                    state=state,
                    classes=classes,
                    last_offer_at=self.last_offer.get(name),
                    unanswered=self.unanswered.get(name, 0),
                )
            )
        made = engine.apply(ClockTick(at=self.now))
        assert {decision.act for decision in made} <= {Act.BLOCKED}, "restoring is no act"
        return engine


_KNOWN_LATER = ("offers_made", "declined", "declined_at")
# no deadline and no health check by the clock: a slow machine fails nothing; explaining a failure takes minutes
bounded = settings(
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def run(day: list[tuple]) -> Desk:
    desk = Desk()
    for step in [*opening, *day]:
        desk.step(step)
    return desk


@bounded
@given(days)
def test_any_day_keeps_every_promise(day: list[tuple]) -> None:
    run(day)


@bounded
@given(days)
def test_the_same_day_twice_is_bit_identical(day: list[tuple]) -> None:
    first, second = run(day), run(day)
    assert first.log == second.log
    assert repr(first.log) == repr(second.log)


@bounded
@given(days, days)
def test_a_restored_engine_decides_like_the_one_that_ran_on(before: list[tuple], after: list[tuple]) -> None:
    desk = run(before)
    twin = desk.restored()
    assert twin.next_due() == desk.engine.next_due()
    for step in after:
        event = desk.event(step)
        if event is None:
            continue
        for one in (ClockTick(at=event.at), event):
            decisions = [d for d in desk.do(one) if d.act is not Act.BLOCKED]
            assert [d for d in twin.apply(one) if d.act is not Act.BLOCKED] == decisions
