"""Opening hours: weekly periods in a zone, with public holidays, and the working time in them.

In: a calendar as written, moments and working seconds. Out: whether it is open, when working time is over,
how much of it lies between two moments. A calendar is open while the clock on its wall shows a time within
a period: an hour that clocks skip is not worked, an hour they show twice is worked twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import TypeAlias
from zoneinfo import ZoneInfo

from holidays import HolidayBase, country_holidays

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

HORIZON_DAYS = 3_660
"""How far working time is counted ahead; what is not over by then is never due."""

Minutes: TypeAlias = tuple[int, int]
Span: TypeAlias = tuple[datetime, datetime]
Day: TypeAlias = tuple[tuple[Span, ...], timedelta]
"""When a day is open, and for how long in all."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_PERIOD = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_NOTHING = timedelta()
_SECOND = timedelta(seconds=1)


def read_period(text: str) -> Minutes | None:
    """Read `09:00-12:00` as minutes of the day; None when it is no period within one day."""
    match = _PERIOD.fullmatch(text)
    if match is None:
        return None
    opens, closes = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    return (opens, closes) if opens < closes <= 24 * 60 else None


def read_days(text: str) -> tuple[int, ...] | None:
    """Read `mon` or `mon-fri` as weekday numbers from 0; None when it is neither."""
    first, dash, last = text.partition("-")
    if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
        return None
    start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
    return tuple(range(start, end + 1)) if start <= end else None


def read_day(text: str) -> date | None:
    """Read `2026-12-24`; None when it is no day."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def public_holidays(code: str) -> HolidayBase | None:
    """Give the holidays of `CN` or `DE-BY`; None when the place is not known."""
    country, _, region = code.partition("-")
    try:
        return country_holidays(country, subdiv=region or None)
    except NotImplementedError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When somebody is there; `week` holds the periods of Monday to Sunday, `days` those of single days.

    Every promise counts through the same few days, so that each is worked out once and kept.
    """

    zone: ZoneInfo
    week: Sequence[Sequence[Minutes]]
    holidays: HolidayBase | None = None
    days: Mapping[date, Sequence[Minutes]] = field(default_factory=dict)
    _known: dict[int, Day] = field(default_factory=dict, init=False, repr=False, compare=False)

    def is_open(self, at: datetime) -> bool:
        """Say whether the shop is open at this moment."""
        local = at.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        return any(opens <= minute < closes for opens, closes in self._periods(local.date()))

    def next_open(self, at: datetime) -> datetime | None:
        """Give the first moment from `at` on at which the shop is open."""
        return next((opens for opens, _ in self._open_from(at)), None)

    def open_until(self, at: datetime) -> datetime | None:
        """Give when the shop closes, from a moment at which it is open; looked for through two weeks of hours."""
        spans = islice(self._open_from(at), 14)
        closes = next((span[1] for span in spans), None)
        for opens, later in spans:
            # open over midnight: the next day's hours go on where this one's end
            if closes is None or opens > closes:
                break
            closes = later
        return closes

    def due_after(self, start: datetime, seconds: float) -> datetime | None:
        """Give the moment by which so many working seconds have passed; None if that never happens."""
        left = timedelta(seconds=seconds)
        if left <= _NOTHING:
            return start
        for number in self._days_from(start):
            spans, open_for = self._open_on(number)
            if not spans or (open_for < left and spans[0][0] >= start):
                left -= open_for
                continue
            for opens, closes in spans:
                begins = max(opens, start)
                if closes - begins >= left:
                    return begins + left
                left -= max(closes - begins, _NOTHING)
        return None

    def working_s(self, start: datetime, end: datetime) -> float:
        """Give the working seconds between two moments, 0 when the second is not later."""
        if end <= start:
            return 0.0
        total = _NOTHING
        first, last = (at.astimezone(self.zone).date().toordinal() for at in (start, end))
        for number in range(first, last + 1):
            spans, open_for = self._open_on(number)
            if first < number < last:
                total += open_for
                continue
            for opens, closes in spans:
                total += max(min(closes, end) - max(opens, start), _NOTHING)
        return total.total_seconds()

    def _days_from(self, start: datetime) -> range:
        """Give the days from a moment on, until the horizon; none when no day has hours."""
        if not any(self.week):
            return range(0)
        first = start.astimezone(self.zone).date().toordinal()
        return range(first, min(first + HORIZON_DAYS, date.max.toordinal() - 1))

    def _open_from(self, start: datetime) -> Iterator[Span]:
        """Give what is open from a moment on, until the horizon."""
        for number in self._days_from(start):
            for opens, closes in self._open_on(number)[0]:
                if closes > start:
                    yield max(opens, start), closes

    def _open_on(self, number: int) -> Day:
        """Give when a day, by its number, is open, and for how long in all."""
        found = self._known.get(number)
        if found is None:
            spans = _joined(sorted(self._spans(date.fromordinal(number))))
            open_for = sum((closes - opens for opens, closes in spans), _NOTHING)
            found = self._known[number] = spans, open_for
        return found

    def _spans(self, day: date) -> Iterator[Span]:
        """Give the periods of a day as moments, apart for the offsets before and after clocks change."""
        midnight = datetime.combine(day, time.min)
        periods = self._periods(day)
        if not periods:
            return
        for begins, ends in self._even_parts(midnight):
            offset = begins.astimezone(self.zone).utcoffset() or _NOTHING
            base = (midnight - offset).replace(tzinfo=UTC)
            for opens, closes in periods:
                start = max(base + timedelta(minutes=opens), begins)
                end = min(base + timedelta(minutes=closes), ends)
                if start < end:
                    yield start, end

    def _even_parts(self, midnight: datetime) -> Iterator[Span]:
        """Cut a local day into parts within which the offset of the zone stays the same."""
        begins, ends = (
            (midnight + timedelta(days=days)).replace(tzinfo=self.zone).astimezone(UTC) for days in (0, 1)
        )
        if self._offset(begins) == self._offset(ends - _SECOND):
            yield begins, ends
            return
        before, after = begins, ends - _SECOND
        while after - before > _SECOND:
            middle = before + (after - before) // _SECOND // 2 * _SECOND
            if self._offset(middle) == self._offset(begins):
                before = middle
            else:
                after = middle
        yield begins, after
        yield after, ends

    def _offset(self, at: datetime) -> timedelta | None:
        return at.astimezone(self.zone).utcoffset()

    def _periods(self, day: date) -> Sequence[Minutes]:
        """Give the periods of one day; a make-up working day without hours has those of Monday."""
        if day in self.days:
            return self.days[day]
        if self.holidays is None:
            return self.week[day.weekday()]
        if day in self.holidays:
            return ()
        made_up = day in self.holidays.weekend_workdays
        return self.week[day.weekday()] or (self.week[0] if made_up else ())


def _joined(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Join spans, in order, that touch or overlap."""
    joined: list[Span] = []
    for opens, closes in spans:
        if joined and opens <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], closes)
        else:
            joined.append((opens, closes))
    return tuple(joined)
