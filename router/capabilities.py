"""What a channel kind can do and how one of its accounts is doing, as plain values.

In: what a channel declares and reports. Out: what composer, outbox, operators and contract suite go by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from router.orders import ContextKind
from router.threads import ActionKind, Audience


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
class SendRule:
    """A window in which may be sent: opened by an event, for a time, for a number of messages.

    `opened_by` is `customer_message` or the provider's own word. Several may be open at once; one is enough.
    A channel without rules may always send.
    """

    opened_by: str
    lasts_s: float
    max_sends: int | None = None
    kinds: frozenset[str] = frozenset({"text"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRule:
    """Who may begin a thread, and on what ground: `needs` is order, return, conversation or empty."""

    who: str
    needs: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaLimits:
    """What one kind of file may be; no `types` means any.

    `via` is `inline` (it goes within the message, beside its words; the channel reads it with
    `ChannelContext.file`), `link` (the same, but the customer fetches it from a route of the channel) or `upload`
    (`Uploads` takes it first, then a message of its own names it). What was uploaded may expire. `total_bytes`
    is the most all files of this kind in one message may have together.
    """

    types: frozenset[str]
    max_bytes: int
    via: str = "inline"
    expires_s: float | None = None
    total_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """At most `count` sends in `per_s` seconds; `scope` is account, thread or recipient."""

    scope: str
    count: int
    per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PushTerms:
    """How the provider calls us: within what time it wants its answer, empty or not, signed or not."""

    ack_within_ms: int
    empty_body: bool = False
    signed: bool = True
    repeats: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PollTerms:
    """How we ask: at most how often."""

    min_interval_s: float


class Ordering(StrEnum):
    """What the provider's own numbers are worth: without gaps, sortable, or nothing."""

    DENSE = "dense"
    SORTED = "sorted"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a channel kind can do, as data: drives the composer, the outbox and the contract suite.

    `channel_class` is the capacity class its work counts in (`chat`, `email`, `phone`, `marketplace`).
    `reply_token`: the core mints a secret per conversation and recipient for outbound messages.
    `marks_sending`: the channel itself calls `ChannelContext.sending` before the first byte the peer could
    act on; otherwise the core marks the attempt before calling `send`.
    `joins_open_episode`: a contact has one matter at a time here, so a message without any evidence joins
    the contact point's open episode.
    `events`: kinds of inbound events besides messages. `templates` is none, static or remote; `typing` none,
    in, out or both. `receipts` is none, delivered or read. `media` by block kind. Nothing declared is
    nothing promised: each entry here is exercised by the contract suite.
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
    thread_kinds: frozenset[str] = frozenset({"chat"})
    start_rules: Sequence[StartRule] = ()
    send_rules: Sequence[SendRule] = ()
    media: Mapping[str, MediaLimits] = field(default_factory=dict)
    templates: str = "none"
    typing: str = "none"
    events: frozenset[str] = frozenset()
    actions: frozenset[ActionKind] = frozenset()
    audiences: frozenset[Audience] = frozenset({Audience.CUSTOMER})
    identity_kinds: frozenset[str] = frozenset()
    limits: Sequence[RateLimit] = ()
    push: PushTerms | None = None
    poll: PollTerms | None = None
    ordering: Ordering = Ordering.NONE
    context_kinds: frozenset[ContextKind] = frozenset()
    requires: frozenset[str] = frozenset()
