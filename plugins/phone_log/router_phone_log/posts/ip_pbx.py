"""Call records that IP-PBXs push when a call is over (OpenVox, Yeastar and alike) in, calls out.

Vendors and versions write the same fields with and without underscores, misspelt, or wrapped as text in a
`msg` field; names are compared without case and underscores.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from router.calls import Call, CallDirection, CallOutcome, Recording
from router.errors import MalformedMessage
from router.messages import Author, EventKind, InboundEvent, RawInbound, Role
from router_phone_log.facts import Reading, event_of, time_fields, unknown_blocks
from router_phone_log.parties import Parties, number_fields, parties_of
from router_phone_log.posts.bodies import records_of, text
from router_phone_log.times import BadTime, Span, place, read_seconds, read_time

SOURCE = "ip-pbx"

_OUTCOMES = {
    "answered": CallOutcome.ANSWERED,
    "answer": CallOutcome.ANSWERED,
    "noanswer": CallOutcome.MISSED,
    "missed": CallOutcome.MISSED,
    "unanswered": CallOutcome.MISSED,
    "cancel": CallOutcome.MISSED,
    "busy": CallOutcome.BUSY,
    "failed": CallOutcome.FAILED,
    "congestion": CallOutcome.FAILED,
    "voicemail": CallOutcome.VOICEMAIL,
    "abandoned": CallOutcome.ABANDONED,
    "abandon": CallOutcome.ABANDONED,
    "rejected": CallOutcome.REJECTED,
    "declined": CallOutcome.REJECTED,
}
_DIRECTIONS = {
    "inbound": CallDirection.INBOUND,
    "in": CallDirection.INBOUND,
    "callin": CallDirection.INBOUND,
    "outbound": CallDirection.OUTBOUND,
    "out": CallDirection.OUTBOUND,
    "callout": CallDirection.OUTBOUND,
    "internal": CallDirection.INTERNAL,
}
_KEYS = ("callid", "cdrid", "uid", "uniqueid", "id")
_STARTS = ("timestart", "starttime", "calldate", "start")


def decode_ip_pbx(raw: RawInbound, reading: Reading) -> list[InboundEvent]:
    """Read every record of one post; what reports something else than a call's end is kept, and shows nothing."""
    return [
        _other(kind, raw) if (kind := _other_kind(record)) else _event(_flat(record), raw, reading)
        for record in records_of(raw.raw)
    ]


def _other_kind(record: Mapping[str, Any]) -> str:
    """Name the kind of a report that is no record of a call, in the vendor's own words."""
    flat = _flat(record)
    if text(flat, *_KEYS) and text(flat, *_STARTS):
        return ""
    kind = record.get("type")
    return str(kind) if isinstance(kind, int) else text(record, "action", "event")


def _other(kind: str, raw: RawInbound) -> InboundEvent:
    return InboundEvent(
        kind=EventKind.SYSTEM,
        occurred_at=raw.received_at,
        author=Author(role=Role.SYSTEM),
        blocks=unknown_blocks(kind),
        visible=False,
    )


def _event(record: Mapping[str, Any], raw: RawInbound, reading: Reading) -> InboundEvent:
    key = text(record, *_KEYS)
    if not key:
        raise MalformedMessage("the record names no call (callid)", code="call_id")
    caller, callee = (
        text(record, "callfrom", "from", "caller", "src"),
        text(record, "callto", "to", "callee", "dst"),
    )
    parties = parties_of(
        reading.numbers, caller, callee, _DIRECTIONS.get(_bare(text(record, "type", "calltype", "direction")))
    )
    outcome = _OUTCOMES.get(_bare(text(record, "status", "disposition", "callstatus")))
    try:
        span, length_s, talk_s = _times(record, reading, raw.received_at)
    except BadTime as error:
        raise MalformedMessage(str(error), code="time") from None
    if outcome is None:
        outcome = CallOutcome.ANSWERED if talk_s else CallOutcome.MISSED
    is_answered = outcome in (CallOutcome.ANSWERED, CallOutcome.VOICEMAIL)
    recording = text(record, "recording", "recordfile", "recordingfile", "recordpath")
    uid = text(record, "linkedid")
    call = Call(
        key=key,
        source=SOURCE,
        linked_keys=(uid,) if uid and uid != key else (),
        queue=text(record, "queue", "queuename"),
        agent=_agent(parties, outcome),
        offered_to=(parties.agent,) if parties.agent and _is_incoming(parties) else (),
        outcome=outcome,
        cause=text(record, "reason", "hangupcause"),
        recordings=(Recording(ref=recording),) if recording else (),
        **number_fields(parties, text(record, "didnumber", "did") or callee),
        **time_fields(span, is_answered=is_answered, length_s=length_s, talk_s=talk_s),
    )
    return event_of(call, raw)


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """Give the fields under their bare names, those of a wrapped record instead of its wrapper's."""
    inner = record.get("msg", record.get("data"))
    if isinstance(inner, str):
        [inner] = records_of(inner.encode("utf-8", "replace"))[:1]
    if isinstance(inner, dict):
        record = {**{name: value for name, value in record.items() if name == "sn"}, **inner}
    return {_bare(name): value for name, value in record.items()}


def _times(
    record: Mapping[str, Any], reading: Reading, told_at: datetime
) -> tuple[Span, float | None, float | None]:
    length_s = read_seconds(text(record, "callduration", "callduraction", "duration"))
    talk_s = read_seconds(text(record, "talkduration", "talkduraction", "billsec", "talktime"))
    written = Span(
        started_at=read_time(text(record, *_STARTS)),
        answered_at=read_time(text(record, "timeanswer", "answertime", "answer")),
        ended_at=read_time(text(record, "timeend", "endtime", "end")),
    )
    if written.started_at is None:
        raise BadTime("the record says not when the call began")
    return place(written, reading.zone, length_s=length_s, told_at=told_at), length_s, talk_s


def _agent(parties: Parties, outcome: CallOutcome) -> str:
    is_his = parties.direction is CallDirection.OUTBOUND or outcome is CallOutcome.ANSWERED
    return parties.agent if is_his else ""


def _is_incoming(parties: Parties) -> bool:
    return parties.direction is not CallDirection.OUTBOUND


def _bare(name: str) -> str:
    return name.replace("_", "").replace(" ", "").replace("-", "").casefold()
