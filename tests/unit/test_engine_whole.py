"""The engine with everything on: generated rules and days, restarts at any point, against a plain book."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from router.engine.decisions import Act, Decision
from router.engine.engine import Engine
from router.engine.event_json import from_json, to_json
from router.engine.events import (
    AbsencePlanned,
    AgentRemoved,
    ClaimEnded,
    ClockTick,
    Event,
    IncidentEnded,
    IncidentStarted,
    Item,
    ItemChanged,
    ItemPaused,
    ItemQueued,
    ItemThawed,
    ItemWithdrawn,
    OfferAccepted,
    OfferFailed,
    OfferRejected,
    PresenceChanged,
)
from router.engine.needs import needs_from_json
from router.engine.rules import RuleSet, load_ruleset
from router.engine.rules.bounds import Bound, prove_bounds
from router.engine.rules.facts import Facts
from router.engine.words import say
from router.model.presence import PresenceState
from tests.unit import whole_rules
from tests.unit.desk_machine import (
    PEOPLE,
    SEED,
    SETTINGS,
    DeskMachine,
    nth,
    nth_of,
    person,
    soon,
    staffing,
)
from tests.unit.desk_reading import Reading

# a restart says again what it finds, and who was missed before it
SAID_AGAIN = (Act.BLOCKED, Act.NEED_DROPPED, Act.NEED_RESTORED, Act.REACHABILITY)
A_GAP = re.compile(r"[{}]|None|\(\)|\s[,.;:]|\s\s|^\s|\s$|，。|：。|，，|。。")


class Whole(DeskMachine):
    """A desk under generated rules."""

    said_again = SAID_AGAIN

    @initialize(document=whole_rules.documents, is_watched=st.booleans())
    def open(self, document: Mapping[str, Any], is_watched: bool) -> None:
        self.ruleset: RuleSet = load_ruleset(whole_rules.written(document), source="rules.yaml", lists={})
        config = self.ruleset.engine_config
        self.open_desk(config if is_watched else replace(config, watched=()))
        self.bounds = {key(bound): bound for bound in prove_bounds(self.ruleset.model).bounds}
        self.told: list[dict] = []
        self.is_broken = False
        self.said: list[bytes] = []
        self.first: dict[str, Item] = {}
        self.pauses: dict[str, str] = {}
        for number, name in enumerate(PEOPLE):
            self.staff(name, {"zh": 2, "refunds": number}, 100)
            self.be(name, PresenceState.AVAILABLE, None)

    # --- what happens ------------------------------------------------------------------------------

    @rule(
        text=st.sampled_from(whole_rules.TEXTS),
        tier=st.sampled_from(whole_rules.TIERS),
        channel_class=st.sampled_from(whole_rules.CLASSES),
        wished=st.one_of(st.none(), person),
    )
    def item_comes(self, text: str, tier: str, channel_class: str, wished: str | None) -> None:
        found = self.ruleset.triage(Facts(at=self.now, text=text, customer_tier=tier))
        number = len(self.first)
        item = Item(
            id=f"i{number}",
            conversation_id=f"c{number}",
            queue=found.queue,
            channel_class=channel_class,
            needs=needs_from_json(found.needs),
            boost_s=float(found.boost_s),
            lead_s=float(found.lead_s),
            max_advance_s=float(found.max_advance_s),
            eligible_since=self.now,
            arrival=number,
            sla=found.sla_policies,
            preferred_agent_id=wished,
        )
        self.first[item.id] = item
        self.do(ItemQueued(at=self.now, item=item))

    @precondition(lambda self: self.book.items)
    @rule(which=nth)
    def item_is_withdrawn(self, which: int) -> None:
        self.do(ItemWithdrawn(at=self.now, item_id=nth_of(self.book.items, which), reason="merged"))

    @precondition(lambda self: self.book.items)
    @rule(which=nth, queue=st.sampled_from(whole_rules.QUEUES), boost_s=st.integers(0, 60))
    def item_is_changed(self, which: int, queue: str, boost_s: int) -> None:
        item = self.book.items[nth_of(self.book.items, which)]
        advance_s = self.config.queue(queue).max_advance_s
        changed = replace(item, queue=queue, boost_s=float(boost_s), max_advance_s=advance_s)
        self.do(ItemChanged(at=self.now, item=changed, reason="by hand"))

    @precondition(lambda self: self.book.items)
    @rule(which=nth, is_thawed=st.booleans())
    def item_waits_for_something(self, which: int, is_thawed: bool) -> None:
        id = nth_of(self.book.items, which)
        self.do(
            ItemThawed(at=self.now, item_id=id)
            if is_thawed
            else ItemPaused(at=self.now, item_id=id, reason="parts")
        )

    staff = staffing(
        skills=list(whole_rules.SKILLS),
        units=[0, 50, 100],
        max_claims=[None, 1, 3],
        queues=[None, None, frozenset({"desk"}), frozenset({"care", "gold"})],
        expires_s=st.one_of(st.none(), soon),
    )

    @rule(
        name=person,
        state=st.sampled_from([PresenceState.AVAILABLE, PresenceState.AVAILABLE, *PresenceState]),
        classes=st.sampled_from([None, None, frozenset({"chat"})]),
    )
    def be(self, name: str, state: PresenceState, classes: frozenset[str] | None) -> None:
        if name in self.book.people:
            self.do(PresenceChanged(at=self.now, agent_id=name, state=state, classes=classes))

    @rule(name=person, since_s=st.integers(-20, 60), lasts_s=st.one_of(st.none(), soon))
    def absence_is_planned(self, name: str, since_s: int, lasts_s: int | None) -> None:
        since = self.now + timedelta(seconds=since_s)
        until = None if lasts_s is None else since + timedelta(seconds=lasts_s)
        if name in self.book.people:
            self.do(AbsencePlanned(at=self.now, agent_id=name, since=since, until=until))

    @rule(name=person)
    def person_leaves_for_good(self, name: str) -> None:
        self.do(AgentRemoved(at=self.now, agent_id=name))

    @rule(name=st.sampled_from(whole_rules.INCIDENTS), lasts_s=st.one_of(st.none(), soon))
    def incident_begins(self, name: str, lasts_s: int | None) -> None:
        until = None if lasts_s is None else self.now + timedelta(seconds=lasts_s)
        self.do(IncidentStarted(at=self.now, name=name, until=until))

    @rule(name=st.sampled_from(whole_rules.INCIDENTS))
    def incident_is_over(self, name: str) -> None:
        self.do(IncidentEnded(at=self.now, name=name))

    @rule(seconds=soon)
    def time_passes(self, seconds: int) -> None:
        self.pass_time(seconds)
        self.apply(ClockTick(at=self.now))

    @precondition(lambda self: self.book.can_tell_the_picks)
    @rule()
    def engine_restarts(self) -> None:
        self.restart()

    # --- telling -----------------------------------------------------------------------------------

    def do(self, event: Event) -> None:
        """Tell an event after what has become due by then; told once more it changes nothing."""
        self.now = event.at
        self.apply(ClockTick(at=event.at))
        shown = self.engine.preview(event)
        assert self.apply(event) == shown, "a preview is not what then happens"
        if isinstance(event, OfferRejected | OfferFailed | OfferAccepted | ItemWithdrawn | ClaimEnded):
            assert self.apply(event) == [], "told twice, done twice"

    def apply(self, event: Event) -> list[Decision]:
        self.is_broken = True
        self.told.append(to_json(event))
        decisions = super().apply(event)
        self.said += [as_bytes(decision) for decision in decisions]
        self.is_broken = False
        return decisions

    def same_due(self) -> None:
        if not self.config.watched:
            super().same_due()

    # --- what holds --------------------------------------------------------------------------------

    def check(self, decision: Decision) -> None:
        record = decision.record
        assert (record["act"], record["at"]) == (
            decision.act.value,
            decision.at.isoformat().replace("+00:00", "Z"),
        )
        for lang in ("en", "zh"):
            words = say(record, lang, {})
            assert words
            assert not A_GAP.search(words), f"{lang}: {words!r}"
        if decision.act is Act.OFFERED:
            reading = Reading(self.book, decision.at)
            gate = reading.gate(decision.agent_id, self.book.items[decision.item_id])
            assert gate is None, f"{decision.agent_id} asked for {decision.item_id} in spite of {gate}"
            self.check_overtaking(decision, reading)

    def check_overtaking(self, decision: Decision, reading: Reading) -> None:
        ahead = self.book.items[decision.item_id]
        for id in self.book.waiting():
            behind = self.book.items[id]
            if id == decision.item_id or {id, decision.item_id} & self.book.changed_by_hand:
                continue
            if reading.gate(decision.agent_id, behind) is not None:
                continue
            limit = self.bounds[self.kind(behind), self.kind(ahead)]
            later_s = (ahead.eligible_since - behind.eligible_since).total_seconds()
            assert limit.seconds is None or later_s <= max(limit.seconds, 0), f"{id} overtaken: {limit}"

    def kind(self, item: Item) -> tuple:
        promises = [self.config.sla[name] for name in item.sla]
        is_promised = any(one.targets_s or any(one.by_class.values()) for one in promises)
        return item.queue, int(item.boost_s), is_promised, int(item.max_advance_s)

    @invariant()
    def every_item_keeps_its_age_and_its_queue(self) -> None:
        for id, item in self.book.items.items():
            explained = self.engine.explain(id, self.now)
            assert datetime.fromisoformat(str(explained["eligible_since"])) == self.first[id].eligible_since
            assert explained["queue"] == item.queue

    @invariant()
    def nothing_waits_beside_somebody_who_may_have_it(self) -> None:
        reading = Reading(self.book, self.now)
        for id in self.book.waiting():
            for name in self.book.people:
                assert reading.gate(name, self.book.items[id]) is not None, f"{id} waits beside {name}"

    def teardown(self) -> None:
        """Replay the log as it stands in the store, once more from the start."""
        if not hasattr(self, "told") or self.is_broken:
            return
        again = Engine(self.config, SEED)
        events = [from_json(json.loads(json.dumps(entry))) for entry in self.told]
        said = [as_bytes(decision) for event in events for decision in again.apply(event)]
        different = [pair for pair in zip(self.said, said, strict=False) if pair[0] != pair[1]]
        assert not different, different[0]
        assert len(said) == len(self.said)


def key(bound: Bound) -> tuple:
    return tuple(
        (one.queue, one.boost_s, one.is_promised, int(one.max_advance_s))
        for one in (bound.waits, bound.comes)
    )


def as_bytes(decision: Decision) -> bytes:
    return json.dumps(decision.record).encode()


Whole.TestCase.settings = SETTINGS
TestEverythingOn = Whole.TestCase
