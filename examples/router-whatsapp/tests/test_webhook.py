"""Webhooks over HTTP: challenges, signatures, and several numbers behind one address."""

import json
import os

import pytest
from aiohttp import ClientSession, web
from router_whatsapp.fake_cloud import BUSINESS, NUMBER, VERIFY_TOKEN, signature_of
from router_whatsapp.samples import ANN, message
from router_whatsapp.shared_hook import PATH, receive
from router_whatsapp.simulator import hook_call

from router import HttpRequest
from router.errors import InboundRejected, MalformedMessage
from router.testing import MemoryStore

OTHER = "106540352242999"


def words(number, text: str) -> dict:
    """Write a part of a webhook: one message for a number."""
    return {
        "field": "messages",
        "value": {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "1", "phone_number_id": number},
            "contacts": [{"profile": {"name": "Ann"}, "wa_id": ANN}],
            "messages": [message(text, "text", {"body": text})],
        },
    }


def body_of(*changes) -> bytes:
    return json.dumps(
        {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]}
    ).encode()


def texts(channel) -> list[str]:
    return [block.text for item in channel.ctx.accepted for event in item.events for block in event.blocks]


def challenge(**changes) -> HttpRequest:
    query = {
        "hub.mode": "subscribe",
        "hub.verify_token": VERIFY_TOKEN,
        "hub.challenge": "1158201444",
        **changes,
    }
    return HttpRequest(method="GET", path="/", query=query, headers={}, body=b"", remote="127.0.0.1")


async def test_challenge_with_our_token_is_echoed_as_plain_text(number):
    reply = await number.handle_http(challenge())
    assert (reply.status, reply.body) == (200, b"1158201444")
    assert reply.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("wrong", [{"hub.verify_token": "guess"}, {"hub.mode": "unsubscribe"}])
async def test_challenge_that_is_not_ours_is_refused(number, wrong):
    with pytest.raises(InboundRejected):
        await number.handle_http(challenge(**wrong))


async def test_signature_is_over_the_bytes_as_they_came(number):
    body = body_of(words(NUMBER, "hello"))
    assert (await number.handle_http(hook_call(body))).status == 200
    same_meaning = json.dumps(json.loads(body), indent=1).encode()
    with pytest.raises(InboundRejected):
        await number.handle_http(hook_call(same_meaning, signature=signature_of(body)))


async def test_signed_bytes_that_are_no_json_are_malformed(number):
    with pytest.raises(MalformedMessage):
        await number.handle_http(hook_call(b"[" * 100_000))


async def test_webhook_for_another_number_is_not_taken_and_comes_again(number):
    body = body_of(words(NUMBER, "mine"), words(OTHER, "theirs"))
    assert (await number.handle_http(hook_call(body))).status == 503
    assert texts(number) == ["mine"]
    assert (await number.handle_http(hook_call(body))).status == 503
    assert texts(number) == ["mine"]


async def test_number_that_somebody_else_serves_is_passed_over(open_number):
    async with open_number(other_numbers=frozenset({OTHER})) as number:
        body = body_of(words(OTHER, "theirs"), words(NUMBER, "mine"))
        assert (await number.handle_http(hook_call(body))).status == 200
        assert texts(number) == ["mine"]


async def test_people_in_one_webhook_keep_their_own_names(number):
    change = words(NUMBER, "from Ann")
    change["value"]["contacts"].append({"profile": {"name": "Bob"}, "wa_id": "16505550000"})
    change["value"]["messages"].append(message("b", "text", {"body": "from Bob"}, sender="16505550000"))
    await number.handle_http(hook_call(body_of(change)))
    said = [(item.events[0].author.display, item.events[0].blocks[0].text) for item in number.ctx.accepted]
    assert said == [("Ann", "from Ann"), ("Bob", "from Bob")]


async def test_news_without_messages_is_answered_well(number):
    body = body_of({"field": "account_update", "value": {"event": "VERIFIED_ACCOUNT"}})
    assert (await number.handle_http(hook_call(body))).status == 200
    assert texts(number) == []


