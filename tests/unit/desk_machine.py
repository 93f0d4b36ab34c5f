"""What happens at every generated desk: a state machine with an engine, its book, and an engine that was restarted.

A test's own machine adds what else happens, and says what has to hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from router.engine.config import EngineConfig
from router.engine.decisions import Act, Decision
from router.engine.engine import Engine
from router.engine.events import (
    AgentChanged,
    ClaimEnded,
    ClaimOutcome,
    ClaimTaken,
    ClockTick,
    CustomerWrote,
    Event,
    ItemQueued,
    OfferAccepted,
    OfferAccepting,
    OfferFailed,
    OfferRejected,
    Replied,
    WrapUpDone,
)
from tests.unit.desk_book import Book

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
PEOPLE = ("anna", "lin", "mei", "tom")
SEED = 3
# no deadline and no health check by the clock: a slow machine fails nothing; explaining a failure takes minutes
SETTINGS = settings(
    stateful_step_count=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

nth = st.integers(0, 9)
person = st.sampled_from(PEOPLE)
soon = st.integers(0, 60)


class DeskMachine(RuleBasedStateMachine):
    """A desk; a restarted engine goes along and has to decide the same, but for what it says again."""

    said_again: tuple[Act, ...] = (Act.BLOCKED,)

    def open_desk(self, config: EngineConfig) -> None:
        self.config = config
        self.engine = Engine(config, SEED)
        self.twin: Engine | None = None
        self.book = Book(config)
        self.now = START

    # --- what happens ------------------------------------------------------------------------------

    @precondition(lambda self: self.book.offers)
    @rule(which=nth, kind=st.sampled_from([OfferAccepting, OfferAccepted, OfferAccepted]))
    def offer_is_taken(self, which: int, kind: type) -> None:
        self.do(kind(at=self.now, offer_id=nth_of(self.book.offers, which)))

    @precondition(lambda self: self.book.offers)
    @rule(which=nth, kind=st.sampled_from([OfferFailed, OfferRejected]), reason=st.sampled_from(["", "busy"]))
    def offer_comes_to_nothing(self, which: int, kind: type, reason: str) -> None:
        self.do(kind(at=self.now, offer_id=nth_of(self.book.offers, which), reason=reason))

    @precondition(lambda self: self.book.claims)
    @rule(which=nth, kind=st.sampled_from([Replied, CustomerWrote, CustomerWrote]))
    def conversation_goes_on(self, which: int, kind: type) -> None:
        self.do(kind(at=self.now, item_id=nth_of(self.book.claims, which)))

    @precondition(lambda self: self.book.claims)
    @rule(which=nth, outcome=st.sampled_from(ClaimOutcome))
    def claim_ends(self, which: int, outcome: ClaimOutcome) -> None:
        id = nth_of(self.book.claims, which)
        self.do(ClaimEnded(at=self.now, item_id=id, agent_id=self.book.claims[id].agent_id, outcome=outcome))
        if outcome is ClaimOutcome.HANDED_BACK:
            self.do(ItemQueued(at=self.now, item=self.book.items[id]))

    @precondition(lambda self: self.book.wrap_ups)
    @rule(which=nth)
    def after_call_work_is_done(self, which: int) -> None:
        self.do(WrapUpDone(at=self.now, item_id=nth_of(self.book.wrap_ups, which)))

    @precondition(lambda self: self.book.items)
    @rule(which=nth, name=person)
    def item_is_taken(self, which: int, name: str) -> None:
        self.do(ClaimTaken(at=self.now, item_id=nth_of(self.book.items, which), agent_id=name))

    def pass_time(self, seconds: int) -> None:
        """Let time pass, with a tick whenever the engine asks for one."""
        until = self.now + timedelta(seconds=seconds)
        due_at = self.engine.next_due()
        while due_at is not None and due_at <= until:
            self.now = max(self.now, due_at)
            self.apply(ClockTick(at=self.now))
            due_at = self.engine.next_due()
        self.now = until

    def restart(self) -> None:
        """Tell a new engine what a store would know; it goes along from here on."""
        self.apply(ClockTick(at=self.now))
        self.twin = Engine(self.config, SEED)
        for event in self.book.told_after_a_restart(self.now):
            made = self.twin.apply(event)
        assert {decision.act for decision in made} <= set(self.said_again), "restoring is no act"
        self.same_due()

    # --- telling -----------------------------------------------------------------------------------

    def do(self, event: Event) -> None:
        self.apply(event)

    def apply(self, event: Event) -> list[Decision]:
        """Tell both engines and the book."""
        self.book.note_event(event)
        decisions = self.engine.apply(event)
        for decision in decisions:
            self.check(decision)
            self.book.note(decision)
        if self.twin is not None:
            repeated = [one for one in self.twin.apply(event) if one.act not in self.said_again]
            here = [one for one in decisions if one.act not in self.said_again]
            assert repeated == here, difference(repeated, here)
            self.same_due()
        return decisions

    def check(self, decision: Decision) -> None:
        """Say what has to hold of a decision, before it stands in the book."""

    def same_due(self) -> None:
        assert self.twin is not None
        assert self.twin.next_due() == self.engine.next_due()

    # --- what holds --------------------------------------------------------------------------------

    @invariant()
    def every_item_stands_in_one_place(self) -> None:
        offered = {made.item_id: made for made in self.book.offers.values()}
        assert len(offered) == len(self.book.offers)
        assert not offered.keys() & self.book.claims.keys()
        for id in self.book.items:
            expected = "claimed" if id in self.book.claims else "waiting"
            if id in offered:
                expected = "accepting" if offered[id].is_accepting else "offered"
            elif id in self.book.loose:
                expected = "handed_back"
            assert self.engine.explain(id, self.now)["state"] == expected


def staffing(
    *,
    skills: Sequence[str],
    units: Sequence[int],
    max_claims: Sequence[int | None],
    queues: Sequence[frozenset[str] | None],
    expires_s: st.SearchStrategy[int | None],
) -> Callable[..., None]:
    """Make the rule by which people get other skills, limits and queues."""

    @rule(
        name=person,
        skills=st.dictionaries(st.sampled_from(sorted(skills)), st.integers(1, 3)),
        units=st.sampled_from(units),
        max_claims=st.sampled_from(max_claims),
        queues=st.sampled_from(queues),
        expires_s=expires_s,
    )
    def staff(
        self: DeskMachine,
        name: str,
        skills: dict[str, int],
        units: int,
        max_claims: int | None = None,
        queues: frozenset[str] | None = None,
        expires_s: int | None = None,
    ) -> None:
        expires = {} if expires_s is None else {"zh": self.now + timedelta(seconds=expires_s)}
        limits = {"units": units, "max_claims": max_claims, "queues": queues}
        self.do(AgentChanged(at=self.now, agent_id=name, skills=skills, expires=expires, **limits))

    return staff


def difference(one: list[Decision], other: list[Decision]) -> str:
    """Say what a restarted engine decides otherwise, in few words."""
    first = next((pair for pair in zip(one, other, strict=False) if pair[0] != pair[1]), None)
    if first is None or first[0].act is not first[1].act:
        return " for ".join(str([(each.act.value, each.item_id) for each in side]) for side in (one, other))
    twin, here = (each.record for each in first)
    return str({name: (twin.get(name), found) for name, found in here.items() if twin.get(name) != found})


def nth_of(found: Iterable[str], which: int) -> str:
    names = list(found)
    return names[which % len(names)]
