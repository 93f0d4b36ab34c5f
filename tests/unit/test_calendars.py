"""Working time is exact to the second, whatever the clocks, holidays and lunch breaks of the place do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.engine.calendars import Calendar, public_holidays
from router.engine.rules import RulesError, load_ruleset

HOUR = 3600.0
EVERY_DAY = [[(0, 24 * 60)]] * 7
NINE_TO_FIVE = [[(9 * 60, 17 * 60)]] * 5 + [[], []]
SPLIT = [[(9 * 60, 12 * 60), (13 * 60, 18 * 60)]] * 5 + [[(10 * 60, 14 * 60)], []]


def calendar(zone: str, week: list[list[tuple[int, int]]], holidays: str | None = None) -> Calendar:
    return Calendar(zone=ZoneInfo(zone), week=week, holidays=public_holidays(holidays) if holidays else None)


def local(zone: str, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("zone", "week", "holidays", "start", "hours", "due"),
    [
        # a lunch break, an evening and a week-end stand between
        ("Asia/Shanghai", SPLIT, None, "2026-03-02T11:30", 1, "2026-03-02T13:30"),
        ("Asia/Shanghai", SPLIT, None, "2026-03-06T17:00", 2, "2026-03-07T11:00"),
        ("Asia/Shanghai", SPLIT, None, "2026-03-07T13:00", 2, "2026-03-09T10:00"),
        # what comes outside hours counts from opening, what ends at closing is due at closing
        ("Asia/Shanghai", SPLIT, None, "2026-03-02T22:00", 1, "2026-03-03T10:00"),
        ("Asia/Shanghai", SPLIT, None, "2026-03-02T09:00", 3, "2026-03-02T12:00"),
        # Golden Week: closed from October 1 to 7; Saturday October 10 is made up
        ("Asia/Shanghai", NINE_TO_FIVE, "CN", "2026-09-30T16:00", 2, "2026-10-08T10:00"),
        ("Asia/Shanghai", NINE_TO_FIVE, "CN", "2026-10-09T16:00", 2, "2026-10-10T10:00"),
        # Spring Festival: Sunday February 15 to Monday 23; Saturday 14 is made up, as is the 28th
        ("Asia/Shanghai", NINE_TO_FIVE, "CN", "2026-02-14T16:00", 2, "2026-02-24T10:00"),
        # Christmas in Germany: Friday 25 and Saturday 26 December 2026, then New Year on a Friday
        ("Europe/Berlin", NINE_TO_FIVE, "DE", "2026-12-24T16:00", 2, "2026-12-28T10:00"),
        ("Europe/Berlin", NINE_TO_FIVE, "DE", "2026-12-31T16:00", 2, "2027-01-04T10:00"),
        # the same wall clock on both sides of a change of clocks
        ("Europe/Berlin", NINE_TO_FIVE, None, "2026-03-27T16:00", 2, "2026-03-30T10:00"),
        ("Europe/Berlin", NINE_TO_FIVE, None, "2026-10-23T16:00", 2, "2026-10-26T10:00"),
        ("America/New_York", NINE_TO_FIVE, None, "2026-03-06T16:00", 2, "2026-03-09T10:00"),
        ("America/New_York", NINE_TO_FIVE, None, "2026-10-30T16:00", 2, "2026-11-02T10:00"),
        # a period that contains the missing hour, and one that contains the hour that comes twice
        ("Europe/Berlin", EVERY_DAY, None, "2026-03-29T00:00", 4, "2026-03-29T05:00"),
        ("Europe/Berlin", EVERY_DAY, None, "2026-10-25T00:00", 4, "2026-10-25T03:00"),
        ("America/New_York", EVERY_DAY, None, "2026-03-08T00:00", 4, "2026-03-08T05:00"),
        ("America/New_York", EVERY_DAY, None, "2026-11-01T00:00", 4, "2026-11-01T03:00"),
    ],
)
def test_due_time_is_where_the_clock_on_the_wall_says(
    zone: str, week: list, holidays: str | None, start: str, hours: float, due: str
) -> None:
    shop = calendar(zone, week, holidays)
    begins, ends = local(zone, start), local(zone, due)
    assert shop.due_after(begins, hours * HOUR) == ends
    assert shop.working_s(begins, ends) == hours * HOUR


@pytest.mark.parametrize(
    ("period", "day", "hours"),
    [
        ((60, 300), date(2026, 3, 29), 3),  # 01:00-05:00 without the hour that is skipped
        ((60, 300), date(2026, 10, 25), 5),  # with the hour that comes twice
        ((150, 300), date(2026, 3, 29), 2),  # opens within the skipped hour: at its end
        ((60, 150), date(2026, 3, 29), 1),  # closes within it: at its start
        ((120, 180), date(2026, 3, 29), 0),  # is the skipped hour
        ((120, 180), date(2026, 10, 25), 2),  # is the repeated hour
        ((60, 150), date(2026, 10, 25), 2),  # closes within the repeated hour: 60 + 30 + 30 minutes
    ],
)
def test_period_that_touches_a_change_of_clocks_counts_real_seconds(
    period: tuple[int, int], day: date, hours: float
) -> None:
    shop = calendar("Europe/Berlin", [[]] * 6 + [[period]])
    begins = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=3)
    assert shop.working_s(begins, begins + timedelta(days=1, hours=6)) == hours * HOUR


def test_clocks_that_change_at_midnight_lose_and_gain_an_hour() -> None:
    shop = calendar("America/Havana", EVERY_DAY)
    for day, hours in (("2026-03-08", 23), ("2026-11-01", 25)):
        begins = local("America/Havana", day)
        next_day = local("America/Havana", str(date.fromisoformat(day) + timedelta(days=1)))
        assert shop.working_s(begins, next_day) == hours * HOUR


def test_seconds_and_their_parts_are_exact() -> None:
    shop = calendar("Europe/Berlin", SPLIT)
    begins = local("Europe/Berlin", "2026-06-05T11:59:59.250000")
    assert shop.due_after(begins, 1.5) == local("Europe/Berlin", "2026-06-05T13:00:00.750000")


def test_calendar_that_is_never_open_has_no_due_time_and_no_loop() -> None:
    shut = calendar("Europe/Berlin", [[]] * 7)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert shut.due_after(now, 1) is None
    assert shut.next_open(now) is None
    assert shut.working_s(now, now + timedelta(days=400)) == 0


def test_promise_of_more_than_ten_years_is_never_due() -> None:
    rare = calendar("Europe/Berlin", [[(600, 601)]] + [[]] * 6)
    assert rare.due_after(datetime(2026, 1, 1, tzinfo=UTC), 8 * HOUR) is not None
    assert rare.due_after(datetime(2026, 1, 1, tzinfo=UTC), 9 * HOUR) is None
    assert rare.due_after(datetime(9999, 12, 1, tzinfo=UTC), HOUR) is None


def test_overlapping_periods_count_once() -> None:
    shop = calendar("UTC", [[(540, 720), (600, 840)]] * 7)
    day = datetime(2026, 1, 5, tzinfo=UTC)
    assert shop.working_s(day, day + timedelta(days=1)) == 5 * HOUR


def test_sunday_of_a_country_that_works_on_it_is_no_day_made_up() -> None:
    shop = calendar("Asia/Jerusalem", NINE_TO_FIVE, "IL")
    assert shop.next_open(local("Asia/Jerusalem", "2026-06-13T00:00")) == local(
        "Asia/Jerusalem", "2026-06-15T09:00"
    )


ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Asia/Shanghai",
    "Australia/Lord_Howe",
    "America/Santiago",
    "UTC",
)
# from a quarter of an hour on, for a quarter or more
periods = st.tuples(st.integers(0, 95), st.integers(1, 96)).map(
    lambda pair: (pair[0] * 15, min(pair[0] + pair[1], 96) * 15)
)
weeks = st.builds(
    lambda days, sunday: [*days, [sunday]],
    st.lists(st.lists(periods, max_size=3), min_size=6, max_size=6),
    periods,
)
calendars = st.builds(calendar, st.sampled_from(ZONES), weeks, st.sampled_from([None, "CN", "DE", "US"]))
# around the days on which clocks change, and around long holidays
days = st.sampled_from(
    [
        "2026-03-07",
        "2026-03-28",
        "2026-04-04",
        "2026-09-05",
        "2026-09-29",
        "2026-10-24",
        "2026-10-31",
        "2026-12-23",
    ]
)
moments = st.builds(
    lambda day, seconds: datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(seconds=seconds),
    days,
    st.integers(0, 4 * 86400),
)


@given(calendars, moments, st.floats(0.001, 60 * HOUR).map(lambda seconds: round(seconds, 3)))
def test_working_time_until_due_is_what_was_promised(shop: Calendar, start: datetime, seconds: float) -> None:
    due_at = shop.due_after(start, seconds)
    assert due_at is not None
    assert shop.working_s(start, due_at) == seconds
    assert shop.working_s(start, due_at - timedelta(microseconds=1)) < seconds


@given(calendars, moments, st.floats(0, 60 * HOUR), st.floats(0, 60 * HOUR), st.integers(0, 5 * 86400))
def test_more_time_and_a_later_start_are_never_due_earlier(
    shop: Calendar, start: datetime, less: float, more: float, later_s: int
) -> None:
    less, more = sorted((less, more))
    later = start + timedelta(seconds=later_s)
    first, second = shop.due_after(start, less), shop.due_after(start, more)
    third = shop.due_after(later, more)
    assert first is not None
    assert second is not None
    assert third is not None
    assert first <= second <= third


@given(calendars, moments, st.integers(0, 3 * 24 * 60))
def test_working_time_is_what_stepping_by_minutes_finds(
    shop: Calendar, start: datetime, minutes: int
) -> None:
    start = start.replace(second=0)
    steps = [start + timedelta(minutes=number) for number in range(minutes)]
    open_minutes = sum(map(shop.is_open, steps))
    assert shop.working_s(start, start + timedelta(minutes=minutes)) == open_minutes * 60
    first_open = next((at for at in steps if shop.is_open(at)), None)
    if first_open is not None:
        assert shop.next_open(start) == first_open


@pytest.mark.parametrize("week", ["{}", "{mon-fri: []}"])
def test_calendar_without_hours_is_refused_by_the_rules(week: str) -> None:
    text = f"""version: 1
