"""What every source shares: how long a call was, and the event a fact becomes.

In: times as one source has them. Out: the parts of a `Call`, and the `InboundEvent` around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict
from zoneinfo import ZoneInfo

from router.calls import Call, CallDirection, CallOutcome, CallState, number_of
from router.messages import (
    Author,
    Block,
    BlockKind,
    EventKind,
    Identity,
    InboundEvent,
    JsonValue,
    RawInbound,
    Role,
)
from router_phone_log.numbers import Numbers
from router_phone_log.times import Span

RECORDING_VERSION = -1
"""A fact that only adds a recording is weaker than every record of the call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How one account's records are meant."""

    numbers: Numbers
    zone: ZoneInfo


class TimeFields(TypedDict):
    """The fields of a `Call` that its times fill."""

    started_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    ring_s: float | None
    talk_s: float | None


def time_fields(
    span: Span,
    *,
    is_answered: bool,
    length_s: float | None = None,
    ring_s: float | None = None,
    talk_s: float | None = None,
) -> TimeFields:
    """Complete the times and lengths of an ended call from each other; what nothing tells stays None."""
    started_at, answered_at, ended_at = span.started_at, span.answered_at, span.ended_at
    if length_s is None and ring_s is not None and talk_s is not None:
        length_s = ring_s + talk_s
    if ended_at is None and started_at is not None and length_s is not None:
        ended_at = started_at + timedelta(seconds=length_s)
    if not is_answered:
        answered_at, talk_s = None, 0.0
    elif answered_at is None and ended_at is not None and talk_s is not None:
        answered_at = ended_at - timedelta(seconds=talk_s)
    if talk_s is None and answered_at is not None and ended_at is not None:
        talk_s = max(0.0, (ended_at - answered_at).total_seconds())
    if ring_s is None and started_at is not None:
        until = answered_at if is_answered else ended_at
        ring_s = max(0.0, (until - started_at).total_seconds()) if until is not None else None
    return TimeFields(
        started_at=started_at, answered_at=answered_at, ended_at=ended_at, ring_s=ring_s, talk_s=talk_s
    )


def event_of(
    call: Call,
    raw: RawInbound,
    *,
    name: str = "",
    context: Mapping[str, JsonValue] | None = None,
    unknown: str = "",
) -> InboundEvent:
    """Give the event of one fact: a contact is known by the number, a relay number's by its extension too.

    `unknown` is a word of the source nobody knows yet; it is shown, and the item can be read again later.
    """
    identity = number_of(call)
    known = call.ended_at if call.state is CallState.ENDED else call.answered_at or call.started_at
    return InboundEvent(
        kind=EventKind.CALL,
        external_id=call.key,
        occurred_at=call.started_at or known or raw.received_at,
        author=Author(
            role=Role.CUSTOMER,
            identities=(Identity(kind="phone", value=identity),) if identity else (),
            display=name,
        ),
        blocks=(Block(kind=BlockKind.CALL, text=words_of(call)), *unknown_blocks(unknown)),
        context=context or {},
        call=call,
    )


def unknown_blocks(kind: str) -> tuple[Block, ...]:
    """Give the block that stands for what the source calls by a word nobody knows yet; none for no word."""
    if not kind:
        return ()
    return (Block(kind=BlockKind.UNSUPPORTED, text=kind[:200], fields={"platform_kind": kind[:200]}),)


def words_of(call: Call) -> str:
    """Say in one line what is known of a call, for places that show nothing but text."""
    number = call.customer_e164 or call.customer_raw or "a withheld number"
    if call.extension:
        number += f" extension {call.extension}"
    preposition = {CallDirection.OUTBOUND: "to"}.get(call.direction, "from")
    what = call.outcome or call.state
    parts = [f"{call.direction.value.capitalize()} call {preposition} {number}: {what.value}"]
    if call.outcome is CallOutcome.ANSWERED and call.talk_s is not None:
        parts.append(f"talked {call.talk_s:.0f} s")
    elif call.ring_s is not None and call.outcome is not None:
        parts.append(f"rang {call.ring_s:.0f} s")
    return ", ".join(parts)
