"""The live stream: what a desk hears, in which order, and how it continues after a break."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import asynccontextmanager

import pytest

from router.live import LiveEvent, LiveEvents
from router.storage import schema as t
from router.storage.views.messages import message_of
from router.web import events, frames
from router.web.app import FRAMES, create_app
from router.web.settings import WebSettings

DEADLINE_S = 60.0


class Stream:
    """Reads a live stream event by event."""

    def __init__(self, answer):
        self._answer = answer
        self.last_id = ""

    async def block(self):
        """Read up to the next empty line."""
        lines = []
        async with asyncio.timeout(DEADLINE_S):
            while line := (await self._answer.content.readline()).decode().rstrip("\n"):
                lines.append(line)
        self.last_id = next((line[4:] for line in lines if line.startswith("id: ")), self.last_id)
        return lines

    async def event(self):
        """Read the next event as (topic, content)."""
        fields = dict(line.split(": ", 1) for line in await self.block())
        return fields["event"], json.loads(fields["data"])

    async def ended(self):
        """Say whether the server has ended the stream."""
        async with asyncio.timeout(DEADLINE_S):
            return await self._answer.content.read() == b""


@pytest.fixture
def listen(shop, client):
    @asynccontextmanager
    async def open_stream(login, last_id=None, *, hello=True):
        headers = await shop.token(login)
        if last_id is not None:
            headers["Last-Event-ID"] = last_id
        async with client.get("/api/v1/events", headers=headers) as answer:
            assert (answer.status, answer.content_type) == (200, "text/event-stream")
            stream = Stream(answer)
            if hello:
                assert (await stream.event())[0] == "hello"
            yield stream

    return open_stream


async def test_a_new_message_reaches_every_desk_in_full(shop, listen):
    conversation_id = await shop.add_conversation()
    async with listen("mei") as mei, listen("tom") as tom:
        message_id = await shop.add_message(conversation_id, "Still waiting")
        shop.publish("message", conversation_id=conversation_id, message_id=message_id)
        for stream in (mei, tom):
            topic, content = await stream.event()
            assert (topic, content["conversation_id"]) == ("message", conversation_id)
            assert content["message"]["id"] == message_id
            assert content["message"]["blocks"][0]["text"] == "Still waiting"


async def test_a_message_that_was_just_written_is_told_without_reading_it_again(shop, listen):
    async with listen("mei") as mei:
        # stored it would be found; that it is told though it is not, shows that nobody looked
        row = dict.fromkeys(column.name for column in t.message.columns)
        written = message_of({**row, "id": "m1", "blocks": [{"text": "Just in"}], "reactions": []}, [])
        event = LiveEvent(topic="message", data={"conversation_id": "c1", "message_id": "m1"})
        shop.live.publish(event, written)
        shop.publish("delivery", conversation_id="c1", message_id="m1")
        topic, content = await mei.event()
        assert (topic, content["conversation_id"]) == ("message", "c1")
        assert content["message"]["blocks"][0]["text"] == "Just in"
        shop.live.publish(event)
        shop.publish("queues", queue="q")
        assert await mei.event() == ("queues", {"queue": "q"})


async def test_an_offer_reaches_its_agent_and_nobody_else(shop, listen):
    conversation_id = await shop.add_conversation()
    async with listen("mei") as mei, listen("tom") as tom:
        offer_id = await shop.offer(conversation_id, "mei")
        shop.publish("offer", audience=shop.agents["mei"], offer_id=offer_id)
        shop.publish("queues", queue="after_sale")
        topic, offer = await mei.event()
        assert (topic, offer["id"], offer["conversation"]["id"]) == ("offer", offer_id, conversation_id)
        assert await tom.event() == ("queues", {"queue": "after_sale"})


async def test_an_offer_published_to_all_by_mistake_reaches_nobody(shop, listen):
    offer_id = await shop.offer(await shop.add_conversation(), "mei")
    async with listen("tom") as tom:
        shop.publish("offer", offer_id=offer_id)
        shop.publish("queues", queue="q")
        assert (await tom.event())[0] == "queues"


async def test_deliveries_and_presence_carry_their_shapes(shop, listen):
    conversation_id = await shop.add_conversation()
    message_id = await shop.add_message(conversation_id, "Hello", direction="outbound")
    async with listen("tom") as stream:
        shop.publish("delivery", conversation_id=conversation_id, message_id=message_id)
        shop.publish("presence", agent_id=shop.agents["mei"])
        topic, content = await stream.event()
        assert (topic, content["message_id"], content["delivery"]["state"]) == (
            "delivery",
            message_id,
            "queued",
        )
        topic, content = await stream.event()
        assert (topic, content["agent_id"]) == ("presence", shop.agents["mei"])
        assert content["presence"]["state"] == "offline"


async def test_a_presence_taken_at_one_desk_is_told_to_the_others(shop, client, listen):
    change = {"json": {"state": "busy", "reason": "lunch"}, "headers": await shop.token("mei")}
    async with listen("tom") as tom:
        await client.put("/api/v1/me/presence", **change)
        topic, content = await tom.event()
    assert (topic, content["agent_id"]) == ("presence", shop.agents["mei"])
    assert (content["presence"]["state"], content["presence"]["reason"]) == ("busy", "lunch")


async def test_an_event_about_what_is_gone_is_left_out(shop, listen):
    async with listen("mei") as stream:
        shop.publish("message", conversation_id="x", message_id="f" * 32)
        shop.publish("queues", queue="q")
        assert await stream.event() == ("queues", {"queue": "q"})


async def test_a_desk_that_comes_back_hears_exactly_what_it_missed(shop, listen):
    async with listen("mei") as stream:
        shop.publish("queues", queue="one")
        await stream.event()
        last_id = stream.last_id
    for queue in ("two", "three"):
        shop.publish("queues", queue=queue)
    async with listen("mei", last_id) as stream:
        assert [await stream.event(), await stream.event()] == [
            ("queues", {"queue": "two"}),
            ("queues", {"queue": "three"}),
        ]


@pytest.mark.parametrize("last_id", ["e0-1", "e1-99", "e1-x", "e1--1", "e1-" + "9" * 400, "e1-²", "rubbish"])
async def test_a_desk_that_cannot_continue_is_told_to_start_afresh(listen, last_id):
    async with listen("mei", last_id, hello=False) as stream:
        assert await stream.event() == ("reset", {})
        assert (await stream.event())[0] == "hello"


async def test_a_desk_older_than_the_ring_is_told_to_start_afresh(shop, listen):
    shop.publish("queues", queue="first")
    for number in range(10_001):
        shop.publish("queues", queue=str(number))
    async with listen("mei", "e1-0", hello=False) as stream:
        assert await stream.event() == ("reset", {})


async def test_a_quiet_stream_keeps_the_connection_and_its_place(shop, listen, monkeypatch):
    monkeypatch.setattr(events, "COMMENT_EVERY_S", 0.05)
    async with listen("mei") as stream:
        for _ in range(3):
            shop.publish("queues", audience=shop.agents["tom"], queue="not for mei")
        comment = await stream.block()
        while stream.last_id != "e1-3":
            comment = await stream.block()
        assert comment == [": still here", "id: e1-3"]


async def test_a_stream_ends_when_its_token_is_revoked(shop, client, monkeypatch):
    monkeypatch.setattr(events, "COMMENT_EVERY_S", 0.05)
    headers = await shop.token("mei")
    async with client.get("/api/v1/events", headers=headers) as answer:
        stream = Stream(answer)
        await stream.event()
        [token] = (await (await client.get("/api/v1/tokens", headers=headers)).json())["tokens"]
        await client.delete(f"/api/v1/tokens/{token['id']}", headers=headers)
        async with asyncio.timeout(DEADLINE_S):
            while not answer.content.at_eof():
                await answer.content.readline()


async def test_a_desk_that_does_not_read_is_cut_off_and_the_others_hear_on(shop, client, listen, monkeypatch):
    # long enough that a busy machine does not make of mei another desk that does not read
    monkeypatch.setattr(events, "SEND_DEADLINE_S", 1.0)
    url, token = client.make_url("/api/v1/events"), (await shop.token("tom"))["Authorization"]
    asked = f"GET /api/v1/events HTTP/1.1\r\nHost: {url.authority}\r\nAuthorization: {token}\r\n\r\n"
    with socket.create_connection((url.host, url.port)) as tom:
        tom.sendall(asked.encode())
        async with listen("mei") as mei:
            lines = client.server.handler.connections
            while len(client.server.handler.connections) == len(lines):
                shop.publish("queues", queue="x" * 100_000)
                assert (await mei.event())[0] == "queues"
                await asyncio.sleep(0.02)
            shop.publish("queues", queue="and on")
            assert await mei.event() == ("queues", {"queue": "and on"})
        assert tom.recv(12) == b"HTTP/1.1 200"


async def test_an_agent_has_a_limited_number_of_streams(shop, client):
    headers = await shop.token("mei")
    answers = [await client.get("/api/v1/events", headers=headers) for _ in range(events.STREAMS_PER_AGENT)]
    refused = await client.get("/api/v1/events", headers=headers)
    assert {one.status for one in answers} == {200}
    assert refused.status == 429
    for one in answers:
        one.close()


async def test_stopping_the_server_ends_the_streams_at_once(shop, client, listen):
    async with listen("mei") as stream:
        closing = asyncio.create_task(client.server.close())
        assert await stream.ended()
        async with asyncio.timeout(DEADLINE_S):
            await closing


async def test_unreadable_store_becomes_a_reset_and_the_stream_goes_on(shop, listen, monkeypatch):
    conversation_id = await shop.add_conversation()
    message_id = await shop.add_message(conversation_id, "Hello")
    async with listen("mei") as stream:
        await shop.store.write(
            lambda conn: conn.exec_driver_sql("ALTER TABLE outbox RENAME TO away").rowcount
        )
        shop.publish("message", conversation_id=conversation_id, message_id=message_id)
        assert await stream.event() == ("reset", {})
        await shop.store.write(
            lambda conn: conn.exec_driver_sql("ALTER TABLE away RENAME TO outbox").rowcount
        )
        shop.publish("message", conversation_id=conversation_id, message_id=message_id)
        assert (await stream.event())[0] == "message"


async def test_an_event_nobody_can_write_down_becomes_a_reset_and_the_stream_goes_on(shop, listen):
    async with listen("mei") as stream:
        shop.publish("queues", queue=object())
        assert await stream.event() == ("reset", {})
        shop.publish("queues", queue="q")
        assert await stream.event() == ("queues", {"queue": "q"})


async def test_frames_are_bounded_by_number_and_by_size(shop, client, monkeypatch):
    monkeypatch.setattr(frames, "HELD_BYTES", 1_000_000)
    held = client.app[FRAMES]
    for _ in range(30):
        for _ in range(1_000):
            shop.publish("queues", queue="q")
        await held.wait_past(shop.live.last - 1)
    assert held.last - held.first + 1 == 10_000
    for _ in range(30):
        shop.publish("queues", queue="x" * 100_000)
    await held.wait_past(shop.live.last - 1)
    assert held.last - held.first + 1 == 9


async def test_events_published_before_the_server_starts_do_not_shift_its_numbers(shop):
    shop.publish("queues", queue="early")
    app = create_app(shop.services, WebSettings())
    assert app[FRAMES].last == shop.live.last == 1
    assert isinstance(shop.live, LiveEvents)
