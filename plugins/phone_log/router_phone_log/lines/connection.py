"""One connection to a line: questions are answered by token, events queue up in order."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from contextlib import suppress

from router.errors import Retryable, UnknownOutcome
from router_phone_log.lines.wires import MAX_MESSAGE_BYTES, Message, Wire

MOST_EVENTS = 1000


class LineConnection:
    """Reads ahead of whoever takes the events, up to a bound; then the peer has to wait."""

    def __init__(self, wire: Wire, host: str, port: int, timeout_s: float) -> None:
        self._wire = wire
        self._host = host
        self._port = port
        self._timeout_s = timeout_s
        self._tokens = itertools.count(1)
        self._asked: dict[str, asyncio.Future[Message]] = {}
        self._events: asyncio.Queue[Message | BaseException] = asyncio.Queue(MOST_EVENTS)
        self._writer: asyncio.StreamWriter | None = None
        self._listening: asyncio.Task[None] | None = None

    async def open(self, greeting: bytes = b"") -> None:
        """Connect; the peer's `greeting` line is read first if it has one."""
        async with asyncio.timeout(self._timeout_s):
            reader, self._writer = await asyncio.open_connection(
                self._host, self._port, limit=MAX_MESSAGE_BYTES
            )
            if greeting:
                said = await reader.readline()
                if not said.startswith(greeting):
                    raise ConnectionError(f"the peer is no {greeting.decode()}: it says {said[:60]!r}")
        self._listening = asyncio.create_task(self._listen(reader))

    async def close(self) -> None:
        """Hang up; whoever waits for an answer is told that it will not come."""
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.cancel()
            await asyncio.wait({listening})
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def ask(self, fields: Mapping[str, str], token: str = "") -> Message:
        """Ask and wait for the answer; UnknownOutcome when the question left and no answer came."""
        writer = self._writer
        if writer is None or self._listening is None or self._listening.done():
            raise Retryable("the line is not connected", code="not_connected")
        token = token or f"omnirouter-{next(self._tokens)}"
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._asked[token] = answer
        try:
            writer.write(self._wire.write(fields, token))
            async with asyncio.timeout(self._timeout_s):
                await writer.drain()
                return await answer
        except (TimeoutError, OSError, EOFError) as error:
            raise UnknownOutcome(
                f"the line gave no answer: {error or 'too late'}", code="no_answer"
            ) from error
        finally:
            self._asked.pop(token, None)

    async def next_event(self, within_s: float) -> Message | None:
        """Give the next event, None when none came in time; raises why the connection ended."""
        try:
            async with asyncio.timeout(within_s):
                event = await self._events.get()
        except TimeoutError:
            return None
        if isinstance(event, BaseException):
            raise event
        return event

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                message = await self._wire.read(reader)
                answer = self._asked.get(message.token) if message.token else None
                if answer is None:
                    await self._events.put(message)
                elif not answer.done():
                    answer.set_result(message)
        except (OSError, EOFError) as error:
            for answer in self._asked.values():
                if not answer.done():
                    answer.set_exception(ConnectionError("the connection ended"))
            await self._events.put(ConnectionError(f"the line hung up: {error}"))
