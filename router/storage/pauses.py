"""Provider's limits in the store, so that a router that starts anew does not call before it may.

In: what must not send, until when. Out: the same after a restart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from router.pauses import Part
from router.storage.schema import send_pause


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPause:
    """A part of an account that may not send until then."""

    account: str
    part: Part
    until: datetime


def keep_pause(connection: Connection, pause: StoredPause, now: datetime) -> None:
    """Remember a pause; of two for one part the later holds. Pauses of the account that are over are forgotten."""
    connection.execute(
        delete(send_pause).where(send_pause.c.account == pause.account, send_pause.c.until <= now)
    )
    here = (
        send_pause.c.account == pause.account,
        send_pause.c.scope == pause.part.scope,
        send_pause.c.key == pause.part.key,
    )
    known = connection.execute(select(send_pause.c.until).where(*here)).scalar()
    if known is None:
        connection.execute(
            insert(send_pause).values(
                account=pause.account, scope=pause.part.scope, key=pause.part.key, until=pause.until
            )
        )
    elif known < pause.until:
        connection.execute(update(send_pause).where(*here).values(until=pause.until))


def pauses_left(connection: Connection, now: datetime) -> list[StoredPause]:
    """Give the pauses that are not over."""
    rows = connection.execute(select(send_pause).where(send_pause.c.until > now))
    return [
        StoredPause(account=row.account, part=Part(scope=row.scope, key=row.key), until=row.until)
        for row in rows
    ]
