"""`omnirouter demo` and `omnirouter demo --check` as a user runs them: processes, pages, signals."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from router.demo.desk import Desk
from router.demo.visitor import Visitor

READY_WITHIN_S = 120.0
# mei, tom, omar and sofia
ENGLISH_COLLEAGUES = 4
PAGES = ("/demo/mailbox", "/demo/marketplace", "/demo/phone", "/demo/shop-orders")


async def start(*arguments: str, folder: Path) -> asyncio.subprocess.Process:
    """Start the command with a folder of its own for temporary files; Python tells it nothing of its own."""
    own = {"TMPDIR": str(folder), "PYTHONIOENCODING": "utf-8", "PYTHONASYNCIODEBUG": "", "PYTHONDEVMODE": ""}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "router", "demo", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **own},
    )


def left_in(folder: Path) -> list[str]:
    """List what the demo has left behind."""
    return [path.name for path in folder.glob("omnirouter-demo-*")]


@asynccontextmanager
async def running_demo(folder: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str, str]]:
    """Run the demo; give the process, its address and all it said up to `ready`."""
    process = await start(folder=folder)
    assert process.stdout is not None
    said = ""
    try:
        async with asyncio.timeout(READY_WITHIN_S):
            while not (ready := re.search(r"^ready (\S+)$", said, re.MULTILINE)):
                line = await process.stdout.readline()
                assert line, (await process.communicate())[1].decode()
                said += line.decode()
        yield process, ready[1], said
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.long
async def test_check_proves_the_whole_shop_and_says_why_for_each_conversation(tmp_path: Path) -> None:
    process = await start("--check", folder=tmp_path)
    said, complaints = await process.communicate()
    text = said.decode()
    assert process.returncode == 0, text + complaints.decode()
    assert complaints == b""
    assert "WRONG" not in text
    assert re.search(r"All \d+ are good\.", text)
    reasons = re.findall(r"why: Offered to (\w+): (\S+) \(level \d\)", text)
    assert len(reasons) == 6
    assert "Nobody available has every skill asked for." in text
    assert "Everybody available who could serve it is at the limit (1)." in text
    assert re.search(r"why: .* From field", text)
    assert left_in(tmp_path) == []


async def stop(process: asyncio.subprocess.Process) -> None:
    """Stop the demo as a person does, and see that it goes quietly."""
    process.send_signal(signal.SIGINT)
    said, complaints = await process.communicate()
    assert (process.returncode, complaints) == (0, b"")
    assert b"stopped" in said


async def test_demo_answers_on_all_pages_gives_work_to_who_logs_in_and_stops_with_desk_and_chat_open(
    tmp_path: Path,
) -> None:
    async with running_demo(tmp_path) as (process, url, said), aiohttp.ClientSession() as http:
        assert "log in as anna" in said
        for path in ("/healthz", "/", "/demo/shop", "/demo/shop?lang=zh", *PAGES):
            async with http.get(url + path) as answer:
                assert answer.status == 200, path
        async with http.get(f"{url}/demo/shop") as answer:
            page = await answer.text()
            policy = answer.headers["Content-Security-Policy"]
        assert 'data-site="demo-shop" integrity="sha384-' in page
        assert "unsafe-inline" not in policy
        assert not re.search(r"<script(?![^>]* src=)|<style| style=| on\w+=", page)
        await post_as_a_person(http, url)
        await buy_as_a_person(http, url)
        await call_as_a_person(http, url)
        async with Desk(url) as desk, Visitor(url, "demo-shop", "en"):
            await desk.log_in("anna", "demo")
            assert await given_to_anna(desk) == "Anna"
            await stop(process)
    assert left_in(tmp_path) == []


async def given_to_anna(desk: Desk) -> str:
    """Wait until customers write, every colleague stands back and an offer comes; give who has it once accepted."""
    offers: list[dict[str, Any]] = []
    async with aclosing(desk.events()) as events:
        # Looked at after every event, the first of which says that none goes by unheard any more.
        async for _ in events:
            agents = (await desk.call("GET", "/agents"))["agents"]
            stood_back = [one for one in agents if one["presence"]["reason"].startswith("leaves")]
            offers = (await desk.call("GET", "/me/offers"))["offers"]
            if len(stood_back) == ENGLISH_COLLEAGUES and offers:
                break
    taken = (await desk.call("POST", f"/offers/{offers[-1]['id']}/accept"))["conversation"]
    return str(taken["work_item"]["claimed_by"]["name"])


async def post_as_a_person(http: aiohttp.ClientSession, url: str) -> None:
    """Send a mail by the mailbox page's form; nobody else's page may."""
    own = {"name": "Robin", "address": "robin@customer.example", "subject": "Cups", "text": "How much?"}
    letters = f"{url}/demo/mailbox/letters"
    async with http.post(letters, json=own, headers={"Origin": "http://evil.example"}) as answer:
        assert answer.status == 403
    async with http.post(letters, json={**own, "address": "x"}, headers={"Origin": url}) as answer:
        assert answer.status == 422
        assert "address" in (await answer.json())["error"]
    async with http.post(letters, json=own, headers={"Origin": url}) as answer:
        assert answer.status == 201
        number = (await answer.json())["number"]
    async with http.get(letters) as answer:
        found = (await answer.json())["letters"]
    assert [one["subject"] for one in found if one["number"] == number] == ["Cups"]


async def buy_as_a_person(http: aiohttp.ClientSession, url: str) -> None:
    """Write as a buyer and take it back by the marketplaces' page; what is not there is refused."""
    page, own = f"{url}/demo/marketplace", {"Origin": url}
    words = {"account": "lazada", "name": "Robin", "text": "Is it on its way?", "order": "1004"}
    async with http.post(f"{page}/messages", json={**words, "account": "nowhere"}, headers=own) as answer:
        assert (answer.status, await answer.json()) == (422, {"error": "account: there is no such shop"})
    async with http.post(f"{page}/messages", json=words, headers={"Origin": "http://evil.example"}) as answer:
        assert answer.status == 403
    async with http.post(f"{page}/messages", json=words, headers=own) as answer:
        assert answer.status == 201
        chat = (await answer.json())["chat"]
    act = {"account": "lazada", "act": "take_back", "message": (await written(http, page, chat))[0]["id"]}
    for status in (201, 422):
        async with http.post(f"{page}/acts", json=act, headers=own) as answer:
            assert answer.status == status
    assert [one["state"] for one in await written(http, page, chat)] == ["recalled", "sent"]


async def written(http: aiohttp.ClientSession, page: str, chat_id: str) -> list[dict[str, str]]:
    """Give the messages of a chat at the first shop."""
    async with http.get(f"{page}/chats") as answer:
        shop = next(one for one in (await answer.json())["shops"] if one["account"] == "lazada")
    found: list[dict[str, str]] = next(one["messages"] for one in shop["chats"] if one["id"] == chat_id)
    return found


async def call_as_a_person(http: aiohttp.ClientSession, url: str) -> None:
    """Let a call happen by the phone page; what is no number is refused."""
    calls, call = f"{url}/demo/phone/calls", {"customer": "13700137000", "outcome": "voicemail"}
    for number, status in (("12", 422), ("13700137000", 201)):
        async with http.post(calls, json={**call, "customer": number}, headers={"Origin": url}) as answer:
            assert answer.status == status
    async with http.get(calls) as answer:
        assert "13700137000" in [one["customer"] for one in (await answer.json())["calls"]]
