"""Texts that no database holds, made legible wherever they hide."""

from datetime import UTC, datetime
from types import MappingProxyType

import pytest

from router.legible import legible
from router.messages import Author, Block, Identity, InboundEvent, Role

AT = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)


def event(text: str) -> InboundEvent:
    return InboundEvent(
        external_id=text,
        occurred_at=AT,
        author=Author(role=Role.CUSTOMER, identities=(Identity(kind="buyer", value=text),), display=text),
        blocks=[Block(text=text, fields={text: [text, {"deep": (text, 1, None, True, 2.5)}]})],
        provider_data=MappingProxyType({"a": text}),
    )


def test_sound_value_comes_back_itself():
    sound = InboundEvent(author=Author(role=Role.CUSTOMER), blocks=[Block(text=r"a \u0000 written out 🛒")])
    assert legible(sound).blocks[0].text == r"a \u0000 written out 🛒"
    plain = {"a": ["b", 1]}
    assert legible(plain) is plain


@pytest.mark.parametrize("bad", ["\x00", chr(0xD83D), chr(0xDC00)])
def test_every_text_of_an_event_is_made_legible_and_nothing_else_changes(bad: str):
    assert legible(event(f"a{bad}b")) == event("a\ufffdb")


def test_kinds_and_times_stay_what_they_are():
    mended = legible(event("\x00"))
    assert mended.author.role is Role.CUSTOMER
    assert mended.occurred_at is AT


def test_both_halves_of_a_pair_beside_each_other_are_two_replacements():
    assert legible("\ude00\ud83d") == "\ufffd\ufffd"
