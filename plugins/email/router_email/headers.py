"""Header fields as they came in, clean text out: RFC 2047 words, RFC 2231 parameters, no control characters.

The standard library's decoders raise on real mail and are slow on hostile mail, so reading is done here,
linear and bounded; splitting a mail into fields stays with the standard library.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping, Sequence
from email.message import Message
from urllib.parse import unquote_to_bytes

from router_email.charsets import decode_text, unescape

MAX_FIELD_CHARS = 4096
MAX_ADDRESS_FIELD_CHARS = 65_536
MAX_FIELDS = 500
MAX_PARAMETERS = 50

_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?\r\n]*(?:\?(?!=)[^?\r\n]*)*)\?=")
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
# `multipart/mixed boundary="x"`: the semicolon after the type is forgotten.
_MISSING_SEMICOLON = re.compile(r"^(\s{0,9}[\w.+-]{1,80}/[\w.+-]{1,80})\s+(\w{1,20}\*?\s{0,3}=)")
# A quoted string is stepped over whole, closed or not.
_SEMICOLON = re.compile(r';|"(?:[^"\\]|\\.)*+(?:"|\\?$)', re.DOTALL)
_FOLD = re.compile(r"\r\n?(?=[ \t])|\n(?=[ \t])")


def clean(value: str) -> str:
    """Remove every control character but tab, so that no value can start a header of its own."""
    return _CONTROL.sub("", value)


class Fields:
    """The header fields of one part, read once; names compare without case."""

    __slots__ = ("_values", "count", "charsets")

    def __init__(self, message: Message, charsets: Sequence[str] = ()) -> None:
        self.charsets = charsets
        self._values: dict[str, list[str]] = {}
        self.count = 0
        for name, value in message.raw_items():
            self.count += 1
            if self.count <= MAX_FIELDS:
                self._values.setdefault(name.lower(), []).append(str(value))

    def raw(self, name: str, limit: int = MAX_FIELD_CHARS) -> str:
        """Give the first value that is not blank, unfolded and cut to `limit`; empty if there is none."""
        return next((value for value in self.every(name, limit) if value.strip()), "")

    def every(self, name: str, limit: int = MAX_FIELD_CHARS) -> list[str]:
        """Give all values of one name, unfolded and cut to `limit`."""
        return [_unfold(value[:limit]) for value in self._values.get(name, ())]

    def tail(self, name: str) -> str:
        """Give the last characters of a long value: in References the newest ids come last."""
        value = next(iter(self._values.get(name, ())), "")
        return _unfold(value[-MAX_FIELD_CHARS:])

    def text(self, name: str) -> str:
        """Give one value as clean text, encoded words decoded."""
        return decode_words(self.raw(name), self.charsets).strip()

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def names(self) -> list[str]:
        """Give all field names, lower-cased."""
        return list(self._values)


def _unfold(value: str) -> str:
    return _FOLD.sub("", value) if "\n" in value or "\r" in value else value


def decode_words(value: str, charsets: Sequence[str] = ()) -> str:
    """Decode RFC 2047 words and raw 8-bit bytes; never raises, never leaves a control character."""
    if "=?" not in value:
        return clean(_plain(value, charsets))
    pieces: list[str] = []
    pending: list[tuple[str, bytes]] = []
    end = 0
    for word in _WORD.finditer(value):
        between = value[end : word.start()]
        if between.strip() or not pending:
            pieces.append(_join_words(pending, charsets))
            pending = []
            pieces.append(_plain(between, charsets))
        pending.append((word[1].partition("*")[0], _word_bytes(word[2], word[3])))
        end = word.end()
    pieces.append(_join_words(pending, charsets))
    pieces.append(_plain(value[end:], charsets))
    return clean("".join(pieces))


def _join_words(words: Sequence[tuple[str, bytes]], charsets: Sequence[str]) -> str:
    """Decode neighbours of one charset together: senders cut characters in the middle."""
    joined: list[tuple[str, bytes]] = []
    for charset, content in words:
        if joined and joined[-1][0].lower() == charset.lower():
            joined[-1] = (charset, joined[-1][1] + content)
        else:
            joined.append((charset, content))
    return "".join(decode_text(content, charset, charsets) for charset, content in joined)


def _plain(value: str, charsets: Sequence[str]) -> str:
    return value if value.isascii() else decode_text(unescape(value), "", charsets)


def _word_bytes(kind: str, encoded: str) -> bytes:
    content = unescape(encoded)
    if kind in "qQ":
        return binascii.a2b_qp(content, header=True)
    return decode_base64(content)


def decode_base64(content: bytes) -> bytes:
    """Decode base64 leniently: foreign bytes are skipped, missing padding is added."""
    for padding in (b"", b"=", b"==", b"A=="):
        try:
            return binascii.a2b_base64(content + padding)
        except binascii.Error:
            continue
    return b""


def parameters(value: str, charsets: Sequence[str] = ()) -> tuple[str, Mapping[str, str]]:
    """Split `value; name=value …` into its lower-cased head and at most 50 decoded parameters."""
    pieces = _split_parameters(_MISSING_SEMICOLON.sub(r"\1; \2", value, count=1))
    head = clean(pieces[0]).strip().lower() if pieces else ""
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[bool, str]]] = {}
    for piece in pieces[1:]:
        name, equals, text = piece.partition("=")
        name = name.strip().lower()
        if not equals or not name:
            continue
        base, star, rest = name.partition("*")
        if star and (place := rest.rstrip("*") or "0").isdecimal() and len(place) <= 3:
            sections.setdefault(base, {}).setdefault(
                int(place), (rest.endswith("*") or not rest, _unquote(text))
            )
        else:
            plain.setdefault(name, decode_words(_unquote(text), charsets).strip())
    for base, parts in sections.items():
        plain[base] = _rfc2231(parts, charsets)
    return head, plain


def _split_parameters(value: str) -> list[str]:
    """Cut at semicolons outside quotes; stop at the limit."""
    pieces: list[str] = []
    start = 0
    for end in _SEMICOLON.finditer(value):
        if len(pieces) > MAX_PARAMETERS:
            break
        if end[0] != ";":
            continue
        if value[start : end.start()].strip() or not pieces:
            pieces.append(value[start : end.start()])
        start = end.end()
    if len(pieces) <= MAX_PARAMETERS and value[start:].strip():
        pieces.append(value[start:])
    return pieces


def _unquote(text: str) -> str:
    text = text.strip()
    if not text.startswith('"'):
        return text
    inner = text[1:-1] if len(text) > 1 and text.endswith('"') else text[1:]
    return re.sub(r"\\(.)", r"\1", inner)


def _rfc2231(sections: Mapping[int, tuple[bool, str]], charsets: Sequence[str]) -> str:
    charset = ""
    content = b""
    for place in sorted(sections):
        encoded, text = sections[place]
        if not encoded:
            content += unescape(text)
            continue
        if place == min(sections) and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        content += unquote_to_bytes(unescape(text))
    decoded = decode_text(content, charset, charsets)
    return clean(decode_words(decoded, charsets) if "=?" in decoded else decoded).strip()
