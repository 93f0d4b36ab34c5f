"""Floors of the web side: a bare JSON POST, a bare WebSocket, and the smallest honest way from post to agent."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections import deque
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web

GROUP_LIMIT = 256
_TOPICS = tuple(
    re.compile(word)
    for word in ("refund", "invoice", "parcel", "password", "broken", "cancel", "address", "payment")
)
_SCHEMA = """
CREATE TABLE known (key TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE conversation (id INTEGER PRIMARY KEY, topic INTEGER, text TEXT);
CREATE TABLE message (id INTEGER PRIMARY KEY, conversation INTEGER, sender TEXT, body TEXT);
CREATE TABLE event (id INTEGER PRIMARY KEY, body TEXT);
"""


class _Post(msgspec.Struct):
    id: str
    user: str
    text: str


@asynccontextmanager
async def bare() -> AsyncIterator[int]:
    """Serve `/post`, which reads JSON and answers JSON, and `/socket`, which answers its first frame."""

    async def post(request: web.Request) -> web.Response:
        read = await request.json()
        return web.json_response({"size": len(read["text"])}, status=202)

    async def socket(request: web.Request) -> web.WebSocketResponse:
        opened = web.WebSocketResponse(compress=False)
        await opened.prepare(request)
        async for message in opened:
            await opened.send_str(message.data)
        return opened

    application = web.Application()
    application.router.add_post("/post", post)
    application.router.add_get("/socket", socket)
    async with _listening(application) as port:
        yield port


@asynccontextmanager
async def post_to_agent(path: str) -> AsyncIterator[int]:
    """Serve `/post`: decode, drop repeats, classify, commit durably, push to the agent, answer 202."""
    floor = _PostToAgent(path)
    application = web.Application()
    application.router.add_post("/post", floor.post)
    application.router.add_get("/agent", floor.agent)
    committing = asyncio.create_task(floor.commit())
    async with _listening(application) as port:
        yield port
    committing.cancel()


class _PostToAgent:
    def __init__(self, path: str) -> None:
        self._decoder = msgspec.json.Decoder(_Post)
        self._known: set[str] = set()
        self._conversations: dict[str, int] = {}
        self._agents: list[web.WebSocketResponse] = []
        self._waiting: deque[tuple[_Post, int, int, asyncio.Future[None]]] = deque()
        self._filled = asyncio.Event()
        self._thread = ThreadPoolExecutor(1)
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.executescript(_SCHEMA)

    async def post(self, request: web.Request) -> web.Response:
        message = self._decoder.decode(await request.read())
        if message.id in self._known:
            return web.Response(status=200)
        self._known.add(message.id)
        conversation = self._conversations.setdefault(message.user, len(self._conversations) + 1)
        topic = next((n for n, words in enumerate(_TOPICS) if words.search(message.text)), len(_TOPICS))
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((message, conversation, topic, done))
        self._filled.set()
        await done
        if self._agents:
            agent = self._agents[conversation % len(self._agents)]
            shown = {"id": message.id, "conversation": conversation, "text": message.text}
            await agent.send_bytes(msgspec.json.encode(shown))
        return web.Response(status=202)

    async def agent(self, request: web.Request) -> web.WebSocketResponse:
        opened = web.WebSocketResponse(compress=False)
        await opened.prepare(request)
        self._agents.append(opened)
        async for _ in opened:
            pass
        return opened

    async def commit(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._waiting:
                group = [self._waiting.popleft() for _ in range(min(len(self._waiting), GROUP_LIMIT))]
                await loop.run_in_executor(self._thread, self._write, group)
                for *_, done in group:
                    done.set_result(None)

    def _write(self, group: list[tuple[_Post, int, int, asyncio.Future[None]]]) -> None:
        run = self._connection
        run.execute("BEGIN IMMEDIATE")
        run.executemany("INSERT INTO known VALUES (?)", [(message.id,) for message, *_ in group])
        run.executemany(
            "INSERT INTO conversation VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET text = excluded.text",
            [(conversation, topic, message.text) for message, conversation, topic, _ in group],
        )
        run.executemany(
            "INSERT INTO message (conversation, sender, body) VALUES (?, ?, ?)",
            [(conversation, message.user, message.text) for message, conversation, _, _ in group],
        )
        run.executemany("INSERT INTO event (body) VALUES (?)", [(message.text,) for message, *_ in group])
        run.execute("COMMIT")


@asynccontextmanager
async def _listening(application: web.Application) -> AsyncIterator[int]:
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=4_096).start()
    try:
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
