"""Visitor tokens: secret, hashed, unguessable, bound to their own conversation."""

import json
import logging
import secrets

from router_webchat.frames import Hello, Limits, Welcome
from router_webchat.visitors import load_visitor, split_token


async def talk(shop):
    tab = await shop.visit()
    await tab.say("cid-00001", "my secret question")
    await tab.until("ack")
    return tab


async def test_token_is_stored_hashed_and_only_with_the_first_message(shop):
    tab = await shop.visit()
    assert [key for key in shop.ctx.values if key.startswith("visitor:")] == []
    await tab.say("cid-00001")
    await tab.until("ack")
    secret = tab.welcome["visitor_token"].split(".")[1]
    assert f"visitor:{tab.welcome['conversation']}" in shop.ctx.values
    assert secret not in json.dumps(shop.ctx.values)


async def test_walk_over_ids_and_secrets_opens_nothing(shop):
    tab = await talk(shop)
    thread, token = tab.welcome["conversation"], tab.welcome["visitor_token"]
    hits = 0
    for number in range(100_000):
        guess = f"{thread}.{secrets.token_urlsafe(16)}" if number % 2 else f"{number:032x}.{token[33:]}"
        hits += await shop.channel.hub.visitor_of(guess) is not None
    assert hits == 0
    assert (await shop.channel.hub.visitor_of(token)).id == thread


async def test_wrong_token_makes_a_new_visitor_who_sees_nothing(shop):
    tab = await talk(shop)
    thread, token = tab.welcome["conversation"], tab.welcome["visitor_token"]
    for wrong in (f"{thread}.{'A' * 22}", thread, "", "x" * 200, f"{token}x", token.upper()):
        other = await shop.visit(wrong, resume=tab.resume(0))
        assert other.welcome["conversation"] != thread
        assert other.welcome["visitor_token"] != token
        assert await other.settle() == []


async def test_events_over_http_need_the_token_of_that_conversation(shop):
    mine, theirs = await talk(shop), await talk(shop)
    url = f"{shop.url}/chat/v1/conversations/{mine.welcome['conversation']}/events?site=shop-site"
    statuses = []
    for authorization in (
        None,
        "Basic abc",
        f"Bearer {theirs.welcome['visitor_token']}",
        f"Bearer {mine.welcome['visitor_token']}",
    ):
        headers = {} if authorization is None else {"Authorization": authorization}
        async with shop.client.get(url, headers=headers) as answer:
            statuses.append(answer.status)
    assert statuses == [401, 401, 404, 200]


async def test_listed_page_may_read_events_across_origins_and_others_may_not(shop):
    tab = await talk(shop)
    url = f"{shop.url}/chat/v1/conversations/{tab.welcome['conversation']}/events?site=shop-site"
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "GET"}
    async with shop.client.options(url, headers=asked) as answer:
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    async with shop.client.options(url, headers={"Origin": "https://evil.example"}) as answer:
        assert answer.status == 403


async def test_token_is_in_no_log_and_no_repr(shop, caplog):
    caplog.set_level(logging.DEBUG)
    tab = await talk(shop)
    token = tab.welcome["visitor_token"]
    await (await shop.visit(token)).settle()
    secret = token.split(".")[1]
    assert secret not in caplog.text
    hello = Hello(v=1, site="s", visitor_token=token)
    welcome = Welcome(
        v=1, session="", conversation="", epoch="", seq=0, limits=Limits(), features=(), resume="none",
        visitor_token=token,
    )  # fmt: skip
    visitor = await load_visitor(shop.ctx, split_token(token)[0])
    assert secret not in f"{hello!r} {welcome!r} {visitor!r}"
