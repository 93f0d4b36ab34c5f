"""Prove who can serve what in every half-hour of a roster, before the rules go live.

In: a rule set, a roster and some days. Out: gaps, stretches of opening hours in which nobody on shift can
serve some work the rules can produce; wishes that are given up then; and work nobody can ever do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from router.engine.calendars import Calendar
from router.engine.needs import Need
from router.engine.reachability import Cause, Cover, Person, cause, cover, firm_needs
from router.engine.roster import Roster
from router.engine.rules.ruleset import RuleSet
from router.engine.rules.shifts import Slot, everybody, slots
from router.engine.rules.works import Work, possible_work


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """In `ranges` nobody meets all that work of `queues` asks, because of `cause`.

    Where `able` is empty the work waits; else they serve it, at least `fewest` of them at any time, because
    `given_up` is given up at once. `rules` are those of the simplest such work, `kinds` counts how many
    different works it is about.
    """

    queues: tuple[str, ...]
    cause: Cause
    given_up: tuple[Need, ...]
    able: tuple[str, ...]
    fewest: int
    ranges: tuple[tuple[datetime, datetime], ...]
    rules: tuple[str, ...]
    kinds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What was proven.

    In the stretches of `gaps` nobody can serve the work. In those of `wishes` it is served without what
    nobody there offers. `never` are gaps of needs that nobody on the roster meets, whatever the hour.
    """

    zone: ZoneInfo
    first: date
    days: int
    gaps: tuple[Gap, ...]
    wishes: tuple[Gap, ...]
    never: tuple[Gap, ...]
    works: int
    is_cut: bool
    without_shifts: tuple[str, ...]


def prove_reach(ruleset: RuleSet, roster: Roster, first: date, days: int) -> Reach:
    """Prove which work can be served when."""
    zone = ZoneInfo(roster.zone) if roster.zone else ruleset.zone
    works, is_cut = possible_work(ruleset.model)
    calendars = ruleset.calendars
    timeline = slots(roster, zone, first, days, calendars.values())
    staff = everybody(roster, timeline[0].start)
    lost = [work for work in works if cover(staff, work.queue, work.needs) is None]
    rest = [work for work in works if work not in lost]
    always = [replace(timeline[0], people=staff, end=timeline[-1].end)]
    found = _gaps(rest, timeline, calendars)
    return Reach(
        zone=zone,
        first=first,
        days=days,
        gaps=tuple(gap for gap in found if not gap.able),
        wishes=tuple(gap for gap in found if gap.able),
        never=_gaps([replace(work, hours=()) for work in lost], always, {}),
        works=len(works),
        is_cut=is_cut,
        without_shifts=tuple(login for login, agent in roster.agents.items() if not agent.shifts),
    )


@dataclass(slots=True)
class _Found:
    """What belongs to one gap so far."""

    works: dict[Work, None]
    slots: list[Slot]
    covers: list[Cover]


_Key = tuple[str, Cause, tuple[Need, ...] | None]
_Missing = tuple[Work, Cause, Cover | None]


def _gaps(
    works: Sequence[Work], timeline: Sequence[Slot], calendars: Mapping[str, Calendar]
) -> tuple[Gap, ...]:
    """Go through the slots; those with the same people are proven once."""
    proven: dict[tuple[object, ...], list[_Missing]] = {}
    found: dict[_Key, _Found] = {}
    for slot in timeline:
        key = tuple((person.name, *person.skills) for person in slot.people)
        if key not in proven:
            proven[key] = list(_unserved(works, slot.people))
        is_open = {name: calendar.is_open(slot.start) for name, calendar in calendars.items()}
        missing = [
            one for one in proven[key] if not one[0].hours or any(is_open[name] for name in one[0].hours)
        ]
        _note(found, missing, slot)
    return _across_queues([_gap(key, one) for key, one in found.items()])


def _unserved(works: Iterable[Work], people: Sequence[Person]) -> Iterator[_Missing]:
    for work in works:
        relief = cover(people, work.queue, work.needs)
        if relief is None:
            yield work, cause(people, work.queue, firm_needs(work.needs)), None
        elif relief.given_up:
            yield work, cause(people, work.queue, work.needs), relief


def _note(found: dict[_Key, _Found], missing: Iterable[_Missing], slot: Slot) -> None:
    """Put what one slot lacks under its reasons; of works with one reason the simplest says what helps."""
    simplest: dict[tuple[str, Cause, bool], list[_Missing]] = {}
    for one in missing:
        work, why, relief = one
        queue = "" if why.is_empty else work.queue
        simplest.setdefault((queue, why, relief is None), []).append(one)
    for (queue, why, _), alike in simplest.items():
        relief = min(alike, key=lambda one: (len(one[0].needs), len(one[0].rules)))[2]
        key = (queue, why, None if relief is None else relief.given_up)
        into = found.setdefault(key, _Found({}, [], []))
        into.works |= dict.fromkeys(work for work, _, _ in alike)
        into.slots.append(slot)
        into.covers += [] if relief is None else [relief]


def _gap(key: _Key, found: _Found) -> Gap:
    queue, why, given_up = key
    return Gap(
        queues=(queue,) if queue else (),
        cause=why,
        given_up=given_up or (),
        able=tuple(dict.fromkeys(name for relief in found.covers for name in relief.able)),
        fewest=min((len(relief.able) for relief in found.covers), default=0),
        ranges=_ranges(found.slots),
        rules=min((work.rules for work in found.works), key=len),
        kinds=len(found.works),
    )


def _across_queues(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    """Say once what holds for several queues at the same times."""
    found: dict[tuple[object, ...], Gap] = {}
    for gap in gaps:
        key = (gap.cause, gap.given_up, gap.able, gap.fewest, gap.ranges)
        kept = found.get(key)
        found[key] = gap if kept is None else replace(
            kept,
            queues=kept.queues + gap.queues,
            rules=min(kept.rules, gap.rules, key=len),
            kinds=kept.kinds + gap.kinds,
        )  # fmt: skip
    return tuple(found.values())


def _ranges(at: Sequence[Slot]) -> tuple[tuple[datetime, datetime], ...]:
    joined: list[tuple[datetime, datetime]] = []
    for slot in at:
        if joined and joined[-1][1] == slot.start:
            joined[-1] = (joined[-1][0], slot.end)
        else:
            joined.append((slot.start, slot.end))
    return tuple(joined)
