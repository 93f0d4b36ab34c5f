"""Target 15: memory of an idle chat visitor beside a bare WebSocket."""

from __future__ import annotations

import asyncio
import json
import tempfile

from bench.clients import Visitor, open_all, text_frame, upgrade_request
from bench.figures import Figure, Table, Target
from bench.floors.web import bare
from bench.processes import ServerProcess, server
from bench.shop import SITE, whole_router

SOCKETS = 1_000
WARM_UP = 100

IDLE = Target(
    number="15", title="memory of an idle visitor / bare WebSocket", bar=1.6, stretch=1.25, at_least=False
)


def measure(table: Table, pairs: int) -> None:
    """Run both sides in turn."""
    asyncio.run(_measure(table, pairs))


async def _measure(table: Table, pairs: int) -> None:
    hello = json.dumps({"type": "hello", "v": 1, "site": SITE})
    ratios, note = [], ""
    for _ in range(pairs):
        async with server(bare) as process:
            floor = await _bytes_each(process, process.where, "/socket", hello)
        with tempfile.TemporaryDirectory() as folder:
            async with server(whole_router, folder) as process:
                path = f"/chat/v1/socket?site={SITE}"
                ours = await _bytes_each(process, process.where.web_port, path, hello)
        ratios.append(ours / floor)
        note = f"ours {ours / 1024:.1f} KiB, floor {floor / 1024:.1f} KiB"
    table.add(Figure(target=IDLE, values=ratios, note=note))


async def _bytes_each(process: ServerProcess, port: int, path: str, first: str) -> float:
    request, frame = upgrade_request(path, port), text_frame(first)
    warm = await open_all(port, lambda: Visitor(request, frame), WARM_UP)
    before = process.resident_bytes()
    visitors = await open_all(port, lambda: Visitor(request, frame), SOCKETS)
    await asyncio.sleep(0.5)
    used = process.resident_bytes() - before
    for visitor in (*warm, *visitors):
        visitor.transport.close()
    return used / SOCKETS
