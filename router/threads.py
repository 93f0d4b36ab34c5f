"""What a provider says and allows about one of its threads, and what can be done in one besides sending.

In: a provider's own states. Out: neutral values that composer, promises and outbox go by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Turn(StrEnum):
    """Whose answer a provider waits for."""

    SHOP = "shop"
    CUSTOMER = "customer"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformState:
    """How a provider sees a thread; None is "it does not say".

    `reply_needed_since` and `closes_at` feed the promises; `status` is the provider's own word.
    """

    status: str = ""
    turn: Turn | None = None
    reply_needed_since: datetime | None = None
    closes_at: datetime | None = None
    can_send: bool | None = None
    blocked_reason: str = ""
    unread: int | None = None


class Audience(StrEnum):
    """Who reads a message; the customer alone unless something else is said."""

    CUSTOMER = "customer"
    OPERATOR = "operator"
    MEDIATOR = "mediator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Whether something may be sent in a thread now.

    `why` is for the agent, in plain words. `left` counts what the window still allows, `until` is when it
    closes (when allowed) or opens again (when not). `kinds` are block kinds; empty means all declared ones.
    """

    allowed: bool
    why: str = ""
    until: datetime | None = None
    left: int | None = None
    kinds: frozenset[str] = frozenset()
    templates_only: bool = False
    audiences: frozenset[Audience] = frozenset({Audience.CUSTOMER})


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateVariable:
    """One gap in a template."""

    name: str
    title: str = ""
    example: str = ""
    required: bool = True
    max_chars: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A text the provider has approved, or demands; `body` shows its gaps as `{name}`."""

    id: str
    title: str
    body: str
    language: str = ""
    category: str = ""
    approved: bool = True
    variables: Sequence[TemplateVariable] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateUse:
    """A template with its gaps filled."""

    id: str
    language: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)


class ActionKind(StrEnum):
    """What can be done at a provider besides sending a message."""

    READ = "read"
    RECALL = "recall"
    REACT = "react"
    ORIGINATE = "originate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One such act. `target` is the provider's id of the message concerned, `text` what it needs.

    For ORIGINATE `recipient` is the number to call, `agent` the line it rings first, and `ref` the name
    under which the later record of the call will be known (`Call.attempt_ref`).
    """

    kind: ActionKind
    ref: str = ""
    thread: str = ""
    target: str = ""
    text: str = ""
    recipient: str = ""
    agent: str = ""
