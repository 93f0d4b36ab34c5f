"""Asterisk's `Cdr` event in, what it adds to a call that was watched out; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from router.calls import CallOutcome
from router_phone_log.facts import Reading
from router_phone_log.files.cells import RowLayout
from router_phone_log.files.column_maps import shipped_map
from router_phone_log.files.rows import read_row
from router_phone_log.lines.calls import LineCall

_MAP = "asterisk-master"
_CDR_COLUMNS = {
    "accountcode": "AccountCode",
    "src": "Source",
    "dst": "Destination",
    "dcontext": "DestinationContext",
    "clid": "CallerID",
    "channel": "Channel",
    "dstchannel": "DestinationChannel",
    "lastapp": "LastApplication",
    "lastdata": "LastData",
    "start": "StartTime",
    "answer": "AnswerTime",
    "end": "EndTime",
    "duration": "Duration",
    "billsec": "BillableSeconds",
    "disposition": "Disposition",
    "uniqueid": "UniqueID",
    "userfield": "UserField",
}


def with_record(known: LineCall, event: Mapping[str, str], reading: Reading) -> LineCall:
    """Take in the record of one leg: its times are exact, but an answer that was seen stays one."""
    columns = shipped_map(_MAP)
    cells = {column: event.get(name, "") for column, name in _CDR_COLUMNS.items()}
    layout = RowLayout(
        map_name=_MAP, map=columns, columns=columns.columns, delimiter=",", encodings=columns.encodings
    )
    call = read_row(cells, layout, reading, fallback_key=known.key).call
    told = (known.outcome, call.outcome)
    # What was seen on the line is surer than a record of one leg, which may not have been the one that counted.
    sure = (CallOutcome.ANSWERED, CallOutcome.VOICEMAIL, CallOutcome.ABANDONED)
    changed = replace(
        known,
        caller=known.caller or cells["src"],
        callee=known.callee or cells["dst"],
        queue=known.queue or call.queue,
        agent=known.agent or call.agent,
        started_at=min(filter(None, (call.started_at, known.started_at)), default=None)
        if known.outcome is CallOutcome.ANSWERED
        else call.started_at,
        answered_at=call.answered_at or known.answered_at,
        ended_at=call.ended_at or known.ended_at,
        outcome=next((one for one in sure if one in told), call.outcome),
        attempt_ref=known.attempt_ref or call.attempt_ref,
    )
    return known if changed == known else replace(changed, version=known.version + 1)
