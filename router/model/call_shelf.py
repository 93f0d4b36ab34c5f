"""Calls, numbers and tasks as filing holds them in its hands while it files a batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from router.calls import Call, keys_of, number_of
from router.model.calls import CallMoment, TaskKind, call_digest, moment_of


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
class KnownMoment:
    """A stored call of a number, as far as planning needs it."""

    call_id: str
    conversation_id: str | None
    moment: CallMoment


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
