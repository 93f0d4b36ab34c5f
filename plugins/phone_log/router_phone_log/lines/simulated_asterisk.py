"""A manager interface over a real socket: actions in, answers and events out.

For the contract suite and tests. It checks a login as Asterisk does and records every action.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

USER, SECRET, CHALLENGE = "omnirouter", "ami-secret-8f2c", "130468231"


class SimulatedAsterisk:
    """One server; the client that logged in last gets the events."""

    def __init__(self) -> None:
        self.actions: list[dict[str, str]] = []
        self.logins = 0
        self.channels: Sequence[str] = ()
        self.originate_answer = ("Success", "Originate successfully queued")
        self.hangs_up_on = ""
        self.logged_in = asyncio.Event()
        self.pinged = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._writer: asyncio.StreamWriter | None = None
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """Give the port it listens on."""
        if self._server is None:
            raise RuntimeError("start the server first")
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Listen on a free port of the loopback."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def stop(self) -> None:
        """Hang up on everybody and free the port."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for writer in tuple(self._writers):
            writer.close()
        await server.wait_closed()

    def hang_up(self) -> None:
        """Cut the connection of who is logged in."""
        self.logged_in.clear()
        if self._writer is not None:
            self._writer.close()

    async def send(self, block: str) -> None:
        """Send one event to who is logged in."""
        await self.logged_in.wait()
        if self._writer is not None:
            self._writer.write(_wire(block))
            await self._writer.drain()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        writer.write(b"Asterisk Call Manager/5.0.1\r\n")
        try:
            while True:
                block = (await reader.readuntil(b"\r\n\r\n")).decode()
                action = dict(line.split(": ", 1) for line in block.strip().split("\r\n"))
                self.actions.append(action)
                if action["Action"] == self.hangs_up_on:
                    break
                for answer in self._answers(action, writer):
                    writer.write(_wire(answer))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def _answers(self, action: dict[str, str], writer: asyncio.StreamWriter) -> list[str]:
        token = f"ActionID: {action['ActionID']}"
        match action["Action"]:
            case "Challenge":
                return [f"Response: Success\n{token}\nChallenge: {CHALLENGE}"]
            case "Login":
                if not _is_right(action):
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
                event = "Event: CoreShowChannel"
                up = [f"{event}\n{token}\nUniqueid: {one}\nLinkedid: {one}" for one in self.channels]
                return [f"Response: Success\n{token}", *up, f"{event}sComplete\n{token}"]
        return [f"Response: Error\n{token}\nMessage: Invalid/unknown command"]


def _is_right(action: dict[str, str]) -> bool:
    key = hashlib.md5((CHALLENGE + SECRET).encode(), usedforsecurity=False).hexdigest()
    return action["Username"] == USER and (key == action.get("Key") or action.get("Secret") == SECRET)


def _wire(block: str) -> bytes:
    return block.strip().replace("\r", "").replace("\n", "\r\n").encode() + b"\r\n\r\n"


@asynccontextmanager
async def asterisk() -> AsyncIterator[SimulatedAsterisk]:
    """Run a server."""
    server = SimulatedAsterisk()
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
