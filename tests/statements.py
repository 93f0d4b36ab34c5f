"""Lets the stores of a run share what SQLAlchemy compiles; takes nothing, gives `share_compiled_statements`.

An engine compiles each statement once and keeps it. A router opens one store and lives for weeks; a test opens
one and lives for milliseconds, a quarter of which would go into compiling what the test before it compiled.
"""

from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.dialects.sqlite.aiosqlite import dialect as aiosqlite_dialect
from sqlalchemy.dialects.sqlite.pysqlite import dialect as pysqlite_dialect


class _Alike:
    """A dialect that equals those of its kind that write and read JSON the same way: the key of a statement."""

    _json_serializer: object
    _json_deserializer: object

    def _kind(self) -> tuple[object, ...]:
        return type(self), self._json_serializer, self._json_deserializer

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Alike) and self._kind() == other._kind()

    def __hash__(self) -> int:
        return hash(self._kind())


class Pysqlite(_Alike, pysqlite_dialect):
    supports_statement_cache = True


class Aiosqlite(_Alike, aiosqlite_dialect):
    supports_statement_cache = True


class Asyncpg(_Alike, asyncpg_dialect):
    supports_statement_cache = True


def share_compiled_statements() -> None:
    """Give every connection of this process the same compiled statements."""
    compiled: dict[Any, Any] = {}
    for name, kind in (("sqlite.pysqlite", Pysqlite), ("sqlite.aiosqlite", Aiosqlite)):
        registry.register(name, __name__, kind.__name__)
    registry.register("postgresql.asyncpg", __name__, Asyncpg.__name__)

    @event.listens_for(Engine, "engine_connect")
    def share(connection: Connection) -> None:
        connection.execution_options(compiled_cache=compiled)
