"""What a simulated provider keeps: users, threads, messages, and a page of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeUser:
    """A person or shop at the provider."""

    id: str
    name: str = ""
    role: str = "customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeMessage:
    """One message as the provider keeps it; `number` counts over all threads, so it sorts what has one time.

    `state` is the provider's: sent, held, read, recalled. `key` is the idempotency key it came with.
    """

    id: str
    number: int
    thread: str
    author: FakeUser
    text: str
    at: datetime
    kind: str = "text"
    fields: Mapping[str, Any] = field(default_factory=dict)
    state: str = "sent"
    key: str = ""


@dataclass(slots=True, kw_only=True)
class FakeThread:
    """One thread; `status` and `fields` are the provider's own words."""

    id: str
    user: FakeUser
    opened_at: datetime
    status: str = "open"
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FakePage:
    """One page of messages; `next_after` is the number to ask from for the next one."""

    messages: Sequence[FakeMessage]
    next_after: int
    more: bool
