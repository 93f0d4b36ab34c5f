"""Who is on shift when. In: a roster. Out: slots of time in which the same people are there throughout.

Slots are half-hours, cut wherever a shift or opening hours begin or end or a skill expires, so that nothing
changes within one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from router.engine.calendars import Calendar, Minutes, read_days, read_period
from router.engine.config import EngineConfig
from router.engine.reachability import Person, can_serve
from router.engine.roster import Roster, RosterAgent

_HALF_HOUR = timedelta(minutes=30)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A stretch of time and who is on shift in all of it, by login."""

    start: datetime
    end: datetime
    people: tuple[Person, ...]


def slots(
    roster: Roster, zone: ZoneInfo, first: date, days: int, calendars: Iterable[Calendar]
) -> list[Slot]:
    """Cut some days, from midnight in the zone, into slots."""
    start = _moment(first, 0, zone)
    end = _moment(first + days * _DAY, 0, zone)
    shifts = {login: _shifts(agent) for login, agent in roster.agents.items()}
    cuts = {start, end} | set(_half_hours(start, end))
    for offset in range(-1, days + 1):
        day = first + offset * _DAY
        for week in shifts.values():
            cuts |= {_moment(day, minute, zone) for period in week[day.weekday()] for minute in period}
        for calendar in calendars:
            edges = {minute for periods in calendar.week for period in periods for minute in period}
            cuts |= {_moment(day, minute, calendar.zone) for minute in edges}
    cuts |= {at for agent in roster.agents.values() for at in agent.expires.values()}
    edges_in_order = sorted(at for at in cuts if start <= at <= end)
    return [
        Slot(start=begins, end=ends, people=_on_shift(roster, shifts, begins, zone))
        for begins, ends in zip(edges_in_order, edges_in_order[1:], strict=False)
    ]


def everybody(roster: Roster, at: datetime) -> tuple[Person, ...]:
    """Give everybody who is ever on shift, with the skills of a moment."""
    return tuple(_person(login, agent, at) for login, agent in roster.agents.items() if agent.shifts)


def _on_shift(
    roster: Roster, shifts: dict[str, Sequence[Sequence[Minutes]]], at: datetime, zone: ZoneInfo
) -> tuple[Person, ...]:
    local = at.astimezone(zone)
    minute = local.hour * 60 + local.minute
    return tuple(
        _person(login, agent, at)
        for login, agent in roster.agents.items()
        if any(begins <= minute < ends for begins, ends in shifts[login][local.weekday()])
    )


def _person(login: str, agent: RosterAgent, at: datetime) -> Person:
    skills = {
        skill: level
        for skill, level in agent.skills.items()
        if skill not in agent.expires or at < agent.expires[skill]
    }
    return Person(name=login, skills=skills, queues=agent.queues)


def _shifts(agent: RosterAgent) -> Sequence[Sequence[Minutes]]:
    week: list[list[Minutes]] = [[] for _ in range(7)]
    for shift in agent.shifts:
        days, _, period = shift.partition(" ")
        minutes = read_period(period)
        for day in read_days(days) or ():
            week[day] += [] if minutes is None else [minutes]
    return week


def _half_hours(start: datetime, end: datetime) -> Iterator[datetime]:
    at = start
    while at < end:
        yield at
        at += _HALF_HOUR


def _moment(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Give a minute of a day; 24:00 is the midnight after it."""
    wall = datetime.combine(day + _DAY if minute == 24 * 60 else day, time(*divmod(minute % (24 * 60), 60)))
    return wall.replace(tzinfo=zone).astimezone(UTC)


def promised_by(config: EngineConfig, roster: Roster, zone: ZoneInfo) -> EngineConfig:
    """Let the alarm of reachability expect what a roster promises; what it never promises is not watched.

    The keys of the roster's agents are what the engine knows them by.
    """
    zone = ZoneInfo(roster.zone) if roster.zone else zone
    people = [
        (
            Person(name=login, skills=agent.skills, queues=agent.queues),
            Calendar(zone=zone, week=_shifts(agent)),
        )
        for login, agent in roster.agents.items()
        if agent.shifts
    ]
    watched = []
    for each in config.watched:
        able = [one for one in people if can_serve(one[0], each.queue, each.needs)]
        if able:
            week = [sorted(period for _, hours in able for period in hours.week[day]) for day in range(7)]
            expected = tuple((person.name, hours) for person, hours in able)
            watched.append(replace(each, promised=Calendar(zone=zone, week=week), expected=expected))
    return replace(config, watched=tuple(watched))
