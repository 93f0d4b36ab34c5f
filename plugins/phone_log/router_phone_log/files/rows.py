"""One row of a file of call records in, one `Call` out; pure, so that a row can be read again any time.

What the row's own bytes do not say stands in the envelope: map, zone, line, the header's columns, and when
the row before it was written.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from router.calls import Call, CallDirection, CallOutcome, Recording
from router.errors import MalformedMessage
from router.messages import InboundEvent, RawInbound
from router_phone_log.facts import (
    RECORDING_VERSION,
    Parties,
    Reading,
    event_of,
    number_fields,
    parties_of,
    time_fields,
)
from router_phone_log.files.column_maps import MAX_CELL_CHARS, CallField, ColumnMap
from router_phone_log.times import BadTime, Span, place, read_seconds, read_time

_PAIR = re.compile(r"(?:^|[\s:])([\w.-]+)\s*=(.*)$", re.DOTALL)
_LIST = re.compile(r"[,;&|\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowLayout:
    """How the rows of one file are cut into cells; `columns` are the header's, or the map's own."""

    map_name: str
    map: ColumnMap
    columns: tuple[str, ...]
    delimiter: str
    encodings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRow:
    """What one row says: the call, and what belongs to the customer rather than to the call."""

    call: Call
    name: str = ""


def text_of(row: bytes, encodings: Sequence[str]) -> str:
    """Read bytes in the first encoding that fits; raises MalformedMessage when none does."""
    for encoding in encodings:
        try:
            return row.decode(encoding).strip("\0\ufeff\r\n")
        except UnicodeDecodeError:
            continue
    raise MalformedMessage(f"the row is in none of these encodings: {', '.join(encodings)}", code="charset")


def cells_of(text: str, delimiter: str) -> list[str]:
    """Cut a row into cells; raises MalformedMessage when its quotes cannot be understood."""
    try:
        rows = list(csv.reader(text.splitlines(keepends=True), delimiter=delimiter, skipinitialspace=True))
    except csv.Error as error:
        raise MalformedMessage(f"the row cannot be cut into cells: {error}", code="row") from None
    cells = [cell.strip() for row in rows for cell in row]
    if any(len(cell) > MAX_CELL_CHARS for cell in cells):
        raise MalformedMessage(f"a cell is longer than {MAX_CELL_CHARS} characters", code="row")
    return cells


def named_cells(row: bytes, layout: RowLayout) -> dict[str, str]:
    """Give a row's cells by column; raises MalformedMessage when there are too few."""
    text = text_of(row, layout.encodings)
    cells = cells_of(text, layout.delimiter)
    if layout.map.layout == "pairs":
        found = (_PAIR.search(cell) for cell in cells)
        named = {pair[1].casefold(): pair[2].strip() for pair in found if pair is not None}
        count = len(named)
    else:
        named = dict(zip((name.casefold() for name in layout.columns), cells, strict=False))
        count = len(cells)
    least = layout.map.at_least if layout.columns == layout.map.columns else 2
    if count < max(least, 2):
        raise MalformedMessage(
            f"the row has {count} columns, the map {layout.map_name!r} needs {max(least, 2)}", code="row"
        )
    return named


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
        queue=texts[CallField.QUEUE],
        agent=_agent(texts, columns, parties, outcome),
        offered_to=_offered_to(texts, parties),
        outcome=outcome,
        cause=texts[CallField.CAUSE],
        recordings=_recordings(texts),
        order_hints=(texts[CallField.ORDER],) if texts[CallField.ORDER] else (),
        attempt_ref=texts[CallField.ATTEMPT],
        **number_fields(parties, texts[CallField.CALLEE]),
        **times,
    )
    return ReadRow(call=call, name=_name(texts, parties))


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
