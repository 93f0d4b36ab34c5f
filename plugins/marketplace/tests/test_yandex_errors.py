"""Every refusal of Yandex Market has its class, and its pause."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import pytest
from router_marketplace.calls import Answer, Call
from router_marketplace.yandex.adapter import FACTS, YandexAdapter

from plugins.marketplace.tests.conftest import settings_at
from router import errors
from router.testing import FakeClock

NOW = FakeClock().now()
SAID = {"status": "ERROR", "errors": [{"code": "BAD_REQUEST", "message": "chat is closed"}]}
URL = "http://127.0.0.1:9"


def refusal(status, document=SAID, headers=None, *, call=None, **settings):
    adapter = YandexAdapter(settings_at(URL, **settings))
    answer = Answer(status=status, headers=headers or {}, document=document)
    return adapter.refusal(call or Call(method="GET"), answer, NOW)


@pytest.mark.parametrize(("status", "name"), FACTS.codes.items())
def test_every_status_has_the_class_of_the_facts(status, name):
    error = refusal(int(status))
    assert type(error) is getattr(errors, name)
    assert error.code == "BAD_REQUEST"
    assert error.public_text == "chat is closed"


def test_status_nobody_knows_is_final():
    assert type(refusal(451)) is errors.Permanent


def test_success_is_no_refusal_and_an_error_inside_a_success_is_one():
    assert refusal(200, {"status": "OK"}) is None
    assert refusal(200, {"orders": []}) is None
    assert type(refusal(200)) is errors.Permanent


@pytest.mark.parametrize("status", [401, 403])
def test_oauth_token_that_is_refused_can_be_renewed(status):
    oauth = {
        "api_key_env": "",
        "oauth_token_env": "A",
        "oauth_refresh_env": "B",
        "oauth_client_id": "shop",
        "oauth_client_secret_env": "C",
    }
    assert type(refusal(status, **oauth)) is errors.AuthExpired
    renewal = Call(method="POST", url="https://oauth.example/token")
    assert type(refusal(400, {"error": "invalid_grant"}, call=renewal, **oauth)) is errors.AuthInvalid
    assert type(refusal(503, {}, call=renewal, **oauth)) is errors.Retryable


@pytest.mark.parametrize("status", [420, 429])
@pytest.mark.parametrize(
    ("headers", "pause_s"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "999999"}, 3600.0),
        ({"x-ratelimit-resource-until": format_datetime(NOW + timedelta(minutes=4), usegmt=True)}, 240.0),
        ({"x-ratelimit-resource-until": format_datetime(NOW - timedelta(minutes=4), usegmt=True)}, 1.0),
        ({"x-ratelimit-resource-until": "soon"}, 1.0),
        ({}, 1.0),
    ],
)
def test_limit_says_how_long_to_wait(status, headers, pause_s):
    error = refusal(status, headers=headers)
    assert type(error) is errors.RateLimited
    assert error.retry_after_s == pause_s


@pytest.mark.parametrize(
    "document", [{}, {"errors": None}, {"errors": "no"}, {"errors": [7]}, {"errors": {}}]
)
def test_refusal_without_words_still_has_a_text(document):
    assert refusal(503, document).public_text == "503"


def test_missing_key_names_the_variable_and_not_the_value(monkeypatch):
    monkeypatch.delenv("YANDEX_KEY")
    with pytest.raises(errors.AuthInvalid, match="YANDEX_KEY"):
        YandexAdapter(settings_at(URL)).first_access()
