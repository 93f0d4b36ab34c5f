"""What a live line has told of one call so far; each event makes a fuller one, and each of them is a fact.

Events alone say little (a hang-up does not say whether anybody had answered), so what was known before an
event is stored beside it, and a fact read from them is whole by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from router.calls import Call, CallDirection, CallOutcome, CallState
from router.errors import MalformedMessage
from router.messages import InboundEvent, JsonValue, RawInbound
from router_phone_log.facts import Reading, event_of, time_fields
from router_phone_log.parties import number_fields, parties_of
from router_phone_log.times import Span

MOST_OFFERS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCall:
    """One call on a line; `version` counts what was learned, `stated` is the direction the line itself says."""

    key: str
    version: int = 0
    caller: str = ""
    callee: str = ""
    name: str = ""
    stated: CallDirection | None = None
    queue: str = ""
    agent: str = ""
    offered_to: tuple[str, ...] = ()
    started_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: CallOutcome | None = None
    dial_status: str = ""
    cause: str = ""
    attempt_ref: str = ""

    @property
    def state(self) -> CallState:
        """Say how far the call has come."""
        if self.ended_at is not None:
            return CallState.ENDED
        if self.answered_at is not None:
            return CallState.TALKING
        return CallState.QUEUED if self.queue else CallState.RINGING

    def learned(self, **changes: Any) -> LineCall:
        """Give the call with what is new; the same call when nothing is."""
        changed = replace(self, **changes)
        return self if changed == self else replace(changed, version=self.version + 1)

    def offered(self, agent: str) -> LineCall:
        """Give the call with one more agent whose phone rings for it."""
        if not agent or agent in self.offered_to or len(self.offered_to) >= MOST_OFFERS:
            return self
        return self.learned(offered_to=(*self.offered_to, agent))

    def to_json(self) -> JsonValue:
        """Write it for the envelope and the account's store, without what is empty."""
        built: dict[str, JsonValue] = msgspec.to_builtins(self)
        return {name: value for name, value in built.items() if value not in (None, "", [], ())}


def line_call_of(value: JsonValue) -> LineCall | None:
    """Read what `to_json` wrote; None when there was nothing, MalformedMessage when it is something else."""
    if value is None:
        return None
    try:
        return msgspec.convert(value, LineCall)
    except msgspec.ValidationError as error:
        raise MalformedMessage(f"what was known of the call cannot be read: {error}", code="known") from None


def fact_of(line_call: LineCall, raw: RawInbound, reading: Reading, source: str) -> InboundEvent:
    """Give what is known of a call as the fact the event `raw` told."""
    parties = parties_of(reading.numbers, line_call.caller, line_call.callee, line_call.stated)
    span = Span(
        started_at=line_call.started_at, answered_at=line_call.answered_at, ended_at=line_call.ended_at
    )
    is_ended = line_call.state is CallState.ENDED
    is_answered = line_call.answered_at is not None
    times = time_fields(span, is_answered=is_answered)
    if not is_ended:
        times["talk_s"] = None
    is_outgoing = parties.direction is CallDirection.OUTBOUND
    is_his = is_outgoing or is_answered
    call = Call(
        key=line_call.key,
        source=source,
        queue=line_call.queue,
        agent=(line_call.agent or parties.agent) if is_his else "",
        offered_to=() if is_outgoing else line_call.offered_to,
        state=line_call.state,
        outcome=line_call.outcome if is_ended else None,
        cause=line_call.cause,
        version=line_call.version,
        attempt_ref=line_call.attempt_ref,
        **number_fields(parties, line_call.callee),
        **times,
    )
    name = "" if is_outgoing else line_call.name
    return event_of(call, raw, name=name)
