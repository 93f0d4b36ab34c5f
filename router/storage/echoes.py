"""What an echo means for an outbound message: it arrived, whatever its attempt was last known to have done.

In: echoes filing has found, and the ids providers give to what we send. Out: settled attempts, and one entry
for a message that was seen outside before we knew it was ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from router.messages import DeliveryState, Evidence, EvidenceKind
from router.model.filing import reference_digest
from router.model.threads import Echo
from router.storage.parts import settle_parts
from router.storage.schema import attempt, message, outbox, reference

# states an echo proves wrong; one that is held is seen by the shop and not yet by the customer
_DOUBTFUL = (
    DeliveryState.SENDING,
    DeliveryState.UNKNOWN,
    DeliveryState.QUEUED,
    DeliveryState.FAILED,
    DeliveryState.EXPIRED,
)


def settle_echoes(connection: Connection, echoes: Sequence[Echo]) -> list[tuple[str, str]]:
    """Take each echo as evidence that its message arrived; give (conversation, message) of those that change."""
    changed = []
    for echo in echoes:
        newest = _newest_attempt(connection, echo.message_id)
        if newest is None:
            continue
        state = DeliveryState.ACCEPTED if echo.is_visible else DeliveryState.HELD
        values: dict[str, object] = {"remote_ref": echo.remote_ref} if echo.remote_ref else {}
        if newest.state in (DeliveryState.SENDING, DeliveryState.UNKNOWN, DeliveryState.FAILED):
            values |= {"state": state, "ended_at": echo.at, "detail": "seen at the provider"}
        if values:
            connection.execute(update(attempt).where(attempt.c.id == newest.id).values(**values))
        if echo.sort_key:
            here = message.c.id == echo.message_id
            connection.execute(update(message).where(here).values(sort_key=echo.sort_key))
        know_remote_ref(connection, echo.message_id, echo.remote_ref, echo.at)
        settled = connection.execute(
            update(outbox)
            .where(outbox.c.message_id == echo.message_id, outbox.c.state.in_(_DOUBTFUL))
            .values(
                state=state,
                next_try_at=None,
                settled_at=echo.at,
                reply_token=None,
                waits_for_part=None,
                detail="seen at the provider",
            )
        )
        if settled.rowcount:
            shown = select(message.c.conversation_id).where(message.c.id == echo.message_id)
            changed.append((connection.execute(shown).scalar_one(), echo.message_id))
            changed += settle_parts(connection, echo.message_id, echo.at)
    return changed


def know_remote_ref(connection: Connection, message_id: str, remote_ref: str, at: datetime) -> None:
    """Remember under what id a message of ours goes at its provider, for reports that name it.

    A message that was filed as sent outside under this id is this one: it stays as a note of the echo.
    """
    if not remote_ref:
        return
    here = select(message.c.account, message.c.strand_id, message.c.contact_point_id)
    place = connection.execute(here.where(message.c.id == message_id)).one()
    evidence = Evidence(kind=EvidenceKind.MESSAGE_ID, value=remote_ref)
    key = reference_digest(place.account, evidence)
    if connection.execute(select(reference.c.digest).where(reference.c.digest == key)).first() is None:
        connection.execute(
            insert(reference).values(
                digest=key,
                kind=EvidenceKind.MESSAGE_ID,
                conversation_id=place.strand_id,
                message_id=message_id,
                contact_point_id=place.contact_point_id,
                created_at=at,
            )
        )
    connection.execute(
        update(message)
        .where(
            message.c.strand_id == place.strand_id,
            message.c.external_id == remote_ref,
            message.c.sent_outside,
        )
        .values(sent_outside=False, direction="event", kind="echo")
    )


def _newest_attempt(connection: Connection, message_id: str) -> Row[Any, Any] | None:
    statement = select(attempt.c.id, attempt.c.state).where(attempt.c.message_id == message_id)
    return connection.execute(statement.order_by(attempt.c.number.desc()).limit(1)).one_or_none()
