"""A phone call as facts: what a channel tells of it, once or many times, early or late.

In: what one source saw (a record, a status post, a line event). Out: a frozen `Call`; the core merges all
that name the same `key`, or link to it, into one call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CallDirection(StrEnum):
    """Who called."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class CallState(StrEnum):
    """How far a call has come; it only moves forward, in this order."""

    RINGING = "ringing"
    QUEUED = "queued"
    TALKING = "talking"
    ENDED = "ended"


class CallOutcome(StrEnum):
    """How a call ended."""

    ANSWERED = "answered"
    MISSED = "missed"
    ABANDONED = "abandoned"
    BUSY = "busy"
    FAILED = "failed"
    VOICEMAIL = "voicemail"
    REJECTED = "rejected"


class NumberKind(StrEnum):
    """Whether the customer's number is one that can be called back."""

    PUBLIC = "public"
    EMERGENCY = "emergency"
    ANONYMOUS = "anonymous"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Where a recording lies; it is fetched only when somebody who may asks for it."""

    ref: str
    url: str = ""
    duration_s: float | None = None
    consent: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What one source knows of one call; what it does not know stays None or empty.

    `key` is the source's id of this leg, `linked_keys` those of legs of the same call. `version` orders the
    facts of one source (a sequence number, else 0): of two facts that disagree the higher one holds.
    `customer_raw` is the number exactly as written, `customer_e164` the same in E.164 where it can be known;
    `extension` is what has to be dialled behind it. `manual` marks what a person entered; it merges with a
    later record of the same number within two minutes.
    """

    key: str
    source: str
    direction: CallDirection
    customer_raw: str = ""
    customer_e164: str = ""
    extension: str = ""
    number_kind: NumberKind = NumberKind.PUBLIC
    linked_keys: Sequence[str] = ()
    dialled: str = ""
    queue: str = ""
    agent: str = ""
    offered_to: Sequence[str] = ()
    state: CallState = CallState.ENDED
    started_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    ring_s: float | None = None
    talk_s: float | None = None
    outcome: CallOutcome | None = None
    cause: str = ""
    recordings: Sequence[Recording] = ()
    order_hints: Sequence[str] = ()
    version: int = 0
    manual: bool = False
    attempt_ref: str = ""
