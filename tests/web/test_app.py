"""Doors and pages: hooks, plugin routes, static files, headers, health and the description."""

from __future__ import annotations

import gzip
import io
from dataclasses import replace

import pytest
from aiohttp import ClientSession, web
from yarl import URL

from router import Capabilities
from router.channel import Channel, ChannelRoute, ChannelType
from router.web.app import create_app, create_runner
from router.web.hooks import check_prefixes
from router.web.pages import DESK_POLICY
from router.web.settings import WebSettings


async def test_a_providers_call_reaches_its_account_raw(shop, client):
    answer = await client.post(
        "/hooks/shop/orders/new?sign=abc", data=b'{"a":\x00\xff', headers={"X-Signature": "good"}
    )
    assert (answer.status, await answer.read(), answer.headers["X-Answer"]) == (202, b"taken", "yes")
    [call] = shop.channels.calls
    assert (call.method, call.path, call.query, call.body) == (
        "POST",
        "/orders/new",
        {"sign": "abc"},
        b'{"a":\x00\xff',
    )
    assert (call.headers["x-signature"], call.remote) == ("good", "127.0.0.1")


async def test_a_hook_is_given_the_address_as_the_request_line_had_it(shop, client):
    await client.post(URL("/hooks/shop/calls?b=%2Fx+y&a=1&a=2", encoded=True), data=b"")
    assert shop.channels.calls[0].target == "/hooks/shop/calls?b=%2Fx+y&a=1&a=2"


async def test_a_hook_without_a_tail_is_its_root(shop, client):
    assert (await client.get("/hooks/shop")).status == 202
    assert shop.channels.calls[0].path == "/"


async def test_a_forged_call_learns_nothing_and_leaves_no_trace_in_the_log(client, caplog):
    answer = await client.post("/hooks/shop/x", data=b"secret body", headers={"X-Signature": "forged"})
    assert answer.status == 401
    assert "secret" not in await answer.text()
    assert "secret" not in caplog.text


async def test_a_call_for_nobody_a_full_store_and_a_packed_body_are_told_so(client):
    unknown = await client.post("/hooks/nobody/x")
    full = await client.post("/hooks/shop/full")
    packed = await client.post(
        "/hooks/shop/x", data=gzip.compress(b"x"), headers={"Content-Encoding": "gzip"}
    )
    assert (unknown.status, full.status, full.headers["Retry-After"], packed.status) == (404, 503, "7", 415)


async def test_a_body_over_one_megabyte_is_refused_before_it_is_read_whole(shop, client):
    fits = await client.post("/hooks/shop/x", data=io.BytesIO(b"x" * 1_048_576))
    too_large = await client.post("/hooks/shop/x", data=io.BytesIO(b"x" * 1_048_577))
    api = await client.post(
        "/api/v1/session", data=io.BytesIO(b" " * 1_100_000), headers={"Content-Type": "application/json"}
    )
    assert (fits.status, too_large.status, api.status) == (202, 413, 413)
    assert (await api.json())["code"] == "too_large"


async def test_a_packed_body_reaches_a_plugin_packed(shop):
    async def size(request, channels):
        return web.json_response(len(await request.read()))

    bomb = gzip.compress(b"0" * 50_000_000)
    route = ChannelRoute(method="POST", path="/chat/upload", handle=size)
    shop.channels.kinds = [(replace(_kind("chat", ["/chat"]), routes=[route]), {})]
    runner = create_runner(create_app(shop.services, WebSettings()))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        [(host, port)] = runner.addresses
        packed = {"Content-Encoding": "gzip"}
        async with ClientSession() as session:
            answer = await session.post(f"http://{host}:{port}/chat/upload", data=bomb, headers=packed)
            assert await answer.json() == len(bomb)
    finally:
        await runner.cleanup()


class Page(Channel):
    def decode(self, raw):
        return []


async def _greet(request, channels):
    return web.Response(text=f"hello from {sorted(channels)}")


def _kind(name, prefixes, *paths):
    return ChannelType(
        id=name,
        title=name,
        settings=object,
        capabilities=Capabilities(channel_class="chat"),
        factory=Page,
        routes=[ChannelRoute(method="GET", path=path, handle=_greet) for path in paths],
        route_prefixes=prefixes,
    )


