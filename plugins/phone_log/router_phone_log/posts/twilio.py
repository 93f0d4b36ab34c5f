"""A status or recording callback of Twilio Voice in, the facts of one call out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from router.calls import Call, CallDirection, CallOutcome, CallState, Recording
from router.errors import MalformedMessage
from router.messages import InboundEvent, RawInbound
from router_phone_log.facts import RECORDING_VERSION, Reading, event_of
from router_phone_log.parties import Parties, number_fields, parties_of
from router_phone_log.posts.bodies import form_of, records_of, text
from router_phone_log.times import BadTime, read_seconds, read_time

SOURCE = "twilio"
_VERSION_DIGITS = 9

_STATES: Mapping[str, tuple[CallState, CallOutcome | None]] = {
    "queued": (CallState.RINGING, None),
    "initiated": (CallState.RINGING, None),
    "ringing": (CallState.RINGING, None),
    "in-progress": (CallState.TALKING, None),
    "answered": (CallState.TALKING, None),
    "completed": (CallState.ENDED, CallOutcome.ANSWERED),
    "busy": (CallState.ENDED, CallOutcome.BUSY),
    "no-answer": (CallState.ENDED, CallOutcome.MISSED),
    "canceled": (CallState.ENDED, CallOutcome.MISSED),
    "failed": (CallState.ENDED, CallOutcome.FAILED),
}


def decode_twilio(raw: RawInbound, reading: Reading) -> list[InboundEvent]:
    """Read one callback; a state Twilio names anew is kept as the call it belongs to."""
    record = _record_of(raw)
    key = text(record, "CallSid")
    if not key:
        raise MalformedMessage("the callback names no CallSid", code="call_id")
    parties = parties_of(
        reading.numbers, text(record, "From", "Caller"), text(record, "To", "Called"), _direction(record)
    )
    status = text(record, "CallStatus").lower()
    call = _call(key, status, record, parties, raw) if status else _recording_call(key, record, parties)
    return [event_of(call, raw, unknown=status if status and status not in _STATES else "")]


def _call(key: str, status: str, record: Mapping[str, object], parties: Parties, raw: RawInbound) -> Call:
    """Read a status; each tells the one time it is sent at."""
    state, outcome = _STATES.get(status, (CallState.RINGING, None))
    outcome = _dialled_outcome(record, outcome)
    at = _at(record, raw.received_at)
    talk_s = _seconds(record, "CallDuration") if state is CallState.ENDED else None
    if outcome is not None and outcome not in (CallOutcome.ANSWERED, CallOutcome.VOICEMAIL):
        talk_s = 0.0
    parent = text(record, "ParentCallSid")
    return Call(
        key=key,
        source=SOURCE,
        linked_keys=(parent,) if parent else (),
        agent=parties.agent if outcome is CallOutcome.ANSWERED else "",
        state=state,
        started_at=at if state is CallState.RINGING else None,
        answered_at=at if state is CallState.TALKING else None,
        ended_at=at if state is CallState.ENDED else None,
        talk_s=talk_s,
        outcome=outcome,
        cause=text(record, "SipResponseCode", "ErrorCode", "AnsweredBy"),
        recordings=_recordings(record),
        version=_version(record),
        **number_fields(parties, text(record, "To", "Called")),
    )


def _recording_call(key: str, record: Mapping[str, object], parties: Parties) -> Call:
    """Read a callback about a recording, which says nothing else of the call."""
    return Call(
        key=key,
        source=SOURCE,
        recordings=_recordings(record),
        version=RECORDING_VERSION,
        **number_fields(parties, text(record, "To", "Called")),
    )


def _record_of(raw: RawInbound) -> Mapping[str, object]:
    kind = raw.envelope.get("content_type")
    if isinstance(kind, str) and "json" in kind:
        return records_of(raw.raw)[0]
    return form_of(raw.raw)


def _direction(record: Mapping[str, object]) -> CallDirection | None:
    stated = text(record, "Direction").lower()
    if stated.startswith("outbound"):
        return CallDirection.OUTBOUND
    return CallDirection.INBOUND if stated == "inbound" else None


def _dialled_outcome(record: Mapping[str, object], outcome: CallOutcome | None) -> CallOutcome | None:
    """Take the word of the dialled leg: Twilio itself answered the caller, perhaps nobody else did."""
    dialled = text(record, "DialCallStatus").lower()
    if outcome is not CallOutcome.ANSWERED or not dialled:
        return outcome
    return _STATES.get(dialled, (CallState.ENDED, CallOutcome.ANSWERED))[1] or outcome


def _at(record: Mapping[str, object], received_at: datetime) -> datetime:
    try:
        at = read_time(text(record, "Timestamp"))
    except BadTime:
        return received_at
    if at is None:
        return received_at
    # Twilio writes UTC; a text without an offset is still that.
    return at.astimezone(UTC) if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _seconds(record: Mapping[str, object], name: str) -> float | None:
    try:
        return read_seconds(text(record, name))
    except BadTime:
        return None


def _recordings(record: Mapping[str, object]) -> tuple[Recording, ...]:
    ref, url = text(record, "RecordingSid"), text(record, "RecordingUrl")
    if not ref and not url:
        return ()
    return (Recording(ref=ref or url, url=url, duration_s=_seconds(record, "RecordingDuration")),)


def _version(record: Mapping[str, object]) -> int:
    number = text(record, "SequenceNumber")
    return int(number) if number.isascii() and number.isdigit() and len(number) <= _VERSION_DIGITS else 0
