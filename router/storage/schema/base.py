"""What all tables share: the metadata with its naming convention, and partial indexes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Integer, MetaData, text

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


Serial = BigInteger().with_variant(Integer, "sqlite")
