"""A call an agent entered by hand: a filled form in, a raw item and then a call out."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from router.calls import Call, CallDirection, CallOutcome
from router.errors import MalformedMessage
from router.messages import InboundEvent, JsonObject, RawInbound
from router_phone_log.facts import Reading, event_of, time_fields
from router_phone_log.manual_form import read_form
from router_phone_log.parties import Parties, number_fields
from router_phone_log.times import Span, place

SOURCE = "manual"


def form_item(form: JsonObject, zone: str, reading: Reading, now: datetime) -> RawInbound:
    """Check a filled form and make it a raw item; MalformedMessage names every field that is wrong."""
    raw = json.dumps(form, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
    entry = read_form(raw)
    entry_id = entry.entry_id or f"{hashlib.blake2b(raw, digest_size=12).hexdigest()}-{now:%Y%m%d%H%M}"
    item = RawInbound(
        dedupe_key=f"manual {entry_id}",
        raw=raw,
        received_at=now,
        envelope={"source": SOURCE, "zone": zone, "entry_id": entry_id},
    )
    decode_form(item, reading)
    return item


def decode_form(raw: RawInbound, reading: Reading) -> list[InboundEvent]:
    """Read one stored form."""
    form = read_form(raw.raw)
    number = reading.numbers.read(form.number)
    parties = Parties(
        direction=CallDirection(form.direction), customer=number, shop=reading.numbers.read(form.agent)
    )
    span = place(
        Span(started_at=form.started_at, ended_at=form.ended_at), reading.zone, length_s=form.duration
    )
    if span.started_at is None:
        span = Span(started_at=span.ended_at or raw.received_at, ended_at=span.ended_at)
    if span.ended_at is not None and span.started_at is not None and span.ended_at < span.started_at:
        raise MalformedMessage("ended_at: the call ended before it began", code="form")
    is_answered = form.outcome in (CallOutcome.ANSWERED, CallOutcome.VOICEMAIL)
    length_s = form.duration if span.ended_at is None else None
    times = time_fields(span, is_answered=is_answered, length_s=length_s, talk_s=form.duration)
    until = place(Span(started_at=form.promise_until), reading.zone).started_at
    call = Call(
        key=f"manual-{raw.envelope.get('entry_id') or hashlib.blake2b(raw.raw, digest_size=12).hexdigest()}",
        source=SOURCE,
        manual=True,
        agent=form.agent,
        outcome=form.outcome,
        order_hints=(form.order,) if form.order else (),
        reason=form.reason,
        result=form.result,
        note="\n".join(filter(None, (form.note, form.promise and f"Promised: {form.promise}"))),
        promise_until=until,
        **number_fields(parties, ""),
        **times,
    )
    context = {"order": form.order} if form.order else {}
    return [event_of(call, raw, name=form.customer_name, context=context)]
