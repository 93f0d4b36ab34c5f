"""One open WebSocket, outgoing side: events in any order in, frames in order of `seq` out.

Nothing here waits for a slow reader. The buffer of the network connection is the queue, and its size is
looked at before each frame: typing is left out first, then the client is sent away to come back and resume.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from aiohttp import web

from router_webchat.codec import encode
from router_webchat.frames import Bye, Failed, ServerFrame

HEARTBEAT_S = 25.0
CLOSE_WAIT_S = 5.0
REPLAY_WAIT_S = 30.0
DROP_TYPING_ABOVE_BYTES = 16_384
QUEUE_BYTES = 262_144
# a write would wait above this, and a fan-out must not: the queue is cut long before
NEVER_WAIT_BYTES = 2 * QUEUE_BYTES
REPLAY_BYTES = 65_536
FLUSH_S = 10.0

BAD_FRAME = 4400
NO_HELLO = 4401
WRONG_SITE = 4403
IDLE = 4408
TAKEN_OVER = 4409
TOO_MUCH = 4429
RESTARTING = 1012
TRY_LATER = 1013


class ChatSocket:
    """Writes frames to one client and remembers the last `seq` it was given."""

    __slots__ = ("_transport", "_ws", "is_live", "prefix", "sent_seq")

    def __init__(self, ws: web.WebSocketResponse, transport: asyncio.Transport, prefix: str) -> None:
        self._ws = ws
        self._transport = transport
        transport.set_write_buffer_limits(high=NEVER_WAIT_BYTES)
        self.prefix = prefix
        self.sent_seq = 0
        # False until history has been replayed; then new events are written as they come
        self.is_live = False

    async def write(self, frame: str, *, droppable: bool = False) -> None:
        """Write one frame without waiting; leave it out or hang up when the client does not read."""
        waiting_bytes = self._transport.get_write_buffer_size()
        if droppable and waiting_bytes > DROP_TYPING_ABOVE_BYTES:
            return
        if waiting_bytes > QUEUE_BYTES:
            self._hang_up()
            return
        # a cut connection is noticed by its own reader, and the client resumes
        with suppress(ConnectionError):
            await self._ws.send_str(frame)

    async def send(self, frame: ServerFrame) -> None:
        """Encode and write one frame."""
        await self.write(encode(frame))

    async def show(self, seq: int, frame: str, *, complete: bool = False) -> bool:
        """Write an event if it is the next one; False when the ones before it have to be read first.

        `complete` says that the thread has nothing between the last event and this one.
        """
        if seq <= self.sent_seq:
            return True
        if seq > self.sent_seq + 1 and not complete:
            return False
        # before the write: while it waits, another event may come and must find the new value
        self.sent_seq = seq
        await self.write(frame)
        return True

    async def replay(self, events: Iterable[tuple[int, str]]) -> None:
        """Write events of the past at the client's own speed; hang up when it has none."""
        self._transport.set_write_buffer_limits(high=REPLAY_BYTES)
        try:
            async with asyncio.timeout(REPLAY_WAIT_S):
                for seq, frame in events:
                    self.sent_seq = seq
                    await self._ws.send_str(frame)
        except (ConnectionError, TimeoutError):
            self._hang_up()
        finally:
            self._transport.set_write_buffer_limits(high=NEVER_WAIT_BYTES)

    async def refuse(self, code: int, failed: Failed) -> None:
        """Say why, then close."""
        await self._part(failed, code, failed.code)

    async def say_bye(self, reason: str, retry_in: float, code: int) -> None:
        """Send the client away for a while, politely."""
        await self._part(Bye(reason=reason, retry_in=round(retry_in, 1)), code, reason)

    async def _part(self, last: ServerFrame, code: int, reason: str) -> None:
        """Send a last frame and close with a code the client understands; cut a client that takes neither."""
        try:
            async with asyncio.timeout(2 * CLOSE_WAIT_S):
                await self.send(last)
                await self._ws.close(code=code, message=reason.encode())
        except (ConnectionError, TimeoutError):
            self._transport.abort()

    def _hang_up(self) -> None:
        """Close after what is buffered, and cut when even that is not read."""
        if not self._transport.is_closing():
            self._transport.close()
            asyncio.get_running_loop().call_later(FLUSH_S, self._transport.abort)
