"""Times as systems write them, and the two nights a year when the clock is changed."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from router_phone_log.times import BadTime, Span, place, read_seconds, read_time

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    "written",
    [
        "2025-03-03 12:30:00",
        "2025/03/03 12:30:00",
        "2025/3/3 12:30",
        "2025.03.03 12:30:00",
        "20250303123000",
        "20250303T123000",
        "2025年3月3日 12:30:00",
        "2025年03月03日12时30分00秒",
        ' "2025-03-03 12:30:00" ',
    ],
)
def test_a_local_time_is_read_however_it_is_written(written):
    assert read_time(written) == datetime(2025, 3, 3, 12, 30)


@pytest.mark.parametrize(
    "written",
    [
        "2025-03-03T12:30:00+08:00",
        "2025-03-03 04:30:00Z",
        "2025-03-03 04:30:00 UTC",
        "Mon, 03 Mar 2025 04:30:00 +0000",
        "1740976200",
        "1740976200.000",
        "1740976200000",
        "1740976200000000",
    ],
)
def test_a_time_with_a_zone_needs_no_other(written):
    found = read_time(written)
    assert found is not None
    assert found.astimezone(UTC) == datetime(2025, 3, 3, 4, 30, tzinfo=UTC)


@pytest.mark.parametrize("written", ["", "0", "-", "null", "0000-00-00 00:00:00"])
def test_never_is_no_time(written):
    assert read_time(written) is None


@pytest.mark.parametrize(
    "written",
    [
        "0001-01-01T00:00:00+14:00",
        "9999-12-31 23:59:59",
        "Fri, 31 Dec 9999 23:59:59 -1400",
        "9999999999",
        "9999999999999",
        "1601-01-01 00:00:00",
    ],
)
def test_a_time_no_call_was_at_is_refused_before_a_zone_takes_it_out_of_range(written):
    with pytest.raises(BadTime):
        read_time(written)


def test_a_day_first_time_is_read_where_the_map_says_so():
    assert read_time("03/04/2025 12:30", ["%d/%m/%Y %H:%M"]) == datetime(2025, 4, 3, 12, 30)


@given(st.text(max_size=40))
def test_any_other_text_is_read_or_refused_and_nothing_else_happens(text):
    for read in (read_time, read_seconds):
        with suppress(BadTime):
            assert read(text) is None or text.strip()


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("222", 222),
        ("210.5", 210.5),
        ("00:03:30", 210),
        ("3:30", 210),
        ("1:00:05", 3605),
        ("3分30秒", 210),
        ("1h 2m 3s", 3723),
        ("45s", 45),
        ("", None),
    ],
)
def test_a_length_is_read_however_it_is_written(written, seconds):
    assert read_seconds(written) == seconds


@pytest.mark.parametrize("written", ["-5", "nan", "inf", "soon", "1e99"])
def test_what_is_no_length_is_refused(written):
    with pytest.raises(BadTime):
        read_seconds(written)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_an_hour_that_comes_twice_is_the_first_unless_the_length_says_the_second():
    span = Span(started_at=at("2024-10-27 02:50"), ended_at=at("2024-10-27 02:10"))
    placed = place(span, BERLIN, length_s=1200)
    assert (placed.started_at, placed.ended_at) == (at("2024-10-27T00:50Z"), at("2024-10-27T01:10Z"))
    plain = place(Span(started_at=at("2024-10-27 02:30")), BERLIN)
    assert plain.started_at == at("2024-10-27T00:30Z")
    long = place(
        Span(started_at=at("2024-10-27 02:10"), ended_at=at("2024-10-27 02:20")), BERLIN, length_s=4200
    )
    assert (long.started_at, long.ended_at) == (at("2024-10-27T00:10Z"), at("2024-10-27T01:20Z"))


def test_an_hour_that_comes_twice_is_the_second_after_a_row_of_the_second():
    span = Span(started_at=at("2024-10-27 02:05"), ended_at=at("2024-10-27 02:06"))
    placed = place(span, BERLIN, length_s=60, after=at("2024-10-27T00:40Z"))
    assert placed.started_at == at("2024-10-27T01:05Z")


def test_an_hour_that_comes_twice_is_the_one_it_was_told_in():
    span = Span(started_at=at("2024-10-27 02:30"))
    for told_at, began in (
        ("2024-10-27T00:31Z", "2024-10-27T00:30Z"),
        ("2024-10-27T01:31Z", "2024-10-27T01:30Z"),
        ("2024-10-29T01:31Z", "2024-10-27T00:30Z"),
    ):
        assert place(span, BERLIN, told_at=at(told_at)).started_at == at(began)


def test_an_hour_that_is_missing_was_written_by_a_clock_not_yet_put_forward():
    placed = place(Span(started_at=at("2025-03-30 02:30"), ended_at=at("2025-03-30 03:35")), BERLIN)
    assert (placed.started_at, placed.ended_at) == (at("2025-03-30T01:30Z"), at("2025-03-30T01:35Z"))


def test_a_call_over_the_change_keeps_its_length():
    span = Span(started_at=at("2025-03-30 01:59"), ended_at=at("2025-03-30 03:01"))
    placed = place(span, BERLIN, length_s=120)
    assert placed.ended_at is not None
    assert placed.started_at is not None
    assert (placed.ended_at - placed.started_at).total_seconds() == 120
