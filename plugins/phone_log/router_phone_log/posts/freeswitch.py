"""The call records FreeSWITCH posts (`mod_json_cdr`) in, calls out: JSON bare, in a list, or in a form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from router.calls import Call, CallDirection, CallOutcome, Recording
from router.errors import MalformedMessage
from router.messages import InboundEvent, RawInbound
from router_phone_log.facts import Reading, event_of, time_fields
from router_phone_log.parties import Parties, number_fields, parties_of
from router_phone_log.posts.bodies import form_of, records_of, text
from router_phone_log.times import BadTime, Span, place, read_seconds, read_time

SOURCE = "freeswitch"

_CAUSES = {
    "USER_BUSY": CallOutcome.BUSY,
    "CALL_REJECTED": CallOutcome.REJECTED,
    "NO_ANSWER": CallOutcome.MISSED,
    "NO_USER_RESPONSE": CallOutcome.MISSED,
    "ORIGINATOR_CANCEL": CallOutcome.MISSED,
    "ALLOTTED_TIMEOUT": CallOutcome.MISSED,
    "PICKED_OFF": CallOutcome.MISSED,
    "LOSE_RACE": CallOutcome.MISSED,
    "NORMAL_CLEARING": CallOutcome.MISSED,
}
_LINKS = ("call_uuid", "originating_leg_uuid", "bridge_uuid", "signal_bond", "cc_member_session_uuid")


def decode_freeswitch(raw: RawInbound, reading: Reading) -> list[InboundEvent]:
    """Read every record of one post."""
    body = raw.raw
    if body.lstrip()[:4] == b"cdr=":
        body = form_of(body)["cdr"].encode("utf-8", "replace")
    return [_event(record, raw, reading) for record in records_of(body)]


def _event(record: Mapping[str, Any], raw: RawInbound, reading: Reading) -> InboundEvent:
    variables = record.get("variables")
    if not isinstance(variables, dict):
        raise MalformedMessage("the record has no variables", code="record")
    # Values are written as they stand in an address where `encode-values` is on, which is the default.
    values = {name: unquote(one) if isinstance(one, str) else one for name, one in variables.items()}
    key = text(values, "uuid")
    if not key:
        raise MalformedMessage("the record names no call (uuid)", code="call_id")
    profile = _profile(record)
    callee = text(profile, "destination_number") or text(values, "destination_number", "dialed_user")
    caller = text(profile, "caller_id_number") or text(values, "caller_id_number", "ani")
    # The switch calls every leg that comes to it inbound, also one from an extension: the numbers decide.
    parties = parties_of(reading.numbers, caller, callee)
    try:
        span, length_s, talk_s = _times(values, profile, reading)
    except BadTime as error:
        raise MalformedMessage(str(error), code="time") from None
    outcome = _outcome(values, talk_s, span)
    recording = text(values, "record_path", "cc_record_filename", "recording_file")
    call = Call(
        key=key,
        source=SOURCE,
        linked_keys=tuple(sorted({text(values, name) for name in _LINKS} - {"", key})),
        queue=text(values, "cc_queue").partition("@")[0],
        agent=_agent(values, parties, outcome),
        outcome=outcome,
        cause=text(values, "hangup_cause"),
        recordings=(Recording(ref=recording),) if recording else (),
        order_hints=tuple(one for one in (text(values, "order_id"),) if one),
        attempt_ref=text(values, "attempt_ref"),
        **number_fields(parties, callee),
        **time_fields(
            span,
            is_answered=outcome in (CallOutcome.ANSWERED, CallOutcome.VOICEMAIL),
            length_s=length_s,
            talk_s=talk_s,
        ),
    )
    return event_of(call, raw)


def _profile(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the profile of the first stage of the call flow: who was called before any transfer."""
    flow = record.get("callflow")
    stages = flow if isinstance(flow, list) else [flow]
    last = next((stage for stage in reversed(stages) if isinstance(stage, dict)), {})
    profile = last.get("caller_profile")
    return profile if isinstance(profile, dict) else {}


def _times(
    values: Mapping[str, Any], profile: Mapping[str, Any], reading: Reading
) -> tuple[Span, float | None, float | None]:
    written = Span(
        started_at=read_time(text(values, "start_epoch", "start_stamp")),
        answered_at=read_time(text(values, "answer_epoch", "answer_stamp")),
        ended_at=read_time(text(values, "end_epoch", "end_stamp")),
    )
    if written.started_at is None:
        raise BadTime("the record says not when the call began")
    length_s = read_seconds(text(values, "duration"))
    return place(written, reading.zone, length_s=length_s), length_s, read_seconds(text(values, "billsec"))


def _outcome(values: Mapping[str, Any], talk_s: float | None, span: Span) -> CallOutcome:
    """Say how the call ended; the queue's own cancel reason tells an abandoned one from one that talked."""
    if text(values, "voicemail_file_path", "voicemail_message_len"):
        return CallOutcome.VOICEMAIL
    if text(values, "cc_cancel_reason") or text(values, "cc_cause").lower() == "cancel":
        return CallOutcome.ABANDONED
    if talk_s or span.answered_at is not None:
        return CallOutcome.ANSWERED
    return _CAUSES.get(text(values, "hangup_cause").upper(), CallOutcome.FAILED)


def _agent(values: Mapping[str, Any], parties: Parties, outcome: CallOutcome) -> str:
    if parties.direction is CallDirection.OUTBOUND:
        return parties.agent
    if outcome is not CallOutcome.ANSWERED:
        return ""
    return text(values, "cc_agent").partition("@")[0] or parties.agent
