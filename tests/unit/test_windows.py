"""Send rules against the times of a thread, with the numbers platforms print."""

from datetime import UTC, datetime, timedelta

import pytest

from router.capabilities import SendRule
from router.windows import CUSTOMER_MESSAGE, ThreadTimes, judge

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
DAY_S = 86_400.0
FIVE_IN_48_H = SendRule(opened_by=CUSTOMER_MESSAGE, lasts_s=2 * DAY_S, max_sends=5)
DAY = SendRule(opened_by=CUSTOMER_MESSAGE, lasts_s=DAY_S)
MENU = SendRule(opened_by="menu_click", lasts_s=60, max_sends=3)


def ago(**parts: float) -> datetime:
    return NOW - timedelta(**parts)


def times(written: datetime | None, *sent: datetime) -> ThreadTimes:
    return ThreadTimes(opened={CUSTOMER_MESSAGE: written}, sent=sent)


def test_channel_without_rules_may_always_send():
    assert judge((), ThreadTimes(), NOW).allowed


@pytest.mark.parametrize(("hours", "allowed"), [(0, True), (23.99, True), (24, False), (25, False)])
def test_window_is_open_until_its_last_second(hours: float, allowed: bool):
    permission = judge([DAY], times(ago(hours=hours)), NOW)
    assert permission.allowed is allowed
    if allowed:
        assert permission.until == NOW + timedelta(hours=24 - hours)
    else:
        assert "window closed at" in permission.why


def test_nothing_may_be_sent_before_the_customer_wrote():
    permission = judge([DAY], times(None), NOW)
    assert (permission.allowed, permission.why[:40]) == (False, "the provider allows a message only after")


def test_window_counts_only_what_was_sent_in_it():
    before = [ago(hours=50)] * 9
    assert judge([FIVE_IN_48_H], times(ago(hours=40), *before, *[ago(hours=1)] * 4), NOW).left == 1
    spent = judge([FIVE_IN_48_H], times(ago(hours=40), *[ago(hours=1)] * 5), NOW)
    assert (spent.allowed, "no more messages" in spent.why) == (False, True)


def test_one_open_window_of_several_is_enough():
    known = ThreadTimes(opened={CUSTOMER_MESSAGE: ago(hours=30), "menu_click": ago(seconds=30)})
    permission = judge([DAY, MENU], known, NOW)
    assert (permission.allowed, permission.left, permission.until) == (True, 3, NOW + timedelta(seconds=30))


def test_rule_hanging_on_an_event_nobody_watches_is_left_to_the_provider():
    assert judge([MENU], times(None), NOW).allowed


def test_rule_for_other_kinds_opens_nothing():
    cards = SendRule(opened_by=CUSTOMER_MESSAGE, lasts_s=60, kinds=frozenset({"coupon_card"}))
    assert not judge([cards], times(NOW), NOW).allowed
    assert judge([cards], times(NOW), NOW, frozenset({"coupon_card"})).allowed
