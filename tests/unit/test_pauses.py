"""What providers ask to wait, made into times that can be kept."""

from datetime import UTC, datetime, timedelta

import pytest

from router.pauses import LONGEST_S, bounded_s, bounded_until
from tests.integration.house import NOW


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        (7, 7.0),
        (0.5, 0.5),
        (None, None),
        ("7", None),
        (float("nan"), None),
        (-5.0, 0.0),
        (float("inf"), LONGEST_S),
        (1e300, LONGEST_S),
        (10**400, LONGEST_S),
    ],
)
def test_seconds_are_kept_within_a_day_and_nonsense_is_none(asked: object, kept: float | None):
    assert bounded_s(asked) == kept


@pytest.mark.parametrize(
    ("until", "kept"),
    [
        (None, NOW),
        (NOW + timedelta(hours=2), NOW + timedelta(hours=2)),
        (NOW - timedelta(hours=2), NOW),
        (datetime(2026, 3, 4, 9, 1), NOW),
        (datetime.max.replace(tzinfo=UTC), NOW + timedelta(days=1)),
        ("tomorrow", NOW),
    ],
)
def test_end_is_kept_within_a_day_and_nonsense_is_now(until: object, kept: datetime):
    assert bounded_until(until, NOW) == kept
