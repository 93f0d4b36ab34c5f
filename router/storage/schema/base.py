"""What all tables share: the metadata with its naming convention, partial indexes, and how they are used."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, ColumnElement, Index, Integer, MetaData, bindparam, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """Make an index over the rows that satisfy `where` only."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


def one_of(column: Column[str], words: Sequence[str]) -> ColumnElement[bool]:
    """Ask for a few fixed words, written out: neither database matches parameters with a partial index."""
    return column.in_(bindparam(None, words, expanding=True, literal_execute=True))


Serial = BigInteger().with_variant(Integer, "sqlite")
