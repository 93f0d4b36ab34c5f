"""A call on one line, and as the block its message holds; in: a call, out: plain values. Pure."""

from __future__ import annotations

from router.calls import Call, CallDirection, CallOutcome, CallState, Recording
from router.messages import Block, BlockKind, JsonObject

_ENDED = {
    CallOutcome.MISSED: "Missed call",
    CallOutcome.ABANDONED: "Caller gave up",
    CallOutcome.BUSY: "Called while busy",
    CallOutcome.FAILED: "Call failed",
    CallOutcome.VOICEMAIL: "Voicemail",
    CallOutcome.REJECTED: "Call refused",
}
_ENDED_OUTBOUND = {
    CallOutcome.MISSED: "Called, nobody answered",
    CallOutcome.BUSY: "Called, the line was busy",
    CallOutcome.VOICEMAIL: "Called, reached the voicemail",
    CallOutcome.REJECTED: "Called, was refused",
}
_UNDER_WAY = {
    CallState.RINGING: "Calling now",
    CallState.QUEUED: "Waiting in the queue",
    CallState.TALKING: "Talking now",
}


def line_of(call: Call) -> str:
    """Say on one line what a call came to."""
    parts = [_what(call)]
    if call.talk_s and call.outcome is CallOutcome.ANSWERED:
        parts.append(f"talked {_length(call.talk_s)}")
    elif call.ring_s:
        parts.append(f"rang {_length(call.ring_s)}")
    if call.agent:
        parts.append(f"with {call.agent}")
    elif call.offered_to:
        parts.append("offered to " + ", ".join(call.offered_to))
    if call.recordings:
        parts.append("recorded")
    return ", ".join(parts)


def block_of_call(call_id: str, call: Call) -> Block:
    """Give the block a desk shows a call by; where recordings lie is not part of it."""
    return Block(kind=BlockKind.CALL, text=line_of(call), fields={"call_id": call_id, **_fields(call)})


def _what(call: Call) -> str:
    is_outbound = call.direction is CallDirection.OUTBOUND
    if call.outcome is CallOutcome.ANSWERED:
        return "Called the customer" if is_outbound else "Answered call"
    if call.outcome is None:
        return _UNDER_WAY.get(call.state, "Call")
    ended = _ENDED_OUTBOUND if is_outbound else _ENDED
    return ended.get(call.outcome, _ENDED[call.outcome])


def _length(seconds: float) -> str:
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes else f"{whole} s"


def _fields(call: Call) -> JsonObject:
    fields: dict[str, object] = {
        "direction": call.direction,
        "state": call.state,
        "outcome": call.outcome,
        "number": call.customer_e164 or call.customer_raw,
        "extension": call.extension,
        "queue": call.queue,
        "agent": call.agent,
        "offered_to": list(call.offered_to),
        "ring_s": call.ring_s,
        "talk_s": call.talk_s,
        "reason": call.reason,
        "result": call.result,
        "note": call.note,
        "promise_until": call.promise_until.isoformat() if call.promise_until else None,
        "manual": call.manual,
        "order_hints": list(call.order_hints),
        "recordings": [_recording(place, one) for place, one in enumerate(call.recordings)],
    }
    return {name: value for name, value in fields.items() if value not in (None, "", [])}  # type: ignore[misc]


def _recording(place: int, recording: Recording) -> dict[str, object]:
    return {"place": place, "duration_s": recording.duration_s, "consent": recording.consent}
