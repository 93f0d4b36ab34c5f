"""Events of a baresip softphone in, what they add to a call out; pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from router.calls import CallDirection, CallOutcome
from router.errors import MalformedMessage
from router.messages import InboundEvent, RawInbound
from router_phone_log.facts import Reading
from router_phone_log.lines.calls import LineCall, fact_of, line_call_of
from router_phone_log.lines.wires import object_fields

SOURCE = "softphone"
EVENTS = frozenset({"CALL_INCOMING", "CALL_RINGING", "CALL_PROGRESS", "CALL_ESTABLISHED", "CALL_CLOSED"})

# What stands in `param` of a closed call: the SIP answer, or the softphone's own words.
_CLOSED_AS = (
    (("486", "600", "busy"), CallOutcome.BUSY),
    (("603", "403", "declin", "reject"), CallOutcome.REJECTED),
)
_UNREACHED = ("404", "410", "484", "488", "500", "502", "503", "504", "not found", "unavailable", "refused")


def decode_softphone(raw: RawInbound, reading: Reading) -> list[InboundEvent]:
    """Read one stored event together with what was known of its call."""
    known = line_call_of(raw.envelope.get("known"))
    after = advance(known, object_fields(raw.raw), raw.received_at)
    if after is None:
        raise MalformedMessage("the event tells of no call", code="event")
    return [fact_of(after, raw, reading, SOURCE)]


def advance(known: LineCall | None, event: Mapping[str, str], at: datetime) -> LineCall | None:
    """Give the call after an event; None when the event is of no call."""
    kind, key = event.get("type", ""), event.get("id", "")
    if kind not in EVENTS or not key:
        return None
    call = known or LineCall(key=key)
    is_outgoing = event.get("direction") == "outgoing"
    peer, own = event.get("peeruri", ""), event.get("accountaor", "")
    call = call.learned(
        stated=CallDirection.OUTBOUND if is_outgoing else CallDirection.INBOUND,
        caller=own if is_outgoing else peer,
        callee=peer if is_outgoing else own,
        name=event.get("peerdisplayname", call.name),
        started_at=call.started_at or at,
    )
    if kind == "CALL_ESTABLISHED":
        return call.learned(answered_at=call.answered_at or at, outcome=CallOutcome.ANSWERED)
    if kind == "CALL_CLOSED":
        said = event.get("param", "")
        outcome = call.outcome or _outcome(said, is_outgoing=is_outgoing)
        return call.learned(ended_at=call.ended_at or at, outcome=outcome, cause=said)
    return call


def _outcome(said: str, *, is_outgoing: bool) -> CallOutcome:
    """Say how a call ended that was never established."""
    words = said.lower()
    for signs, outcome in _CLOSED_AS:
        if any(sign in words for sign in signs):
            return outcome
    if is_outgoing and any(sign in words for sign in _UNREACHED):
        return CallOutcome.FAILED
    return CallOutcome.MISSED
