"""Keep the files agents send: who may send each, which message took it along, what its provider calls it.

A row whose agent is null belongs to nobody: its bytes are coming in or being removed. Bytes without a row cannot
be, whenever the process dies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, func, insert, select, update

from router.errors import ContentRejected
from router.messages import JsonObject
from router.model.outgoing_files import PART, OutgoingFile
from router.storage.schema import conversation, message, outgoing_file

MOST_WAITING = 50
"""How many files one agent may have attached without sending them."""

_WAITS = outgoing_file.c.message_id.is_(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Which files somebody may send: his own, in the conversation he attached them in."""

    agent_id: str
    conversation_id: str

    def waiting(self) -> ColumnElement[bool]:
        """Ask for his files that no message has taken along yet."""
        return (
            _WAITS
            & (outgoing_file.c.agent_id == self.agent_id)
            & (outgoing_file.c.conversation_id == self.conversation_id)
        )


def begin_file(connection: Connection, file_id: str, whose: Whose, at: datetime) -> None:
    """Announce a file whose bytes are about to come; raises ContentRejected when too many wait already."""
    waiting = select(func.count()).where(_WAITS, outgoing_file.c.agent_id == whose.agent_id)
    if connection.execute(waiting).scalar_one() >= MOST_WAITING:
        raise ContentRejected(
            f"{MOST_WAITING} attached files wait to be sent; send or remove some", code="too_many", part=PART
        )
    connection.execute(
        insert(outgoing_file).values(
            id=file_id,
            conversation_id=whose.conversation_id,
            name="",
            content_type="",
            size_bytes=0,
            created_at=at,
        )
    )


def finish_file(connection: Connection, file: OutgoingFile, agent_id: str) -> None:
    """Give a file whose bytes are on the disk to whoever attached it."""
    connection.execute(
        update(outgoing_file)
        .where(outgoing_file.c.id == file.id)
        .values(
            agent_id=agent_id,
            name=file.name,
            content_type=file.content_type,
            size_bytes=file.size_bytes,
        )
    )


def waiting_files(connection: Connection, whose: Whose) -> list[OutgoingFile]:
    """Give what was attached and not sent yet, in the order it was attached."""
    statement = select(outgoing_file).where(whose.waiting()).order_by(outgoing_file.c.id)
    return [file_of(row) for row in connection.execute(statement)]


def attached_files(connection: Connection, ids: Sequence[str], whose: Whose) -> list[OutgoingFile]:
    """Give the named files in that order, sent already or not; raises ContentRejected when one is not his."""
    mine = (outgoing_file.c.agent_id == whose.agent_id) & (
        outgoing_file.c.conversation_id == whose.conversation_id
    )
    rows = connection.execute(select(outgoing_file).where(outgoing_file.c.id.in_(ids), mine))
    found = {row.id: file_of(row) for row in rows}
    if len(set(ids)) < len(ids) or len(found) < len(ids):
        raise _not_here()
    return [found[each] for each in ids]


def take_along(connection: Connection, ids: Sequence[str], message_id: str, whose: Whose) -> None:
    """Give waiting files to a message; raises ContentRejected when one does not wait any more."""
    if not ids:
        return
    statement = update(outgoing_file).where(outgoing_file.c.id.in_(ids), whose.waiting())
    if connection.execute(statement.values(message_id=message_id)).rowcount != len(ids):
        raise _not_here()


def disown(connection: Connection, file_id: str, agent_id: str) -> bool:
    """Take a waiting file from its agent, before its bytes go; false when he has none such."""
    mine = (outgoing_file.c.id == file_id, outgoing_file.c.agent_id == agent_id, _WAITS)
    return connection.execute(update(outgoing_file).where(*mine).values(agent_id=None)).rowcount == 1


def disown_old(connection: Connection, before: datetime) -> None:
    """Take every file attached before a time from its agent."""
    old = (_WAITS, outgoing_file.c.agent_id.is_not(None), outgoing_file.c.created_at < before)
    connection.execute(update(outgoing_file).where(*old).values(agent_id=None))


def nobodys_files(connection: Connection, before: datetime) -> list[str]:
    """Name the files that belong to nobody and were announced before a time."""
    nobodys = (_WAITS, outgoing_file.c.agent_id.is_(None), outgoing_file.c.created_at < before)
    return list(connection.execute(select(outgoing_file.c.id).where(*nobodys)).scalars())


def forget_file(connection: Connection, file_id: str) -> None:
    """Drop the row of a file whose bytes are gone."""
    connection.execute(delete(outgoing_file).where(outgoing_file.c.id == file_id, _WAITS))


def carried_file(account: str, file_id: str, thread: str) -> Select[Any]:
    """Ask for a file by what carries it: a message of an account, in that thread if one is named."""
    statement = (
        select(outgoing_file)
        .join_from(outgoing_file, message, message.c.id == outgoing_file.c.message_id)
        .where(outgoing_file.c.id == file_id, message.c.account == account, message.c.recalled_at.is_(None))
    )
    if not thread:
        return statement
    strand = conversation.c.id == message.c.strand_id
    return statement.join(conversation, strand).where(conversation.c.thread == thread)


def keep_provided(connection: Connection, file_id: str, fields: JsonObject, at: datetime) -> None:
    """Keep what a provider calls a file, for every attempt that follows."""
    statement = update(outgoing_file).where(outgoing_file.c.id == file_id)
    connection.execute(statement.values(provider_fields=fields, provided_at=at))


def provided_fields(row: Row[Any], expires_before: datetime | None) -> Mapping[str, Any] | None:
    """Give what a provider calls a file, None when it never had it or may have dropped it by now."""
    if row.provider_fields is None or (expires_before is not None and row.provided_at < expires_before):
        return None
    return dict(row.provider_fields)


def file_of(row: Row[Any]) -> OutgoingFile:
    """Build a file from its row."""
    return OutgoingFile(id=row.id, name=row.name, content_type=row.content_type, size_bytes=row.size_bytes)


def _not_here() -> ContentRejected:
    return ContentRejected("an attached file is no longer here; attach it again", code="no_file", part=PART)
