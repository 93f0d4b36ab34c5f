"""A phone system in a whole router: a missed call becomes a call back, and the call that answers it ends it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from aiohttp import ClientSession
from router_phone_log.lines.simulated_asterisk import SECRET, USER, SimulatedAsterisk, asterisk
from sqlalchemy import select

from router.bootstrap import Router, running_router
from router.config import load_config
from router.storage import schema as t
from router.testing import channels_open, rows_once

from .records import row

POST_SECRET = "post-secret-5d20"
ACCOUNT = """
accounts:
  hotline:
    channel: phone_line
    region: CN
    zone: Asia/Shanghai
    poll_s: 0.05
    files: [{{path: {folder}/Master.csv}}]
    webhook: {{format: ip-pbx, secret_env: PHONE_POSTS}}
    asterisk: {{port: {port}, user: {user}, secret_env: PHONE_LINE, originate: true}}
"""


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SimulatedAsterisk]:
    monkeypatch.setenv("PHONE_LINE", SECRET)
    monkeypatch.setenv("PHONE_POSTS", POST_SECRET)
    async with asterisk() as running:
        yield running


@asynccontextmanager
async def shop(folder: Path, server: SimulatedAsterisk) -> AsyncIterator[Router]:
    (folder / "Master.csv").touch()
    (folder / "roster.yaml").write_text("agents: {mei: {display_name: Mei}}\n")
    (folder / "omnirouter.yaml").write_text(
        f"store: {{url: 'sqlite:///{folder}/router.db'}}\nweb: {{port: 0}}\nroster: roster.yaml\n"
        + ACCOUNT.format(folder=folder, port=server.port, user=USER)
    )
    async with running_router(load_config(folder / "omnirouter.yaml")) as router:
        await channels_open(router)
        yield router


def local(ago_s: float) -> str:
    at = datetime.now(UTC) - timedelta(seconds=ago_s)
    return at.astimezone(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M:%S")


TASKS = select(t.task.c.state, t.task.c.reason, t.task.c.id, t.task.c.conversation_id)
CALLS = select(t.call)


async def test_a_missed_call_is_called_back_by_the_line_and_the_records_end_it(tmp_path, server):
    async with shop(tmp_path, server) as router:
        with (tmp_path / "Master.csv").open("a") as file:
            file.write(row(1, start=local(700), end=local(659)))
        [task] = await rows_once(router, TASKS, lambda rows: len(rows) == 1)
        assert task.state == "open"
        back = row(
            2, src="4001", dst="13900000001", dcontext="from-internal", disposition="ANSWERED",
            start=local(300), answer=local(291), end=local(231), billsec="60", duration="69",
        )  # fmt: skip
        with (tmp_path / "Master.csv").open("a") as file:
            file.write(back)
        [task] = await rows_once(router, TASKS, lambda rows: rows[0].state != "open")
        assert task.state == "done"


async def test_posts_entries_by_hand_and_the_line_tell_of_the_same_system(tmp_path, server):
    record = {"callid": "77.1", "timestart": local(120), "callfrom": "13700137000", "callto": "4001",
              "callduraction": "41", "talkduraction": "0", "status": "NO ANSWER", "type": "Inbound"}  # fmt: skip
    async with shop(tmp_path, server) as router:
        async with ClientSession() as client:
            for secret, status in (("wrong", 401), (POST_SECRET, 200), (POST_SECRET, 200)):
                url, headers = f"{router.url}/hooks/hotline/calls", {"X-Webhook-Secret": secret}
                async with client.post(url, json=record, headers=headers) as answer:
                    assert answer.status == status
        await rows_once(router, TASKS, lambda rows: len(rows) == 1)
        ids = "Uniqueid: 1.5\nLinkedid: 1.5"
        await server.send(f"Event: Newchannel\nCallerIDNum: 13800138000\nExten: 4001\n{ids}")
        await server.send(f"Event: Hangup\nCause: 16\n{ids}")
        await rows_once(router, TASKS, lambda rows: len(rows) == 2)
        await router.supervisor.channel("hotline").submit(
            {"direction": "outbound", "number": "13700137000", "outcome": "answered", "duration": "60"}
        )
        tasks = await rows_once(router, TASKS, lambda rows: any(one.state == "done" for one in rows))
        assert sorted(one.state for one in tasks) == ["done", "open"]
        assert len(await rows_once(router, CALLS, lambda rows: len(rows) == 3)) == 3
