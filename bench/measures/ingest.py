"""Targets 1 and 2: from a decoded message to its rows, durably, beside the same rows written by hand."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

import msgspec

from bench.figures import Figure, Run, Table, Target
from bench.floors.sqlite_rows import write_same_rows
from bench.processes import apart, apart_async, cpu_s
from bench.push_channel import PushMessage, push_account
from bench.rooms import Rooms, open_rooms
from router.messages import RawInbound

PRODUCERS = 64
MESSAGES = 6_400
PER_CUSTOMER = 2

INGEST = Target(
    number="1", title="durable ingest / raw sqlite3, same rows, g=64", bar=0.25, stretch=0.45, at_least=True
)
DURABLE = Target(
    number="2", title="FULL / NORMAL ingest at 64 producers", bar=0.8, stretch=0.9, at_least=True
)


def measure(table: Table, pairs: int) -> None:
    """Run both targets."""
    ratios, durable_ratios = [], []
    note = ""
    for _ in range(pairs):
        with tempfile.TemporaryDirectory() as folder:
            ours = apart_async(ingest, f"{folder}/ours.db", True)
            floor = apart(write_same_rows, f"{folder}/ours.db", f"{folder}/floor.db", PRODUCERS, MESSAGES)
            weaker = apart_async(ingest, f"{folder}/normal.db", False)
        ratios.append(ours.rate / floor.rate)
        durable_ratios.append(ours.rate / weaker.rate)
        note = f"ours {ours.rate:.0f}/s {ours.cpu_us:.0f} us, floor {floor.rate:.0f}/s {floor.cpu_us:.0f} us"
    table.add(Figure(target=INGEST, values=ratios, note=note))
    table.add(Figure(target=DURABLE, values=durable_ratios))


async def ingest(path: str, durable: bool) -> Run:
    """Bring messages in from so many producers, each waiting for its commit and filing."""
    assert Path(path).parent.is_dir()
    async with open_rooms(f"sqlite:///{path}", [push_account()], durable=durable) as rooms:
        await _produce(rooms, 640, "warm")
        cpu, wall = cpu_s(), time.perf_counter()
        await _produce(rooms, MESSAGES, "run")
        return Run(operations=MESSAGES, wall_s=time.perf_counter() - wall, cpu_s=cpu_s() - cpu)


async def _produce(rooms: Rooms, messages: int, name: str) -> None:
    async def producer(number: int) -> None:
        for index in range(messages // PRODUCERS):
            customer = f"{name}-{number}-{index // PER_CUSTOMER}"
            message = PushMessage(f"{name}-{number}-{index}", customer, TEXT)
            item = RawInbound(
                dedupe_key=message.id, raw=msgspec.json.encode(message), received_at=rooms.clock.now()
            )
            await rooms.take("push", item)

    await asyncio.gather(*(producer(number) for number in range(PRODUCERS)))


TEXT = ("Hello, my parcel has not come yet, order 4711. Where is it now, please? " * 14)[:1000]
