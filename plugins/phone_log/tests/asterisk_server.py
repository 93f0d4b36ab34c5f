"""A manager interface over a real socket, after the transcript of `ami-missed-call.txt`.

It checks the login as Asterisk does, sends events when told to, and records every action.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

USER, SECRET, CHALLENGE = "omnirouter", "ami-secret-8f2c", "130468231"


class AsteriskServer:
    """One server; the last client that logged in gets the events."""

    def __init__(self) -> None:
        self.actions: list[dict[str, str]] = []
        self.logins = 0
        self.channels: list[str] = []
        self.originate_answer = ("Success", "Originate successfully queued")
        self.hangs_up_on = ""
        self.logged_in = asyncio.Event()
        self.pinged = asyncio.Event()
        self._writer: asyncio.StreamWriter | None = None
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self.hang_up()
        await self._server.wait_closed()

    def hang_up(self) -> None:
        self.logged_in.clear()
        if self._writer is not None:
            self._writer.close()

    async def send(self, block: str) -> None:
        await self.logged_in.wait()
        assert self._writer is not None
        self._writer.write(block.strip().replace("\r", "").replace("\n", "\r\n").encode() + b"\r\n\r\n")
        await self._writer.drain()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Asterisk Call Manager/5.0.1\r\n")
        try:
            while block := (await reader.readuntil(b"\r\n\r\n")).decode():
                action = dict(line.split(": ", 1) for line in block.strip().split("\r\n"))
                self.actions.append(action)
                if action["Action"] == self.hangs_up_on:
                    break
                for answer in self._answers(action, writer):
                    writer.write(answer.replace("\n", "\r\n").encode() + b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _answers(self, action: dict[str, str], writer: asyncio.StreamWriter) -> list[str]:
        token = f"ActionID: {action['ActionID']}"
        match action["Action"]:
            case "Challenge":
                return [f"Response: Success\n{token}\nChallenge: {CHALLENGE}"]
            case "Login":
                key = hashlib.md5((CHALLENGE + SECRET).encode()).hexdigest()
                if action["Username"] != USER or key != action.get("Key") and action.get("Secret") != SECRET:
                    return [f"Response: Error\n{token}\nMessage: Authentication failed"]
                self.logins += 1
                self._writer = writer
                self.logged_in.set()
                return [f"Response: Success\n{token}\nMessage: Authentication accepted"]
            case "Ping":
                self.pinged.set()
                return [f"Response: Success\n{token}\nPing: Pong"]
            case "Originate":
                response, message = self.originate_answer
                return [f"Response: {response}\n{token}\nMessage: {message}"]
            case "CoreShowChannels":
                up = [
                    f"Event: CoreShowChannel\n{token}\nUniqueid: {one}\nLinkedid: {one}"
                    for one in self.channels
                ]
                return [f"Response: Success\n{token}", *up, f"Event: CoreShowChannelsComplete\n{token}"]
        return [f"Response: Error\n{token}\nMessage: Invalid/unknown command"]


@asynccontextmanager
async def asterisk() -> AsyncIterator[AsteriskServer]:
    server = AsteriskServer()
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
