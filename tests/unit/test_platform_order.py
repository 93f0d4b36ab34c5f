"""Messages are shown as their provider has them, and nothing hides."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from router.model.platform_order import in_platform_order
from router.model.timeline import Message

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)


def shown(id: str, arrived: float = 0, told: float | None = None, sort_key: str = "") -> Message:
    facts: dict[str, Any] = dict.fromkeys(Message.__dataclass_fields__, "")
    at = NOW + timedelta(minutes=arrived)
    happened = None if told is None else NOW + timedelta(minutes=told)
    return Message(**facts | {"id": id, "created_at": at, "occurred_at": happened, "sort_key": sort_key})


def order(*messages: Message) -> str:
    return "".join(one.id for one in in_platform_order(messages))


def test_messages_that_came_shuffled_stand_as_their_provider_sorts_them() -> None:
    assert (
        order(shown("a", 1, sort_key="03"), shown("b", 2, sort_key="01"), shown("c", 3, sort_key="02"))
        == "bca"
    )


def test_late_message_stands_where_it_happened() -> None:
    assert order(shown("a", 0), shown("b", 5), shown("c", 9, told=3)) == "acb"


def test_what_has_no_sort_key_keeps_its_place_among_those_that_have() -> None:
    assert order(shown("a", 0, sort_key="2"), shown("n", 1), shown("b", 2, sort_key="1")) == "bna"


def test_message_with_a_wrong_date_is_shown_where_it_arrived() -> None:
    assert order(shown("a", 0), shown("b", 1, told=-100_000), shown("c", 2, told=9_000)) == "abc"


messages = st.lists(
    st.builds(
        shown, st.text("abc", min_size=8), st.integers(0, 9), st.none() | st.integers(-9, 9), st.text("12")
    ),
    unique_by=lambda one: one.id,
)


@given(messages)
def test_nothing_is_lost_and_keys_stand_in_order_whatever_comes(given: list[Message]) -> None:
    sorted_ = in_platform_order(given)
    assert sorted(one.id for one in sorted_) == sorted(one.id for one in given)
    keys = [one.sort_key for one in sorted_ if one.sort_key]
    assert keys == sorted(keys)
    assert in_platform_order(list(reversed(given))) == sorted_
