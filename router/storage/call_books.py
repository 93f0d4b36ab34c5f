"""Load what is known of the numbers a batch speaks of: open tasks, and the calls that matter for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from router.model.call_shelf import CallShelf, KnownMoment, NumberBook, OpenTask
from router.model.calls import CallMoment, TaskKind
from router.storage.schema import call, task


def load_books(connection: Connection, shelf: CallShelf, window: timedelta) -> None:
    """Read what is known of the numbers the batch has touched: open tasks, and calls that matter for them.

    Calls older than every miss that is not settled yet change nothing; two windows more are read, for facts
    that take an answer back.
    """
    numbers = sorted(shelf.touched)
    shelf.books = {number: NumberBook() for number in numbers}
    _load_tasks(connection, shelf, numbers)
    for number in numbers:
        book = shelf.books[number]
        told = [one.moment.at for one in shelf.calls.values() if one.number == number]
        waiting = [one.first_missed_at or one.created_at for one in book.tasks]
        since = min([*told, *waiting], default=None)
        if since is not None:
            book.moments = _moments(connection, number, since - 2 * window)
    for call_id in (*shelf.calls, *shelf.joined):
        for book in shelf.books.values():
            book.moments.pop(call_id, None)
    for stored in shelf.calls.values():
        if stored.number in shelf.books:
            shelf.books[stored.number].moments[stored.id] = KnownMoment(
                call_id=stored.id, conversation_id=stored.conversation_id, moment=stored.moment
            )


def _load_tasks(connection: Connection, shelf: CallShelf, numbers: Sequence[str]) -> None:
    here = task.c.number.in_(numbers)
    for row in connection.execute(select(task).where(here, task.c.state == "open").order_by(task.c.id)):
        shelf.books[row.number].tasks.append(_open_task(row))
    # what an answered call closed is not settled by that: the call may turn out to be another's
    closed = (task.c.state != "open") & task.c.created_by.is_(None) & task.c.closed_call_id.is_(None)
    settled = select(task.c.number, func.max(task.c.last_missed_at)).where(here, closed)
    for number, at in connection.execute(settled.group_by(task.c.number)):
        shelf.books[number].settled_at = at


def _open_task(row: Row[Any]) -> OpenTask:
    return OpenTask(
        id=row.id,
        kind=TaskKind(row.kind),
        number=row.number,
        conversation_id=row.conversation_id,
        episode_id=row.episode_id,
        due_at=row.due_at,
        created_at=row.created_at,
        is_of_calls=row.created_by is None,
        counter=row.counter,
        first_missed_at=row.first_missed_at,
        last_missed_at=row.last_missed_at,
    )


def _moments(connection: Connection, number: str, since: datetime) -> dict[str, KnownMoment]:
    matter = or_(call.c.asks.is_(True), call.c.answers.is_(True))
    statement = select(call.c.id, call.c.conversation_id, call.c.at, call.c.asks, call.c.answers).where(
        call.c.number == number, call.c.at >= since, matter
    )
    return {
        row.id: KnownMoment(
            call_id=row.id,
            conversation_id=row.conversation_id,
            moment=CallMoment(at=row.at, asks=row.asks, answers=row.answers),
        )
        for row in connection.execute(statement)
    }
