"""Every gate against a plain reading of the rules: generated days, each person for each waiting item."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from router.engine.config import (
    CapacityConfig,
    ClassConfig,
    EngineConfig,
    LeaseConfig,
    OfferConfig,
    QueueConfig,
    QueueMode,
    Ramp,
    Reserve,
    SlowStart,
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
    CustomerWrote,
    Event,
    Item,
    ItemQueued,
    OfferAccepted,
    OfferRejected,
    OfferRestored,
    PresenceChanged,
    Replied,
)
from router.engine.needs import Need, NeedKind
from router.model.presence import PresenceState

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
PEOPLE = ("anna", "lin", "mei")
PATIENT = LeaseConfig(nudge_s=None, supervisor_s=None, hand_back_s=None, absent_s=None)
CLASSES = {
    "chat": ClassConfig(cost=30, max=2),
    "email": ClassConfig(cost=20, max=3, interruptible_by=frozenset({"chat"})),
}
CONFIG = EngineConfig(
    queues={
        "complaints": QueueConfig(
            reserve=Reserve(units=30, needs=(Need(kind=NeedKind.REQUIRE, skill="zh"),)),
            offer_timeout_s=15,
        ),
        "leads": QueueConfig(mode=QueueMode.NEWEST, strategy="spare_capacity", offer_timeout_s=15),
    },
    default=QueueConfig(strategy="round_robin", offer_timeout_s=15),
    capacity=CapacityConfig(
        classes=CLASSES,
        dormant=0.3,
        ramp=Ramp(items=3, per_s=20),
        slow_start=SlowStart(for_s=12, items=1, per_s=5),
    ),
    offers=OfferConfig(reject_s=6, no_answer_s=4, ask_again_s=25, max_unanswered=99),
    leases=dict.fromkeys(CLASSES, PATIENT),
)
RESTS = {Act.REJECTED: (6, "rejected"), Act.EXPIRED: (4, "no_answer")}

nth = st.integers(0, 9)
person = st.sampled_from(PEOPLE)
levels = st.dictionaries(st.sampled_from(["zh", "refunds"]), st.integers(1, 3))
needs = st.lists(
    st.builds(
        Need,
        kind=st.sampled_from(NeedKind),
        skill=st.sampled_from(["zh", "refunds"]),
        level=st.integers(1, 3),
    ),
    max_size=2,
).map(tuple)


class Days(RuleBasedStateMachine):
    """Keeps book from events and decisions alone, and reads every gate off the book."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine(CONFIG, seed=5)
        self.twin: Engine | None = None
        self.now = START
        self.arrivals = 0
        self.items: dict[str, Item] = {}
        self.waiting: dict[str, None] = {}
        self.people: dict[str, AgentChanged] = {}
        self.presence: dict[str, tuple[PresenceState, frozenset[str] | None]] = {}
        self.available_since: dict[str, datetime] = {}
        self.offers: dict[str, OfferMade] = {}
        self.made: dict[str, list[tuple[datetime, str]]] = {name: [] for name in PEOPLE}
        self.claims: dict[str, str] = {}
        self.dormant: set[str] = set()
        self.declined: dict[str, dict[str, str]] = {}
        self.declined_at: dict[str, datetime] = {}
        self.rests_until: dict[str, datetime] = {}
        self.rest_reason: dict[str, str] = {}
        self.offers_made: dict[str, int] = {}
        self.unanswered = dict.fromkeys(PEOPLE, 0)
        for name in PEOPLE:
            self.staff(name, {"zh": 2}, 90, None, None, None)
            self.be(name, PresenceState.AVAILABLE, None)

    # --- what happens ------------------------------------------------------------------------------

    @rule(
        wanted=needs,
        queue=st.sampled_from(["complaints", "leads", "plain"]),
        channel_class=st.sampled_from(list(CLASSES)),
        boost_s=st.sampled_from([0, 0, 30]),
    )
    def item_comes(self, wanted: tuple[Need, ...], queue: str, channel_class: str, boost_s: int) -> None:
        self.arrivals = number = self.arrivals + 1
        item = Item(
            id=f"i{number}",
            conversation_id="c",
            queue=queue,
            channel_class=channel_class,
            needs=wanted,
            boost_s=boost_s,
            eligible_since=self.now,
            arrival=number,
        )
        self.items[item.id] = item
        self.do(ItemQueued(at=self.now, item=item))

    @precondition(lambda self: self.offers)
    @rule(which=nth, kind=st.sampled_from([OfferAccepted, OfferAccepted, OfferRejected]))
    def offer_is_answered(self, which: int, kind: type) -> None:
        self.do(kind(at=self.now, offer_id=list(self.offers)[which % len(self.offers)]))

    @precondition(lambda self: self.claims)
    @rule(which=nth, kind=st.sampled_from([Replied, Replied, CustomerWrote]))
    def conversation_goes_on(self, which: int, kind: type) -> None:
        self.do(kind(at=self.now, item_id=list(self.claims)[which % len(self.claims)]))

    @precondition(lambda self: self.claims)
    @rule(which=nth)
    def work_is_done(self, which: int) -> None:
        item_id = list(self.claims)[which % len(self.claims)]
        name = self.claims[item_id]
        self.do(ClaimEnded(at=self.now, item_id=item_id, agent_id=name, outcome=ClaimOutcome.COMPLETED))

    @precondition(lambda self: self.items)
    @rule(which=nth, name=person)
    def work_is_given_by_hand(self, which: int, name: str) -> None:
        self.do(ClaimTaken(at=self.now, item_id=list(self.items)[which % len(self.items)], agent_id=name))

    @rule(
        name=person,
        skills=levels,
        units=st.sampled_from([0, 50, 90, 200]),
        max_claims=st.sampled_from([None, None, 2]),
        queues=st.sampled_from([None, None, frozenset({"plain"}), frozenset({"complaints", "leads"})]),
        expires_s=st.sampled_from([None, None, 0, 3, 10]),
    )
    def staff(
        self,
        name: str,
        skills: dict[str, int],
        units: int,
        max_claims: int | None,
        queues: frozenset[str] | None,
        expires_s: int | None,
    ) -> None:
        expires = {} if expires_s is None else {"zh": self.now + timedelta(seconds=expires_s)}
        changed = AgentChanged(
            at=self.now,
            agent_id=name,
            skills=skills,
            expires=expires,
            units=units,
            max_claims=max_claims,
            queues=queues,
        )
        self.people[name] = changed
        self.do(changed)

    @rule(
        name=person,
        state=st.sampled_from([PresenceState.AVAILABLE, PresenceState.AVAILABLE, PresenceState.BUSY]),
        classes=st.sampled_from([None, None, frozenset({"chat"})]),
    )
    def be(self, name: str, state: PresenceState, classes: frozenset[str] | None) -> None:
        was, _ = self.presence.get(name, (PresenceState.OFFLINE, None))
        if state is PresenceState.AVAILABLE and was is not state:
            self.available_since[name] = self.now
            self.unanswered[name] = 0
        self.presence[name] = (state, classes)
        self.do(PresenceChanged(at=self.now, agent_id=name, state=state, classes=classes))

    @rule(seconds=st.integers(1, 12))
    def time_passes(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now += timedelta(seconds=1)
            self.do(ClockTick(at=self.now))

    @rule()
    def engine_restarts(self) -> None:
        self.twin = Engine(CONFIG, seed=5)
        for event in self.told_after_a_restart():
            self.twin.apply(event)
        made = self.twin.apply(ClockTick(at=self.now))
        assert {decision.act for decision in made} <= {Act.BLOCKED}, "restoring is no act"

    # --- the book ----------------------------------------------------------------------------------

    def do(self, event: Event) -> None:
        decisions = self.engine.apply(event)
        for decision in decisions:
            self.note(decision)
        if self.twin is not None:
            same = [one for one in self.twin.apply(event) if one.act is not Act.BLOCKED]
            assert same == [one for one in decisions if one.act is not Act.BLOCKED]
            assert self.twin.next_due() == self.engine.next_due()

    def note(self, decision: Decision) -> None:
        item_id, name, act = decision.item_id, decision.agent_id, decision.act
        if "declined" in decision.record:
            self.declined[item_id] = dict(decision.record["declined"])
        if act is Act.QUEUED:
            self.waiting[item_id] = None
        elif act is Act.OFFERED:
            del self.waiting[item_id]
            self.offers[decision.offer.offer_id] = decision.offer
            self.made[name].append((decision.at, self.items[item_id].queue))
            self.offers_made[item_id] = self.offers_made.get(item_id, 0) + 1
        elif act in (Act.ACCEPTED, Act.REJECTED, Act.EXPIRED, Act.RESCINDED):
            del self.offers[decision.offer.offer_id]
            self.answered(decision)
        elif act is Act.CLAIMED:
            self.waiting.pop(item_id, None)
            self.claims[item_id] = name
            (self.dormant.add if decision.record["is_dormant"] else self.dormant.discard)(item_id)
        elif act is Act.COMPLETED:
            del self.claims[item_id], self.items[item_id]
            self.dormant.discard(item_id)
        elif act in (Act.DORMANT, Act.WOKEN):
            (self.dormant.add if act is Act.DORMANT else self.dormant.discard)(item_id)

    def answered(self, decision: Decision) -> None:
        item_id, name, act = decision.item_id, decision.agent_id, decision.act
        if act is Act.ACCEPTED:
            self.claims[item_id] = name
        else:
            self.waiting[item_id] = None
        if act in RESTS:
            self.declined_at[item_id] = decision.at
            seconds, reason = RESTS[act]
            until = decision.at + timedelta(seconds=seconds)
            if until > self.rests_until.get(name, START):
                self.rests_until[name], self.rest_reason[name] = until, reason
        if act is not Act.RESCINDED:
            self.unanswered[name] = self.unanswered[name] + 1 if act is Act.EXPIRED else 0

    def told_after_a_restart(self) -> Iterator[Event]:
        for item in self.items.values():
            known = {
                "offers_made": self.offers_made.get(item.id, 0),
                "declined": self.declined.get(item.id, {}),
                "declined_at": self.declined_at.get(item.id),
            }
            yield ItemQueued(at=self.now, item=replace(item, **known))
        for offer in self.offers.values():
            yield OfferRestored(at=self.now, **{name: getattr(offer, name) for name in OfferMade.__slots__})
        for item_id, name in self.claims.items():
            is_dormant = item_id in self.dormant
            yield ClaimRestored(at=self.now, item_id=item_id, agent_id=name, is_dormant=is_dormant)
        for name, staffed in self.people.items():
            state, classes = self.presence[name]
            yield AgentRestored(
                **{field: getattr(staffed, field) for field in AgentChanged.__slots__ if field != "at"},
                at=self.now,
                state=state,
                classes=classes,
                last_offer_at=max((at for at, _ in self.made[name]), default=None),
                unanswered=self.unanswered[name],
                available_since=self.available_since[name],
                rests_until=self.rests_until.get(name),
                rest_reason=self.rest_reason.get(name, ""),
                offers=tuple(self.made[name]),
            )

    # --- a plain reading of the rules --------------------------------------------------------------

    def gate(self, name: str, item: Item) -> str | None:
        state, classes = self.presence[name]
        staffed = self.people[name]
        skills = {
            skill: level
            for skill, level in staffed.skills.items()
            if skill not in staffed.expires or staffed.expires[skill] > self.now
        }
        required = [need for need in item.needs if need.kind is NeedKind.REQUIRE]
        forbidden = [need for need in item.needs if need.kind is NeedKind.FORBID]
        stopped = {
            "presence": state is not PresenceState.AVAILABLE,
            "channel_class": classes is not None and item.channel_class not in classes,
            "permission": staffed.queues is not None and item.queue not in staffed.queues,
            "skill": any(need.skill not in skills for need in required),
            "level": any(skills.get(need.skill, 0) < need.level for need in required),
            "forbid": any(skills.get(need.skill, -1) >= need.level for need in forbidden),
            "declined": name in self.declined.get(item.id, {}),
            "cooldown": self.rests_until.get(name, START) > self.now,
            "capacity": self.left(name, item.channel_class) < 0,
            "reserve": self.left(name, item.channel_class) < self.kept_free(name, item.queue, skills),
            "ramp": self.is_braked(name),
        }
        return next((gate for gate, is_stopped in stopped.items() if is_stopped), None)

    def left(self, name: str, channel_class: str) -> Fraction:
        """Give the units left after one more item of a class; negative if another limit stops it."""
        staffed, wanted = self.people[name], CLASSES[channel_class]
        held = [
            (self.items[id].channel_class, id in self.dormant)
            for id, who in self.claims.items()
            if who == name
        ]
        held += [
            (self.items[o.item_id].channel_class, False) for o in self.offers.values() if o.agent_id == name
        ]
        if staffed.max_claims is not None and len(held) >= staffed.max_claims:
            return Fraction(-1)
        weighed = [(each, Fraction(3, 10) if sleeps else Fraction(1)) for each, sleeps in held]
        if sum(weight for each, weight in weighed if each == channel_class) + 1 > wanted.max:
            return Fraction(-1)
        against = [pair for pair in weighed if channel_class not in CLASSES[pair[0]].interruptible_by]
        return staffed.units - wanted.cost - sum(CLASSES[each].cost * weight for each, weight in against)

    def kept_free(self, name: str, queue: str, skills: dict[str, int]) -> int:
        queues = self.people[name].queues
        serves = queues is None or "complaints" in queues
        return 30 if queue != "complaints" and serves and "zh" in skills else 0

    def is_braked(self, name: str) -> bool:
        def count(seconds: int) -> int:
            return sum(1 for at, _ in self.made[name] if at + timedelta(seconds=seconds) > self.now)

        is_new = self.available_since[name] + timedelta(seconds=12) > self.now
        return count(20) >= 3 or (is_new and count(5) >= 1)

    # --- what holds --------------------------------------------------------------------------------

    @invariant()
    def every_gate_is_where_the_rules_put_it_and_nobody_waits_beside_somebody_free(self) -> None:
        for item_id in self.waiting:
            item = self.items[item_id]
            rows = self.engine.explain(item_id, self.now)["candidates"]
            found = {row["agent"]: row["gate"] for row in rows}
            expected = {name: self.gate(name, item) for name in PEOPLE}
            assert found == expected
            assert None not in expected.values(), f"{item_id} waits beside somebody free"


# no deadline and no health check by the clock: a slow machine fails nothing; explaining a failure takes minutes
Days.TestCase.settings = settings(
    stateful_step_count=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestEveryGate = Days.TestCase
