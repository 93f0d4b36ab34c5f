"""The one live stream of each desk: `GET /api/v1/events`, server-sent events, resumable by Last-Event-ID."""

from __future__ import annotations

import asyncio
from collections import Counter

from aiohttp import web

from router.live import SUPERVISORS
from router.web.auth import Caller, Doorkeeper
from router.web.binder import Call
from router.web.frames import Frames, encode
from router.web.problems import Problem
from router.web.services import Services

# what proxies and firewalls need to keep an idle connection open
COMMENT_EVERY_S = 20.0
# a client that does not read lets megabytes pile up before a write even waits
SEND_DEADLINE_S = 10.0
CHUNK_BYTES = 262_144
BATCH = 500
STREAMS_PER_AGENT = 20


class EventCalls:
    """The stream of live events, followed by every desk."""

    def __init__(self, services: Services, doorkeeper: Doorkeeper, frames: Frames) -> None:
        self._live = services.live
        self._doorkeeper = doorkeeper
        self._frames = frames
        self._open: Counter[str] = Counter()

    def calls(self) -> list[Call]:
        """List the calls."""
        return [
            Call(
                method="GET",
                path="/events",
                action=self.follow,
                holds="text/event-stream",
                raises=("rate_limited",),
            )
        ]

    async def follow(self, request: web.Request, caller: Caller) -> web.StreamResponse:
        """Follow everything this agent may see, as server-sent events."""
        if self._open[caller.agent_id] >= STREAMS_PER_AGENT:
            raise Problem(429, "rate_limited", f"An agent has at most {STREAMS_PER_AGENT} live streams.")
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream; charset=utf-8",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
            }
        )
        self._open[caller.agent_id] += 1
        try:
            await response.prepare(request)
            await self._stream(request, response, caller)
        except (TimeoutError, ConnectionError):
            # it does not read, or it has gone: let it come back and continue from where it was
            if request.transport is not None:
                request.transport.abort()
        finally:
            self._open[caller.agent_id] -= 1
        return response

    async def _stream(self, request: web.Request, response: web.StreamResponse, caller: Caller) -> None:
        frames = self._frames
        audiences = {None, caller.agent_id}
        if caller.supervises:
            audiences.add(SUPERVISORS)
        hello = {"agent_id": caller.agent_id, "epoch": self._live.epoch}
        asked = request.headers.get("Last-Event-ID", "")
        place = self._place(asked)
        reset = b""
        if place is None:
            place = frames.last
            reset = encode("reset", {}, frames.mark(place)) if asked else b""
        await _send(response, reset + encode("hello", hello, b"" if asked else frames.mark(place)))
        while not frames.closed:
            if not await self._arrived(place):
                # the id keeps a quiet desk from falling out of the ring
                await _send(response, b": still here\n" + frames.mark(place) + b"\n")
                if not await self._doorkeeper.is_valid(request):
                    return
            elif not frames.holds_after(place):
                place = frames.last
                await _send(response, encode("reset", {}, frames.mark(place)))
            else:
                batch = frames.after(place, BATCH)
                place += len(batch)
                await self._send_all(response, [one.body for one in batch if one.audience in audiences])

    def _place(self, asked: str) -> int | None:
        """Give the number of the last event a desk has seen; None when it cannot continue from there."""
        epoch, _, number = asked.rpartition("-")
        if epoch != self._live.epoch or not number.isascii() or not number.isdigit() or len(number) > 18:
            return None
        return int(number) if self._frames.holds_after(int(number)) else None

    async def _arrived(self, place: int) -> bool:
        try:
            async with asyncio.timeout(COMMENT_EVERY_S):
                await self._frames.wait_past(place)
        except TimeoutError:
            return False
        return True

    async def _send_all(self, response: web.StreamResponse, bodies: list[bytes]) -> None:
        waiting: list[bytes] = []
        size_bytes = 0
        for body in bodies:
            waiting.append(body)
            size_bytes += len(body)
            if size_bytes >= CHUNK_BYTES:
                await _send(response, b"".join(waiting))
                waiting, size_bytes = [], 0
        if size_bytes:
            await _send(response, b"".join(waiting))


async def _send(response: web.StreamResponse, chunk: bytes) -> None:
    async with asyncio.timeout(SEND_DEADLINE_S):
        await response.write(chunk)
