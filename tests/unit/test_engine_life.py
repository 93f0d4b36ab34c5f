"""Generated lives of offers and claims, with restarts at any point, against books kept from decisions alone."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from router.engine.config import EngineConfig, LeaseConfig, OfferConfig, QueueConfig
from router.engine.decisions import Act, Decision
from router.engine.events import (
    AbsencePlanned,
    AgentChanged,
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
    PresenceChanged,
    Replied,
)
from router.model.presence import PresenceState
from tests.unit.desk_book import GONE, STEPS
from tests.unit.desk_machine import PEOPLE, SETTINGS, START, DeskMachine, nth, nth_of, person, soon

LEASE = LeaseConfig(nudge_s=40, supervisor_s=70, hand_back_s=100, absent_s=30)
CONFIG = EngineConfig(
    queues={"q": QueueConfig(offer_timeout_s=20)},
    offers=OfferConfig(accepting_s=8, reject_s=3, busy_s=9, no_answer_s=6, ask_again_s=25, max_unanswered=2),
    leases={"chat": LEASE},
)


class Life(DeskMachine):
    """A day at a small desk."""

    def __init__(self) -> None:
        super().__init__()
        self.open_desk(CONFIG)
        self.arrivals = 0
        for name in PEOPLE:
            self.do(AgentChanged(at=START, agent_id=name, skills={}, max_claims=2))
            self.do(PresenceChanged(at=START, agent_id=name, state=PresenceState.AVAILABLE))

    # --- what happens ------------------------------------------------------------------------------

    @rule(due_s=st.one_of(st.none(), st.integers(-20, 120)))
    def item_comes(self, due_s: int | None) -> None:
        self.arrivals = number = self.arrivals + 1
        item = Item(
            id=f"i{number}",
            conversation_id=f"c{number}",
            queue="q",
            channel_class="chat",
            due_at=None if due_s is None else self.now + timedelta(seconds=due_s),
            eligible_since=self.now,
            arrival=number,
        )
        self.do(ItemQueued(at=self.now, item=item))

    @precondition(lambda self: self.book.items)
    @rule(which=nth)
    def item_is_withdrawn(self, which: int) -> None:
        self.do(ItemWithdrawn(at=self.now, item_id=nth_of(self.book.items, which)))

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
        self.pass_time(seconds)

    @rule(seconds=soon)
    def machine_is_busy(self, seconds: int) -> None:
        """Let time pass that nobody tells the engine of at the right moment."""
        self.now += timedelta(seconds=seconds)
        self.do(ClockTick(at=self.now))

    @rule()
    def engine_restarts(self) -> None:
        self.restart()

    # --- what holds --------------------------------------------------------------------------------

    def apply(self, event: Event) -> list[Decision]:
        self.told_at = event.at
        return super().apply(event)

    def check(self, decision: Decision) -> None:
        act = decision.act
        if act is Act.CANCELLED:
            assert decision.offer.is_accepting
        elif act is Act.EXPIRED:
            assert not decision.offer.is_accepting
        elif act in STEPS:
            self.check_step(decision)
        elif act is Act.PUT_BACK and decision.record["reason"]:
            self.check_loss(decision)

    def check_step(self, decision: Decision) -> None:
        held = self.book.claims[decision.item_id]
        assert held.step not in (decision.act, Act.ESCALATED), "a step back, or a step twice"
        span_s = LEASE.nudge_s if decision.act is Act.NUDGED else LEASE.supervisor_s
        if decision.record["reason"] != "due":
            assert decision.at >= held.owed_since + timedelta(seconds=span_s)

    def check_loss(self, decision: Decision) -> None:
        held = self.book.claims[decision.item_id]
        assert not held.is_dormant
        assert decision.record["last_step"] == held.step
        silent_s = (decision.at - held.owed_since).total_seconds()
        if decision.record["reason"] == "silent":
            assert silent_s >= LEASE.hand_back_s
            return
        plan = self.book.plans.get(held.agent_id)
        is_gone = self.book.people[held.agent_id].state in GONE
        assert (plan is not None and plan[0] <= decision.at) or (is_gone and silent_s >= LEASE.absent_s)

    def is_absent(self, name: str, at: datetime) -> bool:
        since, until = self.book.plans.get(name, (at, at))
        return since <= at and (until is None or at < until)

    @invariant()
    def nobody_gone_as_planned_is_asked(self) -> None:
        for made in self.book.offers.values():
            assert made.is_accepting or not self.is_absent(made.agent_id, self.told_at)

    @invariant()
    def nobody_who_is_here_keeps_silent_work_for_ever(self) -> None:
        due_at = self.engine.next_due()
        for held in self.book.claims.values():
            if not held.is_dormant:
                assert due_at is not None
                assert due_at <= held.owed_since + timedelta(seconds=LEASE.hand_back_s)


Life.TestCase.settings = SETTINGS
TestLifeOfOffersAndClaims = Life.TestCase


def with_held_work() -> tuple[Life, str]:
    """Start a day on which somebody holds `i1` from the first second."""
    life = Life()
    life.item_comes(due_s=None)
    life.offer_is_taken(which=0, kind=OfferAccepted)
    return life, life.book.claims["i1"].agent_id


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
    assert life.book.claims == {}


def test_ladder_goes_on_after_a_restart_from_the_step_it_had_reached() -> None:
    life, _ = with_held_work()
    life.time_passes(seconds=50)
    assert life.book.claims["i1"].step == "nudged"
    restart_and_run(life)
    assert life.book.items["i1"].offers_made > 1


def test_dormant_claim_stays_dormant_after_a_restart_and_wakes() -> None:
    life, _ = with_held_work()
    life.conversation_goes_on(which=0, kind=Replied)
    life.engine_restarts()
    life.time_passes(seconds=500)
    assert life.book.claims["i1"].is_dormant
    life.conversation_goes_on(which=0, kind=CustomerWrote)
    restart_and_run(life)


def test_work_taken_by_hand_in_a_planned_absence_is_not_swept_away_by_a_restart() -> None:
    life, holder = with_held_work()
    life.absence_is_planned(name=holder, since_s=10, lasts_s=300)
    life.time_passes(seconds=20)
    assert "i1" not in life.book.claims
    life.item_is_taken(which=0, name=holder)
    restart_and_run(life)


def test_absence_to_come_begins_after_a_restart_at_its_time() -> None:
    life, holder = with_held_work()
    life.absence_is_planned(name=holder, since_s=10, lasts_s=None)
    life.engine_restarts()
    life.time_passes(seconds=9)
    assert "i1" in life.book.claims
    life.time_passes(seconds=1)
    assert life.book.items["i1"].declined == {holder: "absent"}


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
