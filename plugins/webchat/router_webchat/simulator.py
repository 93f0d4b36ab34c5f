"""A shop's visitors for the contract suite: a real web server and real WebSocket clients on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, web

from router.channel import AnyChannel, RouteResponder
from router.messages import RawInbound
from router_webchat.channel import WebchatChannel
from router_webchat.routes import ROUTES
from router_webchat.settings import WebchatSettings
from router_webchat.visitors import Visitor, mint_visitor

SITE = "simulated-site"
ORIGIN = "https://shop.example"
TEXTS = ("Hello, is the blue one in stock?", "你好，请问什么时候发货？", "My order 1001 has not come 😟")
ANSWER_WITHIN_S = 60.0
MESSAGES_EACH = 8


class _Tab:
    """One open socket of one visitor."""

    def __init__(self, ws: ClientWebSocketResponse, sent: list[bytes]) -> None:
        self.ws = ws
        self._sent = sent
        self._unread: dict[int, bytes] = {}
        self._answers: dict[str, asyncio.Future[str]] = {}
        self.listening = asyncio.create_task(self._listen())

    async def ask(self, key: str, text: str) -> str:
        """Send a frame and give the answer that names `key`."""
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._answers[key] = answer
        await self.ws.send_str(text)
        async with asyncio.timeout(ANSWER_WITHIN_S):
            await answer
        return answer.result()

    async def close(self) -> None:
        """Leave."""
        await self.ws.close()
        await self.listening

    async def _listen(self) -> None:
        """Read what comes; a reply counts as received once its receipt is through, which the pong says."""
        async for message in self.ws:
            if message.type is not WSMsgType.TEXT:
                continue
            frame = json.loads(message.data)
            if frame["type"] == "event" and frame["author"]["role"] != "customer":
                self._unread[frame["seq"]] = message.data.encode()
                await self.ws.send_json({"type": "read", "seq": frame["seq"]})
                await self.ws.send_json({"type": "ping", "t": frame["seq"]})
                continue
            self._sent.append(self._unread.pop(int(frame.get("t", 0)), message.data.encode()))
            answer = self._answers.pop(_question(frame), None)
            if answer is not None and not answer.done():
                answer.set_result(message.data)


def _question(frame: dict[str, Any]) -> str:
    """Name what a frame answers: a `cid`, or the hello."""
    kind = str(frame["type"])
    return str(frame.get("cid")) if kind in ("ack", "error") else kind


def _message(visitor_id: str, cid: str, text: str) -> RawInbound:
    frame = {"type": "msg", "cid": cid, "kind": "text", "body": {"text": text}}
    return RawInbound(
        dedupe_key=f"{visitor_id}:{cid}",
        raw=json.dumps(frame, ensure_ascii=False).encode(),
        received_at=datetime.now(UTC),
        envelope={"visitor": visitor_id, "locale": "en"},
    )


class WebchatSimulator:
    """Visitors who know the wire protocol; each sample comes from a visitor of its own."""

    def __init__(self) -> None:
        self._channels: dict[str, WebchatChannel] = {}
        self._visitors: dict[str, tuple[Visitor, str]] = {}
        self._tabs: dict[tuple[str, str], _Tab] = {}
        self._leaving: list[_Tab] = []
        self._writer: Visitor | None = None
        self._sent: list[bytes] = []
        self._samples = tuple(self._sample(number, text) for number, text in enumerate(TEXTS))
        self._runner: web.AppRunner | None = None
        self._client: ClientSession | None = None
        self._url = ""

    def settings(self) -> WebchatSettings:
        """Give settings of the simulated shop."""
        return WebchatSettings(
            site_key=SITE,
            origins=(ORIGIN,),
            sockets_per_address=1000,
            new_visitors_per_minute=1000,
            restart_spread_s=0,
        )

    def samples(self) -> Sequence[RawInbound]:
        """Give messages of visitors, as their sockets would store them."""
        return self._samples

    def fresh(self, number: int) -> RawInbound:
        """Give one more message; a visitor writes as many as the limit lets him, then comes the next."""
        if self._writer is None or number % MESSAGES_EACH == 0:
            self._writer = self._newcomer()
        return _message(self._writer.id, f"fresh-{number:06}", f"Message number {number}")

    def forget(self) -> None:
        """Let every visitor leave; their tabs close before the next message."""
        self._leaving += self._tabs.values()
        self._tabs.clear()
        self._sent.clear()

    def _sample(self, number: int, text: str) -> RawInbound:
        """Make one visitor with one message."""
        return _message(self._newcomer().id, f"sample-{number:04}", text)

    def _newcomer(self) -> Visitor:
        visitor, token = mint_visitor()
        self._visitors[visitor.id] = (visitor, token)
        return visitor

    async def start(self) -> None:
        """Serve the chat's own routes on a free port."""
        app = web.Application()
        for route in ROUTES:
            app.router.add_route(route.method, route.path, partial(self._serve, route.handle))
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/chat/v1/socket"
        self._client = ClientSession()

    async def _serve(self, handle: RouteResponder, request: web.Request) -> web.StreamResponse:
        """Hand a request to the one account it is for; the simulated shops share a site key."""
        account = request.query.get("account", "")
        return await handle(request, {account: self._channels[account]})

    async def stop(self) -> None:
        """Close every socket and the server."""
        self.forget()
        await self._close_tabs()
        if self._client is not None:
            await self._client.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def deliver(self, channel: AnyChannel, raw: RawInbound) -> str:
        """Send a sample as its visitor's browser would; give the `ack` frame."""
        if not isinstance(channel, WebchatChannel):
            raise TypeError(f"{channel.__class__.__name__} is no webchat channel")
        await self._close_tabs()
        frame = json.loads(raw.raw)
        tab = await self._tab(channel, str(raw.envelope["visitor"]))
        return await tab.ask(frame["cid"], raw.raw.decode())

    async def type(self, channel: AnyChannel, raw: RawInbound) -> None:
        """Let a sample's visitor begin to write; the pong says that this has been read."""
        if not isinstance(channel, WebchatChannel):
            raise TypeError(f"{channel.__class__.__name__} is no webchat channel")
        tab = await self._tab(channel, str(raw.envelope["visitor"]))
        await tab.ws.send_json({"type": "typing"})
        await tab.ask("pong", json.dumps({"type": "ping", "t": 0}))

    async def _close_tabs(self) -> None:
        leaving, self._leaving = self._leaving, []
        await asyncio.gather(*(tab.close() for tab in leaving))

    async def _tab(self, channel: WebchatChannel, visitor_id: str) -> _Tab:
        """Give the visitor's open socket to this account, or connect."""
        key = (channel.account, visitor_id)
        known = self._tabs.get(key)
        if known is not None and not known.ws.closed and self._channels.get(channel.account) is channel:
            return known
        if self._client is None:
            raise RuntimeError("start the simulator first")
        self._channels[channel.account] = channel
        visitor, token = self._visitors[visitor_id]
        await visitor.store(channel.ctx)
        query = {"site": SITE, "account": channel.account}
        ws = await self._client.ws_connect(self._url, params=query, headers={"Origin": ORIGIN})
        tab = self._tabs[key] = _Tab(ws, self._sent)
        await tab.ask("welcome", json.dumps({"type": "hello", "v": 1, "site": SITE, "visitor_token": token}))
        return tab

    def sent(self) -> Sequence[bytes]:
        """Give the frames the visitors received, oldest first."""
        return tuple(self._sent)

    def fail_next(self, error: str) -> None:
        """Refuse: sending to a durable thread has no way to fail."""
        raise ValueError(f"a chat reply cannot fail as {error}")

    def errors(self) -> Sequence[str]:
        """Name no error class."""
        return ()
