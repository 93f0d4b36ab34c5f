"""Traffic with a platform: bounded, patient with nobody, and silent about secrets."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web
from router_marketplace.calls import Call, FilePart, json_call
from router_marketplace.exchange import MAX_ANSWER_BYTES
from router_marketplace.facts import Budget
from router_marketplace.pace import Pace
from router_marketplace.yandex.adapter import FACTS

from plugins.marketplace.tests.conftest import Shop, settings_at
from router.errors import Permanent, RateLimited, Retryable, UnknownOutcome
from router.testing import FaultyHttp

READ = Call(method="GET", path="/thing", query={"sign": "secret-signature"})
WRITE = Call(method="POST", path="/thing", query={"sign": "secret-signature"}, writes=True)


@pytest.fixture
async def served():
    """Give a server whose one answer can be chosen, and a shop that calls it."""
    http, answers = FaultyHttp(), []

    async def serve(request: web.Request) -> web.StreamResponse:
        return answers.pop(0)

    for method in ("GET", "POST"):
        http.route(method, "/thing", serve)
    await http.start()
    shop = Shop(settings_at(http.url))
    await shop.open()
    yield shop.channel.exchange, answers, http
    await shop.close()
    await http.stop()


@pytest.mark.parametrize(("call", "kind"), [(READ, Retryable), (WRITE, UnknownOutcome)])
@pytest.mark.parametrize(
    "body",
    [b"<html>", b"[]", b'"text"', b"[" * 200_000, b"\xff\xfe", b"x" * (MAX_ANSWER_BYTES + 1)],
    ids=["html", "list", "text", "deep", "bytes", "huge"],
)
async def test_success_that_cannot_be_read_is_trouble_for_reads_and_a_doubt_for_writes(
    served, call, kind, body
):
    exchange, answers, _ = served
    answers.append(web.Response(body=body))
    with pytest.raises(kind) as raised:
        await exchange.make(call)
    assert type(raised.value) is kind
    assert "secret-signature" not in f"{raised.value!r} {raised.value.public_text}"


async def test_error_page_of_a_proxy_is_judged_by_its_status(served):
    exchange, answers, _ = served
    answers.append(web.Response(status=502, body=b"<html>Bad gateway"))
    with pytest.raises(Retryable):
        await exchange.make(READ)


async def test_redirect_is_not_followed_with_our_key(served):
    exchange, answers, http = served
    answers.append(web.Response(status=302, headers={"Location": f"{http.url}/thing"}))
    with pytest.raises(Permanent):
        await exchange.make(READ)
    assert len(http.calls) == 1


async def test_json_is_sent_as_it_was_written_and_empty_answers_are_fine(served):
    exchange, answers, http = served
    answers.append(web.Response())
    call = json_call("POST", "/thing", {"text": "привет", "id": 9007199254740993})
    assert (await exchange.make(call)).document == {}
    [seen] = http.calls
    assert seen.body == call.body
    assert json.loads(seen.body)["id"] == 9007199254740993
    assert seen.headers["Content-Type"] == "application/json"


async def test_file_travels_as_multipart_under_its_own_name():
    http, forms = FaultyHttp(), []

    async def serve(request: web.Request) -> web.StreamResponse:
        file = (await request.post())["file"]
        forms.append((file.filename, file.content_type, file.file.read()))
        return web.Response()

    http.route("POST", "/thing", serve)
    await http.start()
    shop = Shop(settings_at(http.url))
    await shop.open()
    part = FilePart(
        part="file", name='квитанция "2"\r\nX: y.pdf', content_type="application/pdf", content=b"%PDF"
    )
    await shop.channel.exchange.make(Call(method="POST", path="/thing", file=part))
    assert forms == [('квитанция "2"X: y.pdf', "application/pdf", b"%PDF")]
    await shop.close()
    await http.stop()


async def test_never_more_calls_at_once_than_the_platform_allows():
    http, running, most, gate = FaultyHttp(), 0, 0, asyncio.Event()

    async def serve(request: web.Request) -> web.StreamResponse:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == FACTS.poll.at_once:
            gate.set()
        await gate.wait()
        running -= 1
        return web.Response()

    http.route("GET", "/thing", serve)
    await http.start()
    shop = Shop(settings_at(http.url))
    await shop.open()
    await asyncio.gather(*(shop.channel.exchange.make(READ) for _ in range(12)))
    assert most == FACTS.poll.at_once
    await shop.close()
    await http.stop()


def test_pace_of_a_whole_day_is_kept_to_the_call_and_opens_again_bit_by_bit():
    pace = Pace({"read": (Budget(count=6000, per_s=86_400),)})
    for number in range(6000):
        pace.take("read", "", float(number))
    with pytest.raises(RateLimited) as refused:
        pace.take("read", "", 6000.0)
    wait_s = refused.value.retry_after_s
    assert wait_s is not None
    assert 86_400 - 6000 <= wait_s <= 86_400 - 6000 + 86_400 / 200
    pace.take("read", "", 6000.0 + wait_s)


def test_pace_counts_each_thread_by_itself_and_says_when_it_goes_on():
    pace = Pace({"send": (Budget(count=1, per_s=1, scope="thread"), Budget(count=3, per_s=60))})
    pace.take("send", "a", 0.0)
    pace.take("send", "b", 0.0)
    with pytest.raises(RateLimited) as raised:
        pace.take("send", "a", 0.25)
    assert raised.value.retry_after_s == 0.75
    pace.take("send", "a", 1.0)
    with pytest.raises(RateLimited) as raised:
        pace.take("send", "c", 2.0)
    assert raised.value.retry_after_s == 58.0
    pace.take("read", "a", 2.0)
