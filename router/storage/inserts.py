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
    statement, names, binds = _prepared(table, connection.dialect, tuple(rows[0]))
    parameters = []
    for row in rows:
        values = [row[name] for name in names]
        for place, bind in binds:
            if values[place] is not None:
                values[place] = bind(values[place])
        parameters.append(tuple(values))
    connection.exec_driver_sql(statement, parameters)


@lru_cache(maxsize=256)
def _prepared(
    table: Table, dialect: Dialect, columns: tuple[str, ...]
) -> tuple[str, list[str], list[tuple[int, _Bind]]]:
    """Make the statement, name its parameters in order, and say what turns which of them into the driver's.

    None needs no turning: it is NULL in every type there is here.
    """
    compiled = insert(table).compile(dialect=dialect, column_keys=list(columns))
    names = compiled.positiontup or []
    binds: list[tuple[int, _Bind]] = [
        (place, bind)
        for place, name in enumerate(names)
        if (bind := table.c[name].type.dialect_impl(dialect).bind_processor(dialect)) is not None
    ]
    return str(compiled), names, binds
