"""How long work can be overtaken: what is printed holds for every day that can be generated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.engine.config import LeaseConfig
from router.engine.decisions import Act
from router.engine.engine import Engine
from router.engine.events import (
    AgentChanged,
    ClaimEnded,
    ClaimOutcome,
    Event,
    Item,
    ItemQueued,
    OfferAccepted,
    PresenceChanged,
)
from router.engine.rules import RuleSet, load_ruleset
from router.engine.rules.bounds import Bound, Bounds, WorkClass, prove_bounds
from router.engine.rules.bounds_report import bounds_json, bounds_text
from router.model.presence import PresenceState

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
RULES = """
version: 1
skills: {}
sla_policies:
  quick: {first_response: 5m, lead: 20m}
queues:
  desk: {max_advance: 10m}
  urgent: {max_advance: 40m, overflow: {to: desk, when_waiting: 900, back_at: 10}}
rules:
  - {name: complaint, when: message.kind == "dispute", set: {queue: urgent, boost: 30m}}
  - {name: vip, when: customer.tier == "vip", set: {boost: 15m}}
  - {name: promise, when: message.channel == "webchat", set: {sla: quick}}
  - {name: all else, when: "true", set: {queue: desk}}
"""


def ruleset(text: str = RULES) -> RuleSet:
    return load_ruleset(text, source="rules.yaml", lists={})


def proven(text: str = RULES) -> Bounds:
    return prove_bounds(ruleset(text).model)


def seconds(bounds: Bounds) -> Mapping[tuple[WorkClass, WorkClass], float | None]:
    return {(bound.waits, bound.comes): bound.seconds for bound in bounds.bounds}


def named(bounds: Bounds, *rules: str) -> WorkClass:
    return next(one for one in bounds.classes if one.rules == rules)


def between(bounds: Bounds, waits: WorkClass, comes: WorkClass) -> Bound:
    return next(one for one in bounds.bounds if (one.waits, one.comes) == (waits, comes))


def queued(number: int, at: datetime, work: WorkClass) -> ItemQueued:
    """An item of a class, with the due time its promise gives it."""
    item = Item(
        id=f"i{number}",
        conversation_id=f"c{number}",
        queue=work.queue,
        channel_class="chat",
        boost_s=work.boost_s,
        due_at=at + timedelta(minutes=5) if work.is_promised else None,
        lead_s=1200.0 if work.is_promised else 0.0,
        max_advance_s=work.max_advance_s,
        eligible_since=at,
        arrival=number,
    )
    return ItemQueued(at=at, item=item)


class Counter:
    """One person who takes one item after the other; `picked` are the items in the order they were taken."""

    def __init__(self, text: str = RULES, *, overflow_from: int = 900) -> None:
        # work a person is silent about would go on to the next one, which is no overtaking
        patient = LeaseConfig(nudge_s=None, supervisor_s=None, hand_back_s=None, absent_s=None)
        text = text.replace("when_waiting: 900, back_at: 10", f"when_waiting: {overflow_from}, back_at: 0")
        self.engine = Engine(replace(ruleset(text).engine_config, leases={"chat": patient}), seed=1)
        self.picked: list[str] = []
        self.tell(AgentChanged(at=START, agent_id="a", skills={}, max_claims=1))

    def tell(self, event: Event) -> None:
        for decision in self.engine.apply(event):
            if decision.act is Act.OFFERED and decision.offer is not None:
                self.picked.append(decision.item_id)
                self.tell(OfferAccepted(at=event.at, offer_id=decision.offer.offer_id))

    def open(self, at: datetime) -> None:
        self.tell(PresenceChanged(at=at, agent_id="a", state=PresenceState.AVAILABLE))

    def finish(self, at: datetime) -> None:
        outcome = ClaimOutcome.COMPLETED
        self.tell(ClaimEnded(at=at, item_id=self.picked[-1], agent_id="a", outcome=outcome))


BOUNDS = proven()

arrivals = st.lists(
    st.tuples(st.integers(0, 900), st.sampled_from(BOUNDS.classes), st.booleans()), min_size=2, max_size=30
)


@given(arrivals)
def test_nobody_is_overtaken_by_work_that_came_later_than_the_bound(
    plan: list[tuple[int, WorkClass, bool]],
) -> None:
    counter = Counter()
    at = START
    came: dict[str, tuple[datetime, WorkClass]] = {}
    for number, (gap, work, is_finished) in enumerate(plan):
        at += timedelta(seconds=gap)
        counter.tell(queued(number, at, work))
        came[f"i{number}"] = (at, work)
        if number == len(plan) // 3:
            counter.open(at)
        if is_finished and counter.picked:
            counter.finish(at)
    while len(counter.picked) < len(plan):
        at += timedelta(seconds=60)
        counter.finish(at)
    limits = seconds(BOUNDS)
    for place, item in enumerate(counter.picked):
        for later in counter.picked[:place]:
            gap_s = (came[later][0] - came[item][0]).total_seconds()
            limit = limits[came[item][1], came[later][1]]
            assert limit is not None
            assert gap_s <= limit or gap_s <= 0


PLAIN = [
    bound
    for bound in BOUNDS.bounds
    if bound.seconds and not (bound.waits.is_promised or bound.comes.is_promised)
]


@pytest.mark.parametrize(("seconds_off", "first"), [(-1, "i1"), (1, "i0")])
@pytest.mark.parametrize("bound", PLAIN)
def test_the_bound_is_not_a_second_longer_than_it_has_to_be(
    bound: Bound, seconds_off: int, first: str
) -> None:
    assert bound.seconds is not None
    counter = Counter()
    later = START + timedelta(seconds=bound.seconds + seconds_off)
    counter.tell(queued(0, START, bound.waits))
    counter.tell(queued(1, later, bound.comes))
    counter.open(later)
    assert counter.picked == [first]


def test_promise_pulls_only_where_its_lead_is_longer_than_its_time() -> None:
    assert named(BOUNDS, "promise", "all else").advance_s == 10 * 60
    assert named(BOUNDS, "complaint", "promise").advance_s == 30 * 60
    late = proven(RULES.replace("lead: 20m", "lead: 2m"))
    assert named(late, "promise", "all else").advance_s == 0


def test_work_that_overflows_is_a_class_of_the_other_queue_too() -> None:
    moved = named(BOUNDS, "complaint", "overflow of urgent")
    assert (moved.queue, moved.boost_s, moved.max_advance_s) == ("desk", 1800, 2400)


def test_work_that_overflowed_passes_as_late_as_its_own_advance_lets_it_and_no_later() -> None:
    bounds = proven()
    moved, plain = named(bounds, "complaint", "overflow of urgent"), named(bounds, "all else")
    bound = between(bounds, plain, moved)
    assert bound.seconds == 1800
    for seconds_off, first in ((-1, "late"), (1, "plain")):
        counter = Counter(overflow_from=1)
        later = START + timedelta(seconds=bound.seconds + seconds_off)
        counter.tell(renamed("plain", queued(0, START, plain)))
        counter.tell(renamed("first", queued(1, START, named(bounds, "complaint"))))
        counter.tell(renamed("late", queued(2, later, named(bounds, "complaint"))))
        counter.open(later)
        counter.finish(later)
        assert counter.picked == ["first", first]


def renamed(id: str, event: ItemQueued) -> ItemQueued:
    return replace(event, item=replace(event.item, id=id))


def test_strict_tier_has_no_bound_in_time_but_one_in_picks() -> None:
    bounds = proven(RULES.replace("urgent: {max_advance: 40m,", "urgent: {share: 4/5, max_advance: 40m,"))
    desk, urgent = named(bounds, "all else"), named(bounds, "complaint")
    ahead, back = between(bounds, desk, urgent), between(bounds, urgent, desk)
    assert (ahead.seconds, ahead.picks) == (None, (4, 5))
    assert (back.seconds, back.picks) == (None, (1, 5))
    assert between(bounds, urgent, urgent).seconds == 0
    assert "at any time, in at most 4 of every 5 picks" in bounds_text(bounds).splitlines()[2]


def test_tier_whose_share_is_used_up_is_passed_by_another_tier_at_any_time() -> None:
    text = RULES.replace("desk: {", "desk: {share: 1/2, ").replace("urgent: {", "urgent: {share: 1/5, ")
    bounds = proven(text)
    desk, urgent = named(bounds, "all else"), named(bounds, "complaint")
    assert (between(bounds, urgent, desk).seconds, between(bounds, urgent, desk).picks) == (None, (1, 2))
    counter = Counter(text)
    for number, (day, work) in enumerate([(0, urgent), (0, urgent), (9, desk)]):
        counter.tell(queued(number, START + timedelta(days=day), work))
    counter.open(START + timedelta(days=9))
    counter.finish(START + timedelta(days=9))
    assert counter.picked == ["i0", "i2"]


def test_queue_that_serves_its_newest_first_has_no_bound_and_says_so_once() -> None:
    bounds = proven(RULES.replace("desk: {", "desk: {mode: newest, "))
    assert all(one.seconds is None for one in bounds.bounds if one.waits.queue == "desk")
    assert all(one.seconds is not None for one in bounds.bounds if one.waits.queue == "urgent")
    assert (
        sum("the newest of this queue goes first" in line for line in bounds_text(bounds).splitlines()) == 1
    )


def test_table_is_worst_first_and_names_the_rules() -> None:
    text = bounds_text(proven()).splitlines()
    assert text[2].split("  ")[0] == "desk (all else)"
    assert "urgent +30 min (complaint)" in text[3]
    assert text[2].endswith("for 30 min")
    assert bounds_json(proven())["bounds"][0]["seconds"] == 1800


def test_rules_that_boost_nothing_let_nobody_pass() -> None:
    plain = proven('version: 1\nqueues: {q: {}}\nrules: [{name: all, when: "true", set: {queue: q}}]\n')
    assert [bound.seconds for bound in plain.bounds] == [0]
    assert "never" in bounds_text(plain)
