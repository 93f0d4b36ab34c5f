"""Play a scenario: its traffic, its people by their shifts, to the end of the last piece of work.

In: a scenario with rules and a roster. Out: an `Outcome`, and the list of what happened from outside.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from router.engine.decisions import Decision
from router.engine.event_json import to_json
from router.engine.events import Event, ItemQueued
from router.engine.roster import Roster
from router.engine.times import to_iso
from router.messages import JsonObject
from router.simulation.chance import mean_s
from router.simulation.closed_loop import ClosedLoop, Happening
from router.simulation.dialect import Dialect
from router.simulation.event_list import Line
from router.simulation.figures import Figures
from router.simulation.histories import Histories
from router.simulation.manners import Manners
from router.simulation.outcome import Outcome
from router.simulation.people import People
from router.simulation.play import Play
from router.simulation.queueing import Queueing
from router.simulation.scenario import MannersModel, Scenario
from router.simulation.shifts import shift_events, shift_spans
from router.simulation.simulating import HORIZON_S, Setting, full_summary
from router.simulation.traffic import Traffic, draw_traffic, starts_at


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioOutcome:
    """What came of a scenario; `written` is the event list that repeats it."""

    outcome: Outcome
    written: Sequence[JsonObject]


def run_scenario(
    scenario: Scenario, roster: Roster, setting: Setting, until: datetime | None = None
) -> ScenarioOutcome:
    """Play a scenario to the end of its work, at most 24 h longer than it lasts."""
    return _Run(scenario, roster, setting).play(until)


class _Run:
    def __init__(self, scenario: Scenario, roster: Roster, setting: Setting) -> None:
        self._scenario = scenario
        self._roster = roster
        self._setting = setting
        self._traffic = draw_traffic(scenario, setting.zone, setting.seed)
        self._decisions: list[Decision] = []
        self._written: list[JsonObject] = []
        self._entries: dict[str, JsonObject] = {
            str(line.entry["item"]): line.entry for line in self._traffic.lines
        }
        self._figures = Figures()
        self._histories = Histories()
        self._play = Play(
            setting.new_engine(), self._decisions.append, self._figures.heard, self._histories.heard
        )
        queueing = Queueing(setting.ruleset, setting.class_of)
        self._people = People(setting.ruleset, queueing, roster, ())
        self._dialect = Dialect("scenario", self._play, setting.ruleset, queueing, self._people)

    def play(self, until: datetime | None) -> ScenarioOutcome:
        """Let it happen."""
        since = starts_at(self._scenario, self._setting.zone)
        ends_at = since + timedelta(seconds=self._scenario.lasts_s)
        until = until or ends_at + timedelta(seconds=HORIZON_S)
        for person in self._people.introduced(since):
            self._told(person)
            self._play.tell(person)
        manners = Manners(self._scenario, self._traffic.streams, self._setting.seed)
        outside = self._outside(since, until)
        loop = ClosedLoop(self._play, manners, outside, len(self._traffic.lines), self._told)
        loop.run(until)
        at = self._play.last_at or since
        self._written.append({"at": to_iso(at), "type": "tick"})
        notes = nonsense(self._scenario, self._roster, self._setting, self._traffic)
        summary = full_summary(
            self._play, self._figures, self._histories, self._people.names, self._setting, notes, at
        )
        return ScenarioOutcome(
            outcome=Outcome(decisions=self._decisions, summary=summary), written=self._written
        )

    def _outside(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, Happening]]:
        agents = list(self._roster.agents.values())
        comings = shift_events(agents, self._setting.zone, since, until)
        presence = [(event.at, partial(_always, event)) for event in comings]
        arrivals = [(line.at, partial(self._arrive, line)) for line in self._traffic.lines]
        return heapq.merge(presence, arrivals, key=lambda pair: pair[0])

    def _arrive(self, line: Line, at: datetime) -> Sequence[Event]:
        return self._dialect.events(line)

    def _told(self, event: Event) -> None:
        """Write down an event, a piece of work with the facts it came with."""
        entry = self._entries[event.item.id] if isinstance(event, ItemQueued) else to_json(event)
        self._written.append(entry)


def _always(event: Event, at: datetime) -> Sequence[Event]:
    return (event,)


def nonsense(scenario: Scenario, roster: Roster, setting: Setting, traffic: Traffic) -> list[str]:
    """Warn about what can be played but was hardly meant."""
    notes = []
    if not traffic.lines:
        notes.append("nothing arrives: every rate is 0, or the days never come")
    for name in scenario.streams:
        if traffic.lines and name not in traffic.streams.values():
            notes.append(f"streams.{name}: nothing arrives")
    since = starts_at(scenario, setting.zone)
    until = since + timedelta(seconds=scenario.lasts_s)
    spans = [
        span
        for agent in roster.agents.values()
        for span in shift_spans(agent.shifts, setting.zone, since, until)
    ]
    there_s = sum((min(end, until) - start).total_seconds() for start, end in spans)
    work_s = sum(mean_s(scenario.streams[stream].handling) for stream in traffic.streams.values())
    if not there_s:
        notes.append("nobody has a shift in this time: nothing can be offered")
    elif work_s > there_s * _most_at_once(setting):
        hours = f"{work_s / 3600:.0f} h of work for {there_s / 3600:.0f} h of shifts"
        notes.append(f"more work comes than people can do: {hours}")
    everybody: list[tuple[str, MannersModel]] = [("people", scenario.people)]
    everybody += [(f"people.each.{name}", each) for name, each in scenario.people.each.items()]
    for path, manners in everybody:
        refusing = sum(share or 0.0 for share in (manners.declines, manners.busy, manners.no_answer))
        if refusing > 0.5:
            notes.append(f"{path}: more than half of the offers are not taken")
        shortest_s = min(queue.offer_timeout_s for queue in setting.ruleset.engine_config.queues.values())
        if manners.accept_after is not None and mean_s(manners.accept_after) >= shortest_s:
            notes.append(f"{path}.accept_after: offers run out after {shortest_s:g} s, before they are taken")
    return notes


def _most_at_once(setting: Setting) -> int:
    """Give how many items of one class somebody may have at the same time."""
    return max(limit.max for limit in setting.ruleset.engine_config.capacity.classes.values())
