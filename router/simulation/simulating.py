"""Play an event list: rules, people and lines in, decisions and a summary out."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from router.engine.decisions import Decision
from router.engine.engine import Engine
from router.engine.events import PresenceChanged
from router.engine.roster import Roster
from router.engine.rules import RuleSet
from router.engine.words import say
from router.messages import JsonObject
from router.simulation.dialect import Dialect
from router.simulation.event_list import Line
from router.simulation.figures import Figures, still_waiting
from router.simulation.histories import Histories
from router.simulation.outcome import Outcome
from router.simulation.people import People
from router.simulation.play import Play
from router.simulation.queueing import Queueing
from router.simulation.shifts import shift_events
from router.strategy import Strategy

HORIZON_S = 24 * 3600.0
MAX_LISTED = 1_000
"""How many items the summary lists as still waiting; it counts them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a run is played with; `class_of(channel)` names the channel class, None if nobody knows it.

    `strategies` are those of plugins. With `is_brief` records leave out what only people read.
    """

    ruleset: RuleSet
    roster: Roster | None
    seed: int
    class_of: Callable[[str], str | None]
    strategies: Sequence[Strategy] = ()
    is_brief: bool = False

    @property
    def zone(self) -> ZoneInfo:
        """Give the zone of the shifts: the roster's, else that of the first calendar, else UTC."""
        named = self.roster.zone if self.roster is not None else None
        return ZoneInfo(named) if named else self.ruleset.zone

    def new_engine(self) -> Engine:
        """Make the engine that is played."""
        return Engine(self.ruleset.engine_config, self.seed, self.strategies, records=not self.is_brief)


def simulate(lines: Sequence[Line], source: str, setting: Setting, until: datetime | None = None) -> Outcome:
    """Play a list; raises EventListError for a line that cannot be.

    Afterwards what the engine itself has to do is done, and shifts go on, up to `until` (24 h after the
    last line where it is not given).
    """
    return _Run(lines, source, setting).play(until)


class _Run:
    def __init__(self, lines: Sequence[Line], source: str, setting: Setting) -> None:
        self._lines = lines
        self._setting = setting
        self._decisions: list[Decision] = []
        self._figures = Figures()
        self._histories = Histories()
        self._play = Play(
            setting.new_engine(), self._decisions.append, self._figures.heard, self._histories.heard
        )
        queueing = Queueing(setting.ruleset, setting.class_of)
        self._people = People(setting.ruleset, queueing, setting.roster, lines)
        self._dialect = Dialect(source, self._play, setting.ruleset, queueing, self._people)

    def play(self, until: datetime | None) -> Outcome:
        """Let it all happen in the order of time; at the same time shifts change before lines."""
        since, last_at = self._lines[0].at, self._lines[-1].at
        until = max(until or last_at + timedelta(seconds=HORIZON_S), last_at)
        for person in self._people.introduced(since):
            self._play.tell(person)
        zone = self._setting.zone
        shifts = shift_events(self._people.by_shifts(), zone, since, until)
        due: Iterable[PresenceChanged | Line] = heapq.merge(shifts, self._lines, key=lambda each: each.at)
        for each in due:
            self._play.pass_time(each.at)
            for event in self._dialect.events(each) if isinstance(each, Line) else (each,):
                self._play.tell(event)
        self._play.pass_time(until)
        notes = [*self._missing_shifts(), *self._dialect.notes]
        at = self._play.last_at or until
        people = self._people.names
        summary = full_summary(self._play, self._figures, self._histories, people, self._setting, notes, at)
        return Outcome(decisions=self._decisions, summary=summary)

    def _missing_shifts(self) -> list[str]:
        absent = [agent.login for agent in self._people.by_shifts() if not agent.shifts]
        return [f"`{login}` has no shifts and no presence line: offline throughout" for login in absent]


def full_summary(
    play: Play,
    figures: Figures,
    histories: Histories,
    people: Iterable[str],
    setting: Setting,
    notes: Sequence[str],
    at: datetime,
) -> JsonObject:
    """Add everything up, with what still waits at a moment and why."""
    config = setting.ruleset.engine_config
    limits = {queue: limit.max_advance_s for queue, limit in config.queues.items()}
    broken = histories.broken(at)
    waiting = [name for name, followed in play.items.items() if still_waiting(followed)]
    return {
        **figures.summary(play, people, limits),
        "breaches": dict(sorted(Counter(str(promise["metric"]) for promise in broken).items())),
        "broken": broken,
        "by_item": histories.by_item(play),
        "still_waiting_count": len(waiting),
        "still_waiting": [_why(play, name, at) for name in waiting[:MAX_LISTED]],
        "notes": list(notes),
        "seed": setting.seed,
    }


def _why(play: Play, name: str, at: datetime) -> JsonObject:
    record = play.engine.explain(name, at)
    followed = play.items[name]
    return {
        "item": name,
        "queue": followed.queue,
        "state": followed.state,
        "waited_s": (at - followed.item.eligible_since).total_seconds(),
        "blocked_by": record.get("blocked_by"),
        "why": say(record, "en", {}),
    }
