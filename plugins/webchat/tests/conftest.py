"""What the tests of the chat stand on: a context in memory, a real server, real clients."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, web
from router_webchat.channel import WebchatChannel
from router_webchat.routes import ROUTES
from router_webchat.settings import WebchatSettings

from router import Health
from router.errors import StoreUnavailable
from router.messages import (
    AcceptOutcome,
    AcceptResult,
    Block,
    DeliveryReport,
    EventKind,
    FileContent,
    FiledMessage,
    JsonValue,
    OutboundAttempt,
    RawInbound,
    Role,
    ThreadEvent,
)
from router.testing import FakeClock

SHOP = "https://shop.example"
SITE = "shop-site"


class RecordingContext:
    """A core in memory: dedupes, files into dense threads, wakes the channel, records reports."""

    account = "shop"
    public_url = "https://chat.example"
    log = logging.getLogger("webchat-tests")

    def __init__(self) -> None:
        # It stands: how fast a visitor may write is not for the machine to decide.
        self.clock = FakeClock()
        self.values: dict[str, JsonValue] = {}
        self.items: dict[str, RawInbound] = {}
        self.threads: dict[str, list[ThreadEvent]] = {}
        self.reports: list[DeliveryReport] = []
        self.typing: list[str] = []
        self.files: dict[tuple[str, str], FileContent] = {}
        self.reads = 0
        self.is_down = False
        self.wakes = True
        self.hold_filing = asyncio.Event()
        self.hold_filing.set()
        self.accepted = asyncio.Event()
        self.channel: WebchatChannel | None = None
        self._filed: dict[str, FiledMessage] = {}

    async def accept(self, items: Sequence[RawInbound], cursor: JsonValue = None) -> list[AcceptResult]:
        if self.is_down:
            raise StoreUnavailable(retry_after_s=3)
        results = []
        for item in items:
            known = item.dedupe_key in self.items
            self.items.setdefault(item.dedupe_key, item)
            outcome = AcceptOutcome.DUPLICATE if known else AcceptOutcome.ACCEPTED
            self.accepted.set()
            results.append(AcceptResult(outcome=outcome, inbound_id=item.dedupe_key))
        return results

    async def filed(self, inbound_id: str) -> Sequence[FiledMessage]:
        await self.hold_filing.wait()
        if inbound_id in self._filed:
            return [self._filed[inbound_id]]
        assert self.channel is not None
        [event] = self.channel.decode(self.items[inbound_id])
        if event.kind is not EventKind.MESSAGE:
            # As the core files what the customer does not see: kept, without a place in the thread.
            hidden = FiledMessage(
                inbound_id=inbound_id, conversation_id="c", message_id="h1", seq=0, at=self.clock.now()
            )
            return [self._filed.setdefault(inbound_id, hidden)]
        thread = event.evidence[0].value
        entry = self.entry(thread, Role.CUSTOMER, event.blocks, external_id=event.external_id)
        self._filed[inbound_id] = FiledMessage(
            inbound_id=inbound_id, conversation_id="c", message_id=entry.id, seq=entry.seq, at=entry.at
        )
        if self.wakes:
            await self.channel.thread_changed(thread, entry)
        return [self._filed[inbound_id]]

    def entry(
        self, thread: str, role: Role, blocks: Sequence[Block], *, external_id: str = "", name: str = ""
    ) -> ThreadEvent:
        """Write the next entry of a thread, without waking anybody."""
        events = self.threads.setdefault(thread, [])
        seq = len(events) + 1
        event = ThreadEvent(
            seq=seq,
            id=f"m{seq}",
            at=self.clock.now(),
            kind="message",
            role=role,
            author_name=name,
            blocks=blocks,
            external_id=external_id,
            outgoing_ref=f"ref-{seq}" if role is Role.AGENT else "",
        )
        events.append(event)
        return event

    def agent_says(self, thread: str, text: str, *files: Block) -> ThreadEvent:
        """Write a reply into the thread, without waking anybody."""
        return self.entry(thread, Role.AGENT, [Block(text=text), *files], name="Mei")

    async def thread_events(self, thread: str, after_seq: int = 0, limit: int = 200) -> list[ThreadEvent]:
        self.reads += 1
        return self.threads.get(thread, [])[after_seq : after_seq + limit]

    async def file(self, id: str, thread: str = "") -> FileContent:
        return self.files[id, thread]

    async def cursor(self) -> JsonValue:
        return None

    async def report(self, report: DeliveryReport) -> None:
        self.reports.append(report)

    async def sending(self, attempt_id: str) -> None:
        return None

    async def get(self, key: str) -> JsonValue:
        return self.values.get(key)

    async def put(self, key: str, value: JsonValue) -> None:
        self.values[key] = value

    def set_health(self, health: Health) -> None:
        self.health = health

    async def customer_typing(self, thread: str) -> None:
        self.typing.append(thread)


class Tab:
    """One browser tab: a real WebSocket that can be cut."""

    def __init__(self, ws: ClientWebSocketResponse) -> None:
        self.ws = ws
        self.welcome: dict[str, Any] = {}
        self.events: list[tuple[int, str]] = []

    async def send(self, **frame: Any) -> None:
        await self.ws.send_str(json.dumps(frame))

    async def next(self) -> dict[str, Any]:
        """Give the next frame."""
        message = await self.ws.receive(timeout=60)
        assert message.type is WSMsgType.TEXT, f"closed with {self.ws.close_code}"
        frame: dict[str, Any] = json.loads(message.data)
        if frame["type"] == "event":
            self.events.append((frame["seq"], frame["body"]["text"]))
        return frame

    async def until(self, kind: str) -> dict[str, Any]:
        """Give the next frame of one kind, passing over others."""
        while True:
            frame = await self.next()
            if frame["type"] == kind:
                return frame

    def resume(self, last_seq: int, **changes: Any) -> dict[str, Any]:
        """Give what this tab's browser says it already has."""
        return {
            "conversation": self.welcome["conversation"],
            "epoch": self.welcome["epoch"],
            "last_seq": last_seq,
            **changes,
        }

    async def closed(self) -> int | None:
        """Wait until the server closes; give its code."""
        while (await self.ws.receive(timeout=60)).type is WSMsgType.TEXT:
            pass
        return self.ws.close_code

    async def settle(self) -> list[tuple[int, str]]:
        """Give the events seen so far, after everything the server had to say."""
        await self.send(type="ping", t=1)
        await self.until("pong")
        return self.events

    async def say(self, cid: str, text: str = "hello") -> None:
        await self.send(type="msg", cid=cid, kind="text", body={"text": text})

    def cut(self) -> None:
        """Drop the connection as a lost network does."""
        transport = self.ws._response.connection.transport
        transport.abort()


