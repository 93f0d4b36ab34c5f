from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.engine.config import Share
from router.engine.events import Item
from router.engine.ordering import Cap, WaitingClass, key_at, key_of, overtaking

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
HOUR = 3600.0


def item(since_s: float = 0, *, boost_s: float = 0, max_advance_s: float = HOUR, **more: object) -> Item:
    return Item(
        id="i",
        conversation_id="c",
        queue="q",
        channel_class="chat",
        eligible_since=START + timedelta(seconds=since_s),
        boost_s=boost_s,
        max_advance_s=max_advance_s,
        arrival=0,
        **more,
    )


@pytest.mark.parametrize(
    ("case", "expected_s"),
    [
        (item(), 0),
        (item(boost_s=600), -600),
        (item(boost_s=2 * HOUR), -HOUR),
        (item(boost_s=-60), 60),
        (item(due_at=START + timedelta(hours=2), lead_s=60), 0),
        (item(due_at=START - timedelta(minutes=5), lead_s=60), -360),
        (item(boost_s=600, due_at=START, lead_s=60), -600),
        (item(due_at=START - timedelta(days=3)), -HOUR),
    ],
)
def test_key_is_the_clamped_minimum_of_boost_and_due_time(case: Item, expected_s: float) -> None:
    assert key_at(key_of(case)) == START + timedelta(seconds=expected_s)


advances = st.floats(0, 10 * HOUR)


@given(advances, advances, advances, advances, st.floats(0, 20 * HOUR), st.floats(-HOUR, HOUR))
def test_nobody_who_comes_after_the_bound_overtakes(
    boost_ahead: float, max_ahead: float, boost_behind: float, max_behind: float, later_s: float, due_s: float
) -> None:
    ahead = WaitingClass(boost_s=boost_ahead, max_advance_s=max_ahead)
    behind = WaitingClass(boost_s=boost_behind, max_advance_s=max_behind)
    bound = overtaking(ahead, behind).within_s
    assert bound is not None
    waits = item(boost_s=boost_behind, max_advance_s=max_behind, due_at=START + timedelta(seconds=due_s))
    comes = item(bound + later_s + 0.001, boost_s=boost_ahead, max_advance_s=max_ahead)
    assert key_of(comes) > key_of(waits)


def test_the_bound_is_reached() -> None:
    complaint = WaitingClass(boost_s=HOUR, max_advance_s=4 * HOUR)
    plain = WaitingClass(boost_s=0, max_advance_s=HOUR)
    assert overtaking(complaint, plain).within_s == HOUR
    assert key_of(item(HOUR - 1, boost_s=HOUR, max_advance_s=4 * HOUR)) < key_of(item())


def test_the_weaker_class_never_passes_the_stronger() -> None:
    weak, strong = WaitingClass(boost_s=0, max_advance_s=HOUR), WaitingClass(boost_s=HOUR, max_advance_s=HOUR)
    assert overtaking(weak, strong).within_s == 0


PLAIN = WaitingClass(boost_s=0, max_advance_s=HOUR, queue="plain")
TIER = WaitingClass(boost_s=600, max_advance_s=HOUR, queue="complaints", share=Share(part=4, whole=5))
LEADS = WaitingClass(boost_s=0, max_advance_s=HOUR, queue="leads", is_newest_first=True)


def test_a_tier_passes_others_at_any_time_but_within_its_share_only() -> None:
    found = overtaking(TIER, PLAIN)
    assert (found.within_s, found.cap, found.picks) == (None, Cap.SHARE, (4, 5))


def test_one_tier_passes_another_at_any_time_though_their_shares_are_equal() -> None:
    other = replace(TIER, queue="legal", boost_s=0)
    assert overtaking(other, TIER).picks == (4, 5)


def test_others_pass_a_tier_in_the_picks_its_share_leaves_only() -> None:
    found = overtaking(PLAIN, TIER)
    assert (found.within_s, found.cap, found.picks) == (None, Cap.SHARE, (1, 5))


def test_items_of_one_tier_are_ordered_by_key_among_themselves() -> None:
    assert overtaking(TIER, TIER).within_s == 0


def test_an_item_of_a_newest_first_queue_can_be_passed_for_ever_but_passes_others_by_key() -> None:
    assert overtaking(PLAIN, LEADS).cap is Cap.NEWEST
    assert overtaking(LEADS, LEADS).within_s is None
    assert overtaking(LEADS, PLAIN).within_s == 0
