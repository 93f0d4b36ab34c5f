"""Limits, refusals and close codes."""

import asyncio
import json
import os
from pathlib import Path

import pytest
from aiohttp import WSMsgType

SHARED = Path(os.environ.get("OMNIROUTER_SHARED", Path(__file__).parents[4] / "shared"))
JSON_SUITE = SHARED / "corpus" / "json-jsontestsuite"


async def closed_after(shop, *frames):
    tab = await shop.dial()
    for frame in frames:
        await tab.ws.send_str(frame)
    return await tab.closed()


HELLO = json.dumps({"type": "hello", "v": 1, "site": "shop-site"})


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (['{"type":"ping","t":1}'], 4401),
        (["no json"], 4400),
        (['{"type":"hello","v":2,"site":"shop-site"}'], 4400),
        (['{"type":"hello","v":1}'], 4400),
        (['{"type":"hello","v":1,"site":"other-site"}'], 4403),
        ([HELLO, "[]"], 4400),
        ([HELLO, '{"type":"msg","body":{"text":"no cid"}}'], 4400),
        ([HELLO, '{"type":"msg","cid":"a b c d e f","body":{"text":"bad cid"}}'], 4400),
        ([HELLO, '{"type":"read","seq":-1}'], 4400),
        ([HELLO, '{"type":"ping","t":1,"x":' + "[" * 60_000], 4400),
        ([HELLO, '{"type":"ping","t":1,"x":' + "[" * 20_000 + "]" * 20_000 + "}"], 4400),
        ([HELLO, '{"type":"ping","t":1,"x":"' + "y" * 70_000 + '"}'], 1009),
    ],
)
async def test_bad_frame_closes_with_its_code(shop, frames, code):
    assert await closed_after(shop, *frames) == code


async def test_binary_frame_is_refused(shop):
    tab = await shop.visit()
    await tab.ws.send_bytes(b"{}")
    assert await tab.closed() == 4400


async def test_silent_socket_is_closed_as_idle(open_shop):
    shop = await open_shop(hello_within_s=0.05)
    tab = await shop.dial()
    assert await tab.closed() == 4408


async def test_unknown_kind_is_answered_and_the_socket_lives(shop):
    tab = await shop.visit()
    await tab.send(type="dance", cid="cid-00001")
    assert (await tab.next())["code"] == "unsupported"
    await tab.send(type="msg", cid="cid-00001", kind="sticker", body={"text": "x"})
    refused = await tab.next()
    assert (refused["code"], refused["cid"]) == ("unsupported", "cid-00001")
    await tab.say("cid-00002")
    assert (await tab.until("ack"))["seq"] == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [("x" * 8192, None), ("x" * 8193, "too_long"), ("汉" * 2731, "too_long"), (" \n\t", "empty")],
)
async def test_text_is_measured_in_bytes(shop, text, code):
    tab = await shop.visit()
    await tab.say("cid-00001", text)
    answer = await tab.until("error" if code else "ack")
    assert answer.get("code") == code
    assert answer["cid"] == "cid-00001"


async def test_eleventh_message_in_a_row_is_told_when_to_come_back(shop):
    tab = await shop.visit()
    two = await shop.visit(tab.welcome["visitor_token"])
    for number in range(10):
        await (tab, two)[number % 2].say(f"cid-{number:05}")
        await (tab, two)[number % 2].until("ack")
    await tab.say("cid-00010")
    refused = await tab.until("error")
    assert (refused["code"], refused["cid"]) == ("rate_limited", "cid-00010")
    assert 0 < refused["retry_after"] <= 2.1
    assert len(shop.ctx.items) == 10


async def test_flood_of_frames_is_closed(shop):
    tab = await shop.visit()
    for number in range(150):
        await tab.send(type="ping", t=number)
    assert await tab.closed() == 4429


async def test_one_address_has_so_many_sockets_and_gets_a_place_back(open_shop):
    shop = await open_shop(sockets_per_address=2)
    first, _ = await shop.visit(), await shop.visit()
    third = await shop.dial()
    assert (await third.next())["code"] == "rate_limited"
    assert await third.closed() == 4429
    await first.ws.close()
    assert (await shop.visit()).welcome["seq"] == 0


