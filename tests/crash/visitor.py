"""A customer in the chat: resends every line until it is acked, and resumes where the socket broke."""

from __future__ import annotations

import asyncio

import aiohttp
from aiohttp import ClientWebSocketResponse, WSMsgType

from tests.crash.cases import Case

RETRY_S = 0.05
SILENCE_S = 20.0
SITE = "demo"


class Faulty(Exception):
    """The chat showed its visitor something that contradicts what it had shown before."""


class Visitor:
    """Says the lines of one case one after the other, then stays until somebody has answered."""

    def __init__(self, url: str, case: Case) -> None:
        self.case = case
        self._url = url
        self._token: str | None = None
        self._resume: dict[str, object] | None = None
        self._seen: dict[int, str] = {}
        self._answered = False

    async def run(self, client: aiohttp.ClientSession) -> None:
        """Come back until everything is said and answered."""
        while not (self._said_all and self._answered):
            try:
                async with client.ws_connect(
                    f"{self._url}/chat/v1/socket?site={SITE}", headers={"Origin": self._url}
                ) as socket:
                    await self._talk(socket)
            except (aiohttp.ClientError, OSError):
                await asyncio.sleep(RETRY_S)
        if sorted(self._seen) != list(range(1, len(self._seen) + 1)):
            raise Faulty(f"{self.case.tag} {self.case.number}: saw {sorted(self._seen)}")

    @property
    def _said_all(self) -> bool:
        return all(line.accepted_at for line in self.case.messages)

    async def _talk(self, socket: ClientWebSocketResponse) -> None:
        hello: dict[str, object] = {"type": "hello", "v": 1, "site": SITE, "visitor_token": self._token}
        if self._resume is not None:
            hello["resume"] = self._resume
        await socket.send_json(hello)
        while not (self._said_all and self._answered):
            message = await socket.receive(timeout=SILENCE_S)
            if message.type is not WSMsgType.TEXT:
                return
            frame = message.json()
            if frame["type"] == "error":
                await asyncio.sleep(frame.get("retry_after") or RETRY_S)
                await self._say(socket)
            elif self._hear(frame):
                await self._say(socket)

    async def _say(self, socket: ClientWebSocketResponse) -> None:
        """Say the first line that is not acked, again if need be."""
        for line in self.case.messages:
            if not line.accepted_at:
                line.trying()
                body = {"text": line.content.decode()}
                await socket.send_json({"type": "msg", "cid": line.external_id, "body": body})
                return

    def _hear(self, frame: dict[str, object]) -> bool:
        """Take one frame; true when it is the visitor's turn to speak."""
        if frame["type"] == "welcome":
            self._token = str(frame.get("visitor_token") or self._token)
            self._resume = {"conversation": frame["conversation"], "epoch": frame["epoch"], "last_seq": 0}
            self._resume["last_seq"] = max(self._seen, default=0)
            return True
        if frame["type"] == "ack":
            next(line for line in self.case.messages if line.external_id == frame["cid"]).accepted()
            return True
        if frame["type"] == "event":
            self._see(frame)
        return False

    def _see(self, event: dict[str, object]) -> None:
        seq, event_id = int(str(event["seq"])), str(event["id"])
        if self._seen.setdefault(seq, event_id) != event_id:
            raise Faulty(f"{self.case.tag} {self.case.number}: two events with seq {seq}")
        author = event["author"]
        if isinstance(author, dict) and author.get("role") == "agent":
            self._answered = True
            self.case.replies_seen.add(event_id)
