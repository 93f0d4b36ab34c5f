"""Open a database only to look into it: beside a running router, without one, and never by making one.

In: its URL. Out: a connection that can only read, or a ConfigError that says why this database is not for
this version of the router.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from alembic.migration import MigrationContext
from sqlalchemy import Connection, make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from router.errors import ConfigError
from router.storage.store import Store
from router.storage.upgrade import revisions

_OTHER = "It was written by another version of the router; start that one, or a newer one."


@asynccontextmanager
async def looking_into(url: str) -> AsyncIterator[AsyncConnection]:
    """Give a connection to a database that is there and has this version's schema."""
    if not is_there(url):
        hint = "Start the router once, or name its database here."
        raise ConfigError("there is no database yet.", path="store.url", hint=hint)
    async with Store.open(url) as store, store.reading() as connection:
        await connection.run_sync(require_schema)
        yield connection


def is_there(url: str) -> bool:
    """Say whether there is a database to open; a new SQLite file is made at the first start."""
    parsed = make_url(url)
    return parsed.get_backend_name() != "sqlite" or Path(parsed.database or "").exists()


def require_schema(connection: Connection, *, may_be_older: bool = False) -> None:
    """Refuse a database of another version; raises ConfigError."""
    newest, known = revisions()
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in known:
        raise ConfigError(f"the database has the schema {current[:40]!r}.", path="store.url", hint=_OTHER)
    if current != newest and not may_be_older:
        hint = "Run `omnirouter db upgrade` first."
        raise ConfigError("the database has an older schema.", path="store.url", hint=hint)
