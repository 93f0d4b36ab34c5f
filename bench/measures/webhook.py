"""Targets 3 and 4: a provider's post to an agent's desk, in processor time and in delay."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench.clients import Poster, Watch, upgrade_request
from bench.figures import Figure, Run, Table, Target
from bench.floors.web import bare, post_to_agent
from bench.processes import ServerProcess, server
from bench.shop import whole_router

CONNECTIONS = 64
MESSAGES = 3_000
WARM_UP = 500
RATE = 1_000.0
SECONDS = 4.0
REST_S = 1.0
SEEN_WITHIN_S = 60.0

CPU = Target(
    number="3", title="webhook to agent, CPU / bare aiohttp JSON POST", bar=4, stretch=2.5, at_least=False
)
CPU_PATH = Target(
    number="3b", title="webhook to agent, CPU / smallest honest path", bar=4, stretch=2.5, at_least=False
)
DELAY = Target(
    number="4",
    title="accept to agent p99 at 1,000/s / smallest honest path",
    bar=4,
    stretch=2,
    at_least=False,
)
HALF = Target(
    number="4b",
    title="accept to agent p99 at half its own saturation",
    bar=25,
    stretch=10,
    at_least=False,
    unit="ms",
)


def measure(table: Table, pairs: int) -> None:
    """Run the sides in turn."""
    asyncio.run(_measure(table, pairs))


async def _measure(table: Table, pairs: int) -> None:
    cpu, path, delays, halves = [], [], [], []
    note = delay_note = half_note = ""
    for _ in range(pairs):
        post = await _bare_post()
        async with _floor() as (process, port, watch):
            floor = await _saturate(process, port, "/post")
            floor_p99 = await _p99(port, "/post", watch, RATE)
        async with _ours() as (process, port, watch):
            ours = await _saturate(process, port, "/hooks/push")
            our_p99 = await _p99(port, "/hooks/push", watch, RATE)
        async with _ours() as (process, port, watch):
            half_p99 = await _p99(port, "/hooks/push", watch, ours.rate / 2)
        cpu.append(ours.cpu_us / post.cpu_us)
        path.append(ours.cpu_us / floor.cpu_us)
        delays.append(our_p99 / floor_p99)
        halves.append(half_p99 * 1e3)
        note = f"ours {ours.cpu_us:.0f} us, post {post.cpu_us:.0f} us, path {floor.cpu_us:.0f} us"
        delay_note = f"ours {our_p99 * 1e3:.1f} ms, floor {floor_p99 * 1e3:.1f} ms"
        half_note = f"at {ours.rate / 2:.0f}/s of {ours.rate:.0f}/s"
    table.add(Figure(target=CPU, values=cpu, note=note))
    table.add(Figure(target=CPU_PATH, values=path))
    table.add(Figure(target=DELAY, values=delays, note=delay_note))
    table.add(Figure(target=HALF, values=halves, note=half_note))


async def _bare_post() -> Run:
    async with server(bare) as process:
        return await _saturate(process, process.where, "/post")


@asynccontextmanager
async def _floor() -> AsyncIterator[tuple[ServerProcess, int, Watch]]:
    with tempfile.TemporaryDirectory() as folder:
        async with server(post_to_agent, f"{folder}/floor.db") as process:
            request = upgrade_request("/agent", process.where)
            async with _watching(process.where, request) as watch:
                yield process, process.where, watch


@asynccontextmanager
async def _ours() -> AsyncIterator[tuple[ServerProcess, int, Watch]]:
    with tempfile.TemporaryDirectory() as folder:
        async with server(whole_router, folder) as process:
            where = process.where
            head = f"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:{where.web_port}\r\n"
            request = f"{head}Authorization: Bearer {where.token}\r\n\r\n".encode()
            async with _watching(where.web_port, request) as watch:
                yield process, where.web_port, watch


@asynccontextmanager
async def _watching(port: int, request: bytes) -> AsyncIterator[Watch]:
    _, watch = await asyncio.get_running_loop().create_connection(lambda: Watch(request), "127.0.0.1", port)
    try:
        yield watch
    finally:
        watch.transport.close()


async def _saturate(process: ServerProcess, port: int, path: str) -> Run:
    """Post as fast as it goes; what is still to be filed afterwards counts as well."""
    poster = Poster(port, path)
    await poster.connect(CONNECTIONS)
    await poster.closed_loop(WARM_UP)
    await _at_rest(process)
    cpu, wall = process.cpu_s(), time.perf_counter()
    await poster.closed_loop(MESSAGES)
    await _at_rest(process)
    run = Run(operations=MESSAGES, wall_s=time.perf_counter() - wall - REST_S, cpu_s=process.cpu_s() - cpu)
    poster.close()
    return run


async def _at_rest(process: ServerProcess) -> None:
    """Wait until the server has been idle for a while."""
    while True:
        before = process.cpu_s()
        await asyncio.sleep(REST_S)
        if process.cpu_s() - before < REST_S / 50:
            return


async def _p99(port: int, path: str, watch: Watch, rate: float) -> float:
    """Post at a rate and give the 99th percentile of the delays at the agent's desk.

    Who cannot keep up shows every message late: all are waited for, and none may be missing.
    """
    poster = Poster(port, path)
    await poster.connect(CONNECTIONS)
    await poster.open_loop(rate, 1.0)
    await _all_seen(watch, poster.posted)
    watch.delays_s.clear()
    before = poster.posted
    await poster.open_loop(rate, SECONDS)
    await _all_seen(watch, poster.posted - before)
    poster.close()
    return sorted(watch.delays_s)[int(len(watch.delays_s) * 0.99)]


async def _all_seen(watch: Watch, messages: int) -> None:
    """Wait until the desk has seen so many messages."""
    async with asyncio.timeout(SEEN_WITHIN_S):
        await watch.saw(messages)
