"""Floor of the ingest: the very rows the router wrote, inserted again with nothing but `sqlite3`."""

from __future__ import annotations

import asyncio
import sqlite3
import time

from bench.figures import Run
from bench.processes import cpu_s
from router.storage.upgrade import upgrade_database

TABLES = (
    "raw_inbound",
    "raw_bytes",
    "contact",
    "contact_point",
    "conversation",
    "episode",
    "participant",
    "message",
    "reference",
    "work_item",
)


def write_same_rows(source: str, target: str, group: int, messages: int) -> Run:
    """Copy the rows of `messages` messages in commits of `group` messages each, fully synced."""
    asyncio.run(upgrade_database(f"sqlite:///{target}"))
    batches = _batches(source, group)
    connection = sqlite3.connect(target, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA wal_autocheckpoint=8000")
    rows = sum(len(batch["raw_inbound"][1]) for batch in batches)
    cpu, wall = cpu_s(), time.perf_counter()
    for batch in batches:
        connection.execute("BEGIN IMMEDIATE")
        for statement, values in batch.values():
            connection.executemany(statement, values)
        filed = [(row[0],) for row in batch["raw_inbound"][1]]
        connection.executemany("UPDATE raw_inbound SET state = 'filed' WHERE id = ?", filed)
        connection.execute("COMMIT")
    run = Run(operations=rows, wall_s=time.perf_counter() - wall, cpu_s=cpu_s() - cpu)
    connection.close()
    assert rows >= messages
    return run


def _batches(source: str, group: int) -> list[dict[str, tuple[str, list[tuple[object, ...]]]]]:
    """Read the rows of all tables, cut into as many parts as there are groups of messages."""
    connection = sqlite3.connect(source)
    everything = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in TABLES}
    connection.close()
    parts = max(1, len(everything["raw_inbound"]) // group)
    batches = []
    for part in range(parts):
        batch = {}
        for name, rows in everything.items():
            cut = rows[len(rows) * part // parts : len(rows) * (part + 1) // parts]
            places = ",".join("?" * len(rows[0])) if rows else "NULL"
            batch[name] = (f"INSERT INTO {name} VALUES ({places})", cut)
        batches.append(batch)
    return batches
