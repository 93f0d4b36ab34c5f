"""Find rows by many keys with SQL that is made once, for the paths every message takes.

In: a statement and the columns that are looked up. Out: rows as tuples of Python values. SQLAlchemy makes
the statement and knows the types; letting it spell out a list of keys at every call costs several times the
search itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Dialect, Select, and_, bindparam, column, values

KEYS_AT_ONCE = 512

_Read = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """A statement without parameters of its own, and the columns its rows are found by."""

    statement: Select[Any]
    keyed: tuple[ColumnElement[Any], ...]

    def rows(self, connection: Connection, keys: Iterable[tuple[Any, ...]]) -> Iterator[list[Any]]:
        """Find the rows whose keyed columns have one of the given values, none of which may be None."""
        wanted = list(keys)
        for start in range(0, len(wanted), KEYS_AT_ONCE):
            yield from self._some(connection, wanted[start : start + KEYS_AT_ONCE])

    def _some(self, connection: Connection, keys: Sequence[tuple[Any, ...]]) -> Iterator[list[Any]]:
        # filled up with nothing to one of a few sizes, so that there are few statements
        size = 1 << (len(keys) - 1).bit_length()
        filler = (None,) * (len(self.keyed) * (size - len(keys)))
        statement, reads = _prepared(self, connection.dialect, size)
        sought = (*(value for key in keys for value in key), *filler)
        for found in connection.exec_driver_sql(statement, sought):
            row = list(found)
            for place, read in reads:
                row[place] = read(row[place])
            yield row


@lru_cache(maxsize=256)
def _prepared(lookup: Lookup, dialect: Dialect, size: int) -> tuple[str, list[tuple[int, _Read]]]:
    """Make the statement for so many keys, and what turns which of its columns into Python values."""
    statement = _with_keys(lookup, size)
    compiled = statement.compile(dialect=dialect)
    reads: list[tuple[int, _Read]] = [
        (place, read)
        for place, selected in enumerate(statement.selected_columns)
        if (read := selected.type.dialect_impl(dialect).result_processor(dialect, None)) is not None
    ]
    return str(compiled), reads


def _with_keys(lookup: Lookup, size: int) -> Select[Any]:
    """Ask for rows that have one of so many keys.

    Keys of several columns are joined to: for (a, b) IN (…) SQLite reads the whole table.
    """
    if len(lookup.keyed) == 1:
        (only,) = lookup.keyed
        return lookup.statement.where(only.in_([bindparam(None, None, only.type) for _ in range(size)]))
    columns = [column(f"key_{place}", keyed.type) for place, keyed in enumerate(lookup.keyed)]
    places = [tuple(bindparam(None, None, keyed.type) for keyed in lookup.keyed) for _ in range(size)]
    keys = values(*columns, name="keys").data(places).cte("wanted")
    pairs = zip(lookup.keyed, keys.c, strict=True)
    return lookup.statement.join(keys, and_(*(keyed == key for keyed, key in pairs)))
