"""Rules in the store: numbered documents, and the history of what was in force.

In: documents and changes. Out: rows that are never changed again; the newest change says what is in force.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, Select, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from router.errors import StaleVersion
from router.messages import JsonObject
from router.storage.schema import queue, ruleset, ruleset_change, skill


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesText:
    """A rules document with its lists, as it was written."""

    document: str
    lists: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion:
    """A numbered document."""

    version: int
    text: RulesText
    author: str
    note: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is in force from `at` on: a version, and for a part of the work a staged one.

    `file_version` is what the configured file held when it was last put in force.
    """

    act: str
    version: int
    staged_version: int | None = None
    stage: JsonObject | None = None
    file_version: int | None = None
    author: str
    note: str = ""
    at: datetime
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Queues (name to limits) and skills (name to kind) that are known from a change on."""

    queues: Mapping[str, tuple[int, int]]
    skills: Mapping[str, str]


_NEWEST = select(ruleset_change).order_by(ruleset_change.c.number.desc())


def add_version(connection: Connection, text: RulesText, author: str, note: str, at: datetime) -> int:
    """Store a document and give its number; one that is in use or the newest keeps the number it has."""
    newest = connection.execute(select(func.max(ruleset.c.version))).scalar() or 0
    now = newest_change(connection)
    used = {newest} | ({now.version, now.staged_version, now.file_version} if now else set())
    known = connection.execute(
        select(ruleset).where(ruleset.c.version.in_([number for number in used if number]))
    )
    for row in known:
        if (row.document, row.lists) == (text.document, dict(text.lists)):
            return int(row.version)
    connection.execute(
        insert(ruleset).values(
            version=newest + 1,
            document=text.document,
            lists=dict(text.lists),
            author=author,
            created_at=at,
            note=note,
        )
    )
    return int(newest) + 1


def newest_change(connection: Connection) -> Change | None:
    """Read what is in force; None in a new store."""
    row = connection.execute(_NEWEST.limit(1)).one_or_none()
    return None if row is None else _change(row)


def add_change(connection: Connection, change: Change, names: Names, follows: int) -> int:
    """Put a change in force and give its number; StaleVersion when `follows` is not the newest any more."""
    newest = connection.execute(select(func.max(ruleset_change.c.number))).scalar() or 0
    if newest != follows:
        raise StaleVersion("somebody else changed the rules meanwhile")
    values = {
        "act": change.act,
        "version": change.version,
        "staged_version": change.staged_version,
        "stage": change.stage,
        "file_version": change.file_version,
        "author": change.author,
        "note": change.note,
        "at": change.at,
    }
    number = connection.execute(
        insert(ruleset_change).values(**values).returning(ruleset_change.c.number)
    ).scalar_one()
    _store_names(connection, names)
    return int(number)


def _store_names(connection: Connection, names: Names) -> None:
    """Keep queues and skills as rows, for lists and for transfers."""
    connection.execute(delete(queue))
    connection.execute(
        insert(queue),
        [
            {"name": name, "max_advance_s": max_advance_s, "offer_timeout_s": offer_timeout_s}
            for name, (max_advance_s, offer_timeout_s) in names.queues.items()
        ],
    )
    connection.execute(delete(skill))
    if names.skills:
        connection.execute(
            insert(skill), [{"name": name, "kind": kind} for name, kind in names.skills.items()]
        )


async def newest_number(conn: AsyncConnection) -> int:
    """Read the number of the newest change; 0 when there is none."""
    return int((await conn.execute(select(func.max(ruleset_change.c.number)))).scalar() or 0)


async def list_changes(conn: AsyncConnection, limit: int | None = None) -> list[Change]:
    """Read the history, newest first."""
    return [_change(row) for row in await conn.execute(_NEWEST.limit(limit))]


async def list_versions(conn: AsyncConnection) -> list[StoredVersion]:
    """Read every version without its text, newest first."""
    columns = (ruleset.c.version, ruleset.c.author, ruleset.c.note, ruleset.c.created_at)
    rows = await conn.execute(select(*columns).order_by(ruleset.c.version.desc()))
    empty = RulesText(document="", lists={})
    return [
        StoredVersion(
            version=row.version, text=empty, author=row.author, note=row.note, created_at=row.created_at
        )
        for row in rows
    ]


async def read_version(conn: AsyncConnection, version: int) -> StoredVersion | None:
    """Read one version; None when there is none of that number."""
    row = (await conn.execute(_version(version))).one_or_none()
    if row is None:
        return None
    return StoredVersion(
        version=row.version,
        text=RulesText(document=row.document, lists=row.lists),
        author=row.author,
        note=row.note,
        created_at=row.created_at,
    )


def _version(version: int) -> Select[tuple[int, str, JsonObject, str, datetime, str]]:
    return select(ruleset).where(ruleset.c.version == version)


def _change(row: Row[tuple[object, ...]]) -> Change:
    return Change(
        number=row.number,
        act=row.act,
        version=row.version,
        staged_version=row.staged_version,
        stage=row.stage,
        file_version=row.file_version,
        author=row.author,
        note=row.note,
        at=row.at,
    )
