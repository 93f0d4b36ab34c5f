"""Raw bytes in, a tree of MIME parts out, within limits that no mail can exceed.

The standard library's feed parser does the cutting, with a message class whose type and boundary are read
by our bounded reader and whose nested messages stay leaves: what a hostile header could make slow or deep
is never asked of it.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.feedparser import BytesFeedParser
from email.message import Message
from email.policy import Compat32, compat32
from itertools import islice

from router_email.charsets import decode_text, unescape
from router_email.headers import MAX_FIELD_CHARS, Fields, decode_base64, parameters

MAX_PARTS = 200
MAX_DEPTH = 20

_BOUNDARY = re.compile(rb"boundary\*?\d?\*?\s*=", re.IGNORECASE)
_HEAD_BYTES = 256 * 1024
_HEAD_END = re.compile(rb"\n\r?\n")
_LINE_END = re.compile(rb"\r\n?|\n")
# Far above what any mail on its way gathers; each line costs the parser ten microseconds.
_HEAD_LINES = 2_000
_SPACED_NAME = re.compile(rb"^([!-9;-~]{1,76})[ \t]+:", re.MULTILINE)
# Every line is held against the boundary of every level above it, so lines times levels is the price.
_LINE_CHECKS = 150_000


class TooMuch(Exception):
    """The mail is beyond the limits for taking it apart."""


class _Leafy(Message):
    """A message whose type and boundary are read within limits; `message/*` is never descended into."""

    _declared: tuple[str, Mapping[str, str]] | None = None

    def declared(self) -> tuple[str, Mapping[str, str]]:
        """Read the content type once: the parser asks for it only when the header is complete."""
        if self._declared is None:
            self._declared = declared_type(self)
        return self._declared

    def set_default_type(self, ctype: str) -> None:
        """Take another default for a part that names no type."""
        super().set_default_type(ctype)
        self._declared = None

    def get_content_type(self) -> str:
        """Give the type the parser may act on."""
        kind = self.declared()[0]
        return "application/octet-stream" if kind.startswith("message/") else kind

    def get_content_maintype(self) -> str:
        """Give what stands before the slash."""
        return self.get_content_type().partition("/")[0]

    def get_boundary(self, failobj: object = None) -> str | None:  # type: ignore[override]
        """Give the boundary, or None when the parser shall treat the rest as one body."""
        return self.declared()[1].get("boundary", "")[:1000].rstrip() or None


def declared_type(message: Message) -> tuple[str, Mapping[str, str]]:
    """Read the content type of a part; nonsense counts as the default."""
    value = next((str(text) for name, text in message.raw_items() if name.lower() == "content-type"), "")
    kind, named = parameters(value[:MAX_FIELD_CHARS])
    kind = kind.replace(" ", "").partition(",")[0]
    if kind.count("/") != 1 or kind.startswith("/") or kind.endswith("/"):
        kind = {"text": "text/plain", "html": "text/html"}.get(kind, message.get_default_type())
    return kind, named


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One node of the tree; `path` names it within the mail (`1.2`), as the parser counted."""

    path: str
    kind: str
    parameters: Mapping[str, str]
    fields: Fields
    encoded: str
    children: tuple[Part, ...] = ()

    @property
    def disposition(self) -> str:
        """Give `inline`, `attachment`, or nothing."""
        return parameters(self.fields.raw("content-disposition"))[0]

    @property
    def name(self) -> str:
        """Give the file name; the disposition's wins over the type's."""
        named = parameters(self.fields.raw("content-disposition"), self.fields.charsets)[1]
        if found := named.get("filename", ""):
            return found
        kept = parameters(self.fields.raw("content-type"), self.fields.charsets)[1]
        return kept.get("name", "") or kept.get("filename", "")

    @property
    def content_id(self) -> str:
        """Give the content id without its angle brackets."""
        return self.fields.text("content-id").strip("<> \t")

    def content(self) -> bytes:
        """Give the bytes of a leaf, transfer encoding undone as far as it can be."""
        encoding = self.fields.raw("content-transfer-encoding").strip().strip(";\"'").lower()
        body = unescape(self.encoded)
        if encoding == "base64":
            return decode_base64(body)
        if encoding.replace(" ", "-") in ("quoted-printable", "quotedprintable"):
            return binascii.a2b_qp(body)
        if encoding in ("x-uuencode", "uuencode", "uue", "x-uue"):
            return _uudecode(body)
        return body

    @property
    def is_void(self) -> bool:
        """Tell whether a boundary was written and then nothing: no field and no content, or no part inside."""
        says_nothing = not self.fields.count or self.fields.raw("content-type").lower().startswith(
            "multipart/"
        )
        return says_nothing and self.path != "1" and not self.children and not self.encoded.strip()

    def text(self) -> str:
        """Give a leaf as text with LF line ends."""
        text = decode_text(self.content(), self.parameters.get("charset", ""), self.fields.charsets)
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def walk(self) -> Iterator[Part]:
        """Give this part and all below it, in the order of the mail."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            yield part
            waiting.extend(reversed(part.children))


def normalise_lines(raw: bytes) -> bytes:
    """Give mails of old Macs, which end lines with CR alone, line feeds; others stay as they are."""
    if b"\r" in raw and b"\n" not in raw[:_HEAD_BYTES]:
        return raw.replace(b"\r", b"\n")
    return raw


def _tidy_head(raw: bytes) -> bytes:
    """Join field names to their colons, as RFC 5322 (4.5) asks readers to bear; drop what no head needs."""
    end = _HEAD_END.search(raw, 0, _HEAD_BYTES)
    size = end.start() if end else min(len(raw), _HEAD_BYTES)
    head = raw[:size]
    if head.count(b"\n") + head.count(b"\r") > _HEAD_LINES:
        last = next(islice(_LINE_END.finditer(head), _HEAD_LINES, None), None)
        head = head[: last.start()] if last else head
    head = _SPACED_NAME.sub(rb"\1:", head)
    return raw if len(head) == size else head + raw[size:]


def read_head(raw: bytes, charsets: Sequence[str] = ()) -> Fields:
    """Read only the header fields, from a bounded piece of the mail."""
    parser = BytesFeedParser(policy=compat32)
    parser._set_headersonly()  # type: ignore[attr-defined]
    parser.feed(_tidy_head(normalise_lines(raw[:_HEAD_BYTES])))
    return Fields(parser.close(), charsets)


def read_tree(raw: bytes, charsets: Sequence[str] = ()) -> Part:
    """Take a mail apart. Raises TooMuch when it is beyond the limits."""
    raw = _tidy_head(normalise_lines(raw))
    lines, most = raw.count(b"\n"), _LINE_CHECKS + len(raw) // 8
    if lines * MAX_PARTS > most and lines * min(len(_BOUNDARY.findall(raw)), MAX_PARTS) > most:
        raise TooMuch("more lines and levels than a mail needs")
    parser = BytesFeedParser(_part_counter(), policy=compat32)
    try:
        parser.feed(raw)
        message = parser.close()
    except RecursionError:
        raise TooMuch("nested too deep") from None
    assert isinstance(message, _Leafy)
    return _build(message, "1", 0, tuple(charsets))


def _part_counter() -> Callable[..., _Leafy]:
    """Give a maker of messages which counts them and stops the parser at the limit."""
    made = 0

    def make(policy: Compat32 = compat32) -> _Leafy:
        nonlocal made
        made += 1
        if made > MAX_PARTS + 2:
            raise TooMuch(f"more than {MAX_PARTS} parts")
        return _Leafy(policy)

    return make


def _build(message: _Leafy, path: str, depth: int, charsets: tuple[str, ...]) -> Part:
    if depth > MAX_DEPTH:
        raise TooMuch(f"parts nested deeper than {MAX_DEPTH}")
    kind, named = message.declared()
    # get_payload() would read 8-bit text by the declared charset and replace what does not fit.
    payload = message._payload  # type: ignore[attr-defined]
    below = [child for child in payload if isinstance(child, _Leafy)] if isinstance(payload, list) else []
    children = tuple(
        _build(child, f"{path}.{place}", depth + 1, charsets) for place, child in enumerate(below, 1)
    )
    if kind.startswith("multipart/") and not children:
        kind = "text/plain"  # a multipart without a usable boundary is shown as the text it is
    return Part(
        path=path,
        kind=kind,
        parameters=named,
        fields=Fields(message, charsets),
        encoded="" if children or not isinstance(payload, str) else payload,
        children=children,
    )


def _uudecode(body: bytes) -> bytes:
    content = bytearray()
    lines = iter(body.splitlines())
    for line in lines:
        if line.startswith(b"begin "):
            break
    for line in lines:
        if line.strip() in (b"end", b"`", b""):
            break
        try:
            content += binascii.a2b_uu(line)
        except binascii.Error:
            # Some encoders pad the line; the length byte says how much counts.
            size = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                content += binascii.a2b_uu(line[:size])
            except binascii.Error:
                break
    return bytes(content)