async def test_a_channel_kind_serves_its_own_routes_with_its_live_channels(shop, start):
    channels = {}
    shop.channels.kinds = [
        (_kind("chat", ["/chat", "/omni-loader-1.js"], "/chat/v1/{x}", "/omni-loader-1.js"), channels)
    ]
    client = await start()
    channels["shop"] = Page("shop", object())
    answer = await client.get("/chat/v1/frame")
    assert await answer.text() == "hello from ['shop']"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    # a widget lives in a frame on somebody else's page: the channel sets its own policy
    assert "Content-Security-Policy" not in answer.headers
    assert "X-Frame-Options" not in answer.headers
    assert (await client.get("/omni-loader-1.js")).status == 200


@pytest.mark.parametrize(
    ("prefixes", "path"),
    [
        (["/chat"], "/other"),
        (["/chat"], "/chatter"),
        (["/api"], "/api/v1/me"),
        (["/api/v1/extra"], "/api/v1/extra"),
        (["/"], "/anything"),
        (["chat"], "chat"),
        (["/hooks/x"], "/hooks/x"),
        ([], "/free"),
    ],
)
async def test_a_kind_that_reaches_beyond_its_prefixes_gets_no_route_and_the_others_stay(
    shop, start, caplog, prefixes, path
):
    bad, good = _kind("bad", prefixes, path), _kind("good", ["/good"], "/good/x")
    shop.channels.kinds = [(bad, {}), (good, {})]
    client = await start()
    assert "routes refused" in caplog.text
    assert (await client.get("/good/x")).status == 200
    if path != "/api/v1/me":
        assert (await client.get("/" + path.lstrip("/"))).status in (401, 404)
    with pytest.raises(Exception, match="channel bad"):
        check_prefixes(bad)


async def test_health_is_good_while_the_store_answers(client):
    answer = await client.get("/healthz", headers={"Host": "10.0.0.7"})
    assert (answer.status, await answer.json()) == (200, {"status": "ok"})


async def test_a_desk_that_was_not_built_says_what_to_do(client):
    for path in ("/", "/api/v1/docs"):
        answer = await client.get(path)
        assert answer.status == 503
        assert "pip install" in await answer.text()


async def test_the_built_desk_is_served_under_its_policy(start, tmp_path):
    for part in ("desk", "docs"):
        folder = tmp_path / "static" / part
        folder.mkdir(parents=True)
        (folder / "index.html").write_text(f"<title>{part}</title>")
        (folder / "assets").mkdir()
        (folder / "assets" / "app-1f2e.js").write_text("'use strict'")
    (tmp_path / "static" / "secret.txt").write_text("secret")
    client = await start()
    page = await client.get("/")
    script = await client.get("/static/desk/assets/app-1f2e.js")
    assert await page.text() == "<title>desk</title>"
    assert page.headers["Content-Security-Policy"] == DESK_POLICY
    assert page.headers["Cache-Control"] == "no-cache"
    assert (page.headers["X-Frame-Options"], page.headers["Referrer-Policy"]) == ("DENY", "no-referrer")
    assert script.content_type in ("text/javascript", "application/javascript")
    assert "immutable" in script.headers["Cache-Control"]
    assert await (await client.get("/api/v1/docs")).text() == "<title>docs</title>"
    for path in ("/static/desk/%2e%2e/secret.txt", "/static/secret.txt", "/static/desk/assets/missing.js"):
        missing = await client.get(path)
        assert missing.status == 404
        assert "immutable" not in missing.headers.get("Cache-Control", "")


async def test_unknown_paths_and_methods_of_the_api_are_problems_too(client):
    unknown = await client.get("/api/v1/nothing")
    wrong = await client.put("/api/v1/agents")
    assert (unknown.status, (await unknown.json())["code"]) == (404, "not_found")
    assert (wrong.status, (await wrong.json())["code"]) == (405, "method_not_allowed")
    assert "GET" in wrong.headers["Allow"]
    assert wrong.content_type == "application/problem+json"


async def test_a_call_is_described_with_what_it_may_answer(client):
    document = await (await client.get("/api/v1/openapi.json")).json()
    accept = document["paths"]["/api/v1/offers/{offer_id}/accept"]["post"]
    assert document["openapi"] == "3.1.0"
    assert set(accept["responses"]) == {"200", "400", "401", "403", "404", "409", "503"}
