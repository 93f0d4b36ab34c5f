"""How long work can be overtaken: what is printed holds for every day that can be generated."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.engine.decisions import Act, Decision
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

    def __init__(self) -> None:
        self.engine = Engine(ruleset().engine_config, seed=1)
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


@settings(max_examples=150, deadline=None)
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


@pytest.mark.parametrize("bound", [bound for bound in BOUNDS.bounds if bound.seconds])
@pytest.mark.parametrize(("seconds_off", "passes"), [(-1, True), (1, False)])
def test_the_bound_is_not_longer_than_it_has_to_be(bound: Bound, seconds_off: int, passes: bool) -> None:
    assert bound.seconds is not None
    if bound.waits.advance_s > bound.waits.boost_s:
        # its own promise may put it further ahead than the bound counts on
        seconds_off -= 0 if not passes else 300
    counter = Counter()
    later_at = START + timedelta(seconds=bound.seconds + seconds_off)
    counter.tell(queued(0, START, bound.waits))
    counter.tell(queued(1, max(START, later_at), bound.comes))
    counter.open(max(START, later_at))
    if passes and bound.waits.advance_s > bound.waits.boost_s:
        return
    assert counter.picked == (["i1"] if passes else ["i0"])
