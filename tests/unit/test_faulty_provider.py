"""The web server that fails on demand, the provider that remembers, and the door for its pushes."""

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from router.channel import Channel, HttpReply, HttpRequest, PushSource
from router.errors import InboundRejected, StoreUnavailable
from router.testing import (
    HookDoor,
    MemoryContext,
    Push,
    Pusher,
    StatefulFake,
    faults,
    json_answer,
    make_event,
    make_raw,
)
from router.testing.channels import NullSettings

POST = "POST /messages"


class FakeMarket(StatefulFake):
    """Takes messages at one address and lists them at another."""

    def routes(self):
        yield "POST", "/messages", self.post
        yield "GET", "/messages", self.list_messages

    async def post(self, request: web.Request) -> web.Response:
        if not self.token_is_good(request.headers.get("Authorization", "")):
            return json_answer({"code": "expired"}, status=401)
        body = await request.json()
        message = self.commit(body["thread"], body["text"], key=body.get("key", ""))
        return json_answer({"id": message.id, "state": message.state})

    async def list_messages(self, request: web.Request) -> web.Response:
        page = self.page(after=int(request.query.get("after", 0)), limit=2)
        texts = [one.text for one in page.messages]
        return json_answer({"texts": texts, "next": page.next_after, "more": page.more})


@pytest.fixture
async def market() -> AsyncIterator[FakeMarket]:
    market = FakeMarket()
    await market.start()
    yield market
    await market.stop()


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as client:
        yield client


async def say(client: aiohttp.ClientSession, market: FakeMarket, text: str, **more: str):
    market.issue_token()
    headers = {"Authorization": f"Bearer token-{market.tokens_issued}"}
    body = {"thread": "t1", "text": text, **more}
    async with client.post(f"{market.url}/messages", json=body, headers=headers) as answer:
        return answer.status, dict(answer.headers), await answer.read()


async def test_message_is_kept_once_for_one_idempotency_key(market, client):
    for _ in range(2):
        status, _, body = await say(client, market, "hello", key="k1")
        assert (status, json.loads(body)["id"]) == (200, "m1")
    assert [one.text for one in market.sent_by_shop()] == ["hello"]


async def test_faults_of_a_route_are_used_up_in_order_and_logged(market, client):
    market.fail_with(faults.rate_limited(7), POST)
    market.fail_with(faults.rate_limited(), POST)
    market.fail_with(faults.server_error(502))
    seen = [await say(client, market, str(number)) for number in range(4)]
    assert [status for status, *_ in seen] == [429, 429, 502, 200]
    assert [headers.get("Retry-After") for _, headers, _ in seen] == ["7", None, None, None]
    assert [call.fault for call in market.http.calls] == ["rate_limited", "rate_limited", "server_error", ""]
    assert (market.http.left(), [one.text for one in market.messages]) == (0, ["3"])


@pytest.mark.parametrize(("fault", "kept"), [(faults.cut_before_commit(), 0), (faults.cut_after_commit(), 1)])
async def test_cut_connection_leaves_what_its_moment_says(market, client, fault, kept):
    market.fail_with(fault)
    with pytest.raises(aiohttp.ClientConnectionError):
        await say(client, market, "hello")
    assert len(market.messages) == kept


async def test_garbage_and_slow_answers_come_after_the_commit(market, client):
    market.fail_with(faults.garbage())
    _, _, body = await say(client, market, "one")
    with pytest.raises(ValueError, match="utf-8"):
        json.loads(body)
    market.fail_with(faults.slow_body(0.02))
    _, _, body = await say(client, market, "two")
    assert json.loads(body)["id"] == "m2"


async def test_late_answer_waits_for_its_event(market, client):
    let_go = asyncio.Event()
    market.fail_with(faults.late(let_go))
    asking = asyncio.ensure_future(say(client, market, "one"))
    await market.wait_for_news(0)
    assert not asking.done()
    let_go.set()
    assert (await asking)[0] == 200


async def test_expired_token_is_refused_and_a_new_one_is_good(market, client):
    market.issue_token()
    market.expire_tokens()
    assert not market.token_is_good("token-1")
    assert (await say(client, market, "one"))[0] == 200


async def test_held_message_waits_for_moderation(market, client):
    market.hold_next()
    assert json.loads((await say(client, market, "rude"))[2])["state"] == "held"
    assert market.change("m1", state="sent").state == "sent"


async def test_pages_have_a_boundary_that_can_be_read_again(market):
    for text in ("a", "b", "c"):
        market.customer_says("t1", text)
    first = market.page(limit=2)
    assert ([one.text for one in first.messages], first.more) == (["a", "b"], True)
    again = market.page(after=first.next_after, limit=2, inclusive=True)
    assert ([one.text for one in again.messages], again.more) == (["b", "c"], False)
    assert len({one.at for one in market.messages}) == 1


class Doorbell(Channel[NullSettings], PushSource):
    """Takes pushes that say who they are."""

    def decode(self, raw):
        return [make_event(raw.raw.decode())]

    async def handle_http(self, request: HttpRequest) -> HttpReply:
        if request.headers.get("X-Sign") != "good":
            raise InboundRejected
        await self.ctx.accept([make_raw(request.body)])
        return HttpReply(body=request.path.encode())


@pytest.fixture
async def door() -> AsyncIterator[tuple[HookDoor, Pusher, MemoryContext]]:
    door, context = HookDoor(), MemoryContext("shop")
    channel = Doorbell("shop", NullSettings())
    await channel.open(context)
    door.serve(channel)
    await door.start()
    pusher = Pusher(door)
    await pusher.start()
    yield door, pusher, context
    await pusher.stop()
    await door.stop()


def push(text: str, sign: str = "good") -> Push:
    return Push(path="/v1/events", body=text.encode(), headers={"X-Sign": sign})


async def test_push_is_answered_as_the_channel_says(door):
    _, pusher, context = door
    answer = await pusher.push("shop", push("one"))
    assert (str(answer), answer.taken) == ("200 /v1/events", True)
    assert (await pusher.push("shop", push("two", "forged"))).status == 401
    assert (await pusher.push("nobody", push("two"))).status == 404
    context.fail_accept_next(StoreUnavailable(retry_after_s=9))
    away = await pusher.push("shop", push("two"))
    assert (away.status, away.headers["Retry-After"], away.taken) == (503, "9", False)


async def test_pushes_are_repeated_and_overtake_each_other(door):
    _, pusher, context = door
    pusher.repeat_next(3)
    await pusher.push("shop", push("zero"))
    pusher.keep_back_next(2)
    assert [await pusher.push("shop", push(text)) for text in ("one", "two")] == [None, None]
    await pusher.push("shop", push("three"))
    await pusher.release()
    assert [item.raw.raw for item in context.accepted] == [b"zero", b"three", b"two", b"one"]
    assert context.store.duplicates == 2
