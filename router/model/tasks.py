"""Tasks as people make and see them: calls back and follow-ups, with the tries made for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from router.model.calls import TaskKind


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """What an agent wants done later in a conversation; `attempt_limit` 0 sets none."""

    kind: TaskKind
    conversation_id: str
    number: str = ""
    reason: str = ""
    script: str = ""
    account: str = ""
    best_from: datetime | None = None
    best_until: datetime | None = None
    due_at: datetime
    attempt_limit: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAttempt:
    """One try to reach the customer; `agent` is empty for a call that was only seen."""

    id: str
    at: datetime
    state: Literal["calling", "reached", "not_reached", "failed"]
    agent: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task as a desk shows it.

    `number` is what to dial. `created_by` and `closed_by` name agents; None: a call, or time, did it.
    `counter` counts the calls nobody answered that it is for, 0 for one that an agent made. `begun`: it is
    work now. `can_originate`: the router can have the call made.
    """

    id: str
    kind: Literal["call_back", "follow_up"]
    conversation_id: str
    contact: str
    account: str
    number: str
    reason: str
    script: str
    best_from: datetime | None
    best_until: datetime | None
    due_at: datetime
    expires_at: datetime | None
    attempt_limit: int
    attempts: Sequence[TaskAttempt]
    counter: int
    last_missed_at: datetime | None
    begun: bool
    state: Literal["open", "done", "expired"]
    closed_at: datetime | None
    closed_by: str | None
    closed_reason: str
    created_by: str | None
    created_at: datetime
    can_originate: bool
