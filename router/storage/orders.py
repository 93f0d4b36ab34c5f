"""Write orders named in conversations, and the life of order notes; statements of the one writer.

A note is due as long as `next_try_at` is set. What is due survives the process: writing it to the shop reads
first, so a try that was cut off is simply made again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, insert, select, update

from router.errors import NotFound, StaleVersion
from router.model.filing import Row
from router.orders import NoteKind, OrderNote
from router.storage.schema import conversation, conversation_order, order_note

QUEUED, WRITTEN, FAILED, UNKNOWN, LOCAL = "queued", "written", "failed", "unknown", "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNote:
    """A note an agent adds; `book` is empty where no shop takes it."""

    id: str
    conversation_id: str
    book: str
    note: OrderNote
    agent_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DueNote:
    """A note that still has to reach its shop."""

    id: str
    conversation_id: str
    tries: int
    note: OrderNote


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteResult:
    """What became of one try for some notes; without `next_try_at` it was the last for now."""

    ids: Sequence[str]
    state: str
    detail: str
    at: datetime
    next_try_at: datetime | None = None


def note_orders(connection: Connection, rows: Sequence[Row]) -> None:
    """Keep which orders are named in which conversations; what is there already stays."""
    if not rows:
        return
    wanted = {(row["conversation_id"], row["order_id"]): row for row in rows}
    columns = conversation_order.c
    known = connection.execute(
        select(columns.conversation_id, columns.order_id).where(
            columns.conversation_id.in_({conversation_id for conversation_id, _ in wanted})
        )
    )
    for found in known:
        wanted.pop((found.conversation_id, found.order_id), None)
    if wanted:
        connection.execute(insert(conversation_order), list(wanted.values()))


def add_note(connection: Connection, new: NewNote) -> str:
    """Store a note; give its id, or that of the same note if it stands there already."""
    columns = order_note.c
    account = connection.execute(
        select(conversation.c.account).where(conversation.c.id == new.conversation_id)
    ).scalar()
    if account is None:
        raise NotFound
    note = new.note
    same = select(columns.id).where(
        columns.account == account,
        columns.order_id == note.order_id,
        columns.kind == note.kind,
        columns.reason == note.reason,
        columns.author == note.author,
        columns.noted_on == note.on.isoformat(),
    )
    first: str | None = connection.execute(same).scalars().first()
    if first is not None:
        return first
    row = {
        "id": new.id,
        "conversation_id": new.conversation_id,
        "account": account,
        "order_id": note.order_id,
        "book": new.book,
        "kind": note.kind,
        "reason": note.reason,
        "author": note.author,
        "agent_id": new.agent_id,
        "noted_on": note.on.isoformat(),
        "state": QUEUED if new.book else LOCAL,
        "next_try_at": new.at if new.book else None,
        "created_at": new.at,
    }
    connection.execute(insert(order_note).values(row))
    named = {"conversation_id": new.conversation_id, "order_id": note.order_id, "seen_at": new.at}
    note_orders(connection, [named])
    return new.id


def try_again(connection: Connection, note_id: str, at: datetime) -> tuple[str, str]:
    """Make a note due that could not be written; give its book and its conversation."""
    columns = order_note.c
    statement = select(columns.book, columns.state, columns.conversation_id).where(columns.id == note_id)
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise NotFound
    if row.state not in (FAILED, UNKNOWN):
        raise StaleVersion("only a note that could not be written, or may have been, is written again")
    values = {"state": QUEUED, "detail": "", "tries": 0, "next_try_at": at}
    connection.execute(update(order_note).where(columns.id == note_id).values(values))
    return row.book, row.conversation_id


def due_orders(connection: Connection, book: str, now: datetime, limit: int) -> list[str]:
    """Name the orders with notes that are due, oldest first."""
    columns = order_note.c
    statement = (
        select(columns.order_id)
        .where(columns.book == book, columns.next_try_at <= now)
        .order_by(columns.next_try_at, columns.id)
        .limit(limit * 10)
    )
    return list(dict.fromkeys(connection.execute(statement).scalars()))[:limit]


def due_notes(connection: Connection, book: str, order_id: str) -> list[DueNote]:
    """Read every note of an order that has to reach its shop, in the order they were written."""
    columns = order_note.c
    statement = (
        select(order_note)
        .where(columns.book == book, columns.order_id == order_id, columns.next_try_at.is_not(None))
        .order_by(columns.id)
    )
    return [
        DueNote(
            id=row.id,
            conversation_id=row.conversation_id,
            tries=row.tries,
            note=OrderNote(
                order_id=row.order_id,
                kind=NoteKind(row.kind),
                reason=row.reason,
                author=row.author,
                on=date.fromisoformat(row.noted_on),
            ),
        )
        for row in connection.execute(statement)
    ]


def next_due_at(connection: Connection, book: str) -> datetime | None:
    """Say when the next note of a book is due."""
    columns = order_note.c
    statement = select(columns.next_try_at).where(columns.book == book, columns.next_try_at.is_not(None))
    due: datetime | None = connection.execute(statement.order_by(columns.next_try_at).limit(1)).scalar()
    return due


def settle_notes(connection: Connection, result: NoteResult) -> None:
    """Store what became of a try."""
    values = {
        "state": result.state,
        "detail": result.detail,
        "tries": order_note.c.tries + 1,
        "next_try_at": result.next_try_at,
        "written_at": result.at if result.state == WRITTEN else None,
    }
    connection.execute(update(order_note).where(order_note.c.id.in_(result.ids)).values(values))
