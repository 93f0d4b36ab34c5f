"""The store: opens the database, checks that its promises hold, and gives one writer and many readers.

The same Core code runs on both engines: on SQLite in one writer thread over a synchronous connection, on
PostgreSQL over asyncpg through SQLAlchemy's bridge. Reads use connections of their own and never wait
for the writer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool, StaticPool

from router.errors import ConfigError
from router.storage.columns import to_json
from router.storage.opening import opening
from router.storage.writer import Writer
from router.unbroken import Unbroken

T = TypeVar("T")
ItemT = TypeVar("ItemT")

BUSY_TIMEOUT_MS = 5_000
READERS = 4
WAL_AUTOCHECKPOINT_PAGES = 8_000


class Store:
    """One open database. Use `Store.open`."""

    def __init__(self, url: URL, readers: AsyncEngine, writer: Writer) -> None:
        self.url = url
        self._readers = readers
        self._writer = writer
        self._unbroken = Unbroken()

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, *, durable: bool = True) -> AsyncIterator[Self]:
        """Open the database at `url` (`sqlite:///file` or `postgresql://…`) until the block ends.

        `durable=False` weakens SQLite to `synchronous=NORMAL`, for measurements only. Raises ConfigError
        when the database cannot be opened or does not keep what it says it committed.
        """
        parsed = make_url(url)
        is_file = parsed.get_backend_name() == "sqlite"
        opened = _sqlite_group(parsed, durable) if is_file else _postgres_group(parsed)
        async with AsyncExitStack() as stack:
            with opening(parsed):
                run_group, readers = await stack.enter_async_context(opened)
            writer = Writer(run_group)
            writing = asyncio.create_task(writer.run(), name="store writer")
            store = cls(parsed, readers, writer)
            try:
                yield store
            finally:
                writer.close()
                await writing
                await store._unbroken.settled()
                await readers.dispose()

    async def write(self, function: Callable[..., T], *arguments: Any) -> T:
        """Run `function(connection, *arguments)` in the one writer; its result comes after the commit.

        The function is plain Core code, does nothing but talk to its connection, and may run twice.
        Raises what it raises, or StoreUnavailable when nothing could be committed.
        """
        return await self._writer.write(function, *arguments)

    async def write_each(
        self, function: Callable[[Connection, Sequence[ItemT]], Sequence[T]], item: ItemT
    ) -> T:
        """Like `write` for a function over many items: those that wait together are run together."""
        return await self._writer.write_each(function, item)

    async def write_all(
        self, function: Callable[[Connection, Sequence[ItemT]], Sequence[T]], items: Sequence[ItemT]
    ) -> list[T | Exception]:
        """Like `write_each` for many items at once; in place of the result of one that failed comes its error.

        Raises StoreUnavailable when nothing could be committed.
        """
        return await self._writer.write_all(function, items)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection that can only read what has been committed."""
        connection = await self._connected()
        try:
            yield connection
        finally:
            await self._unbroken.run(connection.close())

    async def _connected(self) -> AsyncConnection:
        """Connect to the end, whoever is cancelled meanwhile: a driver stopped halfway leaves a thread behind."""
        connecting = self._unbroken.begin(self._readers.connect().start())
        try:
            return await asyncio.shield(connecting)
        except asyncio.CancelledError:
            self._unbroken.begin(_given_back(connecting))
            raise


async def _given_back(connecting: asyncio.Task[AsyncConnection]) -> None:
    """Close a connection nobody waits for any more."""
    await (await connecting).close()


@asynccontextmanager
async def _sqlite_group(url: URL, durable: bool) -> AsyncIterator[tuple[Any, AsyncEngine]]:
    """Open SQLite: one thread owns the one writing connection."""
    _check_folder(url)
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite"),
        poolclass=StaticPool,
        connect_args={"check_same_thread": False},
        hide_parameters=True,
        json_serializer=to_json,
    )
    _begin_immediate(engine)
    thread = ThreadPoolExecutor(1, thread_name_prefix="store-writer")
    loop = asyncio.get_running_loop()
    try:
        connection = await loop.run_in_executor(thread, _started, engine, durable)
    except BaseException:
        thread.shutdown()
        raise

    def in_one_transaction(function: Callable[[Connection], None]) -> None:
        with connection.begin():
            function(connection)

    async def run_group(function: Callable[[Connection], None]) -> None:
        await loop.run_in_executor(thread, in_one_transaction, function)

    readers = create_async_engine(url.set(drivername="sqlite+aiosqlite"), pool_size=READERS, max_overflow=0)
    _read_only(readers)
    try:
        yield run_group, readers
    finally:
        await loop.run_in_executor(thread, connection.close)
        await loop.run_in_executor(thread, engine.dispose)
        thread.shutdown()


