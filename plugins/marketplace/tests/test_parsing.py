"""What platforms write of pauses, numbers and times, read without an exception."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from router_marketplace.calls import Answer, Call
from router_marketplace.lazada.errors import refusal_of as lazada_refusal
from router_marketplace.parsing import inner_object, pause_s, text_of, time_from_ms, time_from_s, whole
from router_marketplace.signing.pushes import is_app_key_push, is_meta_push
from router_marketplace.tiktok.errors import refusal_of as tiktok_refusal

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
SEND = Call(method="POST", path="/im/message/send", writes=True)


@pytest.mark.parametrize(
    ("told", "wait_s"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        ("-3", 0.0),
        ("Wed, 04 Mar 2026 09:02:00 GMT", 120.0),
        ("Wednesday, 04-Mar-26 09:02:00 GMT", 120.0),
        ("Wed Mar  4 09:02:00 2026", 120.0),
        ("Wed, 04 Mar 2026 12:02:00 +0300", 120.0),
        ("Wed, 04 Mar 2026 08:00:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("Wed, 99 Mar 2026 09:02:00 GMT", None),
        ("Wed, 04 Mar 99999999 09:02:00 GMT", None),
        ("9" * 400, None),
    ],
)
def test_pause_is_read_from_seconds_and_from_a_date(told: str, wait_s: float | None):
    assert pause_s({"retry-after": told}, NOW) == wait_s


def test_header_that_is_missing_names_no_pause():
    assert pause_s({}, NOW) is None


@pytest.mark.parametrize("refusal_of", [lazada_refusal, tiktok_refusal])
def test_platforms_limit_until_a_date_is_kept(refusal_of):
    until = format_datetime(NOW + timedelta(seconds=90), usegmt=True)
    limited = Answer(status=429, headers={"retry-after": until})
    assert refusal_of(SEND, limited, NOW).retry_after_s == 90


@pytest.mark.parametrize("value", [True, None, 1.5, [], {}, "", "x", "1" * 5000, float("inf")])
def test_what_is_no_time_is_none(value: object):
    assert time_from_s(value) is None or value is True
    assert time_from_ms(value) is None


@pytest.mark.parametrize(
    "value", [10**5000, -(10**5000), 10**18, "9" * 4000], ids=["huge", "far below", "large", "text"]
)
def test_numbers_beyond_all_bounds_raise_nothing(value: object):
    assert time_from_s(value) is None
    assert isinstance(text_of(value), str)
    whole(value)


def test_object_in_a_text_that_is_none_is_empty():
    for text in ("[" * 100_000, "null", "[]", '"x"', "\ud800", "{" * 5, 7, None):
        assert inner_object(text) == {}


# HMAC-SHA256 over "123456" and the body, and over the body alone, with the key "secret"; by another program.
BODY = '{"text": "您好 🛒", "empty": "", "twice": 1, "twice": 2}'.encode()
APP_KEY_PUSH = "7af80b20fc4221e2041bc60d2bcc3e77ee6c12137a7a75da7b6836b90ced42ec"
META_PUSH = "57362eda1d50c3886de87bf0cad7734cdf10a08569e05cad4fd36133a3589f41"


@pytest.mark.parametrize("style", [str.lower, str.upper, lambda given: f" {given} "])
def test_digest_in_capitals_or_between_spaces_is_the_same_digest(style):
    assert is_app_key_push("123456", "secret", BODY, style(APP_KEY_PUSH))
    assert is_meta_push("secret", BODY, "sha256=" + style(META_PUSH))


@pytest.mark.parametrize(
    "given", ["", "sha256=", "0" * 64, APP_KEY_PUSH[:-1], f"sha256={APP_KEY_PUSH}", "\ud800", "é" * 64]
)
def test_another_digest_is_refused_and_raises_nothing(given):
    assert not is_app_key_push("123456", "secret", BODY, given)
    assert not is_meta_push("secret", BODY, given)


@pytest.mark.parametrize("change", [BODY + b" ", BODY.replace(b": ", b":"), BODY.upper(), b""])
def test_body_is_signed_to_the_byte(change):
    assert not is_app_key_push("123456", "secret", change, APP_KEY_PUSH)
