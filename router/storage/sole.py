"""Make sure that one router only runs on a database: a second one would settle the first one's attempts.

The lock ends with the process, however that ends. On SQLite it is an exclusive transaction on a file
beside the database, on PostgreSQL an advisory lock held by a connection of its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from sqlalchemy import make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from router.errors import ConfigError
from router.storage.opening import opening

_LOCK_ID = 0x6F6D6E69


@asynccontextmanager
async def sole_router(url: str) -> AsyncIterator[None]:
    """Hold the database for this router until the block ends; ConfigError if another one has it."""
    parsed = make_url(url)
    holding = _hold_file if parsed.get_backend_name() == "sqlite" else _hold_server
    async with holding(parsed):
        yield


@asynccontextmanager
async def _hold_file(url: URL) -> AsyncIterator[None]:
    with opening(url):
        lock = sqlite3.connect(f"{url.database}-router", isolation_level=None, timeout=0)
    try:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            raise _taken(url) from None
        yield
    finally:
        lock.close()


@asynccontextmanager
async def _hold_server(url: URL) -> AsyncIterator[None]:
    engine = create_async_engine(url.set(drivername="postgresql+asyncpg"), poolclass=NullPool)
    try:
        async with AsyncExitStack() as stack:
            with opening(url):
                connection = await stack.enter_async_context(engine.connect())
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            statement = text("SELECT pg_try_advisory_lock(:id)")
            if not (await connection.execute(statement, {"id": _LOCK_ID})).scalar_one():
                raise _taken(url)
            yield
    finally:
        await engine.dispose()


def _taken(url: URL) -> ConfigError:
    return ConfigError(
        f"another router is running on the database {url.database}",
        path="store.url",
        hint="Stop it first, or give this one a database of its own.",
    )