def _started(engine: Engine, durable: bool) -> Connection:
    """Connect and configure; the writing connection is closed again if it cannot be used."""
    with ExitStack() as undo:
        undo.callback(engine.dispose)
        connection = undo.enter_context(engine.connect())
        _configure_sqlite(connection, durable)
        undo.pop_all()
    return connection


def _begin_immediate(engine: Any) -> None:
    """Take the write lock at the start of a transaction: the driver's own way loses updates."""

    @event.listens_for(engine, "connect")
    def no_driver_transactions(connection: Any, record: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _configure_sqlite(connection: Connection, durable: bool) -> None:
    wanted = "FULL" if durable else "NORMAL"
    raw = connection.connection.cursor()
    try:
        raw.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute(f"PRAGMA synchronous={wanted}")
        raw.execute("PRAGMA foreign_keys=ON")
        raw.execute(f"PRAGMA wal_autocheckpoint={WAL_AUTOCHECKPOINT_PAGES}")
        mode = raw.execute("PRAGMA journal_mode").fetchone()[0]
        level = raw.execute("PRAGMA synchronous").fetchone()[0]
    finally:
        raw.close()
    if mode != "wal" or (durable and level != 2):
        raise ConfigError(
            f"the database runs with journal_mode={mode} and synchronous={level}",
            path="store.url",
            hint="Put it on a local disk that supports WAL; network folders do not.",
        )


def _read_only(readers: AsyncEngine) -> None:
    @event.listens_for(readers.sync_engine, "connect")
    def query_only(connection: Any, record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA query_only=ON")
        cursor.close()


def _check_folder(url: URL) -> None:
    if not url.database or url.database == ":memory:":
        raise ConfigError(
            "a database in memory keeps nothing",
            path="store.url",
            hint="Name a file: sqlite:///omnirouter.db",
        )
    folder = Path(url.database).absolute().parent
    if not folder.is_dir():
        raise ConfigError(f"the folder {folder} does not exist", path="store.url", hint="Create it first.")


@asynccontextmanager
async def _postgres_group(url: URL) -> AsyncIterator[tuple[Any, AsyncEngine]]:
    """Open PostgreSQL: one connection writes, a pool reads."""
    async_url = url.set(drivername="postgresql+asyncpg")
    engine = create_async_engine(async_url, poolclass=NullPool, hide_parameters=True, json_serializer=to_json)
    readers = create_async_engine(
        async_url,
        pool_size=READERS,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"server_settings": {"default_transaction_read_only": "on"}},
    )
    writing = _OneConnection(engine)
    try:
        await _check_postgres(await writing.opened())
        yield writing.run_group, readers
    finally:
        await writing.close()
        await engine.dispose()


class _OneConnection:
    """The writing connection to PostgreSQL, opened again after it was lost."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None

    async def opened(self) -> AsyncConnection:
        """Give the connection, a new one where the last was lost."""
        if self._connection is None or self._connection.closed or self._connection.invalidated:
            await self.close()
            self._connection = await self._engine.connect()
        return self._connection

    async def run_group(self, function: Callable[[Connection], None]) -> None:
        connection = await self.opened()
        async with connection.begin():
            await connection.run_sync(function)

    async def close(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.close()


async def _check_postgres(connection: AsyncConnection) -> None:
    for setting in ("fsync", "synchronous_commit"):
        value = (await connection.execute(text(f"SHOW {setting}"))).scalar_one()
        if value == "off":
            raise ConfigError(
                f"the PostgreSQL server runs with {setting}={value}, so a commit can be lost",
                path="store.url",
                hint=f"Switch {setting} on.",
            )
    await connection.rollback()
