"""Attach a file as an agent does and be killed in the middle: `attaching.py STORE_URL FOLDER CONVERSATION AGENT`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from router.clock import SystemClock
from router.file_folder import FileFolder
from router.outgoing_files import OutgoingFiles
from router.storage.store import Store
from tests.web.shop_files import ShopDoors


async def _killed_in_the_middle() -> AsyncIterator[bytes]:
    yield b"%PDF-1.7\n" + b"1" * 600_000
    os.kill(os.getpid(), signal.SIGKILL)


async def _attach(url: str, folder: str, conversation: str, agent: str) -> None:
    async with Store.open(url) as store:
        files = OutgoingFiles(store, SystemClock(), FileFolder(Path(folder)), ShopDoors())
        await files.attach(conversation, agent, "manual.pdf", _killed_in_the_middle())


if __name__ == "__main__":
    asyncio.run(_attach(*sys.argv[1:]))
