"""What if: recorded arrivals played twice, under the recorded rules and under others, with the same chance.

In: a recording, how people worked, and a candidate. Out: two `Side`s to compare.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from router.engine.config import EngineConfig
from router.engine.engine import Engine
from router.engine.events import (
    AbsencePlanned,
    AgentChanged,
    AgentRemoved,
    AgentRestored,
    Event,
    IncidentEnded,
    IncidentStarted,
    Item,
    ItemPaused,
    ItemQueued,
    ItemThawed,
    ItemWithdrawn,
    PresenceChanged,
)
from router.engine.needs import needs_from_json
from router.engine.roster import Roster
from router.engine.rules import Facts, RuleSet
from router.simulation.closed_loop import ClosedLoop, Happening
from router.simulation.customs import Recorded
from router.simulation.figures import Figures
from router.simulation.people import agent_changed
from router.simulation.play import Play
from router.simulation.recording import Customs, Recording, Started
from router.simulation.shifts import shift_events
from router.simulation.simulating import HORIZON_S

_FROM_OUTSIDE = (
    ItemWithdrawn,
    ItemPaused,
    ItemThawed,
    IncidentStarted,
    IncidentEnded,
    AbsencePlanned,
    AgentChanged,
    AgentRemoved,
    PresenceChanged,
)
_OF_PEOPLE = (AbsencePlanned, AgentChanged, AgentRemoved, PresenceChanged)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What is tried: other rules (with the facts to triage anew), other people, or the recorded ones."""

    ruleset: RuleSet
    config: EngineConfig
    roster: Roster | None = None
    facts: Mapping[str, Facts] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """How one run came out; `counted` are the items that came within the span."""

    play: Play
    figures: Figures
    counted: Sequence[str]
    config: EngineConfig


def run_side(recording: Recording, customs: Customs, candidate: Candidate, seed: int) -> Side:
    """Play the recorded arrivals in a closed loop to the end of the work, at most 24 h longer."""
    outside = _Outside(recording, customs, candidate)
    happenings = outside.happenings()
    engine = Engine(candidate.config, seed, recording.strategies, records=False)
    figures = Figures()
    play = Play(engine, figures.heard)
    behaviour = Recorded(customs.claims, customs.offers, _events(recording), outside.classes, seed)
    loop = ClosedLoop(play, behaviour, happenings, len(outside.classes))
    with _uncollected():
        loop.run(recording.until + timedelta(seconds=HORIZON_S))
    return Side(play=play, figures=figures, counted=outside.counted, config=candidate.config)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no cycles meanwhile: a run makes none, and keeps so much that looking takes a sixth of its time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Outside:
    """Picks from a recording what does not follow from the engine's own decisions."""

    def __init__(self, recording: Recording, customs: Customs, candidate: Candidate) -> None:
        self._recording = recording
        self._candidate = candidate
        self._roster = candidate.roster
        on_roster = candidate.roster.agents if candidate.roster is not None else {}
        known = {each.login: each for each in customs.people}
        self._logins = {known[login].agent_id if login in known else login: login for login in on_roster}
        self._by_shifts = {
            login
            for login, agent in on_roster.items()
            if login not in known or tuple(agent.shifts) != known[login].shifts
        }
        self.classes: dict[str, str] = {}
        self.counted: list[str] = []

    def happenings(self) -> list[tuple[datetime, Happening]]:
        """Give what comes from outside in the order of time."""
        since = self._recording.start.at
        events = [*self._hired(since), *self._happened()]
        events.sort(key=lambda event: event.at)
        return [(event.at, partial(_always, event)) for event in events]

    def _happened(self) -> Iterator[Event]:
        started_at = self._recording.start.at
        for entry in self._recording.told[1:]:
            if isinstance(entry, Started):
                started_at = entry.at
            elif isinstance(entry, ItemQueued):
                yield from self._arrived(entry)
            elif isinstance(entry, AgentRestored):
                yield from self._restored(entry, is_first=started_at == self._recording.start.at)
            elif isinstance(entry, _FROM_OUTSIDE) and not self._is_replaced(entry):
                yield entry

    def _arrived(self, event: ItemQueued) -> Iterator[Event]:
        """Let an item come, the first time it is told; how it fared then is forgotten."""
        item = event.item
        if item.id in self.classes:
            return
        self.classes[item.id] = item.channel_class
        if event.at >= self._recording.since:
            self.counted.append(item.id)
        facts = self._candidate.facts.get(item.id)
        if item.offers_made or item.declined or item.declined_at is not None:
            item = replace(item, offers_made=0, declined={}, declined_at=None)
        yield ItemQueued(at=event.at, item=item if facts is None else self._anew(item, facts))

    def _anew(self, item: Item, facts: Facts) -> Item:
        triage = self._candidate.ruleset.triage(replace(facts, at=item.eligible_since))
        return replace(
            item,
            queue=triage.queue,
            needs=needs_from_json(list(triage.needs)),
            boost_s=float(triage.boost_s),
            sla=triage.sla_policies,
            due_at=None,
            lead_s=float(triage.lead_s),
            max_advance_s=float(triage.max_advance_s),
        )

    # --- people -----------------------------------------------------------------------------------

    def _restored(self, event: AgentRestored, *, is_first: bool) -> Iterator[Event]:
        changed = AgentChanged(
            at=event.at,
            agent_id=event.agent_id,
            skills=event.skills,
            expires=event.expires,
            units=event.units,
            max_claims=event.max_claims,
            queues=event.queues,
        )
        was = PresenceChanged(at=event.at, agent_id=event.agent_id, state=event.state, classes=event.classes)
        for each in (changed, was) if is_first else (changed,):
            if not self._is_replaced(each):
                yield each

    def _is_replaced(self, event: Event) -> bool:
        """Say whether the candidate's roster says something else about this person."""
        if self._roster is None or not isinstance(event, _OF_PEOPLE):
            return False
        login = self._logins.get(event.agent_id)
        if login is None or isinstance(event, AgentChanged | AgentRemoved):
            return True
        return login in self._by_shifts

    def _hired(self, since: datetime) -> Iterator[Event]:
        """Bring the people of the candidate's roster; who is new or has other shifts comes by them."""
        if self._roster is None:
            return
        agents = [replace(self._roster.agents[login], login=id) for id, login in self._logins.items()]
        for agent in agents:
            yield agent_changed(agent, since)
        zone = ZoneInfo(self._roster.zone) if self._roster.zone else self._candidate.ruleset.zone
        by_shifts = [agent for agent in agents if self._logins[agent.login] in self._by_shifts]
        until = self._recording.until + timedelta(seconds=HORIZON_S)
        yield from shift_events(by_shifts, zone, since, until)


def _always(event: Event, at: datetime) -> Sequence[Event]:
    return (event,)


def _events(recording: Recording) -> list[Event]:
    return [entry for entry in recording.told if not isinstance(entry, Started)]
