"""Address fields as people and programs write them."""

import pytest
from router_email.addresses import read_addresses
from router_email.headers import parameters

from router.errors import MalformedMessage

from .conftest import mail, raw_of
from .test_codec import CHANNEL


@pytest.mark.parametrize(
    ("field", "name", "address"),
    [
        ("Big Bug bb@bug.example", "Big Bug", "bb@bug.example"),
        ("ann@shop.example www.shop.example", "www.shop.example", "ann@shop.example"),
        ("two..dots@phone.example", "", "two..dots@phone.example"),
        ("end.@phone.example", "", "end.@phone.example"),
        ("ann@shop.example.", "", "ann@shop.example"),
    ],
)
def test_irregular_address_is_read_and_flagged(field: str, name: str, address: str) -> None:
    (found,), understood = read_addresses(field)
    assert (found.name, found.address) == (name, address)
    assert not understood


@pytest.mark.parametrize(
    "field",
    [
        '"first"last"@shop.example',
        'ote"@shop.example',
        "ann@one.example for bob@two.example",
        "user2",
        "a <b>",
        "a\x00nn@shop.example",
        "Ann <a\x1bnn@shop.example>",
        '"a\x00nn"@shop.example',
        '"a\\\x00nn"@shop.example',
    ],
)
def test_no_address_is_made_up_of_pieces(field: str) -> None:
    found, understood = read_addresses(field)
    assert found == []
    assert not understood


def test_quoted_local_part_keeps_its_quotes_and_escapes() -> None:
    (found,), understood = read_addresses(r'"An \"Ann\" A"@shop.example')
    assert found.address == r'"An \"Ann\" A"@shop.example'
    assert understood


def test_quoted_name_is_shown_without_quotes() -> None:
    (found,), _ = read_addresses(r'"Example, Ann \"A\"" <ann@shop.example>')
    assert found.name == "Example, Ann A"


def test_sender_outside_brackets_gives_a_conversation_with_a_warning() -> None:
    event = CHANNEL.decode(raw_of(mail(**{"from": "Big Bug bb@bug.example"})))[0]
    assert event.author.identities[0].value == "bb@bug.example"
    assert event.author.display == "Big Bug"
    assert any("From field" in warning for warning in event.warnings)


@pytest.mark.parametrize(
    ("field", "said"), [("user2", "'user2'"), ("Desk <desk>", "'Desk <desk>'"), ("x\x07" * 500, "'xx")]
)
def test_refusal_quotes_what_stood_in_from(field: str, said: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        CHANNEL.decode(raw_of(mail(**{"from": field})))
    assert said in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


def test_space_before_the_colon_of_a_field_loses_no_header() -> None:
    raw = raw_of(b"From  : Ann <ann@shop.example>\r\nSubject : Hello\r\n\r\nNot : a field\r\n")
    event = CHANNEL.decode(raw)[0]
    assert (event.subject, event.blocks[0].text) == ("Hello", "Not : a field")


def test_stray_byte_in_a_subject_is_shown_as_unreadable() -> None:
    assert CHANNEL.decode(raw_of(mail(subject="\udcb4!")))[0].subject == "\ufffd!"


@pytest.mark.parametrize(
    ("value", "head", "named"),
    [
        ('a/b; name="x;y"; c=d', "a/b", {"name": "x;y", "c": "d"}),
        ('a/b; name="say \\"; hi"; c=d', "a/b", {"name": 'say "; hi', "c": "d"}),
        ('a/b; name="never closed; c=d', "a/b", {"name": "never closed; c=d"}),
        ('a/b; x="ends with \\', "a/b", {"x": "ends with \\"}),
        (";;;c=d", "", {"c": "d"}),
    ],
)
def test_semicolons_inside_quotes_separate_nothing(value: str, head: str, named: dict[str, str]) -> None:
    assert parameters(value) == (head, named)
