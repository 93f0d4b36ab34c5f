"""Load and keep what filing needs of messages there are already: echoes, changes, thread states.

In: what a batch wants to know. Out: `Shelf.threads` and `Shelf.states`, read only where an event is about
them; afterwards what changed, written back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, bindparam, delete, or_, select, update

from router.messages import DeliveryState
from router.model.filing import Shelf
from router.model.threads import (
    CHANGED_COLUMNS,
    CHANGES,
    ECHO_WINDOW,
    Known,
    OwnMessage,
    Thread,
    Wanted,
    change_of,
    folded,
)
from router.storage.inserts import insert_many
from router.storage.lookups import Lookup
from router.storage.schema import attempt, message, outbox, thread_state

_UNMET = Lookup(
    select(
        message.c.id,
        message.c.strand_id,
        message.c.unmet_target,
        message.c.kind,
        message.c.role,
        message.c.author_name,
        message.c.contact_point_id,
        message.c.blocks,
        message.c.occurred_at,
        message.c.created_at,
    ).where(message.c.unmet_target.is_not(None)),
    (message.c.strand_id,),
)
_SAVE_CHANGED = (
    update(message)
    .where(message.c.id == bindparam("changed"))
    .values({name: bindparam(f"new_{name}") for name in CHANGED_COLUMNS})
)
_SAVE_MET = update(message).where(message.c.id == bindparam("met")).values(unmet_target=None)
_FORGET_STATE = delete(thread_state).where(thread_state.c.conversation_id == bindparam("conversation"))


def load_threads(connection: Connection, shelf: Shelf, wanted: Wanted, now: datetime) -> None:
    """Read what a batch wants to know of messages and threads there are already."""
    for conversation_id in wanted.echoes:
        shelf.threads.setdefault(conversation_id, Thread())
    if wanted.echoes:
        _load_own(connection, shelf, wanted.echoes, now)
    if wanted.targets:
        _load_targets(connection, shelf, wanted.targets)
    if wanted.spoken:
        _load_unmet(connection, shelf, wanted.spoken)
    if wanted.stated:
        here = thread_state.c.conversation_id.in_(sorted(wanted.stated))
        for row in connection.execute(select(thread_state).where(here)).mappings():
            shelf.states[row["conversation_id"]] = dict(row)


def save_threads(connection: Connection, shelf: Shelf) -> None:
    """Keep what became of messages and what providers said of their threads."""
    changed = [
        {"changed": known.id} | {f"new_{name}": known.columns[name] for name in CHANGED_COLUMNS}
        for known in {
            id(one): one for thread in shelf.threads.values() for one in thread.by_ref.values()
        }.values()
        if known.is_changed and not known.is_new
    ]
    if changed:
        connection.execute(_SAVE_CHANGED, changed)
    if shelf.met:
        connection.execute(_SAVE_MET, [{"met": row_id} for row_id in shelf.met])
    if shelf.stated:
        connection.execute(_FORGET_STATE, [{"conversation": one} for one in sorted(shelf.stated)])
        insert_many(connection, thread_state, [shelf.states[one] for one in sorted(shelf.stated)])


def _load_own(connection: Connection, shelf: Shelf, wanted: Mapping[str, Set[str]], now: datetime) -> None:
    """Read the shop's recent messages, and those that go by one of the ids, with all their attempts."""
    recent = message.c.created_at > now - ECHO_WINDOW
    is_ours = (message.c.direction == "outbound") | message.c.sent_outside
    statement = _messages(wanted, recent).where(is_ours)
    own: dict[str, OwnMessage] = {}
    for row in connection.execute(statement.order_by(message.c.id, attempt.c.number)).mappings():
        one = own.get(row["id"])
        if one is None:
            one = own[row["id"]] = _own(row)
            shelf.threads[row["strand_id"]].own.append(one)
        if row["remote_ref"]:
            one.refs.add(row["remote_ref"])
            one.has_remote_ref = True
        one.is_seen = one.is_seen or bool(row["sort_key"])


def _own(row: RowMapping) -> OwnMessage:
    return OwnMessage(
        id=row["id"],
        refs={row["external_id"]} - {""},
        text=folded(block["text"] for block in row["blocks"]),
        state=DeliveryState(row["state"]) if row["state"] else None,
        tried_at=row["started_at"],
    )


def _load_targets(connection: Connection, shelf: Shelf, wanted: Mapping[str, Set[str]]) -> None:
    for row in connection.execute(_messages(wanted)).mappings():
        thread = shelf.threads.setdefault(row["strand_id"], Thread())
        known = next((one for one in thread.by_ref.values() if one.id == row["id"]), None)
        if known is None:
            known = Known(id=row["id"], columns=dict(row), is_new=False)
        for ref in (row["external_id"], row["remote_ref"]):
            if ref:
                thread.by_ref[ref] = known


def _load_unmet(connection: Connection, shelf: Shelf, wanted: Iterable[str]) -> None:
    names = [column.name for column in _UNMET.statement.selected_columns]
    for values in _UNMET.rows(connection, [(one,) for one in sorted(wanted)]):
        row = dict(zip(names, values, strict=True))
        thread = shelf.threads.setdefault(row["strand_id"], Thread())
        thread.unmet.append(change_of(row, row["unmet_target"]))


def _messages(wanted: Mapping[str, Set[str]], *others: ColumnElement[bool]) -> Select[Any]:
    """Select the messages of conversations that go by one of the ids, or are wanted for another reason."""
    ids = sorted({one for some in wanted.values() for one in some})
    return (
        select(message, outbox.c.state, attempt.c.remote_ref, attempt.c.started_at)
        .join_from(message, outbox, outbox.c.message_id == message.c.id, isouter=True)
        .join(attempt, attempt.c.message_id == message.c.id, isouter=True)
        .where(
            message.c.strand_id.in_(sorted(wanted)),
            message.c.kind.not_in(sorted(CHANGES)),
            or_(message.c.external_id.in_(ids), attempt.c.remote_ref.in_(ids), *others),
        )
    )
