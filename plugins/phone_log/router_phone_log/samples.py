"""Calls as every source tells of them, for the simulated phone system."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from router.messages import RawInbound
from router_phone_log import manual
from router_phone_log.files import importer
from router_phone_log.posts import twilio

ZONE = "Asia/Shanghai"
BEGAN_AT = datetime(2025, 3, 3, 4, 30, tzinfo=UTC)


def raw_item(content: bytes, key: str, **envelope: Any) -> RawInbound:
    """Give an item as a channel would store it."""
    return RawInbound(dedupe_key=key, raw=content, received_at=BEGAN_AT, envelope={"zone": ZONE, **envelope})


def row_item(number: int) -> RawInbound:
    """Give a row of a missed call."""
    caller, began = f"139{number:08}", "2025-03-03 12:30:00"
    cells = (
        "", caller, "4001", "from-trunk", f'""{caller}"" <{caller}>', "PJSIP/trunk-00000003",
        "PJSIP/4001-00000004", "Queue", "aftersale,t,,,60", began, "", "2025-03-03 12:30:41", "41", "0",
        "NO ANSWER", "DOCUMENTATION", f"1740976200.{number}", "",
    )  # fmt: skip
    row = ",".join(f'"{cell}"' for cell in cells).encode()
    envelope = {"map": "asterisk-master", "file": "Master.csv", "line": number, "delimiter": ","}
    return raw_item(row, f"row {number}", source=importer.SOURCE, **envelope)


def post_item(status: str, number: str, call: int = 1) -> RawInbound:
    """Give a status callback."""
    fields = {
        "CallSid": f"CA{call:032}", "From": "+8613900139000", "To": "+8610400100",
        "Direction": "inbound", "CallStatus": status, "SequenceNumber": number, "CallDuration": "210",
        "Timestamp": "Mon, 03 Mar 2025 04:34:00 +0000",
    }  # fmt: skip
    return raw_item(urlencode(fields).encode(), f"post {call} {number}", source=twilio.SOURCE)


def form_item() -> RawInbound:
    """Give a form filled in by an agent."""
    form = {
        "direction": "inbound", "number": "13700137000", "outcome": "answered", "duration": "2:30",
        "started_at": "2025-03-03 14:00", "reason": "Where is the parcel?", "entry_id": "sample-1",
    }  # fmt: skip
    content = json.dumps(form, ensure_ascii=False, sort_keys=True).encode()
    return raw_item(content, "form", source=manual.SOURCE, entry_id="sample-1")
