"""Target 17: how long any mail of up to 64 KB can hold the event loop."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime

from bench.figures import Figure, Table, Target
from bench.measures.mail import email_account
from bench.processes import apart
from router.decoding import Decoder
from router.errors import MalformedMessage
from router.messages import RawInbound

SIZE_BYTES = 64 * 1024

STALL = Target(
    number="17",
    title="longest hold of the loop by a hostile mail <= 64 KB",
    bar=50,
    stretch=10,
    at_least=False,
    unit="ms",
)

_HEAD = b"From: a@customer.example\r\nMessage-ID: <1@customer.example>\r\nTo: support@shop.example\r\n"
_PLAIN = b"Subject: x\r\n\r\nhello\r\n"


def hostile_mails() -> dict[str, bytes]:
    """Make mails that are cheap to send and dear to read."""
    room = SIZE_BYTES - len(_HEAD) - 200
    html = _HEAD + b"Subject: x\r\nContent-Type: text/html\r\n\r\n"
    return {
        "parameters": _HEAD + b"Content-Type: text/plain" + b";" * room + b"\r\n" + _PLAIN,
        "addresses": _HEAD + b"Cc: " + b", ".join([b"a@b.c"] * (room // 7)) + b"\r\n" + _PLAIN,
        "comments": _HEAD + b"Cc: " + b"(" * room + b"\r\n" + _PLAIN,
        "encoded words": _HEAD + b"Subject: " + b" ".join([b"=?utf-8?q?a?="] * (room // 14)) + b"\r\n\r\nx",
        "references": _HEAD + b"References: " + b" ".join([b"<1@x>"] * (room // 6)) + b"\r\n" + _PLAIN,
        "header fields": _HEAD + b"A: b\r\n" * (room // 6) + _PLAIN,
        "boundaries": _nested(room),
        "quotes": _HEAD + b"Subject: x\r\n\r\n" + b"> a\r\nb\r\n" * (room // 8),
        "attributions": _HEAD + b"Subject: x\r\n\r\n" + b"On 1 May 2026, a@b.c wrote:\r\n" * (room // 29),
        "one long line": _HEAD + b"Subject: x\r\n\r\n" + b"a " * (room // 2),
        "white space": _HEAD + b"Subject: x\r\n\r\n" + b" \t" * (room // 2),
        "open tags": html + b"<b>" * (room // 3),
        "links": html + b"<a href=http://x/>a</a>" * (room // 23),
        "quotations": html + b"<blockquote type=cite>" * (room // 22),
        "table cells": html + b"<table>" + b"<td>a" * (room // 5),
        "paragraphs": html + b"<p>a</p>" * (room // 8),
        "angle brackets": html + b"<" * room,
        "entities": html + b"&amp;" * (room // 5),
    }


def measure(table: Table, pairs: int) -> None:
    """Read each mail as the loop would, the shortest of so many readings each."""
    name, worst_s = apart(longest, pairs)
    table.add(Figure(target=STALL, values=[worst_s * 1e3], note=name))


def longest(readings: int) -> tuple[str, float]:
    """Give the mail that held longest, and for how long."""
    account = email_account()
    channel = account.channel_type.factory(account.name, account.settings)
    decoder = Decoder({account.name: (account.channel_type, channel)})
    _read(decoder, _HEAD + _PLAIN)
    durations = {
        name: min(_read(decoder, mail) for _ in range(readings)) for name, mail in hostile_mails().items()
    }
    return max(durations.items(), key=lambda pair: pair[1])


def _read(decoder: Decoder, mail: bytes) -> float:
    raw = RawInbound(
        dedupe_key="", raw=mail, received_at=datetime.now(UTC), envelope={"mail_from": "", "rcpt_to": []}
    )
    began = time.perf_counter()
    if not decoder.is_heavy("support", raw):
        with suppress(MalformedMessage):
            decoder.decode("support", raw)
    return time.perf_counter() - began


def _nested(room: int) -> bytes:
    levels = room // 75
    parts = [_HEAD, b"Subject: x\r\n"]
    for level in range(levels):
        mark = b"b%d" % level
        parts.append(b"Content-Type: multipart/mixed; boundary=%s\r\n\r\n--%s\r\n" % (mark, mark))
    return b"".join(parts)[:room] + b"\r\n\r\nx\r\n"
