"""Mails made to hold the reader up: each at most 64 KB."""

from __future__ import annotations

BOUNCE = b"From: mailer-daemon@example.org\r\nSubject: failure notice\r\n\r\n"
HEAD = b"From: ana@example.org\r\nTo: support@shop.example\r\nSubject: x\r\n"
SIZE = 64_000


def _fill(piece: bytes, size: int = SIZE) -> bytes:
    return (piece * (size // len(piece) + 1))[:size]


def _multipart(boundary: bytes, content: bytes) -> bytes:
    return (
        b'Content-Type: multipart/mixed; boundary="'
        + boundary
        + b'"\r\n\r\n--'
        + boundary
        + b"\r\n"
        + content
    )


def _nested(levels: int) -> bytes:
    content = b"Content-Type: text/plain\r\n\r\nx\r\n"
    for level in range(levels):
        content = _multipart(b"b%d" % level, content)
    return content


def _html(content: bytes) -> bytes:
    return HEAD + b"Content-Type: text/html\r\n\r\n" + content


def _text(content: bytes) -> bytes:
    return HEAD + b"Content-Type: text/plain\r\n\r\n" + content


MAILS: dict[str, bytes] = {
    "parameters of semicolons": HEAD + b"Content-Type: text/plain" + _fill(b";") + b"\r\n\r\nx",
    "8 KB of parameters": HEAD + b"Content-Type: text/plain" + _fill(b'; a="b', 8000) + b"\r\n\r\nx",
    "parameters of a part": HEAD
    + _multipart(b"b", b"Content-Type: text/plain" + _fill(b";a=b") + b"\r\n\r\nx"),
    "thousands of addresses": HEAD + b"Cc: " + _fill(b"a@example.org, ") + b"\r\n\r\nx",
    "nested comments": b"From: " + _fill(b"(") + b" ana@example.org\r\n\r\nx",
    "comments without end": HEAD + b"Cc: " + _fill(b"a (") + b"\r\n\r\nx",
    "quotes in addresses": HEAD + b"Cc: " + _fill(b'"\\') + b"\r\n\r\nx",
    "angle brackets": HEAD + b"Cc: " + _fill(b"<") + b"\r\n\r\nx",
    "encoded words": HEAD + b"X: y\r\nSubject: " + _fill(b"=?utf-8?q?=41?= ") + b"\r\n\r\nx",
    "half encoded words": b"From: a@example.org\r\nSubject: " + _fill(b"=?utf-8?q?") + b"\r\n\r\nx",
    "references": HEAD + b"References: " + _fill(b"<a@b> ") + b"\r\n\r\nx",
    "header fields": HEAD + _fill(b"X: y\r\n") + b"\r\n\r\nx",
    "folds": HEAD + b"X: y" + _fill(b"\r\n ") + b"\r\n\r\nx",
    "nested 19 deep": HEAD + _nested(19),
    "nested 500 deep": HEAD + _nested(500),
    "thousands of parts": HEAD + _multipart(b"b", _fill(b"--b\r\n\r\nx\r\n")),
    "lines inside levels": HEAD + _nested(15) + _fill(b"\n", 60_000),
    "same boundary at each level": HEAD + _fill(_multipart(b"b", b"")),
    "boundaries in the text": _text(_fill(b"boundary=\n")),
    "newlines": _text(_fill(b"\n")),
    "carriage returns": _text(_fill(b"\r")),
    "tags": _html(_fill(b"<div>")),
    "closed tags": _html(_fill(b"<b>x</b>")),
    "less-thans": _html(_fill(b"<")),
    "open tag": _html(b"<" + _fill(b"a ")),
    "attributes": _html(b"<a " + _fill(b'x="y" ') + b">"),
    "blockquotes": _html(_fill(b"<blockquote>")),
    "half blockquotes": _html(_fill(b"<blockquote ")),
    "tables": _html(_fill(b"<table><tr><td>")),
    "flat table": _html(b"<table>" + _fill(b"<tr><td>x</td></tr>")),
    "links": _html(_fill(b'<a href="https://example.org/">x</a>')),
    "attributions begun": _text(_fill(b"On ")),
    "attribution lines": _text(_fill(b"On 1 May 2026 at 10:00 Ana wrote\n")),
    "dated attributions": _text(_fill(b"On 1 May 2026, a@b.c wrote:\n")),
    "attributions answered below": _text(b"x\n" + _fill(b"On 1 May 2026, a@b.c wrote:\n", 60_000) + b"> a\nb\n"),
    "quotes": _text(_fill(b"> ")),
    "quote lines": _text(_fill(b">\n")),
    "header lines": _text(_fill(b"From: a@b\n")),
    "dashes": _text(_fill(b"-")),
    "dash lines": _text(_fill(b"--\n")),
    "blanks": _text(_fill(b" ")),
    "flowed": HEAD + b"Content-Type: text/plain; format=flowed\r\n\r\n" + _fill(b"a \n"),
    "base64 rubbish": HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + _fill(b"=A"),
    "quoted-printable rubbish": HEAD + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + _fill(b"="),
    "punycode": HEAD + b"Content-Type: text/plain; charset=punycode\r\n\r\n" + _fill(b"a-b"),
    "unlabelled bytes": _text(_fill(b"\xd6\xd0\xce\xc4\xe9 ")),
    "bounce of fields": b"From: mailer-daemon@example.org\r\n" + _multipart(
        b"b",
        b"Content-Type: message/delivery-status\r\n\r\n" + _fill(b"Final-Recipient: rfc822; a@b\r\n\r\n"),
    ),
    "bounce of text": BOUNCE + _fill(b"<a@b.example>: "),
    "bounce of lines": BOUNCE + _fill(b"To: a@b\n"),
    "bounce of blanks": BOUNCE + _fill(b" ", 60_000),
}  # fmt: skip