calendars: {{shop: {{zone: Asia/Shanghai, week: {week}}}}}
queues: {{q: {{}}}}
rules: [{{name: all, when: "true", set: {{queue: q}}}}]
"""
    with pytest.raises(RulesError, match="never open"):
        load_ruleset(text, source="rules.yaml", lists={})


def rules_with(calendar_text: str) -> str:
    return f"""version: 1
calendars: {{shop: {{zone: Europe/Berlin, week: {{mon-fri: ["09:00-17:00"]}}, {calendar_text}}}}}
sla_policies: {{usual: {{calendar: shop, first_response: 1h}}}}
queues: {{q: {{}}}}
rules: [{{name: all, when: "true", set: {{queue: q}}}}]
"""


@pytest.mark.parametrize(
    ("at", "next_open"),
    [
        ("2026-12-24T08:00", "2026-12-24T09:00"),
        ("2026-12-24T12:00", "2026-12-26T10:00"),  # closed early; a holiday of the country that is open here
        ("2026-12-26T12:00", "2026-12-28T09:00"),
        ("2026-12-31T08:00", "2027-01-04T09:00"),
    ],
)
def test_single_day_has_its_own_hours_also_on_a_holiday(at: str, next_open: str) -> None:
    days = 'holidays: DE, days: {2026-12-24: ["09:00-12:00"], 2026-12-26: ["10:00-12:00"], 2026-12-31: []}'
    found = load_ruleset(rules_with(days), source="rules.yaml", lists={}).engine_config.sla["usual"].calendar
    assert found is not None
    assert found.next_open(local("Europe/Berlin", at)) == local("Europe/Berlin", next_open)


@pytest.mark.parametrize("day", ["2026-02-30", "20261224", "christmas"])
def test_day_that_is_none_is_refused_by_the_rules(day: str) -> None:
    with pytest.raises(RulesError, match="is no day"):
        load_ruleset(rules_with(f"days: {{'{day}': []}}"), source="rules.yaml", lists={})
