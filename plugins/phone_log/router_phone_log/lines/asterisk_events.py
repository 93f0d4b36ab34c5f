"""Events of Asterisk's manager interface in, what they add to a call out; pure.

Calls are known by their `Linkedid`, which every leg of a call shares; a `Cdr` event names a leg only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from router.calls import CallDirection, CallOutcome
from router.errors import MalformedMessage
from router.messages import InboundEvent, RawInbound
from router_phone_log.facts import Reading
from router_phone_log.lines.asterisk_records import with_record
from router_phone_log.lines.calls import LineCall, fact_of, line_call_of
from router_phone_log.lines.wires import block_fields

SOURCE = "asterisk-ami"
EVENTS = frozenset(
    {
        "Newchannel",
        "DialBegin",
        "DialEnd",
        "Hangup",
        "Cdr",
        "QueueCallerJoin",
        "QueueCallerAbandon",
        "AgentCalled",
        "AgentConnect",
        "OriginateResponse",
        "Gone",
    }
)
GONE = "Gone"
"""Our own word for a call that had ended before we were connected again."""

_CHANNEL = re.compile(r"^[A-Za-z0-9]+/([^@;]+?)(?:-[0-9a-f]{8}.*|@.*|;.*)?$")
_UNHEARD = frozenset({"", "<unknown>", "<null>", "s"})
_HANGUP_CAUSES = {"17": CallOutcome.BUSY, "21": CallOutcome.REJECTED}
_DIAL_STATUSES = {"BUSY": CallOutcome.BUSY}
_DIAL_FAILURES = frozenset({"CONGESTION", "CHANUNAVAIL", "INVALIDARGS"})


def decode_asterisk(raw: RawInbound, reading: Reading) -> list[InboundEvent]:
    """Read one stored event together with what was known of its call."""
    event = block_fields(raw.raw)
    known = line_call_of(raw.envelope.get("known"))
    after = advance(known, event, raw.received_at, reading)
    if after is None:
        raise MalformedMessage("the event tells of no call", code="event")
    return [fact_of(after, raw, reading, SOURCE)]


def key_of(event: Mapping[str, str]) -> str:
    """Give the call an event is of."""
    return event.get("Linkedid") or event.get("Uniqueid") or event.get("UniqueID", "")


def advance(
    known: LineCall | None, event: Mapping[str, str], received_at: datetime, reading: Reading
) -> LineCall | None:
    """Give the call after an event; None when the event is of no call we follow."""
    kind, key = event.get("Event", ""), key_of(event)
    if kind not in EVENTS or (not key and known is None):
        return None
    at = _at(event, received_at)
    if kind == "Cdr":
        return with_record(known or LineCall(key=key), event, reading)
    is_root = event.get("Uniqueid", key) == key
    if kind == "Newchannel":
        return _begun(known or LineCall(key=key), event, at) if is_root else None
    if known is None:
        # Its beginning was before our time; the end alone still says that somebody called.
        known = LineCall(key=key, caller=_heard(event, "CallerIDNum"), callee=_heard(event, "Exten"))
    if kind == "Hangup":
        return _ended(known, event, at, reading) if is_root else None
    if kind in (GONE, "OriginateResponse"):
        is_over = kind == GONE or event.get("Response") == "Failure"
        return _ended(known, event, at, reading) if is_over else None
    return _moved(known, kind, event, at)


def channel_number(channel: str) -> str:
    """Give the extension in the name of a channel, `PJSIP/4001-00000002`."""
    found = _CHANNEL.match(channel)
    return found[1] if found else ""


def _begun(known: LineCall, event: Mapping[str, str], at: datetime) -> LineCall:
    context = event.get("Context", "")
    stated = known.stated
    if stated is None and re.search(r"from-(?:trunk|pstn|did)", context):
        stated = CallDirection.INBOUND
    return known.learned(
        caller=known.caller or _heard(event, "CallerIDNum"),
        callee=known.callee or _heard(event, "Exten"),
        name=known.name or _heard(event, "CallerIDName"),
        stated=stated,
        started_at=known.started_at or at,
    )


def _moved(known: LineCall, kind: str, event: Mapping[str, str], at: datetime) -> LineCall:
    """Take in that a phone rings, that somebody answers, that the call waits in a queue."""
    agent = channel_number(event.get("DestChannel", "")) or channel_number(event.get("Interface", ""))
    if kind in ("DialBegin", "AgentCalled"):
        return known.offered(agent)
    if kind == "QueueCallerJoin":
        return known.learned(queue=_heard(event, "Queue"))
    if kind == "QueueCallerAbandon":
        return known.learned(outcome=CallOutcome.ABANDONED)
    # A phone that was rung to place a call has no caller's channel: its owner is not the customer.
    is_answer = kind == "AgentConnect" or (
        event.get("DialStatus") == "ANSWER" and bool(event.get("Uniqueid"))
    )
    if is_answer:
        return known.learned(
            answered_at=known.answered_at or at,
            agent=agent if known.stated is not CallDirection.OUTBOUND else known.agent,
            outcome=CallOutcome.ANSWERED,
        )
    return known.learned(dial_status=event.get("DialStatus", known.dial_status))


def _ended(known: LineCall, event: Mapping[str, str], at: datetime, reading: Reading) -> LineCall:
    return known.learned(
        ended_at=known.ended_at or at,
        started_at=known.started_at or at,
        outcome=known.outcome or _outcome(known, event, reading),
        cause=known.cause or event.get("Cause-txt") or event.get("Reason", ""),
    )


def _outcome(known: LineCall, event: Mapping[str, str], reading: Reading) -> CallOutcome:
    """Say how a call ended that nobody answered; a customer who was not reached was missed."""
    if known.answered_at is not None:
        return CallOutcome.ANSWERED
    if outcome := _DIAL_STATUSES.get(known.dial_status) or _HANGUP_CAUSES.get(event.get("Cause", "")):
        return outcome
    is_outgoing = known.stated is CallDirection.OUTBOUND or reading.numbers.is_inside(
        reading.numbers.read(known.caller)
    )
    is_failed = known.dial_status in _DIAL_FAILURES or event.get("Response") == "Failure"
    return CallOutcome.FAILED if is_outgoing and is_failed else CallOutcome.MISSED


def _at(event: Mapping[str, str], received_at: datetime) -> datetime:
    """Give when it happened: the switch's own time where it is told to add it (`timestampevents`)."""
    try:
        return datetime.fromtimestamp(float(event["Timestamp"]), UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return received_at


def _heard(event: Mapping[str, str], name: str) -> str:
    value = event.get(name, "")
    return "" if value in _UNHEARD else value
