"""What the composer shows before anybody writes: whether, to whom and until when a message may be sent.

In: a conversation. Out: a `Permission` and the templates its provider allows. The provider itself is asked
where it can be; else what it said last of the thread and the channel's own rules decide. Nobody is kept from
writing because the question failed: the mail room asks again by sending.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, select

from router.capabilities import Capabilities
from router.clock import Clock
from router.companions import Doors as AsksCompanions
from router.companions import companion_templates
from router.errors import AuthExpired, AuthInvalid, RateLimited, Retryable, SendError
from router.storage.outbound import answered_message
from router.storage.schema import conversation, thread_state
from router.storage.sending_times import thread_times
from router.storage.store import Store
from router.threads import Audience, Permission, Template
from router.windows import ThreadTimes, judge

log = logging.getLogger(__name__)

_NOT_ASKED = (Retryable, RateLimited, AuthExpired, AuthInvalid)


class Doors(AsksCompanions, Protocol):
    """What the composer asks of the running channels."""

    async def permissions(self, account: str, thread: str) -> Permission | None:
        """Ask the provider; None where it cannot be asked. Raises a SendError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where an answer would go, and what is known of that place."""

    account: str
    thread: str
    can_send: bool | None
    blocked_reason: str
    times: ThreadTimes


class Composing:
    """Says what may be written in a conversation."""

    def __init__(self, store: Store, clock: Clock, doors: Doors) -> None:
        self._store = store
        self._clock = clock
        self._doors = doors

    async def permission(self, conversation_id: str, answers: str | None = None) -> Permission:
        """Say whether an answer to that message, or the newest, may be sent now. Raises NotFound without one."""
        place = await self._place(conversation_id, answers)
        can = self._doors.kind(place.account).capabilities
        known = _known(place, can, self._clock.now())
        if not known.allowed:
            return known
        try:
            asked = await self._doors.permissions(place.account, place.thread)
        except _NOT_ASKED as error:
            log.info("permission not known: %s", error, extra={"account": place.account})
            return replace(known, why="the provider could not be asked; it may refuse the message")
        except SendError as error:
            return replace(known, allowed=False, why=error.public_text, until=error.until)
        return known if asked is None else _both(known, asked, can)

    async def templates(self, conversation_id: str, answers: str | None = None) -> Sequence[Template]:
        """Give the texts that may be used now. Raises NotFound, and a SendError when it cannot be asked."""
        place = await self._place(conversation_id, answers)
        beside = await companion_templates(self._store, self._doors, conversation_id, place.account)
        return [*await self._doors.list_templates(place.account, place.thread), *beside]

    async def _place(self, conversation_id: str, answers: str | None) -> _Place:
        async with self._store.reading() as connection:
            return await connection.run_sync(_read_place, conversation_id, answers)


def _read_place(connection: Connection, conversation_id: str, answers: str | None) -> _Place:
    answered = answered_message(connection, conversation_id, answers)
    statement = (
        select(conversation.c.thread, thread_state.c.can_send, thread_state.c.blocked_reason)
        .join_from(
            conversation, thread_state, thread_state.c.conversation_id == conversation.c.id, isouter=True
        )
        .where(conversation.c.id == answered.strand_id)
    )
    row = connection.execute(statement).one()
    about: dict[str, Any] = {
        "strand_id": answered.strand_id,
        "account": answered.account,
        "contact_point_id": answered.contact_point_id,
        "message_id": "",
    }
    return _Place(
        account=answered.account,
        thread=row.thread,
        can_send=row.can_send,
        blocked_reason=row.blocked_reason or "",
        times=thread_times(connection, about),
    )


def _known(place: _Place, can: Capabilities, now: datetime) -> Permission:
    """Say what is known without asking: the thread's state, and the windows of the channel."""
    if not can.outbound:
        return Permission(allowed=False, why="nothing is sent through this channel")
    if place.can_send is False:
        return Permission(allowed=False, why=place.blocked_reason or "the provider has closed this thread")
    by_windows = judge(can.send_rules, place.times, now)
    templates_only = not by_windows.allowed and can.templates != "none"
    return replace(
        by_windows,
        allowed=by_windows.allowed or templates_only,
        templates_only=templates_only,
        kinds=frozenset(can.blocks),
        audiences=can.audiences,
    )


def _both(known: Permission, asked: Permission, can: Capabilities) -> Permission:
    """Give the narrower of what the channel declares and what its provider says of this thread."""
    return replace(
        asked,
        kinds=(asked.kinds & known.kinds) if asked.kinds else known.kinds,
        audiences=(asked.audiences & can.audiences) or frozenset({Audience.CUSTOMER}),
        templates_only=(asked.templates_only or known.templates_only) and can.templates != "none",
        until=min((at for at in (asked.until, known.until) if at is not None), default=None),
        left=min((one for one in (asked.left, known.left) if one is not None), default=None),
        why=asked.why or known.why,
    )
