"""Write back the calls of a batch with their keys and messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, update

from router.model.call_shelf import CallShelf, Joined, StoredCall
from router.model.calls import call_json
from router.storage.calls import BY_KEY
from router.storage.inserts import insert_many
from router.storage.schema import attachment, call, call_key, message

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
    known = {bytes(row[0]) for row in BY_KEY.rows(connection, [(one,) for one in sorted(wanted)])}
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
