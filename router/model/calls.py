"""Calls and tasks as filing holds them in its hands, and what calls ask of us. Pure.

In: merged calls and what is stored of them. Out: which of them nobody has called back about yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from router.calls import Call, CallDirection, CallOutcome, CallState, NumberKind, number_of
from router.ids import digest
from router.messages import Identity

_UNSERVED = frozenset({CallOutcome.MISSED, CallOutcome.ABANDONED, CallOutcome.BUSY, CallOutcome.VOICEMAIL})


class TaskKind(StrEnum):
    """What a task is."""

    CALL_BACK = "call_back"
    FOLLOW_UP = "follow_up"


class AttemptState(StrEnum):
    """How far one try to reach somebody has come."""

    CALLING = "calling"
    REACHED = "reached"
    NOT_REACHED = "not_reached"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBackTerms:
    """How long calls of one number count as the same wish, and when and after how many tries it is over."""

    window: timedelta = timedelta(hours=24)
    expires_after: timedelta = timedelta(hours=72)
    attempt_limit: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CallMoment:
    """When a call counts and what it means for call-backs: it asks for one, answers one, or neither."""

    at: datetime
    asks: bool
    answers: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedWork:
    """A work item that ended because what it was for is done, or over.

    `agent_id` held it. `was_served`: the customer was spoken to, which keeps what was promised.
    """

    item_id: str
    conversation_id: str
    reason: str
    agent_id: str | None = None
    was_served: bool = False


def asks_call_back(call: Call) -> bool:
    """Say whether a customer who can be called back reached nobody."""
    return (
        call.direction is CallDirection.INBOUND
        and call.number_kind is NumberKind.PUBLIC
        and call.state is CallState.ENDED
        and call.outcome in _UNSERVED
    )


def is_conversation(call: Call) -> bool:
    """Say whether somebody spoke to the customer."""
    return (
        call.outcome is CallOutcome.ANSWERED
        and call.direction is not CallDirection.INTERNAL
        and call.number_kind is NumberKind.PUBLIC
    )


def is_with_customer(call: Call) -> bool:
    """Say whether a call has a customer, so that it belongs to a conversation."""
    is_outer = call.direction is not CallDirection.INTERNAL
    return is_outer and call.number_kind is NumberKind.PUBLIC and bool(number_of(call))


def moment_of(call: Call, heard_at: datetime) -> CallMoment:
    """Give when a call counts: an answered one from the answer, any other from its start."""
    start = call.started_at or call.ended_at or heard_at
    answers = is_conversation(call)
    at = (call.answered_at or start) if answers else start
    return CallMoment(at=at, asks=asks_call_back(call), answers=answers)


def waiting_misses(
    moments: Iterable[CallMoment], settled_at: datetime | None, window: timedelta
) -> list[datetime]:
    """Give the calls that still wait to be called back, oldest first, all within one window.

    A call waits until the customer is spoken to after it, or its task is closed. Those that lie a whole
    window before a later one make way for it: what is left is the newest wish.
    """
    known = list(moments)
    settling = [moment.at for moment in known if moment.answers]
    if settled_at is not None:
        settling.append(settled_at)
    settled = max(settling, default=None)
    missed = sorted(moment.at for moment in known if moment.asks and (settled is None or moment.at > settled))
    first = missed[0] if missed else None
    for at in missed:
        if first is not None and at >= first + window:
            first = at
    return [at for at in missed if first is not None and at >= first]


def call_digest(account: str, key: str) -> bytes:
    """Give the digest under which a key of a call is kept."""
    return digest(account, "call", key)


def dialled_form(call: Call) -> str:
    """Give the number as it is dialled, with its extension."""
    number = call.customer_e164 or call.customer_raw
    return f"{number},{call.extension}" if number and call.extension else number


def identity_of(call: Call) -> Identity:
    """Give the customer's address where the event names nobody: the number."""
    return Identity(kind="phone", value=number_of(call))


def call_json(call: Call) -> dict[str, Any]:
    """Give a call as the store keeps it; what is not known is left out."""
    written: dict[str, Any] = msgspec.to_builtins(call)
    # 0 seconds are known, so they are no nothing
    kept = {name: value for name, value in written.items() if value is not None and value not in ("", (), [])}
    return kept | ({"legs": [call_json(leg) for leg in call.legs]} if call.legs else {})


def call_of(written: Any) -> Call:
    """Read a call from the store."""
    return msgspec.convert(written, Call)
