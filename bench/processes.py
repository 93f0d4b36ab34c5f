"""Processes for the two sides of a measurement: work done apart, and servers with their use of the machine.

In: module-level functions. Out: their results, or where to talk to them and readings from /proc (Linux).
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

SPAWN = multiprocessing.get_context("spawn")
SERVER_CORE, LOAD_CORE = 0, 1

Serve = Callable[..., Any]


def apart(function: Callable[..., T], *arguments: Any) -> T:
    """Run a function in a fresh process and give its result."""
    with ProcessPoolExecutor(1, mp_context=SPAWN) as pool:
        return pool.submit(function, *arguments).result()


def apart_async(function: Callable[..., Coroutine[Any, Any, T]], *arguments: Any) -> T:
    """Run a coroutine function in a fresh process and give its result."""
    result: T = apart(_run, function, arguments)
    return result


def _run(function: Callable[..., Coroutine[Any, Any, T]], arguments: tuple[Any, ...]) -> T:
    return asyncio.run(function(*arguments))


def cpu_s() -> float:
    """Give the processor time this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A running server: what it says about where it listens, and what it uses."""

    where: Any
    process_id: int

    def cpu_s(self) -> float:
        """Give the processor time it has used."""
        fields = Path(f"/proc/{self.process_id}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_bytes(self) -> int:
        """Give the memory it holds."""
        pages = int(Path(f"/proc/{self.process_id}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


@asynccontextmanager
async def server(serve: Serve, *arguments: Any) -> AsyncIterator[ServerProcess]:
    """Run `async with serve(*arguments) as where` in a process of its own until the block ends."""
    here, there = SPAWN.Pipe()
    process = SPAWN.Process(target=_serve, args=(there, serve, arguments))
    process.start()
    try:
        where = await asyncio.to_thread(here.recv)
        assert process.pid is not None
        with on_core(LOAD_CORE):
            yield ServerProcess(where, process.pid)
    finally:
        here.send("stop")
        await asyncio.to_thread(process.join)


def _serve(there: Connection, serve: Serve, arguments: tuple[Any, ...]) -> None:
    async def until_told() -> None:
        async with serve(*arguments) as where:
            there.send(where)
            await asyncio.to_thread(there.recv)

    with on_core(SERVER_CORE):
        asyncio.run(until_told())


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Keep this process on one processor core, where there is more than one."""
    before = os.sched_getaffinity(0)
    if core in before:
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def free_port() -> int:
    """Give a port of the loopback interface that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port: int = held.getsockname()[1]
        return port
