"""The quarantine from the command line: list, show, export, and give back to be read once more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Select, select

from router.config import load_config
from router.errors import NotFound
from router.storage.inbound import release
from router.storage.schema import quarantine, raw_bytes, raw_inbound
from router.storage.store import Store
from router.storage.upgrade import upgrade_database

SHOWN_BYTES = 2_000


async def listed(config: Path) -> list[dict[str, Any]]:
    """Give every item with its reason, newest first."""
    async with _opened(config) as store, store.reading() as connection:
        rows = await connection.execute(_statement().order_by(quarantine.c.since.desc()))
        return [_item(dict(row)) for row in rows.mappings()]


async def shown(config: Path, item: str) -> dict[str, Any]:
    """Give one item with its envelope and how its raw bytes begin."""
    row = await _one(config, item)
    beginning = row["raw"][:SHOWN_BYTES].decode("utf-8", "backslashreplace")
    return {**_item(row), "envelope": row["envelope"], "beginning": beginning}


async def exported(config: Path, item: str) -> bytes:
    """Give the raw bytes of one item."""
    raw: bytes = (await _one(config, item))["raw"]
    return raw


async def rerun(config: Path, item: str) -> str:
    """Mark an item as accepted again; a router reads it at its next start."""
    async with _opened(config) as store:
        if not await store.write(release, item):
            raise NotFound(f"there is nothing in quarantine with the id {item!r}")
    return "released: it is read at the next start; in a running router use the desk or the API"


@asynccontextmanager
async def _opened(config: Path) -> AsyncIterator[Store]:
    url = load_config(config).store.url
    await upgrade_database(url)
    async with Store.open(url) as store:
        yield store


def _statement() -> Select[Any]:
    return (
        select(quarantine, raw_inbound.c.account, raw_inbound.c.envelope, raw_bytes.c.raw)
        .join(raw_inbound, raw_inbound.c.id == quarantine.c.inbound_id)
        .join(raw_bytes, raw_bytes.c.inbound_id == quarantine.c.inbound_id)
        .where(raw_inbound.c.state == "quarantined")
    )


async def _one(config: Path, item: str) -> dict[str, Any]:
    async with _opened(config) as store, store.reading() as connection:
        rows = await connection.execute(_statement().where(quarantine.c.inbound_id == item))
        row = rows.mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is nothing in quarantine with the id {item!r}")
    return dict(row)


def printable(text: str) -> str:
    """Write characters that could command a terminal as their codes; the text may be a stranger's."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


def _item(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["inbound_id"],
        "account": row["account"],
        "code": row["code"],
        "reason": printable(row["reason"]),
        "since": row["since"].isoformat(),
        "size_bytes": len(row["raw"]),
        "reruns": row["reruns"],
    }
