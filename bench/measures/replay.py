"""Replay of a hundred thousand items: how much processor time, and whether it comes out the same byte for byte."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec

from bench.figures import Figure, Table, Target
from bench.processes import apart
from router.engine.engine import Engine
from router.engine.events import AgentChanged, Event, Item, ItemQueued, PresenceChanged
from router.engine.needs import Need, NeedKind
from router.engine.rules import load_ruleset
from router.messages import JsonObject
from router.model.past_work import AskedSpan, HeldSpan
from router.model.presence import PresenceState
from router.simulation.closed_loop import Answer as GivenAnswer
from router.simulation.closed_loop import ClosedLoop, Doing, Happening, Step
from router.simulation.comparing import compare
from router.simulation.play import Play
from router.simulation.recording import Customs, Recording, Started
from router.simulation.replaying import replay
from router.simulation.what_if import Candidate, run_side

ITEMS, AGENTS, SKILLS = 100_000, 300, 20
BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
RULES = """
version: 1
queues: {service: {offer_timeout: 30s}}
rules: [{name: all, when: "true", set: {queue: service}}]
"""

PLAIN = Target(
    number="R1",
    title="replay: 100,000 items against the record",
    bar=60,
    stretch=30,
    at_least=False,
    unit="s",
)
WHAT_IF = Target(
    number="R2", title="what-if: 100,000 items, both runs and their comparison", bar=60, stretch=30,
    at_least=False, unit="s",
)  # fmt: skip
SAME = Target(number="R3", title="what-if: the same bytes twice (1 = yes)", bar=1, stretch=1, at_least=True)


def measure(table: Table, pairs: int) -> None:
    """Record a day once in each process, replay it, and try it twice."""
    plain_s, what_if_s, same = apart(run, ITEMS)
    table.add(Figure(target=PLAIN, values=[plain_s]))
    table.add(Figure(target=WHAT_IF, values=[what_if_s]))
    table.add(Figure(target=SAME, values=[same]))


class _Usual:
    """Everybody accepts after two seconds, replies once, and is done."""

    def answer(self, offer: object) -> GivenAnswer:
        return GivenAnswer(2.0, accepts=True)

    def steps(self, item_id: str, agent_id: str, claim: int) -> Sequence[Step]:
        return (Step(60.0 + len(item_id) % 7 * 10, Doing.REPLY), Step(20.0, Doing.SOLVE))

    def back_after_s(self, agent_id: str) -> float | None:
        return 60.0


def run(items: int) -> tuple[float, float, float]:
    """Give the seconds of a plain replay, of a comparison, and 1 if a second one gives the same bytes."""
    recording, customs, decisions = _record(items)
    began = time.process_time()
    found = replay(recording, decisions)
    plain_s = time.process_time() - began
    if not found.is_equal:
        raise RuntimeError(f"the replay differs after {found.equal} decisions")
    del decisions
    began = time.process_time()
    once = _digest(recording, customs)
    what_if_s = time.process_time() - began
    return plain_s, what_if_s, float(once == _digest(recording, customs))


def _digest(recording: Recording, customs: Customs) -> str:
    other = load_ruleset(RULES.replace("30s", "20s"), source="other", lists={})
    before, after = (
        run_side(recording, customs, Candidate(ruleset=ruleset, config=ruleset.engine_config), 1)
        for ruleset in (recording.rules[1], other)
    )
    found = compare(recording, customs, before, after, 1)
    return hashlib.blake2b(msgspec.json.encode(found)).hexdigest()


def _record(items: int) -> tuple[Recording, Customs, list[JsonObject]]:
    """Make the recording of a day as the store would give it."""
    ruleset = load_ruleset(RULES, source="recorded", lists={})
    told: list[Started | Event] = [Started(at=BEGIN, seed=1, ruleset_version=1)]
    decisions: list[JsonObject] = []
    play = Play(
        Engine(ruleset.engine_config, 1),
        lambda decision: decisions.append(msgspec.json.decode(msgspec.json.encode(decision.record))),
        on_event=told.append,
    )
    last_at = BEGIN + timedelta(seconds=items * 0.8)
    ClosedLoop(play, _Usual(), [*_staff(), *_arrivals(items)], items).run(last_at + timedelta(hours=4))
    recording = Recording(since=BEGIN, until=play.last_at or last_at, told=told, rules={1: ruleset})
    return recording, _customs(decisions), decisions


def _staff() -> list[tuple[datetime, Happening]]:
    events: list[Event] = []
    for number in range(AGENTS):
        skills = {f"s{(number * 7 + step) % SKILLS}": 1 + (number + step) % 5 for step in range(6)}
        name = f"agent-{number}"
        events.append(AgentChanged(at=BEGIN, agent_id=name, skills=skills))
        events.append(PresenceChanged(at=BEGIN, agent_id=name, state=PresenceState.AVAILABLE))
    return [(BEGIN, partial(_always, event)) for event in events]


def _arrivals(items: int) -> list[tuple[datetime, Happening]]:
    return [(event.at, partial(_always, event)) for event in map(_arrival, range(items))]


def _always(event: Event, at: datetime) -> Sequence[Event]:
    return (event,)


def _arrival(number: int) -> ItemQueued:
    at = BEGIN + timedelta(seconds=number * 0.8 + 1)
    need = Need(kind=NeedKind.REQUIRE, skill=f"s{number * 13 % SKILLS}", level=1)
    name = f"item-{number}"
    item = Item(
        id=name, conversation_id=name, queue="service", channel_class=("chat", "email")[number % 2],
        needs=(need,), eligible_since=at, arrival=number,
    )  # fmt: skip
    return ItemQueued(at=at, item=item)


def _customs(decisions: Sequence[JsonObject]) -> Customs:
    """Give claims and offers as the tables would hold them."""
    claims: dict[str, HeldSpan] = {}
    offers: list[AskedSpan] = []
    for record in decisions:
        item, at = str(record.get("item")), datetime.fromisoformat(str(record["at"]))
        if record["act"] == "accepted":
            offered_at = datetime.fromisoformat(str(record["offered_at"]))
            offers.append(AskedSpan(item_id=item, state="accepted", offered_at=offered_at, ended_at=at))
            claims[item] = HeldSpan(
                item_id=item, agent_id=str(record["agent"]), state="active", claimed_at=at, ended_at=None
            )
        elif record["act"] == "completed":
            began = claims[item]
            claims[item] = HeldSpan(
                item_id=item,
                agent_id=began.agent_id,
                state="completed",
                claimed_at=began.claimed_at,
                ended_at=at,
            )
    return Customs(claims=list(claims.values()), offers=offers, people=())