def told(field: str, **value) -> bytes:
    return json.dumps({"entry": [{"id": BUSINESS, "changes": [{"field": field, "value": value}]}]}).encode()


@pytest.mark.parametrize(
    ("field", "value", "state", "words"),
    [
        (
            "account_update",
            {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}},
            "down",
            "disable",
        ),
        ("account_update", {"event": "ACCOUNT_VIOLATION"}, "degraded", "violation"),
        (
            "account_update",
            {"event": "ACCOUNT_RESTRICTION", "restriction_info": [{"expiration": 1772442000}]},
            "degraded",
            "until 2026-03-02 09:00 UTC",
        ),
        (
            "phone_number_quality_update",
            {"event": "FLAGGED", "current_limit": "TIER_1K"},
            "degraded",
            "tier_1k",
        ),
    ],
)
async def test_account_that_stands_badly_says_so_to_operators(number, field, value, state, words):
    assert (await number.handle_http(hook_call(told(field, **value)))).status == 200
    health = await number.health()
    assert health.state.value == state
    assert words in health.cause
    better = {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "REINSTATE"}}
    await number.handle_http(hook_call(told("account_update", **better)))
    assert (await number.health()).state.value == "ok"


async def test_news_of_another_business_account_changes_nothing(open_number):
    async with open_number(business_account_id="7") as number:
        await number.handle_http(hook_call(told("account_update", event="ACCOUNT_VIOLATION")))
        assert (await number.health()).state.value == "ok"


@pytest.fixture
async def shop(open_number, monkeypatch):
    """Two numbers of one app and one of another app behind the web server's one address."""
    monkeypatch.setenv("OTHER_APP_SECRET", "another-secret")
    store = MemoryStore()
    async with (
        open_number("one", store) as one,
        open_number("two", store, phone_number_id=OTHER) as two,
        open_number("three", store, phone_number_id="333", app_secret_env="OTHER_APP_SECRET") as three,
    ):
        channels = {"one": one, "two": two, "three": three}
        app = web.Application()

        async def serve(request):
            return await receive(request, channels)

        app.router.add_route("*", PATH, serve)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as client:
            yield channels, client, store
        await runner.cleanup()


async def post(client, body: bytes, secret: str = "simulated-app-secret") -> int:
    headers = {"X-Hub-Signature-256": signature_of(body, secret)}
    async with client.post(PATH, data=body, headers=headers) as answer:
        return answer.status


def texts_by_account(store) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in store.accepted:
        found.setdefault(item.account, []).extend(event.blocks[0].text for event in item.events)
    return found


async def test_two_numbers_in_one_webhook_never_mix(shop):
    _, client, store = shop
    body = body_of(words(NUMBER, "first"), words(OTHER, "second"), words(NUMBER, "third"))
    assert await post(client, body) == 200
    assert texts_by_account(store) == {"one": ["first", "third"], "two": ["second"]}


async def test_app_cannot_write_into_a_number_of_another_app(shop):
    _, client, store = shop
    assert await post(client, body_of(words("333", "forged"))) == 503
    assert texts_by_account(store) == {}
    assert await post(client, body_of(words("333", "true")), os.environ["OTHER_APP_SECRET"]) == 200
    assert texts_by_account(store) == {"three": ["true"]}


async def test_webhook_while_the_store_is_away_comes_again(shop):
    _, client, store = shop
    store.fail_accept_next()
    body = body_of(words(NUMBER, "hello"))
    assert await post(client, body) == 503
    assert await post(client, body) == 200
    assert texts_by_account(store) == {"one": ["hello"]}


async def test_shared_address_answers_challenge_and_refuses_forgers(shop):
    _, client, _ = shop
    query = {"hub.mode": "subscribe", "hub.verify_token": VERIFY_TOKEN, "hub.challenge": "7"}
    async with client.get(PATH, params=query) as answer:
        assert (answer.status, await answer.text()) == (200, "7")
    async with client.get(PATH, params={**query, "hub.verify_token": "guess"}) as answer:
        assert answer.status == 401
    assert await post(client, body_of(words(NUMBER, "hello")), "guess") == 401
