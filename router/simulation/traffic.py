"""Arrivals drawn from the curves of a scenario.

In: a scenario, its zone and a seed. Out: `item_enqueued` lines in the order of time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from router.engine.calendars import read_days
from router.engine.times import to_iso
from router.errors import ConfigError
from router.messages import JsonObject
from router.simulation.chance import drawing, one_of
from router.simulation.event_list import Line
from router.simulation.scenario import Scenario, StreamModel, WorkModel

MAX_ARRIVALS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What comes from outside: lines, and of which stream each item is."""

    lines: list[Line]
    streams: Mapping[str, str]


def starts_at(scenario: Scenario, zone: ZoneInfo) -> datetime:
    """Give the beginning; without an offset it is in the zone."""
    given = datetime.fromisoformat(scenario.starts_at)
    return (given if given.tzinfo else given.replace(tzinfo=zone)).astimezone(UTC)


def draw_traffic(scenario: Scenario, zone: ZoneInfo, seed: int) -> Traffic:
    """Draw all arrivals of a scenario; raises ConfigError when they are too many."""
    since = starts_at(scenario, zone)
    until = since + timedelta(seconds=scenario.lasts_s)
    arrivals: list[tuple[datetime, str, JsonObject]] = []
    streams: dict[str, str] = {}
    for name, stream in scenario.streams.items():
        chance = drawing(seed, "arrivals", name)
        for number, at in enumerate(_times(stream, zone, since, until, chance), 1):
            if len(arrivals) == MAX_ARRIVALS:
                hint = "Lower per_hour or lasts."
                raise ConfigError(f"more than {MAX_ARRIVALS:,} arrivals.", path="streams", hint=hint)
            item = f"{name}-{number}"
            streams[item] = name
            arrivals.append((at, item, _entry(item, stream, seed)))
    arrivals.sort(key=lambda arrival: arrival[0])
    lines = [
        Line(number=number, at=at, kind="item_enqueued", entry={"at": to_iso(at), **entry})
        for number, (at, _, entry) in enumerate(arrivals, 1)
    ]
    return Traffic(lines=lines, streams=streams)


def _times(
    stream: StreamModel, zone: ZoneInfo, since: datetime, until: datetime, chance: Random
) -> Iterator[datetime]:
    """Draw the moments of a Poisson stream whose rate changes at times of the day."""
    for begins_at, ends_at, per_hour in _pieces(stream, zone, since, until):
        at = begins_at
        while per_hour > 0:
            at += timedelta(milliseconds=round(chance.expovariate(per_hour / 3_600_000)))
            if at >= ends_at:
                break
            yield at


def _pieces(
    stream: StreamModel, zone: ZoneInfo, since: datetime, until: datetime
) -> Iterator[tuple[datetime, datetime, float]]:
    """Cut the time into pieces of one rate; before its first time of the day a day has the last rate."""
    rates = sorted(stream.per_hour.items())
    steps = rates if rates[0][0] == "00:00" else [("00:00", rates[-1][1]), *rates]
    weekdays = {day for days in stream.days for day in read_days(days) or ()}
    day = since.astimezone(zone).date()
    while (midnight := _moment(day, "00:00", zone)) < until:
        tomorrow = day + timedelta(days=1)
        if day.weekday() in weekdays:
            ends = [_moment(day, begins, zone) for begins, _ in steps[1:]] + [
                _moment(tomorrow, "00:00", zone)
            ]
            begins_at = midnight
            for (_, per_hour), ends_at in zip(steps, ends, strict=True):
                if begins_at < until and ends_at > since:
                    yield max(begins_at, since), min(ends_at, until), per_hour
                begins_at = ends_at
        day = tomorrow


def _moment(day: date, text: str, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.fromisoformat(text), zone).astimezone(UTC)


def _entry(item: str, stream: StreamModel, seed: int) -> JsonObject:
    """Describe one piece of work the way an event list does."""
    entry: dict[str, Any] = {"type": "item_enqueued", "item": item, **_work(stream)}
    chance = drawing(seed, "kind", item)
    if stream.mix:
        kind = one_of(stream.mix, [each.weight for each in stream.mix], chance)
        facts = {**entry.get("facts", {}), **kind.facts}
        entry |= _work(kind)
        if facts:
            entry["facts"] = facts
    if stream.customers:
        entry["customer"] = f"customer-{chance.randrange(stream.customers) + 1}"
    return entry


def _work(work: WorkModel) -> dict[str, Any]:
    needs = None
    if work.needs is not None:
        needs = [each.model_dump(exclude_none=True, exclude_defaults=True) for each in work.needs]
    given = {
        "facts": work.facts or None,
        "queue": work.queue,
        "needs": needs,
        "sla": work.sla,
        "boost_s": work.boost_s,
        "channel": work.channel,
        "channel_class": work.channel_class,
    }
    return {key: value for key, value in given.items() if value is not None}