async def test_newcomers_of_one_address_are_limited_but_known_visitors_are_not(open_shop):
    shop = await open_shop(new_visitors_per_minute=1)
    known = await shop.visit()
    await known.say("cid-00001")
    await known.until("ack")
    await shop.visit()
    third = await shop.dial()
    await third.send(type="hello", v=1, site="shop-site")
    refused = await third.next()
    assert (refused["code"], refused["fatal"]) == ("rate_limited", True)
    assert refused["retry_after"] > 30
    assert await third.closed() == 4429
    again = await shop.visit(known.welcome["visitor_token"])
    assert again.welcome["conversation"] == known.welcome["conversation"]


async def test_too_many_tabs_close_the_oldest(open_shop):
    shop = await open_shop(tabs_per_visitor=2)
    first = await shop.visit()
    token = first.welcome["visitor_token"]
    second = await shop.visit(token)
    third = await shop.visit(token)
    assert await first.next() == {"type": "bye", "reason": "taken_over", "retry_in": 0.0}
    assert (await first.ws.receive(timeout=60)).data == 4409
    assert not second.ws.closed
    await third.say("cid-00001")
    assert (await third.until("ack"))["seq"] == 1


async def test_store_that_is_away_leaves_the_message_unacked_and_takes_it_later(shop):
    tab = await shop.visit()
    shop.ctx.is_down = True
    await tab.say("cid-00001")
    refused = await tab.until("error")
    assert (refused["code"], refused["retry_after"]) == ("unavailable", 3)
    shop.ctx.is_down = False
    await tab.say("cid-00001")
    assert (await tab.until("ack"))["seq"] == 1


async def test_client_that_does_not_read_is_cut_and_holds_up_nobody(shop):
    slow = await shop.visit()
    token, thread = slow.welcome["visitor_token"], slow.welcome["conversation"]
    await slow.say("cid-00001")
    await slow.until("ack")
    fast = await shop.visit(token)
    gone = asyncio.Event()
    presence = shop.channel.hub._presences[thread]
    transport = presence.sockets[0]._transport
    slow.ws._response.connection.transport.pause_reading()
    for _ in range(4000):
        await shop.reply(thread, "x" * 8000)
        await fast.until("event")
        if transport.is_closing():
            gone.set()
            break
    assert gone.is_set()
    assert transport.get_write_buffer_size() < 600_000


async def test_typing_is_passed_on_seldom_and_shown(shop):
    tab = await shop.visit()
    for _ in range(5):
        await tab.send(type="typing")
    await tab.settle()
    assert shop.ctx.typing == [tab.welcome["conversation"]]
    await shop.channel.show_typing(tab.welcome["conversation"], "Mei")
    assert await tab.next() == {"type": "typing", "name": "Mei"}


async def test_end_and_rating_are_stored_and_acked_without_a_place_in_the_thread(shop):
    tab = await shop.visit()
    await tab.send(type="end", cid="end-00001")
    end = await tab.until("ack")
    assert (end["cid"], end["id"], "seq" in end) == ("end-00001", "h1", False)
    await tab.send(type="csat", cid="csat-0001", score=4, comment="quick")
    rating = await tab.until("ack")
    assert (rating["cid"], rating["id"], "seq" in rating) == ("csat-0001", "h1", False)
    kinds = [shop.channel.decode(item)[0].kind.value for item in shop.ctx.items.values()]
    assert kinds == ["thread_state", "system"]


@pytest.mark.skipif(not JSON_SUITE.is_dir(), reason=f"no JSON test suite at {JSON_SUITE}")
async def test_json_suite_never_breaks_a_socket_in_an_unknown_way(open_shop):
    shop = await open_shop()
    codes = set()
    for path in sorted(JSON_SUITE.rglob("*.json")):
        tab = await shop.visit()
        text = path.read_bytes()[:65_000].decode("utf-8", "replace")
        await tab.ws.send_str(text)
        answer = await tab.ws.receive(timeout=60)
        assert answer.type is WSMsgType.TEXT, path.name
        codes.add(json.loads(answer.data)["code"])
        await tab.ws.close()
    assert codes <= {"bad_frame", "unsupported"}
