"""Files of the shop: shown with their message, and fetched by nobody but the visitor they were sent to."""

from __future__ import annotations

import asyncio
import socket

import pytest
from router_webchat.hub import FILES_AT_ONCE
from yarl import URL

from router.messages import Block, BlockKind, FileContent

PNG = b"\x89PNG\r\n\x1a\n"


def picture(id: str, name: str = "照片.png") -> Block:
    fields = {"attachment": id, "name": name, "content_type": "image/png", "size_bytes": len(PNG)}
    return Block(kind=BlockKind.IMAGE, text=name, fields=fields)


@pytest.fixture
async def tab(shop):
    """Give a visitor who got a picture and a page."""
    tab = await shop.visit()
    thread = tab.welcome["conversation"]
    shop.ctx.files["p1", thread] = FileContent(name="照片.png", content_type="image/png", content=PNG)
    page = FileContent(name="x.html", content_type="text/html", content=b"<script>alert(1)</script>")
    shop.ctx.files["h1", thread] = page
    await tab.say("cid-00001", "one")
    await tab.until("ack")
    await shop.reply(thread, "Look:", picture("p1"))
    return tab


def address(shop, tab, id: str) -> str:
    return f"{shop.url}/chat/v1/conversations/{tab.welcome['conversation']}/files/{id}?site=shop-site"


async def test_a_picture_comes_with_its_message_and_its_name_is_not_said_twice(tab):
    frame = await tab.until("event")
    while frame["author"]["role"] == "customer":
        assert frame["body"] == {"text": "one"}
        frame = await tab.until("event")
    [file] = frame["body"]["files"]
    assert frame["body"]["text"] == "Look:"
    assert file == {"id": "p1", "name": "照片.png", "content_type": "image/png", "size_bytes": len(PNG)}


async def test_only_a_picture_is_given_out_as_what_it_is_and_nothing_is_shown_as_a_page(shop, tab):
    token = {"Authorization": f"Bearer {tab.welcome['visitor_token']}"}
    kinds = {}
    for id in ("p1", "h1"):
        async with shop.client.get(address(shop, tab, id), headers=token) as answer:
            kinds[id] = answer.content_type
            assert answer.status == 200
            assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
            assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert kinds == {"p1": "image/png", "h1": "application/octet-stream"}


async def test_nobody_else_gets_a_file(shop, tab):
    other = await shop.visit()
    strange = {"Authorization": f"Bearer {other.welcome['visitor_token']}"}
    own = {"Authorization": f"Bearer {tab.welcome['visitor_token']}"}
    foreign = {**own, "Origin": "https://evil.example"}
    asked = [("p1", {}), ("p1", strange), ("p1", foreign), ("unknown", own)]
    found = []
    for id, headers in asked:
        async with shop.client.get(address(shop, tab, id), headers=headers) as answer:
            found.append(answer.status)
            assert PNG not in await answer.read()
    theirs = address(shop, other, "p1")
    async with shop.client.get(theirs, headers=strange) as answer:
        found.append(answer.status)
    assert found == [401, 404, 403, 404, 404]


class SlowReader:
    """A browser that asks for a file and takes little of it until it is told to."""

    def __init__(self, address: str, token: dict[str, str]) -> None:
        self._url = URL(address)
        lines = [f"GET {self._url.raw_path_qs} HTTP/1.1", f"Host: {self._url.authority}"]
        lines += [f"{name}: {value}" for name, value in token.items()]
        self._request = "\r\n".join([*lines, "", ""]).encode()

    async def ask(self) -> bytes:
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        line.setblocking(False)
        await asyncio.get_running_loop().sock_connect(line, (self._url.host, self._url.port))
        self.reader, self.writer = await asyncio.open_connection(sock=line, limit=16_384)
        return await self.ask_again()

    async def ask_again(self) -> bytes:
        self.writer.write(self._request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        return head.split()[1]

    def go_away(self) -> None:
        self.writer.transport.abort()


async def test_a_visitor_who_reads_slowly_gets_only_so_many_files_at_once(shop, tab):
    content = PNG + bytes(16_000_000)
    thread = tab.welcome["conversation"]
    shop.ctx.files["big", thread] = FileContent(name="big.png", content_type="image/png", content=content)
    token = {"Authorization": f"Bearer {tab.welcome['visitor_token']}"}
    slow = [SlowReader(address(shop, tab, "big"), token) for _ in range(FILES_AT_ONCE)]

    async def status() -> int:
        async with shop.client.get(address(shop, tab, "p1"), headers=token) as answer:
            return answer.status

    async with asyncio.timeout(60):
        assert [await reader.ask() for reader in slow] == [b"200"] * FILES_AT_ONCE
        assert await status() == 429
        assert await slow[0].reader.readexactly(len(content)) == content
        # the same connection: its first answer has ended before the second request is looked at
        assert await slow[0].ask_again() == b"200"
        assert await status() == 429
        for reader in slow:
            reader.go_away()
        while await status() == 429:
            pass
        assert await status() == 200
