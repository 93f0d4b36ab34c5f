"""The parts of a long text in the store: held back behind one that stopped, let go when it arrived.

In: a part whose state has changed. Out: the other parts this concerns, as (conversation, message).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, exists, select, update

from router.messages import DeliveryState
from router.model.parts import PartState, first_missing, withheld
from router.storage.schema import message, outbox

_WORDS = {
    DeliveryState.UNKNOWN: "may not have arrived",
    DeliveryState.BOUNCED: "came back",
    DeliveryState.EXPIRED: "was given up",
}


def parts_of(connection: Connection, message_id: str) -> list[PartState]:
    """Read all parts of the text a message is a part of, in order; none for a message that is whole."""
    first = select(outbox.c.first_part_id).where(outbox.c.message_id == message_id).scalar_subquery()
    statement = (
        select(outbox, message.c.conversation_id)
        .join_from(outbox, message, message.c.id == outbox.c.message_id)
        .where(outbox.c.first_part_id == first)
        .order_by(outbox.c.part)
    )
    return [
        PartState(
            message_id=row.message_id,
            conversation_id=row.conversation_id,
            number=row.part,
            state=DeliveryState(row.state),
            waits_for=row.waits_for_part,
        )
        for row in connection.execute(statement)
    ]


def settle_parts(connection: Connection, message_id: str, at: datetime) -> list[tuple[str, str]]:
    """Hold back what stands behind a part that stopped, and let go what waits for none any more.

    After a newer message the rest is not sent by itself: whoever wrote that has seen what was missing, and may still
    send it again.
    """
    parts = parts_of(connection, message_id)
    if not parts:
        return []
    back = withheld(parts)
    changed = _hold_back(connection, parts, back, at)
    free = [one for one in parts if one.waits_for is not None and one not in back]
    if free:
        let_go = _leave if _is_overtaken(connection, parts) else send_again
        let_go(connection, [one.message_id for one in free], at)
        changed += free
    return [(one.conversation_id, one.message_id) for one in changed]


def send_again(connection: Connection, message_ids: Sequence[str], at: datetime) -> None:
    """Queue messages that were not sent."""
    connection.execute(
        update(outbox)
        .where(outbox.c.message_id.in_(message_ids))
        .values(
            state=DeliveryState.QUEUED,
            next_try_at=at,
            created_at=at,
            settled_at=None,
            refusal=None,
            detail="",
            waits_for_part=None,
        )
    )


def _leave(connection: Connection, message_ids: Sequence[str], at: datetime) -> None:
    """Leave messages unsent that wait for none any more."""
    words = "not sent: a newer message had been written"
    connection.execute(
        update(outbox)
        .where(outbox.c.message_id.in_(message_ids))
        .values(settled_at=at, detail=words, waits_for_part=None)
    )


def _hold_back(
    connection: Connection, parts: Sequence[PartState], back: Sequence[PartState], at: datetime
) -> list[PartState]:
    missing = first_missing(parts)
    new = [one for one in back if missing is not None and one.waits_for != missing.number]
    if missing is None or not new:
        return []
    words = _WORDS.get(missing.state, "was not sent")
    connection.execute(
        update(outbox)
        .where(outbox.c.message_id.in_([one.message_id for one in new]))
        .values(
            state=DeliveryState.FAILED,
            next_try_at=None,
            settled_at=at,
            detail=f"part {missing.number} of {len(parts)} {words}",
            waits_for_part=missing.number,
        )
    )
    return new


def _is_overtaken(connection: Connection, parts: Sequence[PartState]) -> bool:
    """Say whether somebody has written to the same customer since; all messages of one reply have one time."""
    last = message.c.id == parts[-1].message_id
    newer = select(message.c.id).where(
        message.c.strand_id == select(message.c.strand_id).where(last).scalar_subquery(),
        message.c.created_at > select(message.c.created_at).where(last).scalar_subquery(),
        message.c.direction == "outbound",
    )
    return bool(connection.execute(select(exists(newer))).scalar())
