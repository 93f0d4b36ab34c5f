"""Load and write back the calls of a batch, and what is known of their numbers.

Nothing here runs for a batch without calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, func, insert, or_, select, update

from router.calls import MANUAL_WINDOW, Call, keys_of, number_of
from router.model.calls import (
    CallMoment,
    CallShelf,
    Joined,
    KnownMoment,
    NumberBook,
    OpenTask,
    StoredCall,
    TaskKind,
    call_digest,
    call_json,
    call_of,
)
from router.storage.inserts import insert_many
from router.storage.lookups import Lookup
from router.storage.schema import attachment, call, call_key, message, task

LONGEST_RING = timedelta(hours=1)
"""By how much the time an answered call counts from may lie behind its start."""

_BY_KEY = Lookup(select(call_key.c.digest, call_key.c.call_id), (call_key.c.digest,))
_CALLS = Lookup(select(call), (call.c.id,))
_MESSAGES = Lookup(select(message), (message.c.id,))
_CHANGED = (
    update(call)
    .where(call.c.id == bindparam("this"))
    .values({name: bindparam(f"new_{name}") for name in (column.name for column in call.c) if name != "id"})
)

MESSAGE_CHANGES = ("direction", "blocks", "preview", "occurred_at", "warnings")
"""What of the message of a call may change in place."""

_MESSAGE_CHANGED = (
    update(message)
    .where(message.c.id == bindparam("this"))
    .values({name: bindparam(f"new_{name}") for name in MESSAGE_CHANGES})
)


def load_calls(connection: Connection, facts: Sequence[tuple[str, Call]]) -> CallShelf:
    """Read the calls that (account, fact) pairs may be of, with their messages."""
    shelf = CallShelf()
    digests = {call_digest(account, key) for account, fact in facts for key in keys_of(fact)}
    found = {call_id for _, call_id in _BY_KEY.rows(connection, [(one,) for one in sorted(digests)])}
    found |= set(_by_hand(connection, facts))
    for row in _CALLS.rows(connection, [(call_id,) for call_id in sorted(found)]):
        stored = _stored(dict(zip(call.c.keys(), row, strict=True)))
        shelf.calls[stored.id] = stored
        shelf.by_digest |= dict.fromkeys(stored.digests, stored.id)
    shown = [(one.message_id,) for one in shelf.calls.values() if one.message_id]
    for row in _MESSAGES.rows(connection, shown):
        written = dict(zip(message.c.keys(), row, strict=True))
        shelf.messages[written["id"]] = written
    return shelf


def _by_hand(connection: Connection, facts: Sequence[tuple[str, Call]]) -> Iterable[str]:
    """Find what entries by hand may stand for, and the entries that records may be of."""
    near = [
        and_(
            call.c.account == account,
            call.c.number == number_of(fact),
            call.c.at.between(
                fact.started_at - MANUAL_WINDOW, fact.started_at + MANUAL_WINDOW + LONGEST_RING
            ),
            call.c.manual.is_(not fact.manual),
        )
        for account, fact in facts
        if fact.started_at is not None and number_of(fact)
    ]
    return connection.execute(select(call.c.id).where(or_(*near))).scalars() if near else ()


def _stored(row: Mapping[str, Any]) -> StoredCall:
    return StoredCall(
        id=row["id"],
        account=row["account"],
        call=call_of(row["facts"]),
        heard_at=row["heard_at"],
        contact_point_id=row["contact_point_id"],
        conversation_id=row["conversation_id"],
        message_id=row["message_id"],
    )


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


def save_calls(connection: Connection, shelf: CallShelf) -> None:
    """Insert new calls, write changed ones and their messages, and join those that turned out to be one."""
    calls = shelf.calls.values()
    insert_many(connection, call, [_row(one) for one in calls if one.new])
    changed = [
        {"this": one.id} | {f"new_{name}": value for name, value in _row(one).items() if name != "id"}
        for one in calls
        if one.changed and not one.new
    ]
    if changed:
        connection.execute(_CHANGED, changed)
    _save_messages(connection, shelf)
    for gone_id, joined in shelf.joined.items():
        _join(connection, gone_id, joined)
    _save_keys(connection, [one for one in calls if one.new or one.changed])


def _save_keys(connection: Connection, calls: Sequence[StoredCall]) -> None:
    wanted = {digest: one.id for one in calls for digest in one.digests}
    known = {bytes(row[0]) for row in _BY_KEY.rows(connection, [(one,) for one in sorted(wanted)])}
    rows = [{"digest": one, "call_id": call_id} for one, call_id in wanted.items() if one not in known]
    if rows:
        connection.execute(insert(call_key), rows)


def _join(connection: Connection, gone_id: str, joined: Joined) -> None:
    """Let one call take another's place: its keys, and the files of its message, which goes."""
    connection.execute(update(call_key).where(call_key.c.call_id == gone_id).values(call_id=joined.into.id))
    connection.execute(delete(call).where(call.c.id == gone_id))
    if joined.message_id is not None and joined.message_id != joined.into.message_id:
        files = update(attachment).where(attachment.c.message_id == joined.message_id)
        connection.execute(files.values(message_id=joined.into.message_id))
        connection.execute(delete(message).where(message.c.id == joined.message_id))


def _row(stored: StoredCall) -> dict[str, Any]:
    moment = stored.moment
    return {
        "id": stored.id,
        "account": stored.account,
        "number": stored.number,
        "facts": call_json(stored.call),
        "at": moment.at,
        "asks": moment.asks,
        "answers": moment.answers,
        "manual": stored.call.manual,
        "contact_point_id": stored.contact_point_id,
        "conversation_id": stored.conversation_id,
        "message_id": stored.message_id,
        "heard_at": stored.heard_at,
    }


def _save_messages(connection: Connection, shelf: CallShelf) -> None:
    changed = [
        {"this": row["id"]} | {f"new_{name}": row[name] for name in MESSAGE_CHANGES}
        for row in shelf.changed_messages.values()
    ]
    if changed:
        connection.execute(_MESSAGE_CHANGED, changed)
