"""Load the calls a batch may be about.

Nothing here runs for a batch without calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from router.calls import MANUAL_WINDOW, Call, keys_of, number_of
from router.model.call_shelf import CallShelf, StoredCall
from router.model.calls import call_digest, call_of
from router.storage.lookups import Lookup
from router.storage.schema import call, call_key, message

LONGEST_RING = timedelta(hours=1)
"""By how much the time an answered call counts from may lie behind its start."""

BY_KEY = Lookup(select(call_key.c.digest, call_key.c.call_id), (call_key.c.digest,))
_CALLS = Lookup(select(call), (call.c.id,))
_MESSAGES = Lookup(select(message), (message.c.id,))


def load_calls(connection: Connection, facts: Sequence[tuple[str, Call]]) -> CallShelf:
    """Read the calls that (account, fact) pairs may be of, with their messages."""
    shelf = CallShelf()
    digests = {call_digest(account, key) for account, fact in facts for key in keys_of(fact)}
    found = {call_id for _, call_id in BY_KEY.rows(connection, [(one,) for one in sorted(digests)])}
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
