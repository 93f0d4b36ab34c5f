"""Bring a database to the schema of this version, through one chain of revisions for both engines."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, create_engine, event, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from router.storage.opening import opening

_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the revisions up to `revision` on an open connection."""
    command.upgrade(_config(connection), revision)


def downgrade(connection: Connection, revision: str) -> None:
    """Go back to `revision`."""
    command.downgrade(_config(connection), revision)


def revisions() -> tuple[str | None, frozenset[str]]:
    """Give the newest revision of the schema, and all there are."""
    scripts = ScriptDirectory(str(_MIGRATIONS))
    return scripts.get_current_head(), frozenset(each.revision for each in scripts.walk_revisions())


async def upgrade_database(url: str) -> None:
    """Open the database at `url`, bring it to the newest revision, close it. ConfigError if it cannot be."""
    parsed = make_url(url)
    with opening(parsed):
        await _upgrade_at(parsed)


async def _upgrade_at(parsed: URL) -> None:
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed.set(drivername="sqlite+pysqlite"), poolclass=NullPool)
        event.listen(engine, "connect", _wal)
        with engine.begin() as connection:
            upgrade(connection)
        return
    postgres = create_async_engine(parsed.set(drivername="postgresql+asyncpg"), poolclass=NullPool)
    async with postgres.begin() as opened:
        await opened.run_sync(upgrade)
    await postgres.dispose()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _wal(connection: object, record: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.close()
