"""Bytes of unknown honesty in, text out: the charset ladder. Nothing here raises or returns surrogates.

The order was measured on real mail: what is valid UTF-8 nearly always is; then the declared charset read
as its superset (senders say gb2312 and mean GBK); then the account's own list; guessing comes last
because it is wrong for most short texts.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence

from charset_normalizer import from_bytes

_SUPERSETS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso8859-1": "cp1252",
    "ascii": "utf-8",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
    "iso2022_jp": "iso2022_jp_ext",
}
_ALIASES = {
    "x-gbk": "gb18030",
    "x-sjis": "cp932",
    "x-euc-jp": "euc_jp",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "unicode-1-1-utf-7": "utf-7",
    "x-windows-874": "cp874",
    "x-mac-roman": "mac-roman",
    "x-unknown": "",
    "unknown-8bit": "",
}
# Codecs that are not charsets (punycode is quadratic, unicode_escape lies) must not be reachable from mail.
_CHARSET_NAME = re.compile(r"utf|iso|cp\d|gb|big5|euc|shift|koi8|mac|hz|johab|tis|ptcp|kz1048|ascii|hp-roman")
# Written in seven bits, so that valid ASCII says nothing; UTF-16 and UTF-32 hold NULs.
_STATEFUL = re.compile(r"iso2022|hz|utf-7|utf-16|utf-32")
_SURROGATE = re.compile("[\ud800-\udfff]")
_GUESS_BYTES = 4096
_GUESSABLE_BYTES = 8
_TOLERATED_LOSS = 0.02
_WIDE = re.compile(r"utf[-_]?(16|32)", re.IGNORECASE)
# What people write beyond ASCII: letters, quotation marks, dashes and the like; not lone accents or boxes.
_WESTERN = re.compile(
    "[\0-\x7f\xa0-\xa3\xa7\xa9\xab\xae\xb0\xb5\xb7\xba-\xff\u0100-\u017f\u0192"
    "\u2013-\u2026\u2030\u2039\u203a\u20ac\u2122]*"
)


def scrub(text: str) -> str:
    """Replace what no store takes: NUL and lone surrogates become U+FFFD."""
    text = text if text.isascii() else _SURROGATE.sub("\ufffd", text)
    return text.replace("\0", "\ufffd")


def unescape(text: str) -> bytes:
    """Give back the bytes a header or body had before the parser escaped them as surrogates."""
    try:
        return text.encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def codec_of(declared: str) -> str:
    """Name the Python codec to read a declared charset with; empty when it is unknown or not a charset."""
    name = declared.strip().strip("'\"").lower().partition("*")[0]
    name = _ALIASES.get(name, name)
    if not name or len(name) > 40 or not name.isascii() or "\0" in name:
        return ""
    try:
        known = codecs.lookup(name).name
    except (LookupError, ValueError):
        return ""
    if not _CHARSET_NAME.match(known):
        return ""
    return _SUPERSETS.get(known, known)


def decode_text(content: bytes, declared: str = "", fallbacks: Sequence[str] = ()) -> str:
    """Read bytes as text; unreadable bytes become U+FFFD, the declared charset is a hint only."""
    codec = codec_of(declared)
    for candidate in _ladder(codec, fallbacks):
        try:
            return scrub(content.decode(candidate))
        except (UnicodeError, ValueError, LookupError):
            continue
    return scrub(_lossy(content, codec))


def _ladder(codec: str, fallbacks: Sequence[str]) -> Iterator[str]:
    if _STATEFUL.match(codec):
        yield codec
    yield "utf-8"
    if codec:
        yield codec
    else:
        yield from (known for known in map(codec_of, fallbacks) if known)


def _lossy(content: bytes, codec: str) -> str:
    """Take the declared charset if it loses little, else guess, else read Western."""
    if codec:
        text = content.decode(codec, "replace")
        if text.count("\ufffd") <= max(1, _TOLERATED_LOSS * len(text)):
            return text
    guess = from_bytes(content[:_GUESS_BYTES]).best() if len(content) >= _GUESSABLE_BYTES else None
    # Text of two bytes a character without a single NUL is a wrong guess, not a language.
    if guess is not None and codec_of(guess.encoding) and not _WIDE.match(guess.encoding):
        return content.decode(guess.encoding, "replace")
    if codec:
        return content.decode(codec, "replace")
    western = content.decode("cp1252", "replace")
    return western if _WESTERN.fullmatch(western) else content.decode("utf-8", "replace")
