"""Generated lives of offers and claims, with restarts at any point, against books kept from decisions alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from router.engine.config import EngineConfig, LeaseConfig, OfferConfig, QueueConfig
from router.engine.decisions import Act, Decision, OfferMade
from router.engine.engine import Engine
from router.engine.events import (
    AbsencePlanned,
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
    ItemWithdrawn,
    OfferAccepted,
    OfferAccepting,
    OfferFailed,
    OfferRejected,
    OfferRestored,
    PresenceChanged,
    Replied,
)
from router.model.presence import PresenceState

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
PEOPLE = ("lin", "mei", "tom")
LEASE = LeaseConfig(nudge_s=40, supervisor_s=70, hand_back_s=100, absent_s=30)
CONFIG = EngineConfig(
    queues={"q": QueueConfig(offer_timeout_s=20)},
    offers=OfferConfig(accepting_s=8, reject_s=3, busy_s=9, no_answer_s=6, ask_again_s=25, max_unanswered=2),
    leases={"chat": LEASE},
)
GONE = (PresenceState.AWAY, PresenceState.OFFLINE)
ENDS = (Act.ACCEPTED, Act.REJECTED, Act.EXPIRED, Act.RESCINDED, Act.FAILED, Act.CANCELLED)
STEPS = (Act.NUDGED, Act.ESCALATED)
nth = st.integers(0, 9)
person = st.sampled_from(PEOPLE)
soon = st.integers(0, 60)


@dataclass
class Held:
    """One claim as the store would know it."""

    agent_id: str
    claimed_at: datetime
    owed_since: datetime
    step: str = ""
    is_dormant: bool = False
    replied_at: datetime | None = None


class Life(RuleBasedStateMachine):
    """A day at a small desk; a restarted engine goes along and has to decide the same."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine(CONFIG, seed=3)
        self.twin: Engine | None = None
        self.now = self.engine_at = START
        self.items: dict[str, Item] = {}
        self.loose: set[str] = set()
        self.offers: dict[str, OfferMade] = {}
        self.ended_offers: set[str] = set()
        self.claims: dict[str, Held] = {}
        self.declined: dict[str, dict[str, str]] = {}
        self.declined_at: dict[str, datetime] = {}
        self.offers_made: dict[str, int] = {}
        self.presence = dict.fromkeys(PEOPLE, PresenceState.AVAILABLE)
        self.gone_at: dict[str, datetime] = {}
        self.plans: dict[str, tuple[datetime, datetime | None]] = {}
        self.rests: dict[str, tuple[datetime, str]] = {}
        self.last_offer: dict[str, datetime] = {}
        self.unanswered = dict.fromkeys(PEOPLE, 0)
        for name in PEOPLE:
            self.do(AgentChanged(at=START, agent_id=name, skills={}, max_claims=2))
            self.do(PresenceChanged(at=START, agent_id=name, state=PresenceState.AVAILABLE))

    # --- what happens ------------------------------------------------------------------------------

    @rule(due_s=st.one_of(st.none(), st.integers(-20, 120)))
    def item_comes(self, due_s: int | None) -> None:
        number = len(self.offers_made) + 1
        due_at = None if due_s is None else self.now + timedelta(seconds=due_s)
        item = Item(
            id=f"i{number}",
            conversation_id=f"c{number}",
            queue="q",
            channel_class="chat",
            due_at=due_at,
            eligible_since=self.now,
            arrival=number,
        )
        self.offers_made[item.id] = 0
        self.do(ItemQueued(at=self.now, item=item))

    @precondition(lambda self: self.offers)
    @rule(which=nth, kind=st.sampled_from([OfferAccepting, OfferAccepting, OfferAccepted, OfferAccepted]))
    def offer_is_taken(self, which: int, kind: type) -> None:
        self.do(kind(at=self.now, offer_id=self.nth_of(self.offers, which)))

    @precondition(lambda self: self.offers)
    @rule(which=nth, kind=st.sampled_from([OfferFailed, OfferRejected]), reason=st.sampled_from(["", "busy"]))
    def offer_comes_to_nothing(self, which: int, kind: type, reason: str) -> None:
        self.do(kind(at=self.now, offer_id=self.nth_of(self.offers, which), reason=reason))

    @precondition(lambda self: self.claims)
    @rule(which=nth, kind=st.sampled_from([Replied, CustomerWrote, CustomerWrote]))
    def conversation_goes_on(self, which: int, kind: type) -> None:
        self.do(kind(at=self.now, item_id=self.nth_of(self.claims, which)))

    @precondition(lambda self: self.claims)
    @rule(which=nth, outcome=st.sampled_from(ClaimOutcome))
    def claim_ends(self, which: int, outcome: ClaimOutcome) -> None:
        item_id = self.nth_of(self.claims, which)
        holder = self.claims[item_id].agent_id
        self.do(ClaimEnded(at=self.now, item_id=item_id, agent_id=holder, outcome=outcome))
        if outcome is ClaimOutcome.HANDED_BACK:
            self.do(ItemQueued(at=self.now, item=self.items[item_id]))

    @precondition(lambda self: self.items)
    @rule(which=nth, name=person)
    def item_is_taken(self, which: int, name: str) -> None:
        self.do(ClaimTaken(at=self.now, item_id=self.nth_of(self.items, which), agent_id=name))

    @precondition(lambda self: self.items)
    @rule(which=nth)
    def item_is_withdrawn(self, which: int) -> None:
        self.do(ItemWithdrawn(at=self.now, item_id=self.nth_of(self.items, which)))

    @rule(name=person, state=st.sampled_from(PresenceState))
    def person_changes(self, name: str, state: PresenceState) -> None:
        self.do(PresenceChanged(at=self.now, agent_id=name, state=state))

    @rule(name=person, since_s=st.integers(-20, 60), lasts_s=st.one_of(st.none(), soon))
    def absence_is_planned(self, name: str, since_s: int, lasts_s: int | None) -> None:
        since = self.now + timedelta(seconds=since_s)
        until = None if lasts_s is None else since + timedelta(seconds=lasts_s)
        self.do(AbsencePlanned(at=self.now, agent_id=name, since=since, until=until))

    @rule(seconds=soon)
    def time_passes(self, seconds: int) -> None:
        until = self.now + timedelta(seconds=seconds)
        due_at = self.engine.next_due()
        while due_at is not None and due_at <= until:
            self.now = max(self.now, due_at)
            self.do(ClockTick(at=self.now))
            due_at = self.engine.next_due()
        self.now = until

    @rule(seconds=soon)
    def machine_is_busy(self, seconds: int) -> None:
        """Let time pass that nobody tells the engine of at the right moment."""
        self.now += timedelta(seconds=seconds)
        self.do(ClockTick(at=self.now))

    @rule()
    def engine_restarts(self) -> None:
        self.do(ClockTick(at=self.now))
        self.twin = self.restored()
        assert self.twin.next_due() == self.engine.next_due()

    # --- the books ---------------------------------------------------------------------------------

    def nth_of(self, found: dict, which: int) -> str:
        return list(found)[which % len(found)]

    def do(self, event: Event) -> None:
        self.note_event(event)
        self.engine_at = event.at
        decisions = [one for one in self.engine.apply(event) if one.act is not Act.BLOCKED]
        if self.twin is not None:
            repeated = [one for one in self.twin.apply(event) if one.act is not Act.BLOCKED]
            assert repeated == decisions, "a restarted engine decides otherwise"
            assert self.twin.next_due() == self.engine.next_due()
        for decision in decisions:
            self.note(decision)

    def note_event(self, event: Event) -> None:
        if isinstance(event, ItemQueued):
            self.items[event.item.id] = event.item
        elif isinstance(event, PresenceChanged):
            name, is_new = event.agent_id, event.state is not self.presence[event.agent_id]
            if event.state is PresenceState.AVAILABLE and is_new:
                self.unanswered[name] = 0
                if name in self.plans and self.plans[name][0] <= event.at:
                    del self.plans[name]
            self.note_presence(name, event.state, event.at)
        elif isinstance(event, AbsencePlanned):
            self.plans.pop(event.agent_id, None)
            if event.until is None or event.until > max(event.since, event.at):
                self.plans[event.agent_id] = (event.since, event.until)

    def note_presence(self, name: str, state: PresenceState, at: datetime) -> None:
        self.presence[name] = state
        if state in GONE:
            self.gone_at.setdefault(name, at)
        else:
            self.gone_at.pop(name, None)

    def note(self, decision: Decision) -> None:
        item_id, act, record = decision.item_id, decision.act, decision.record
        if "declined" in record:
            self.declined[item_id] = dict(record["declined"])
        if act in ENDS:
            self.note_end(decision)
        elif act in (Act.OFFERED, Act.ACCEPTING):
            assert item_id not in self.claims
            self.note_offer(decision)
        elif act is Act.CLAIMED:
            before = self.claims.get(item_id)
            self.loose.discard(item_id)
            self.claims[item_id] = Held(decision.agent_id, decision.at, decision.at)
            if record["is_dormant"]:
                self.claims[item_id].is_dormant = True
                self.claims[item_id].replied_at = before.replied_at
        elif act is Act.AWAY:
            self.note_presence(decision.agent_id, PresenceState.AWAY, decision.at)
        elif act is Act.QUEUED:
            self.loose.discard(item_id)
        elif act in (Act.DORMANT, Act.WOKEN, *STEPS):
            self.note_lease(decision)
        elif act is Act.PUT_BACK:
            self.note_put_back(decision)
        elif act in (Act.COMPLETED, Act.WITHDRAWN):
            self.claims.pop(item_id, None)
            self.loose.discard(item_id)
            del self.items[item_id]

    def note_offer(self, decision: Decision) -> None:
        made, item_id = decision.offer, decision.item_id
        if decision.act is Act.OFFERED:
            assert item_id not in [one.item_id for one in self.offers.values()], "offered twice"
            assert made.offer_id not in self.ended_offers
            self.offers_made[item_id] += 1
            self.last_offer[decision.agent_id] = decision.at
        else:
            self.unanswered[decision.agent_id] = 0
        self.offers[made.offer_id] = made

    def note_end(self, decision: Decision) -> None:
        made, item_id, agent_id = decision.offer, decision.item_id, decision.agent_id
        assert made.offer_id not in self.ended_offers, "an offer has two outcomes"
        assert self.offers.pop(made.offer_id) == made
        self.ended_offers.add(made.offer_id)
        if decision.act is Act.ACCEPTED:
            assert item_id not in self.claims
            self.claims[item_id] = Held(agent_id, decision.at, decision.at)
        elif decision.act is Act.CANCELLED:
            assert made.is_accepting
        if decision.act is Act.EXPIRED:
            assert not made.is_accepting
            self.unanswered[agent_id] += 1
            self.note_rest(agent_id, decision.at + timedelta(seconds=6), "no_answer")
        elif decision.act is Act.REJECTED:
            reason = decision.record["reason"]
            rests_s = 9 if reason == "busy" else 3
            self.note_rest(agent_id, decision.at + timedelta(seconds=rests_s), reason or "rejected")
        if decision.act in (Act.ACCEPTED, Act.REJECTED):
            self.unanswered[agent_id] = 0
        if decision.act in (Act.REJECTED, Act.EXPIRED, Act.FAILED, Act.CANCELLED):
            self.declined_at[item_id] = decision.at

    def note_rest(self, name: str, until: datetime, reason: str) -> None:
        if name not in self.rests or self.rests[name][0] < until:
            self.rests[name] = (until, reason)

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
            assert STEPS.index(decision.act) >= len([step for step in STEPS if step == held.step])
            assert held.step != Act.ESCALATED, "a step back, or a step twice"
            span_s = LEASE.nudge_s if decision.act is Act.NUDGED else LEASE.supervisor_s
            if decision.record["reason"] != "due":
                assert decision.at >= held.owed_since + timedelta(seconds=span_s)
            held.step = decision.act.value

    def note_put_back(self, decision: Decision) -> None:
        item_id, record = decision.item_id, decision.record
        held = self.claims.pop(item_id)
        assert held.agent_id == decision.agent_id
        self.declined_at[item_id] = decision.at
        if record["reason"] == "":
            self.loose.add(item_id)
            return
        assert not held.is_dormant
        assert record["last_step"] == held.step
        silent_s = (decision.at - held.owed_since).total_seconds()
        if record["reason"] == "silent":
            assert silent_s >= LEASE.hand_back_s
        else:
            is_planned = held.agent_id in self.plans and self.plans[held.agent_id][0] <= decision.at
            is_gone = self.presence[held.agent_id] in GONE
            assert is_planned or (is_gone and silent_s >= LEASE.absent_s)

    def is_absent(self, name: str, at: datetime) -> bool:
        since, until = self.plans.get(name, (at, at))
        return since <= at and (until is None or at < until)

    @invariant()
    def every_item_stands_in_one_place(self) -> None:
        held = [one.item_id for one in self.offers.values()] + list(self.claims)
        assert len(held) == len(set(held))
        for item_id in self.items:
            state = self.engine.explain(item_id, self.now)["state"]
            expected = "waiting"
            if item_id in self.claims:
                expected = "claimed"
            elif item_id in self.loose:
                expected = "handed_back"
            elif item_id in held:
                offer = next(one for one in self.offers.values() if one.item_id == item_id)
                expected = "accepting" if offer.is_accepting else "offered"
            assert state == expected

    @invariant()
    def nobody_gone_as_planned_is_asked(self) -> None:
        for made in self.offers.values():
            assert made.is_accepting or not self.is_absent(made.agent_id, self.engine_at)

    @invariant()
    def nobody_who_is_here_keeps_silent_work_for_ever(self) -> None:
        due_at = self.engine.next_due()
        for held in self.claims.values():
            if not held.is_dormant:
                assert due_at is not None
                assert due_at <= held.owed_since + timedelta(seconds=LEASE.hand_back_s)

    # --- the restart -------------------------------------------------------------------------------

    def restored(self) -> Engine:
        engine = Engine(CONFIG, seed=3)
        for item in self.items.values():
            known = replace(
                item,
                offers_made=self.offers_made[item.id],
                declined=self.declined.get(item.id, {}),
                declined_at=self.declined_at.get(item.id),
            )
            engine.apply(ItemQueued(at=self.now, item=known))
        for made in self.offers.values():
            fields = {name: getattr(made, name) for name in OfferMade.__slots__}
            engine.apply(OfferRestored(at=self.now, **fields))
        for item_id, held in self.claims.items():
            engine.apply(
                ClaimRestored(
                    at=self.now,
                    item_id=item_id,
                    agent_id=held.agent_id,
                    renewed_at=held.owed_since,
                    step=held.step,
                    is_dormant=held.is_dormant,
                    claimed_at=held.claimed_at,
                    replied_at=held.replied_at,
                )
            )
        for name in PEOPLE:
            engine.apply(self.restored_person(name))
        made = engine.apply(ClockTick(at=self.now))
        assert {decision.act for decision in made} <= {Act.BLOCKED}, "restoring is no act"
        return engine

    def restored_person(self, name: str) -> AgentRestored:
        since, until = self.plans.get(name, (None, None))
        rests_until, rest_reason = self.rests.get(name, (None, ""))
        if rests_until is not None and rests_until <= self.now:
            rests_until, rest_reason = None, ""
        if until is not None and until <= self.now:
            since = until = None
        return AgentRestored(
            at=self.now,
            agent_id=name,
            skills={},
            max_claims=2,
            state=self.presence[name],
            last_offer_at=self.last_offer.get(name),
            unanswered=self.unanswered[name],
            gone_at=self.gone_at.get(name),
            absent_since=since,
            absent_until=until,
            rests_until=rests_until,
            rest_reason=rest_reason,
        )


