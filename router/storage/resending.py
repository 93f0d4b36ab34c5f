"""What a person decides about a message that was not sent, or may not have been: again, or that it arrived.

In: a message, whose state nothing else will change. Out: its rows queued again or settled, or why they cannot be.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from router.errors import StaleVersion
from router.messages import DeliveryState
from router.model.parts import first_missing, sent_again
from router.storage.parts import parts_of, send_again, settle_parts
from router.storage.schema import message, outbox

_SENT_AGAIN = (DeliveryState.UNKNOWN, DeliveryState.FAILED, DeliveryState.EXPIRED)


def resend(connection: Connection, message_id: str, now: datetime) -> list[tuple[str, str]]:
    """Queue a message that was not sent again under the same id; give (conversation, message) of all it queues.

    Of a text in parts, the first that is missing goes first, whichever part is named, and the rest behind it.
    Raises StaleVersion for one that needs no sending, or cannot be completed any more.
    """
    row = _row(connection, message_id)
    if row.state not in _SENT_AGAIN:
        raise StaleVersion("only a message that failed or whose outcome is unknown is sent again")
    parts = parts_of(connection, message_id)
    again = sent_again(parts)
    if not parts:
        send_again(connection, [message_id], now)
        return [(row.conversation_id, message_id)]
    if not again:
        missing = first_missing(parts)
        number = missing.number if missing else row.part
        raise StaleVersion(f"part {number} of {row.parts} came back; write the answer anew")
    send_again(connection, [one.message_id for one in again], now)
    return [(one.conversation_id, one.message_id) for one in again]


def take_as_arrived(connection: Connection, message_id: str, now: datetime) -> list[tuple[str, str]]:
    """Believe a person that a message of unknown outcome arrived; give (conversation, message) of what changes.

    Raises StaleVersion for any other message: of that the router knows more than anybody.
    """
    row = _row(connection, message_id)
    if row.state != DeliveryState.UNKNOWN:
        raise StaleVersion("only of a message whose outcome is unknown can be said that it arrived")
    connection.execute(
        update(outbox)
        .where(outbox.c.message_id == message_id)
        .values(
            state=DeliveryState.ACCEPTED,
            next_try_at=None,
            settled_at=now,
            reply_token=None,
            refusal=None,
            detail="said to have arrived",
        )
    )
    return [(row.conversation_id, message_id), *settle_parts(connection, message_id, now)]


def _row(connection: Connection, message_id: str) -> Row[Any, Any, Any, Any]:
    statement = (
        select(outbox.c.state, outbox.c.part, outbox.c.parts, message.c.conversation_id)
        .join_from(outbox, message, message.c.id == outbox.c.message_id)
        .where(outbox.c.message_id == message_id)
        .with_for_update(of=outbox)
    )
    return connection.execute(statement).one()
