"""Calls and tasks as filing holds them in its hands, and what calls ask of us. Pure.

In: merged calls and what is stored of them. Out: which of them nobody has called back about yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from router.calls import Call, CallDirection, CallOutcome, CallState, NumberKind, keys_of, number_of
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


@dataclass(slots=True, kw_only=True)
class StoredCall:
    """A call in the store, as it was and as a batch leaves it."""

    id: str
    account: str
    call: Call
    heard_at: datetime
    contact_point_id: str | None = None
    conversation_id: str | None = None
    message_id: str | None = None
    new: bool = False
    changed: bool = False

    @property
    def number(self) -> str:
        """Give the customer's number as numbers are compared."""
        return number_of(self.call)

    @property
    def digests(self) -> list[bytes]:
        """Give the digests of all its keys."""
        return [call_digest(self.account, key) for key in sorted(keys_of(self.call))]

    @property
    def moment(self) -> CallMoment:
        """Give what it means for call-backs."""
        return moment_of(self.call, self.heard_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallMoment:
    """When a call counts and what it means for call-backs: it asks for one, answers one, or neither."""

    at: datetime
    asks: bool
    answers: bool


@dataclass(slots=True, kw_only=True)
class OpenTask:
    """An open task as filing needs it."""

    id: str
    kind: TaskKind
    number: str
    conversation_id: str
    episode_id: str | None
    due_at: datetime
    created_at: datetime
    is_of_calls: bool
    counter: int = 0
    first_missed_at: datetime | None = None
    last_missed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownMoment:
    """A stored call of a number, as far as planning needs it."""

    call_id: str
    conversation_id: str | None
    moment: CallMoment


@dataclass(slots=True)
class NumberBook:
    """What is known of one number: its calls of late, its open tasks, and up to when misses are settled."""

    moments: dict[str, KnownMoment] = field(default_factory=dict)
    tasks: list[OpenTask] = field(default_factory=list)
    settled_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskClosing:
    """How a task ends without an agent: by a call, or because its time is over."""

    task_id: str
    state: str
    reason: str
    call_id: str | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A call that turned out to be `into`, with its message, which goes."""

    into: StoredCall
    message_id: str | None


@dataclass(slots=True)
class CallShelf:
    """The calls a batch is about, and what the batch makes of them and of tasks.

    `touched` are the numbers the batch speaks of; `messages` are rows of messages that stand already, and
    `changed_messages` those of them that are others now.
    """

    calls: dict[str, StoredCall] = field(default_factory=dict)
    by_digest: dict[bytes, str] = field(default_factory=dict)
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    joined: dict[str, Joined] = field(default_factory=dict)
    changed_messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    books: dict[str, NumberBook] = field(default_factory=dict)
    new_tasks: list[dict[str, Any]] = field(default_factory=list)
    changed_tasks: list[OpenTask] = field(default_factory=list)
    closings: list[tuple[str, TaskClosing]] = field(default_factory=list)


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


def closing_call(task: OpenTask, moments: Iterable[KnownMoment]) -> KnownMoment | None:
    """Give the call in which the customer was spoken to, after which a task is no longer needed."""
    since = task.last_missed_at or (task.due_at if task.kind is TaskKind.FOLLOW_UP else task.created_at)
    spoken = [known for known in moments if known.moment.answers and known.moment.at >= since]
    return min(spoken, key=lambda known: (known.moment.at, known.call_id), default=None)


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
