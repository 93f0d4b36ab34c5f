"""The seller's note on an order: `reason--name--date`, one note a line, among lines of other hands.

In: notes and the memo of a shop as it stands. Out: the memo as it has to be written, or why it cannot be.
Reading is lenient (full-width dashes, spaces, several ways to write a date); a line that is no note of this
form belongs to somebody else and is kept as it is. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from html import unescape
from unicodedata import category

from router.orders import Memo, NoteColour, NoteKind, NoteLimits, OrderNote

MAX_REASON_CHARS = 400
MAX_AUTHOR_CHARS = 60

COLOURS = {NoteKind.PRE_SALE: NoteColour.RED, NoteKind.AFTER_SALE: NoteColour.BLUE}
_KINDS = {colour: kind for kind, colour in COLOURS.items()}

# Two or more of what keyboards write for a dash, or the one sign that is two dashes wide.
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_SEPARATOR = re.compile(rf"\s*(?:[{_DASHES}]{{2,}}|[\u2e3a\u2e3b])\s*")
_DATED = re.compile(
    rf"(?P<rest>.+?)\s*(?:[{_DASHES}]{{2,}}|[\u2e3a\u2e3b])\s*"
    r"(?P<date>\d{4}(?:[-/.]\d{1,2}[-/.]\d{1,2}|年\d{1,2}月\d{1,2}日?|\d{4}))"
)
_BREAKS = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# Emoji and other symbols, and what joins and shapes them.
_SIGNS = frozenset({"So", "Cf"})
_SHAPES = "\ufe0e\ufe0f"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class NoteTooLong(ValueError):
    """The memo would not fit into what the shop keeps of it."""

    def __init__(self, size: int, limits: NoteLimits) -> None:
        self.size, self.limits = size, limits
        unit = "bytes" if limits.unit == "bytes" else "characters"
        super().__init__(
            f"the note of the order would have {size} of at most {limits.max} {unit}; shorten it by"
            f" {size - limits.max}, or tidy the note in the shop"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedMemo:
    """A memo taken apart; `foreign` are the lines that are no notes of this form."""

    notes: Sequence[OrderNote]
    foreign: Sequence[str]


def tidy(note: OrderNote) -> OrderNote:
    """Make a note that reads back as itself: one line, no dashes that would pass for a separator.

    Raises ValueError naming the field that is empty or too long.
    """
    reason = _one_line(note.reason).strip(f"{_DASHES}\u2e3a\u2e3b ")
    author = _one_line(note.author)
    while _SEPARATOR.search(author):
        author = _SEPARATOR.sub("-", author)
    author = author.strip(f"{_DASHES}\u2e3a\u2e3b ")
    for name, text, most in (("reason", reason, MAX_REASON_CHARS), ("author", author, MAX_AUTHOR_CHARS)):
        if not text:
            raise ValueError(f"{name}: write something that is no dash")
        if len(text) > most:
            raise ValueError(f"{name}: {len(text)} characters, at most {most}")
    return replace(note, reason=reason, author=author)


def render(note: OrderNote) -> str:
    """Write a note as one line."""
    return f"{note.reason}--{note.author}--{note.on.isoformat()}"


def parse_line(line: str, order_id: str, kind: NoteKind) -> OrderNote | None:
    """Read one line; None when it is no note of this form. The date is read from the end, then the name."""
    dated = _DATED.fullmatch(line.strip())
    if dated is None or (on := _date(dated["date"])) is None:
        return None
    separators = list(_SEPARATOR.finditer(dated["rest"]))
    if not separators:
        return None
    last = separators[-1]
    reason, author = dated["rest"][: last.start()].strip(), dated["rest"][last.end() :].strip()
    if not reason or not author:
        return None
    return OrderNote(order_id=order_id, kind=kind, reason=reason, author=author, on=on)


def parse(memo: Memo, order_id: str) -> ParsedMemo:
    """Take a memo apart; its one colour says of what kind its notes are."""
    kind = _KINDS.get(memo.colour, NoteKind.OTHER) if memo.colour else NoteKind.OTHER
    notes: list[OrderNote] = []
    foreign: list[str] = []
    for line in _lines(memo.text):
        note = parse_line(line, order_id, kind)
        if note is not None:
            notes.append(note)
        elif line.strip():
            foreign.append(line)
    return ParsedMemo(notes=notes, foreign=foreign)


def missing(memo: Memo, notes: Sequence[OrderNote]) -> list[OrderNote]:
    """Give the notes that do not stand in a memo yet, each once."""
    there = {_same(note) for note in parse(memo, "").notes}
    return [note for note in dict.fromkeys(notes) if _same(note) not in there]


def merge(memo: Memo, notes: Sequence[OrderNote], limits: NoteLimits) -> Memo:
    """Add what is missing below what stands there, in the colour of the newest note that has one.

    Raises NoteTooLong; nothing is ever left out to make it fit.
    """
    new = missing(memo, notes)
    if not new:
        return memo
    head = [memo.text.rstrip("\r\n")] if memo.text.strip() else []
    text = "\n".join([*head, *map(render, new)])
    wanted = [COLOURS[note.kind] for note in new if note.kind in COLOURS]
    colour = wanted[-1] if wanted and wanted[-1] in limits.colours else memo.colour
    if (size := size_of(text, limits)) > limits.max:
        raise NoteTooLong(size, limits)
    return Memo(text=text, colour=colour)


def size_of(text: str, limits: NoteLimits) -> int:
    """Count a text as the shop does."""
    return len(text.encode(limits.encoding, "replace")) if limits.unit == "bytes" else len(text)


def check_fits(note: OrderNote, limits: NoteLimits) -> None:
    """Raise NoteTooLong for a note that would not even fit into an empty memo."""
    merge(Memo(text=""), [note], limits)


def _lines(text: str) -> list[str]:
    return _BREAKS.split(text)


def _same(note: OrderNote) -> tuple[str, str, date]:
    """Give what makes two notes the same, whatever a shop did to spaces and signs."""
    return _kept(note.reason), _kept(note.author), note.on


def _kept(text: str) -> str:
    """Leave out what shops drop or write in another way: spaces, emoji, joiners, escapes."""
    letters = re.sub(r"\s+", "", unescape(text))
    return "".join(one for one in letters if not _is_sign(one)) or letters


def _is_sign(letter: str) -> bool:
    return letter > "\uffff" or letter in _SHAPES or category(letter) in _SIGNS


def _one_line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())


def _date(text: str) -> date | None:
    numbers = [text[:4], text[4:6], text[6:]] if text.isdecimal() else re.findall(r"\d+", text)
    try:
        return date(*map(int, numbers))
    except ValueError:
        return None
