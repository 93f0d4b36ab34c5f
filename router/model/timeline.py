"""What a desk is shown of messages: the shapes of `docs/http-api.md`, read from the store and sent as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageBlock:
    """One piece of content; `html` is sanitised already and still belongs in a sandboxed frame."""

    kind: str
    text: str
    html: str
    quoted: str
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageAttachment:
    """A file of a message; `url` gives its bytes."""

    id: str
    name: str
    content_type: str
    size_bytes: int
    inline: bool
    content_id: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a provider did not take a message: the part it is about, and what can be done instead."""

    error: str
    code: str
    part: str
    until: datetime | None
    alternatives: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryParts:
    """Which part of a longer text a message is, and which parts the provider has taken.

    `waits_for` is the part that did not arrive, behind which this one was not sent.
    """

    number: int
    count: int
    arrived: Sequence[int]
    waits_for: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How far an outbound message has come; `state` is a `DeliveryState`, `parts` is None for a whole text."""

    state: str
    detail: str
    attempts: int
    outgoing_ref: str
    next_try_at: datetime | None
    refusal: Refusal | None = None
    parts: DeliveryParts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What somebody showed about a message instead of answering it."""

    role: str
    name: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What a message said from that moment on."""

    at: datetime
    blocks: Sequence[MessageBlock]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One entry of a conversation's timeline; `seq` is None for what the customer never sees.

    `sort_key` is its place among the others of its thread, empty where the provider gives none. A recalled one
    shows no blocks: they stand in its history, as earlier texts of an edited one do. `is_applied` marks the
    entry of a change that is shown at the message it is about.
    """

    id: str
    seq: int | None
    direction: Literal["inbound", "outbound", "note", "event"]
    kind: str
    role: str
    author_name: str
    agent_id: str | None
    account: str
    subject: str
    blocks: Sequence[MessageBlock]
    attachments: Sequence[MessageAttachment]
    automatic: Literal["no", "reply", "bulk", "report"]
    guest: bool
    warnings: Sequence[str]
    created_at: datetime
    occurred_at: datetime | None
    external_id: str
    has_raw: bool
    sort_key: str
    audience: Sequence[str]
    sent_outside: bool
    recalled_at: datetime | None
    edited_at: datetime | None
    reactions: Sequence[Reaction]
    is_applied: bool
    delivery: Delivery | None
