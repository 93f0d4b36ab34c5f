"""Load that costs little: hand-written clients that send ready bytes and look for little in the answers."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import cast

STAMP = re.compile(rb"t=(\d+\.\d{7})#(\d+) ")
CUSTOMERS = 5_000


def stamped_text(at: float, number: int) -> str:
    """Write a message that carries its own due time and number."""
    return f"t={at:.7f}#{number} Hello, where is my parcel, please? " + "x" * 200


class _Protocol(asyncio.Protocol):
    """One connection; `transport` is set when it is open."""

    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.Transport, transport)


class Posts(_Protocol):
    """A kept HTTP connection with one post in flight at a time."""

    def __init__(self, path: str) -> None:
        self._head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n".encode()
        self._answered: asyncio.Future[bytes] | None = None
        self._received = b""

    def post(self, body: bytes) -> asyncio.Future[bytes]:
        """Send one post; the result is the first bytes of the answer."""
        self._answered = asyncio.get_running_loop().create_future()
        self.transport.write(self._head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        return self._answered

    def data_received(self, data: bytes) -> None:
        """Take the answer, which is short."""
        self._received += data
        if b"\r\n\r\n" in self._received and self._answered is not None:
            answered, self._answered = self._answered, None
            answered.set_result(self._received[:12])
            self._received = b""


class Watch(_Protocol):
    """A desk: a connection that is only read, for the stamps of messages; each counts when first seen."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._rest = b""
        self._seen: set[tuple[bytes, bytes]] = set()
        self._awaited = 0
        self._enough = asyncio.Event()
        self.delays_s: list[float] = []

    async def saw(self, messages: int) -> None:
        """Wait until `delays_s` counts so many messages."""
        self._awaited = messages
        self._enough.clear()
        if len(self.delays_s) < messages:
            await self._enough.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        super().connection_made(transport)
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Look for stamps."""
        now = time.perf_counter()
        searched = self._rest + data
        self._rest = searched[-40:]
        for stamp in STAMP.findall(searched):
            if stamp not in self._seen:
                self._seen.add(stamp)
                self.delays_s.append(now - float(stamp[0]))
        if len(self.delays_s) >= self._awaited:
            self._enough.set()


class Poster:
    """Posts messages of many customers over kept connections, in a closed or an open loop."""

    def __init__(self, port: int, path: str) -> None:
        self._port = port
        self._path = path
        self._idle: deque[Posts] = deque()
        self.posted = 0
        self._run = random.randrange(10**9)

    async def connect(self, connections: int) -> None:
        """Open the connections."""
        loop = asyncio.get_running_loop()
        for _ in range(connections):
            _, opened = await loop.create_connection(lambda: Posts(self._path), "127.0.0.1", self._port)
            self._idle.append(opened)

    def close(self) -> None:
        """Hang up."""
        for each in self._idle:
            each.transport.close()

    async def closed_loop(self, messages: int) -> None:
        """Post as fast as the answers come, on every connection."""
        left = iter(range(messages))

        async def lane(connection: Posts) -> None:
            for _ in left:
                await self._post(connection, time.perf_counter())

        await asyncio.gather(*(lane(each) for each in self._idle))

    async def open_loop(self, rate: float, seconds: float) -> None:
        """Post when it is time, whatever the answers do; delays count from the due time."""
        source = random.Random(self._run)
        due = time.perf_counter()
        end = due + seconds
        async with asyncio.TaskGroup() as posts:
            while due < end:
                due += source.expovariate(rate)
                pause = due - time.perf_counter()
                if pause > 0.0005:
                    await asyncio.sleep(pause)
                posts.create_task(self._post_at(due))

    async def _post_at(self, due: float) -> None:
        if not self._idle:
            await self.connect(1)
        connection = self._idle.popleft()
        await self._post(connection, due)
        self._idle.append(connection)

    async def _post(self, connection: Posts, at: float) -> None:
        self.posted += 1
        body = (
            f'{{"id":"{self._run}-{self.posted}","user":"{self._run}-{self.posted % CUSTOMERS}",'
            f'"text":"{stamped_text(at, self.posted)}"}}'
        )
        answer = await connection.post(body.encode())
        if not answer.startswith(b"HTTP/1.1 20"):
            raise RuntimeError(f"the server answered {answer!r}")


class MailLane(_Protocol):
    """One SMTP connection that sends ready mails in lock step, as a relay without pipelining does."""

    def __init__(self, mails: list[bytes], recipient: str) -> None:
        self._steps = self._all_steps(mails, recipient)
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @staticmethod
    def _all_steps(mails: list[bytes], recipient: str) -> deque[bytes]:
        steps = deque([b"EHLO bench.example\r\n"])
        for mail in mails:
            steps += [
                b"MAIL FROM:<customer@customer.example>\r\n",
                f"RCPT TO:<{recipient}>\r\n".encode(),
                b"DATA\r\n",
                mail + b"\r\n.\r\n",
            ]
        return steps

    def data_received(self, data: bytes) -> None:
        """Say the next thing after each complete answer."""
        last = data.splitlines()[-1]
        if last[:1] not in b"23":
            self.done.set_exception(RuntimeError(f"the server answered {last!r}"))
        elif last[3:4] != b"-":
            if self._steps:
                self.transport.write(self._steps.popleft())
            elif not self.done.done():
                self.done.set_result(None)
                self.transport.close()


async def send_mails(port: int, mails: list[bytes], recipient: str, lanes: int) -> None:
    """Send mails over so many kept connections."""
    loop = asyncio.get_running_loop()
    opened = []
    for lane in range(lanes):
        make = partial(MailLane, mails[lane::lanes], recipient)
        _, connection = await loop.create_connection(make, "127.0.0.1", port)
        opened.append(connection.done)
    await asyncio.gather(*opened)


class Visitor(_Protocol):
    """An idle WebSocket: says one ready frame after the upgrade and waits for one answer."""

    def __init__(self, request: bytes, frame: bytes) -> None:
        self._request = request
        self._frame = frame
        self._upgraded = False
        self._received = b""
        self.greeted: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        super().connection_made(transport)
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Wait for the upgrade, then for the first frame."""
        self._received += data
        if not self._upgraded:
            head, found, rest = self._received.partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head.split(b"\r\n")[0]:
                self.greeted.set_exception(RuntimeError(f"no upgrade: {head!r}"))
                return
            self._upgraded, self._received = True, rest
            self.transport.write(self._frame)
        if self._received and not self.greeted.done():
            self.greeted.set_result(None)


def upgrade_request(path: str, port: int) -> bytes:
    """Write the request that opens a WebSocket."""
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Origin: http://127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def text_frame(text: str) -> bytes:
    """Write a client's text frame; the mask is zero, which changes nothing."""
    payload = text.encode()
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
    return b"\x81" + size + b"\0\0\0\0" + payload


async def open_all(port: int, make: Callable[[], Visitor], count: int) -> list[Visitor]:
    """Open idle sockets, each after the one before has been greeted."""
    loop = asyncio.get_running_loop()
    visitors = []
    for _ in range(count):
        _, visitor = await loop.create_connection(make, "127.0.0.1", port)
        await visitor.greeted
        visitors.append(visitor)
    return visitors
