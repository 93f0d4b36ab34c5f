"""Insert many rows of one table with SQL that is made once, for the paths every message takes.

SQLAlchemy makes the statement and knows the types; building parameter dictionaries for each row through it
costs several times the insert itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table, insert

_Bind = Callable[[Any], Any]


def insert_many(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows that all name the same columns; nothing happens without rows."""
    if not rows:
        return
    statement, columns = _prepared(table, connection.dialect, tuple(rows[0]))
    connection.exec_driver_sql(
        statement,
        [tuple([bind(row[name]) if bind else row[name] for name, bind in columns]) for row in rows],
    )


@lru_cache(maxsize=256)
def _prepared(
    table: Table, dialect: Dialect, columns: tuple[str, ...]
) -> tuple[str, list[tuple[str, _Bind | None]]]:
    """Make the statement, and name its parameters in order with what turns values into the driver's."""
    compiled = insert(table).compile(dialect=dialect, column_keys=list(columns))
    names = compiled.positiontup or []
    binds: list[tuple[str, _Bind | None]] = [
        (name, table.c[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in names
    ]
    return str(compiled), binds