# no deadline and no health check by the clock: a slow machine fails nothing
Life.TestCase.settings = settings(
    stateful_step_count=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestLifeOfOffersAndClaims = Life.TestCase


def with_held_work() -> tuple[Life, str]:
    """Start a day on which somebody holds `i1` from the first second."""
    life = Life()
    life.item_comes(due_s=None)
    life.offer_is_taken(which=0, kind=OfferAccepted)
    return life, life.claims["i1"].agent_id


def restart_and_run(life: Life) -> None:
    """Restart, then let a long time pass second by second beside the engine that ran on."""
    life.engine_restarts()
    for _ in range(150):
        life.time_passes(seconds=1)


def test_grace_of_a_holder_who_went_goes_on_after_a_restart() -> None:
    life, holder = with_held_work()
    life.time_passes(seconds=10)
    life.person_changes(name=holder, state=PresenceState.AWAY)
    life.time_passes(seconds=5)
    life.person_changes(name=holder, state=PresenceState.OFFLINE)
    restart_and_run(life)
    assert life.claims == {}


def test_ladder_goes_on_after_a_restart_from_the_step_it_had_reached() -> None:
    life, _ = with_held_work()
    life.time_passes(seconds=50)
    assert life.claims["i1"].step == "nudged"
    restart_and_run(life)
    assert life.declined["i1"] != {}


def test_dormant_claim_stays_dormant_after_a_restart_and_wakes() -> None:
    life, _ = with_held_work()
    life.conversation_goes_on(which=0, kind=Replied)
    life.engine_restarts()
    life.time_passes(seconds=500)
    assert life.claims["i1"].is_dormant
    life.conversation_goes_on(which=0, kind=CustomerWrote)
    restart_and_run(life)


def test_work_taken_by_hand_in_a_planned_absence_is_not_swept_away_by_a_restart() -> None:
    life, holder = with_held_work()
    life.absence_is_planned(name=holder, since_s=10, lasts_s=300)
    life.time_passes(seconds=20)
    assert "i1" not in life.claims
    life.item_is_taken(which=0, name=holder)
    restart_and_run(life)


def test_absence_to_come_begins_after_a_restart_at_its_time() -> None:
    life, holder = with_held_work()
    life.absence_is_planned(name=holder, since_s=10, lasts_s=None)
    life.engine_restarts()
    life.time_passes(seconds=9)
    assert "i1" in life.claims
    life.time_passes(seconds=1)
    assert life.declined["i1"] == {holder: "absent"}


def test_set_up_goes_on_after_a_restart_with_its_own_cap() -> None:
    life = Life()
    life.item_comes(due_s=None)
    life.offer_is_taken(which=0, kind=OfferAccepting)
    life.time_passes(seconds=3)
    restart_and_run(life)


def test_set_up_that_failed_is_passed_over_after_a_restart_for_the_same_time() -> None:
    life = Life()
    for name in PEOPLE[1:]:
        life.person_changes(name=name, state=PresenceState.OFFLINE)
    life.item_comes(due_s=None)
    life.offer_comes_to_nothing(which=0, kind=OfferFailed, reason="")
    life.time_passes(seconds=4)
    restart_and_run(life)


def test_rest_after_a_busy_answer_goes_on_after_a_restart() -> None:
    life = Life()
    for name in PEOPLE[1:]:
        life.person_changes(name=name, state=PresenceState.OFFLINE)
    life.item_comes(due_s=None)
    life.offer_comes_to_nothing(which=0, kind=OfferRejected, reason="busy")
    life.item_comes(due_s=None)
    life.time_passes(seconds=2)
    restart_and_run(life)
