"""A control socket that plays frames recorded from a real softphone, and records commands."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


def netstring(value: object) -> bytes:
    raw = json.dumps(value).encode()
    return b"%d:%s," % (len(raw), raw)


class SoftphoneServer:
    def __init__(self) -> None:
        self.commands: list[dict[str, str]] = []
        self.connected = asyncio.Event()
        self.answer: dict[str, object] = {"ok": True, "data": ""}
        self.writer: asyncio.StreamWriter | None = None
        self.port = 0

    async def send(self, *frames: bytes) -> None:
        await self.connected.wait()
        assert self.writer is not None
        for frame in frames:
            self.writer.write(frame)
        await self.writer.drain()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.connected.set()
        try:
            while True:
                head = await reader.readuntil(b":")
                command = json.loads((await reader.readexactly(int(head[:-1]) + 1))[:-1])
                self.commands.append(command)
                writer.write(netstring({"response": True, **self.answer, "token": command["token"]}))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def softphone() -> AsyncIterator[SoftphoneServer]:
    played = SoftphoneServer()
    server = await asyncio.start_server(played.serve, "127.0.0.1", 0)
    played.port = server.sockets[0].getsockname()[1]
    try:
        yield played
    finally:
        server.close()
        if played.writer is not None:
            played.writer.close()
        await server.wait_closed()
