"""Read when a customer last wrote and when we answered, as send rules count it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, select

from router.messages import DeliveryState
from router.storage.schema import attempt, message, outbox
from router.windows import CUSTOMER_MESSAGE, ThreadTimes

# What the provider counts against its window, or may have counted.
_COUNTED = (
    DeliveryState.SENDING,
    DeliveryState.UNKNOWN,
    DeliveryState.HELD,
    DeliveryState.ACCEPTED,
    DeliveryState.DELIVERED,
    DeliveryState.READ,
)
# More sends than this in one window no provider allows.
_MOST_SENDS = 200


def thread_times(connection: Connection, row: Mapping[str, Any]) -> ThreadTimes:
    """Give the times that matter for a message about to be sent, itself not counted.

    `row` names its account, contact point, strand and message. The provider's own time of the
    customer's message counts where it tells one: its window opened then, however late we heard of it.
    """
    here = (
        message.c.strand_id == row["strand_id"],
        message.c.account == row["account"],
        message.c.contact_point_id == row["contact_point_id"],
    )
    written = select(func.max(func.coalesce(message.c.occurred_at, message.c.created_at))).where(
        *here, message.c.direction == "inbound", message.c.kind == "message"
    )
    sent = (
        select(func.min(attempt.c.started_at))
        .join_from(outbox, message, message.c.id == outbox.c.message_id)
        .join(attempt, attempt.c.message_id == outbox.c.message_id)
        .where(*here, outbox.c.state.in_(_COUNTED), outbox.c.message_id != row["message_id"])
        .group_by(outbox.c.message_id)
        .order_by(outbox.c.message_id.desc())
        .limit(_MOST_SENDS)
    )
    return ThreadTimes(
        opened={CUSTOMER_MESSAGE: connection.execute(written).scalar()},
        sent=tuple(connection.execute(sent).scalars()),
    )
