"""One row of a file of call records in, one `Call` out; pure, so that a row can be read again any time.

What the row's own bytes do not say stands in the envelope: map, zone, line, the header's columns, and when
the row before it was written.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from zoneinfo import ZoneInfo

from router.calls import Call, CallDirection, CallOutcome, Recording
from router.errors import MalformedMessage
from router.messages import InboundEvent, RawInbound
from router_phone_log.facts import RECORDING_VERSION, Reading, event_of, time_fields
from router_phone_log.files.cells import RowLayout, named_cells
from router_phone_log.files.column_maps import CallField, ColumnMap
from router_phone_log.parties import Parties, number_fields, parties_of
from router_phone_log.times import BadTime, Span, place, read_seconds, read_time

_LIST = re.compile(r"[,;&|\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRow:
    """What one row says: the call, and what belongs to the customer rather than to the call."""

    call: Call
    name: str = ""


def decode_row(raw: RawInbound, layout: RowLayout, reading: Reading) -> list[InboundEvent]:
    """Read one stored row; an error names file and line."""
    envelope = raw.envelope
    after = envelope.get("after")
    try:
        if envelope.get("cut"):
            raise MalformedMessage("the row is longer than any record of a call", code="too_long")
        row = read_row(
            named_cells(raw.raw, layout),
            layout,
            reading,
            after=datetime.fromisoformat(after) if isinstance(after, str) else None,
            fallback_key=hashlib.blake2b(raw.raw.strip(), digest_size=12).hexdigest(),
        )
    except MalformedMessage as error:
        where = f"{envelope.get('file', 'file')}:{envelope.get('line', '?')}"
        raise MalformedMessage(f"{where}: {error}", code=error.code) from None
    return [event_of(row.call, raw, name=row.name)]


def read_row(
    cells: Mapping[str, str],
    layout: RowLayout,
    reading: Reading,
    *,
    after: datetime | None = None,
    fallback_key: str = "",
) -> ReadRow:
    """Read the call of one row; raises MalformedMessage when it names no call or has an unreadable time."""
    columns = layout.map
    texts = {field: columns.text_of(field, cells) for field in CallField}
    parties = parties_of(
        reading.numbers, texts[CallField.CALLER], texts[CallField.CALLEE], columns.direction_of(cells)
    )
    try:
        span = _span(texts, columns, reading.zone, after)
        lengths = [read_seconds(texts[field]) for field in (CallField.LENGTH, CallField.RING, CallField.TALK)]
    except BadTime as error:
        raise MalformedMessage(str(error), code="time") from None
    key = texts[CallField.KEY] or (f"row-{fallback_key}" if fallback_key else "")
    if columns.only_recordings:
        return _recording_row(texts, layout, parties, span)
    if span.started_at is None:
        raise MalformedMessage("the row says not when the call began", code="time")
    length_s, ring_s, talk_s = lengths
    outcome = columns.outcome_of(cells) or _plain_outcome(columns, cells, texts, span, talk_s)
    is_answered = outcome in (CallOutcome.ANSWERED, CallOutcome.VOICEMAIL)
    times = time_fields(span, is_answered=is_answered, length_s=length_s, ring_s=ring_s, talk_s=talk_s)
    call = Call(
        key=key,
        source=layout.map_name,
        linked_keys=_linked(texts[CallField.LINKED], key, columns, span),
        agent=_agent(texts, columns, parties, outcome),
        outcome=outcome,
        **_told(texts, parties),
        **number_fields(parties, texts[CallField.CALLEE]),
        **times,
    )
    return ReadRow(call=call, name=_name(texts, parties))


class ToldFields(TypedDict):
    """The fields of a `Call` that stand in a row as they are."""

    queue: str
    offered_to: tuple[str, ...]
    cause: str
    recordings: tuple[Recording, ...]
    order_hints: tuple[str, ...]
    attempt_ref: str


def _told(texts: Mapping[CallField, str], parties: Parties) -> ToldFields:
    order = texts[CallField.ORDER]
    return ToldFields(
        queue=texts[CallField.QUEUE],
        offered_to=_offered_to(texts, parties),
        cause=texts[CallField.CAUSE],
        recordings=_recordings(texts),
        order_hints=(order,) if order else (),
        attempt_ref=texts[CallField.ATTEMPT],
    )


def _span(texts: Mapping[CallField, str], columns: ColumnMap, zone: ZoneInfo, after: datetime | None) -> Span:
    written = Span(
        started_at=read_time(texts[CallField.STARTED], columns.times),
        answered_at=read_time(texts[CallField.ANSWERED], columns.times),
        ended_at=read_time(texts[CallField.ENDED], columns.times),
    )
    return place(written, zone, length_s=read_seconds(texts[CallField.LENGTH]), after=after)


def _plain_outcome(
    columns: ColumnMap,
    cells: Mapping[str, str],
    texts: Mapping[CallField, str],
    span: Span,
    talk_s: float | None,
) -> CallOutcome:
    """Say how a call ended when no rule does: somebody talked, or nobody did."""
    if talk_s or (span.answered_at is not None and talk_s is None):
        return CallOutcome.ANSWERED
    telling = (CallField.STATUS, CallField.ANSWERED, CallField.TALK)
    if (
        columns.agent_means_answered
        and texts[CallField.AGENT] not in ("", "0")
        and not any(columns.has_column_for(field, cells) for field in telling)
    ):
        return CallOutcome.ANSWERED
    return CallOutcome.MISSED


def _agent(texts: Mapping[CallField, str], columns: ColumnMap, parties: Parties, outcome: CallOutcome) -> str:
    """Say which agent talked: the one the record names, or the extension on the shop's side."""
    if parties.direction is CallDirection.OUTBOUND:
        return parties.agent if columns.agent_was_called else texts[CallField.AGENT] or parties.agent
    if outcome is not CallOutcome.ANSWERED:
        return ""
    return texts[CallField.AGENT] or parties.agent


def _offered_to(texts: Mapping[CallField, str], parties: Parties) -> tuple[str, ...]:
    if parties.direction is CallDirection.OUTBOUND:
        return ()
    return tuple(one for one in _LIST.split(texts[CallField.OFFERED_TO]) if one)


def _linked(text: str, key: str, columns: ColumnMap, span: Span) -> tuple[str, ...]:
    if not text or text == key:
        return ()
    if columns.linked_by_day and span.started_at is not None:
        return (f"{text} on {span.started_at:%Y-%m-%d}",)
    return (text,)


def _recordings(texts: Mapping[CallField, str]) -> tuple[Recording, ...]:
    ref, url = texts[CallField.RECORDING], texts[CallField.RECORDING_URL]
    return (Recording(ref=ref or url, url=url),) if ref or url else ()


def _name(texts: Mapping[CallField, str], parties: Parties) -> str:
    name = texts[CallField.CUSTOMER_NAME]
    return "" if parties.direction is CallDirection.OUTBOUND or name == parties.customer.short else name


def _recording_row(
    texts: Mapping[CallField, str], layout: RowLayout, parties: Parties, span: Span
) -> ReadRow:
    """Read a line of a recording index: it only adds a recording to the call it names."""
    recordings = _recordings(texts)
    if not texts[CallField.KEY] or not recordings:
        raise MalformedMessage("the row names no call or no recording", code="row")
    call = Call(
        key=texts[CallField.KEY],
        source=layout.map_name,
        recordings=recordings,
        version=RECORDING_VERSION,
        started_at=span.started_at,
        **number_fields(parties, texts[CallField.CALLEE]),
    )
    return ReadRow(call=call)
