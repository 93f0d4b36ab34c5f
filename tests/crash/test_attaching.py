"""A router killed while an agent's file comes in leaves nothing behind, and what was attached before stays."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from router.clock import SystemClock
from router.file_folder import FileFolder
from router.outgoing_files import OutgoingFiles
from router.storage import schema as t
from router.storage.store import Store
from tests.web.shop import opened_shop
from tests.web.shop_files import ShopDoors

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.long


async def _chunks() -> AsyncIterator[bytes]:
    yield b"%PDF-1.7\n"


async def test_a_file_cut_off_by_a_kill_is_gone_after_the_next_start(
    tmp_path: Path, upgraded_sqlite: Path
) -> None:
    url, folder = f"sqlite:///{tmp_path}/shop.db", tmp_path / "files"
    shutil.copy(upgraded_sqlite, tmp_path / "shop.db")
    async with Store.open(url) as store:
        shop = await opened_shop(store, folder)
        conversation, mei = await shop.add_conversation(), shop.agents["mei"]
        whole = await shop.services.files.attach(conversation, mei, "label.pdf", _chunks(), None)
    command = (sys.executable, "-m", "tests.crash.attaching", url, str(folder), conversation, mei)
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
    assert await process.wait() == -signal.SIGKILL
    assert len(list(folder.iterdir())) == 2
    async with Store.open(url) as store:
        files = OutgoingFiles(store, SystemClock(), FileFolder(folder), ShopDoors())
        await files.recover()
        async with store.reading() as connection:
            rows = (await connection.execute(select(t.outgoing_file.c.id))).scalars().all()
    assert [path.name for path in folder.iterdir()] == rows == [whole.id]
