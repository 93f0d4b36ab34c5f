"""Which messages may be sent now, and when the next one may: nothing overtakes in its conversation.

In: an account, the time, and whom nothing is sent to for a while. Out: rows with all a channel needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, select, update

from router.storage.schema import contact_point, conversation, message, outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Unless:
    """Conversations and contact points to which nothing is sent now."""

    conversations: frozenset[str] = frozenset()
    points: frozenset[str] = frozenset()


NO_EXCEPTION = Unless()


def due_messages(account: str, now: datetime, limit: int, but: Unless) -> Select[Any]:
    """Select what may be sent now, oldest first."""
    return (
        select(
            outbox,
            message.c.conversation_id,
            message.c.strand_id,
            message.c.seq,
            message.c.blocks,
            message.c.audience,
            message.c.author_name,
            message.c.created_at.label("written_at"),
            conversation.c.subject,
            conversation.c.thread,
            contact_point.c.display.label("recipient"),
        )
        .join_from(outbox, message)
        .join(conversation, conversation.c.id == message.c.strand_id)
        .join(contact_point, contact_point.c.id == outbox.c.contact_point_id)
        .where(*_first_in_line(account, but), outbox.c.next_try_at <= now)
        .order_by(outbox.c.message_id)
        .limit(limit)
        .with_for_update(of=outbox, skip_locked=True)
    )


def next_try_at(connection: Connection, account: str, but: Unless) -> datetime | None:
    """Give when the next message may be tried, of those that wait for no earlier one."""
    statement = select(func.min(outbox.c.next_try_at)).join_from(outbox, message)
    at: datetime | None = connection.execute(statement.where(*_first_in_line(account, but))).scalar()
    return at


def postpone(
    connection: Connection, account: str, only: Unless | None, until: datetime, detail: str
) -> list[tuple[str, str]]:
    """Let everything queued wait, or only what goes to some; give (conversation, message) of each."""
    statement = (
        select(message.c.conversation_id, outbox.c.message_id)
        .join_from(outbox, message)
        .where(outbox.c.account == account, outbox.c.state == "queued", outbox.c.next_try_at < until)
    )
    if only is not None:
        statement = statement.where(
            message.c.strand_id.in_(sorted(only.conversations))
            | outbox.c.contact_point_id.in_(sorted(only.points))
        )
    found = [(row.conversation_id, row.message_id) for row in connection.execute(statement)]
    if found:
        connection.execute(
            update(outbox)
            .where(outbox.c.message_id.in_([message_id for _, message_id in found]))
            .values(next_try_at=until, detail=detail)
        )
    return found


def _first_in_line(account: str, but: Unless) -> Sequence[ColumnElement[bool]]:
    """Ask for what is queued, not held back, and stands behind no earlier message of its conversation."""
    earlier_row = outbox.alias()
    earlier_message = message.alias()
    earlier = exists(
        select(earlier_row.c.message_id)
        .join_from(earlier_row, earlier_message, earlier_message.c.id == earlier_row.c.message_id)
        .where(
            earlier_row.c.account == account,
            earlier_row.c.state.in_(("queued", "sending")),
            earlier_row.c.message_id < outbox.c.message_id,
            earlier_message.c.strand_id == message.c.strand_id,
        )
    )
    wanted = [outbox.c.account == account, outbox.c.state == "queued", ~earlier]
    if but.conversations:
        wanted.append(message.c.strand_id.not_in(sorted(but.conversations)))
    if but.points:
        wanted.append(outbox.c.contact_point_id.not_in(sorted(but.points)))
    return wanted