class Shop:
    """One webchat account behind a real web server."""

    def __init__(self, settings: WebchatSettings, ctx: RecordingContext) -> None:
        self.ctx = ctx
        self.channel = WebchatChannel("shop", settings)
        self.url = ""
        self._runner: web.AppRunner | None = None
        self.client: ClientSession | None = None

    async def start(self) -> None:
        self.ctx.channel = self.channel
        await self.channel.open(self.ctx)
        app = web.Application()
        for route in ROUTES:

            async def serve(request: web.Request, handle: Any = route.handle) -> web.StreamResponse:
                response: web.StreamResponse = await handle(request, {"shop": self.channel})
                return response

            app.router.add_route(route.method, route.path, serve)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.client = ClientSession()

    async def stop(self) -> None:
        if self.client is not None:
            await self.client.close()
        await self.channel.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def dial(self, origin: str | None = SHOP, site: str = SITE) -> Tab:
        """Open a socket without saying hello."""
        assert self.client is not None
        headers = {} if origin is None else {"Origin": origin}
        url = f"{self.url}/chat/v1/socket?site={site}"
        return Tab(await self.client.ws_connect(url, headers=headers))

    async def visit(self, token: str | None = None, **hello: Any) -> Tab:
        """Open a socket and say hello."""
        tab = await self.dial()
        await tab.send(type="hello", v=1, site=SITE, visitor_token=token, **hello)
        tab.welcome = await tab.until("welcome")
        return tab

    async def reply(self, thread: str, text: str, *files: Block) -> ThreadEvent:
        """Answer as the core does: the entry is committed, then the channel is woken."""
        event = self.ctx.agent_says(thread, text, *files)
        await self.channel.thread_changed(thread, event)
        return event

    def attempt(self, event: ThreadEvent, thread: str) -> OutboundAttempt:
        """Give the outbox's attempt for a reply."""
        return OutboundAttempt(
            attempt_id=f"a{event.seq}",
            number=1,
            account="shop",
            conversation_id="c",
            message_id=event.id,
            outgoing_ref=event.outgoing_ref,
            seq=event.seq,
            recipient=thread,
            thread=thread,
            blocks=event.blocks,
            created_at=event.at,
            author_name=event.author_name,
        )


@pytest.fixture
async def open_shop() -> AsyncIterator[Callable[..., Coroutine[Any, Any, Shop]]]:
    """Open shops with other settings or another core."""
    shops: list[Shop] = []

    async def start(ctx: RecordingContext | None = None, **changes: Any) -> Shop:
        values = {
            "site_key": SITE,
            "origins": (SHOP,),
            "sockets_per_address": 1000,
            "new_visitors_per_minute": 1000,
            "restart_spread_s": 0,
        }
        shop = Shop(WebchatSettings.model_validate(values | changes), ctx or RecordingContext())
        await shop.start()
        shops.append(shop)
        return shop

    yield start
    for shop in shops:
        await shop.stop()


@pytest.fixture
async def shop(open_shop) -> Shop:
    """Give one shop with roomy limits."""
    return await open_shop()
