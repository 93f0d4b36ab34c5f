"""Times and lengths as phone systems write them in; aware UTC times and seconds out.

A time without a zone is in the zone the account declares. Where the clock is put back an hour occurs twice:
the first is meant unless the record's own length, or a record before it, says the second. Where it is put
forward an hour is missing: a time in it was written by a clock that had not been put forward yet.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import product
from zoneinfo import ZoneInfo

_DATE_FIRST = re.compile(r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})[T ]+(\d{1,2}:\d{2}(?::\d{2})?)(.*)$")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})[T ]?(\d{2})(\d{2})(\d{2})$")
_CHINESE = re.compile(r"^(\d{4})年(\d{1,2})月(\d{1,2})日\s*(.*)$")
_EPOCH = re.compile(r"^\d{9,10}(?:\.\d+)?$|^\d{12,13}$|^\d{15,16}$")
_CLOCK = re.compile(r"^(?:(\d+):)?(\d{1,3}):(\d{2})(?:\.\d+)?$")
_UNITS = re.compile(
    r"^(?:(\d+)\s*(?:h|时|小时))?\s*(?:(\d+)\s*(?:min|m|分钟|分))?\s*(?:(\d+)\s*(?:sec|s|秒))?$"
)
# Phone systems without a clock write 1970 or 2000; nothing may come out of the range of times.
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_LONGEST_S = 10_000_000
# A record is written when its call ends; clocks of two lines may differ by so much.
_ORDER_SLACK_S = 60.0
# A post further from its call than this was kept back, or is history.
_TOLD_AT_ONCE_S = 2 * 3600.0
_NEVER = frozenset({"", "0", "-", "null", "none", "n/a", "0000-00-00 00:00:00", "1970-01-01 00:00:00"})


class BadTime(ValueError):
    """Text that is no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The times of one call, each None when it did not come to it or was not written."""

    started_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None


def read_time(text: str, formats: Sequence[str] = ()) -> datetime | None:
    """Read a time; naive when the text names no zone, None when it says "never". Raises BadTime."""
    text = text.strip().strip("\"'")
    if text.lower() in _NEVER:
        return None
    at = _written_time(text, formats)
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        raise BadTime(f"{text[:40]!r} is no time a call can have been at")
    return at


def _written_time(text: str, formats: Sequence[str]) -> datetime:
    for layout in formats:
        try:
            return datetime.strptime(text, layout)
        except ValueError:
            continue
    if _EPOCH.match(text):
        return _of_epoch(text)
    try:
        return datetime.fromisoformat(_as_iso(text))
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        raise BadTime(f"{text[:40]!r} is no time the router can read") from None


def _of_epoch(text: str) -> datetime:
    whole = text.partition(".")[0]
    scale = {12: 1e3, 13: 1e3, 15: 1e6, 16: 1e6}.get(len(whole), 1)
    try:
        return datetime.fromtimestamp(float(text) / scale, UTC)
    except (OverflowError, ValueError, OSError):
        raise BadTime(f"{text[:40]!r} is out of range") from None


def _as_iso(text: str) -> str:
    if found := _COMPACT.match(text):
        return "{}-{}-{}T{}:{}:{}".format(*found.groups())
    if found := _CHINESE.match(text):
        clock = found[4].replace("时", ":").replace("分", ":").replace("秒", "").strip(":")
        text = f"{found[1]}-{found[2]}-{found[3]} {clock}"
    if found := _DATE_FIRST.match(text):
        year, month, day, clock, rest = found.groups()
        clock = clock if clock.count(":") == 2 else f"{clock}:00"
        return f"{year}-{int(month):02}-{int(day):02}T{clock:0>8}{rest.strip().replace('UTC', '+00:00')}"
    return text


def read_seconds(text: str) -> float | None:
    """Read a length: seconds, `h:mm:ss`, `mm:ss`, or numbers with units. Raises BadTime."""
    text = text.strip().strip("\"'")
    if text in ("", "-"):
        return None
    seconds = _written_seconds(text)
    if not 0 <= seconds < _LONGEST_S:
        raise BadTime(f"{text[:40]!r} is no length of a call")
    return seconds


def _written_seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        pass
    if found := _CLOCK.match(text):
        hours, minutes, seconds_text = found.groups()
        return int(hours or 0) * 3600.0 + int(minutes) * 60 + int(seconds_text)
    if (found := _UNITS.match(text)) and any(found.groups()):
        hours, minutes, seconds_text = found.groups(default="0")
        return int(hours) * 3600.0 + int(minutes) * 60 + int(seconds_text)
    raise BadTime(f"{text[:40]!r} is no length of a call")


def place(
    span: Span,
    zone: ZoneInfo,
    *,
    length_s: float | None = None,
    after: datetime | None = None,
    told_at: datetime | None = None,
) -> Span:
    """Give the times of one call in UTC; `after` is when the record before it was written.

    `told_at` is when a source that tells at once told of it: of two readings the one closer to it is meant.

    Of all readings of an hour that occurs twice those are kept whose times follow each other; of these the
    one that fits `length_s` best, else is shortest, and then the earliest that was not over before `after`.
    """
    written = (span.started_at, span.answered_at, span.ended_at)
    readings = [reading for reading in product(*(_readings(at, zone) for at in written)) if _follows(reading)]
    if not readings:
        readings = [tuple(_readings(at, zone)[0] for at in written)]

    def rank(reading: tuple[datetime | None, ...]) -> tuple[float, bool, float, float, float]:
        known = [at.timestamp() for at in reading if at is not None]
        lasted_s = known[-1] - known[0] if known else 0.0
        off_s = abs(lasted_s - length_s) if length_s is not None and len(known) > 1 else 0.0
        is_early = bool(after and known and known[-1] < after.timestamp() - _ORDER_SLACK_S)
        away_s = abs(known[-1] - told_at.timestamp()) if told_at and known else 0.0
        return off_s, is_early, lasted_s, away_s if away_s < _TOLD_AT_ONCE_S else 0.0, sum(known)

    started_at, answered_at, ended_at = min(readings, key=rank)
    return Span(started_at=started_at, answered_at=answered_at, ended_at=ended_at)


def _readings(at: datetime | None, zone: ZoneInfo) -> list[datetime | None]:
    """Give every moment a written time may mean, the first one first."""
    if at is None:
        return [None]
    if at.tzinfo is not None:
        return [at.astimezone(UTC)]
    first = at.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = at.replace(tzinfo=zone, fold=1).astimezone(UTC)
    # In a missing hour the second reading lies before the first; only a repeated hour has two meanings.
    return [first, second] if second > first else [first]


def _follows(reading: Sequence[datetime | None]) -> bool:
    known = [at for at in reading if at is not None]
    return all(one <= other for one, other in zip(known, known[1:], strict=False))
