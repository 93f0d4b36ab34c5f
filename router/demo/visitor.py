"""A visitor of the shop's chat: protocol version 1 over a real WebSocket, as any client would speak it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from router.errors import RouterError


class LineClosed(RouterError):
    """The chat's socket was closed by the other side."""


class Visitor:
    """One browser tab; `events` is what it would show, by `seq`."""

    def __init__(self, url: str, site: str, locale: str) -> None:
        self._url = url
        self._site = site
        self._locale = locale
        self._http = ClientSession()
        self._line: ClientWebSocketResponse | None = None
        self._token = ""
        self.welcome: dict[str, Any] = {}
        self.events: dict[int, dict[str, Any]] = {}
        self.repeated = 0

    async def __aenter__(self) -> Visitor:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.disconnect()
        await self._http.close()

    async def connect(self) -> None:
        """Open the socket and say hello; a known visitor resumes after the last event shown."""
        self._line = await self._http.ws_connect(
            f"{self._url}/chat/v1/socket", params={"site": self._site}, headers={"Origin": self._url}
        )
        hello: dict[str, Any] = {"type": "hello", "v": 1, "site": self._site, "locale": self._locale}
        hello["page"] = {"url": f"{self._url}/demo/shop", "title": "Kettle & Leaf", "referrer": ""}
        if self._token:
            last = max(self.events, default=0)
            hello["visitor_token"] = self._token
            hello["resume"] = {
                "conversation": self.welcome["conversation"],
                "epoch": self.welcome["epoch"],
                "last_seq": last,
                "last_id": self.events[last]["id"] if last else "",
            }
        await self._send(hello)
        self.welcome = await self._next("welcome")
        self._token = self.welcome.get("visitor_token", self._token)

    async def disconnect(self) -> None:
        """Drop the line, as a tunnel or a closed lid does."""
        if self._line is not None:
            await self._line.close()

    async def introduce(self, name: str, **more: str) -> None:
        """Let the shop's page say who this is."""
        await self._send({"type": "context", "name": name, **more})

    async def say(self, text: str, cid: str = "") -> dict[str, Any]:
        """Send a message and give its ack; the same `cid` again is the same message."""
        cid = cid or uuid.uuid4().hex
        await self._send({"type": "msg", "cid": cid, "kind": "text", "body": {"text": text}})
        while True:
            frame = await self._next("ack")
            if frame.get("cid") == cid:
                return frame

    async def end(self, score: int) -> None:
        """Rate the chat and end it."""
        await self._send({"type": "csat", "cid": uuid.uuid4().hex, "score": score})
        await self._send({"type": "end", "cid": uuid.uuid4().hex})
        for _ in range(2):
            await self._next("ack")

    async def answer_after(self, seq: int) -> dict[str, Any]:
        """Wait for an agent's message beyond `seq`, and report it as read."""
        while True:
            for number in sorted(self.events):
                event = self.events[number]
                if number > seq and event["author"]["role"] == "agent":
                    await self._send({"type": "read", "seq": number})
                    return event
            await self._next("event")

    async def _send(self, frame: Mapping[str, object]) -> None:
        if self._line is None or self._line.closed:
            raise LineClosed
        await self._line.send_json(frame)

    async def _next(self, kind: str) -> dict[str, Any]:
        """Wait for a frame of a kind; events that come in between are shown."""
        while True:
            if self._line is None:
                raise LineClosed
            message = await self._line.receive()
            if message.type is not WSMsgType.TEXT:
                raise LineClosed
            frame: dict[str, Any] = message.json()
            if frame["type"] == "event":
                self.repeated += frame["seq"] in self.events
                self.events[frame["seq"]] = frame
            elif frame["type"] == "error":
                raise RouterError(f"the chat refused a frame: {frame['code']} {frame.get('message', '')}")
            if frame["type"] == kind:
                return frame
