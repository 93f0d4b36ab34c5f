"""What a channel kind can do and how one of its accounts is doing, as plain values.

In: what a channel declares and reports. Out: what composer, outbox, operators and contract suite go by.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class HealthState(StrEnum):
    """What a channel account is doing, for operators."""

    STARTING = "starting"
    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"
    AUTH_NEEDED = "auth_needed"
    PAUSED = "paused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """State of one account: `cause` in plain words, `since` when, `next_try` if one is planned."""

    state: HealthState
    cause: str = ""
    since: datetime | None = None
    next_try: datetime | None = None


class TextUnit(StrEnum):
    """In what a provider counts the length of a text."""

    CHARS = "chars"
    BYTES = "bytes"
    UTF16 = "utf16"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLimits:
    """The longest text one message may carry."""

    max: int
    unit: TextUnit = TextUnit.CHARS


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a channel kind can do, as data: drives the composer, the outbox and the contract suite.

    `channel_class` is the capacity class its work counts in (`chat`, `email`, `phone`, `marketplace`).
    `reply_token`: the core mints a secret per conversation and recipient for outbound messages.
    `marks_sending`: the channel itself calls `ChannelContext.sending` before the first byte the peer could
    act on; otherwise the core marks the attempt before calling `send`.
    `joins_open_episode`: a contact has one matter at a time here, so a message without any evidence joins
    the contact point's open episode.
    """

    channel_class: str
    inbound: bool = True
    outbound: bool = True
    text: TextLimits = field(default_factory=lambda: TextLimits(max=100_000))
    blocks: frozenset[str] = frozenset({"text"})
    receipts: str = "none"
    reply_token: bool = False
    marks_sending: bool = False
    idempotent_send: bool = False
    joins_open_episode: bool = True
