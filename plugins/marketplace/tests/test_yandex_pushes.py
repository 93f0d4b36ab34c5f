"""Notifications of Yandex Market: believed or not, answered in its own words, at once."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from plugins.marketplace.tests.conftest import KEY, PUSH_SECRET, Shop, settings_at
from router.channel import HttpRequest
from router.errors import InboundRejected
from router.testing import Push

PATH = f"/{PUSH_SECRET}"


async def test_ping_is_answered_with_version_name_and_time(yandex, shop, pusher):
    answer = await pusher.push("yandex", yandex.push("PING", path=PATH))
    said = json.loads(answer.body)
    assert answer.status == 200
    assert set(said) == {"version", "name", "time"}
    assert datetime.fromisoformat(said["time"]) == shop.clock.now()
    assert answer.headers["Content-Type"] == "application/json"
    assert yandex.http.calls == []


async def test_notification_of_a_message_rings_and_calls_nobody_before_its_answer(yandex, shop, pusher):
    message = yandex.buyer_writes(101, "Hello")
    answer = await pusher.push("yandex", yandex.message_push(message, PATH))
    assert answer.status == 200
    assert yandex.http.calls == []
    assert [signal.hint for signal in shop.context.signals] == [{"thread": "101"}]


@pytest.mark.parametrize("kind", ["CHAT_CREATED", "CHAT_ARBITRAGE_STARTED", "CHAT_ARBITRAGE_FINISHED"])
async def test_other_chat_notifications_ring_too(yandex, shop, pusher, kind):
    yandex.open_chat(101)
    assert (await pusher.push("yandex", yandex.push(kind, 101, path=PATH))).taken
    assert len(shop.context.signals) == 1


@pytest.mark.parametrize("kind", ["ORDER_STATUS_UPDATED", "GOODS_FEEDBACK_CREATED", "KIND_OF_TOMORROW"])
async def test_notification_that_is_no_chat_matter_is_taken_and_left_alone(yandex, shop, pusher, kind):
    assert (await pusher.push("yandex", yandex.push(kind, 101, path=PATH))).taken
    assert shop.context.signals == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"not json",
        b'{"notificationType": 7}',
        b"[" * 60_000,
        json.dumps({"notificationType": "CHAT_MESSAGE_SENT", "businessId": 4100217, "chatId": 1}).encode(),
        json.dumps({"notificationType": "CHAT_CREATED", "businessId": 1, "chatId": 1}).encode(),
        json.dumps({"notificationType": "CHAT_CREATED", "businessId": 4100217, "chatId": []}).encode(),
        b'{"notificationType": "PING", "pad": "' + b"x" * 70_000 + b'"}',
    ],
)
async def test_broken_or_foreign_notification_is_refused_in_the_platforms_words(shop, pusher, body):
    answer = await pusher.push("yandex", Push(body=body, path=PATH))
    assert answer.status == 400
    assert json.loads(answer.body)["error"]["type"] == "WRONG_EVENT_FORMAT"
    assert shop.context.signals == []


async def test_call_without_the_secret_address_is_not_believed(yandex, shop, pusher):
    for path in ("/", "/wrong", f"{PATH}/more"):
        assert (await pusher.push("yandex", yandex.push("PING", path=path))).status == 401


@pytest.mark.parametrize(
    ("remote", "believed"),
    [
        ("5.45.207.17", True),
        ("141.8.142.127", True),
        ("5.255.253.1", True),
        ("5.45.207.128", False),
        ("141.8.143.1", False),
        ("127.0.0.1", False),
        ("2a02:6b8::1", False),
        ("", False),
    ],
)
async def test_published_networks_decide_where_no_others_are_set(yandex, remote, believed):
    shop = Shop(settings_at(yandex.url, push_networks=None))
    channel = await shop.open()
    request = HttpRequest(
        method="POST", path=PATH, query={}, headers={}, body=yandex.push("PING").body, remote=remote
    )
    if believed:
        assert (await channel.handle_http(request)).status == 200
    else:
        with pytest.raises(InboundRejected):
            await channel.handle_http(request)
    await shop.close()


def test_settings_need_exactly_one_way_to_sign_in():
    with pytest.raises(ValueError, match="either api_key_env or oauth_token_env"):
        settings_at("http://127.0.0.1:9", api_key_env="")
    with pytest.raises(ValueError, match="also needs oauth_client_id"):
        settings_at(
            "http://127.0.0.1:9", api_key_env="", oauth_token_env="A_TOKEN", oauth_refresh_env="A_REFRESH"
        )


def test_key_shows_in_no_repr_of_a_signed_call(shop):
    channel = shop.channel
    call = channel.adapter.sign(channel.adapter.get_thread("1"), channel.exchange.access, shop.clock.now())
    assert call.headers["Api-Key"] == KEY
    assert KEY not in repr(call) + repr(channel.exchange.access)
