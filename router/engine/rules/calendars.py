"""Opening hours: weekly periods in a zone, with public holidays.

In: a calendar as written. Out: `is_open(at)`. Promises still run on wall-clock time; these hours answer
`business_open` and give `now.hour` its zone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from holidays import HolidayBase, country_holidays

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Minutes: TypeAlias = tuple[int, int]

_PERIOD = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


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


def public_holidays(code: str) -> HolidayBase | None:
    """Give the holidays of `CN` or `DE-BY`; None when the place is not known."""
    country, _, region = code.partition("-")
    try:
        return country_holidays(country, subdiv=region or None)
    except NotImplementedError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When somebody is there; `week` holds the periods of Monday to Sunday."""

    zone: ZoneInfo
    week: Sequence[Sequence[Minutes]]
    holidays: HolidayBase | None = None

    def is_open(self, at: datetime) -> bool:
        """Say whether the shop is open at this moment."""
        local = at.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        return any(opens <= minute < closes for opens, closes in self._periods(local.date()))

    def _periods(self, day: date) -> Sequence[Minutes]:
        """Give the periods of one day; a make-up working day without hours has those of Monday."""
        if self.holidays is None:
            return self.week[day.weekday()]
        if day in self.holidays:
            return ()
        made_up = day.weekday() >= 5 and self.holidays.is_working_day(day)
        return self.week[day.weekday()] or (self.week[0] if made_up else ())
