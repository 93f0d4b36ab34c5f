"""A router as a process of its own, to be started, killed and started again on the same store.

In: a configuration file and, for one life, the crash point it is to die at. Out: its url and its death.
The process runs the command `omnirouter serve`. `warm` starts it as a fork of a process that has imported
the router already: the same program without the second of imports, for tests that start it often.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import time
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import aiohttp

from router.cli import serve

POLL_S = 0.02
PRELOADED = ["router.bootstrap", "router.logs", "router.serving", "router_email", "router_webchat"]


def _live(config: Path, crash_at: str, log: Path) -> None:
    """Be the router: the target of the new process."""
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ["OMNIROUTER_CRASH_AT"] = crash_at
    random.seed()
    serve(config)


class RouterProcess:
    """At most one life at a time; everything it says goes to `log`."""

    def __init__(self, config: Path, url: str, log: Path, *, warm: bool) -> None:
        self.url = url
        self.start_times_s: list[float] = []
        self._config = config
        self._log = log
        self._context: ForkServerContext | SpawnContext
        if warm:
            self._context = multiprocessing.get_context("forkserver")
            self._context.set_forkserver_preload(PRELOADED)
        else:
            self._context = multiprocessing.get_context("spawn")
        self._process: BaseProcess | None = None

    def start(self, crash_at: str = "") -> None:
        """Begin a life; the one before must have ended."""
        self._process = self._context.Process(target=_live, args=(self._config, crash_at, self._log))
        self._process.start()

    def kill(self) -> None:
        """End this life as `kill -9` does; nothing happens if it has ended."""
        if self._process is not None:
            self._process.kill()

    async def ended(self, within_s: float) -> bool:
        """Wait for the death; false if it did not come in time."""
        assert self._process is not None
        await asyncio.to_thread(self._process.join, within_s)
        return self._process.exitcode is not None

    async def ready(self, within_s: float = 240.0) -> None:
        """Wait until the router answers for its store; RuntimeError if it dies first."""
        began = time.monotonic()
        async with asyncio.timeout(within_s), aiohttp.ClientSession() as client:
            while not await self._answers(client):
                if self._process is None or self._process.exitcode is not None:
                    raise RuntimeError(f"the router ended at its start:\n{self._log.read_text()[-2000:]}")
                await asyncio.sleep(POLL_S)
        self.start_times_s.append(time.monotonic() - began)

    async def _answers(self, client: aiohttp.ClientSession) -> bool:
        try:
            async with client.get(f"{self.url}/healthz") as response:
                return response.status == 200
        except (aiohttp.ClientError, OSError):
            return False
