"""A whole text body in; the customer's own words and the folded rest out.

When in doubt text stays: a quotation shown is a nuisance, a lost sentence is a lost customer. Every line is
labelled once with linear-time patterns, then the labels decide; nothing is thrown away.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from router_email.marks import Marks, Pattern

MAX_LINES = 4_000
MAX_LINE_CHARS = 600

_ORNAMENT = re.compile(r"\s*[-_=~#*+ᐧ\u2014\u2015\u2500]{1,200}\s*")
_QUOTE = re.compile(r"\s{0,3}(?:>|\|(?:\s|$)|&gt;)")
# "On Monday you wrote:" may be the customer's own sentence; a year, time or address makes it a program's.
_DATED = re.compile(r"\d{4}|\d{1,2}[:.h]\d{2}|@")
_STAMPED = re.compile(r"@|\d{1,2}:\d{2}")
# Mail programs wrap dates in direction marks; they are invisible and hide the digits' neighbours.
_DIRECTION = str.maketrans("", "", "\u200e\u200f\u202a\u202b\u202c")
_FENCE = re.compile(r"\s{0,3}```")
_MAX_SIGNATURE_LINES = 15
_WRAPPED_LINES = 3

_BLANK, _TEXT, _CITED, _ATTRIBUTION, _ORIGINAL, _HEADER, _DELIMITER, _DEVICE, _RULE = [
    "e",
    "t",
    "q",
    "a",
    "o",
    "h",
    "d",
    "m",
    "r",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trimmed:
    """`own` is what the customer wrote, `folded` what was cut; together they hold every line."""

    own: str
    folded: str


class QuoteTrimmer:
    """Splits bodies with the given marks."""

    def __init__(self, marks: Marks) -> None:
        self._marks = marks

    def trim(self, text: str) -> Trimmed:
        """Split one body; a body that would be left empty is kept whole."""
        lines = text.strip("\n").split("\n")
        if len(lines) > MAX_LINES:
            return Trimmed(own=text, folded="")
        labels = self._label(lines)
        kept = _keep(labels)
        own = "\n".join(line for line, keep in zip(lines, kept, strict=True) if keep).strip("\n")
        if not own.strip() or all(kept):
            return Trimmed(own=text.strip("\n"), folded="")
        folded = "\n".join(line for line, keep in zip(lines, kept, strict=True) if not keep).strip("\n")
        return Trimmed(own=own, folded=folded)

    def _label(self, shown: Sequence[str]) -> list[str]:
        lines = [line.translate(_DIRECTION) for line in shown]
        labels = [self._one(line) for line in lines]
        self._join_attributions(lines, labels)
        self._find_headers(lines, labels)
        _unfence(lines, labels)
        return labels

    def _one(self, line: str) -> str:
        bare = line.strip()
        if not bare:
            return _BLANK
        if _QUOTE.match(line):
            return _CITED
        if len(line) > MAX_LINE_CHARS:
            return _TEXT
        if bare in ("--", "—") or line == "-- ":
            return _DELIMITER
        if _ORNAMENT.fullmatch(line):
            return _RULE
        if self._marks.original.fullmatch(bare):
            return _ORIGINAL
        if self._attributes(bare):
            return _ATTRIBUTION
        if self._marks.device.fullmatch(bare):
            return _DEVICE
        return _TEXT

    def _attributes(self, line: str) -> bool:
        if not _DATED.search(line) or not (line.endswith((":", "：", "--")) or "@" in line or "GMT" in line):
            return False
        return self._marks.attribution.fullmatch(line) is not None

    def _join_attributions(self, lines: Sequence[str], labels: list[str]) -> None:
        """Find attributions that were wrapped: two or three text lines that only together match."""
        for start in range(len(lines)):
            if labels[start] != _TEXT or (start and labels[start - 1] not in (_BLANK, _CITED, _ATTRIBUTION)):
                continue
            for size in range(2, _WRAPPED_LINES + 1):
                end = start + size
                joined = lines[start:end]
                following = labels[start + 1 : end]
                if end > len(lines) or any(label not in (_TEXT, _CITED, _ATTRIBUTION) for label in following):
                    break
                line = " ".join(piece.strip() for piece in joined)
                ends_attribution = joined[-1].rstrip().endswith((":", "："))
                if ends_attribution and len(line) <= MAX_LINE_CHARS and self._attributes(line):
                    labels[start:end] = [_ATTRIBUTION] * size
                    break

    def _find_headers(self, lines: Sequence[str], labels: list[str]) -> None:
        """Find copied header blocks: a From line with two more header lines close by."""
        is_header = [_has_form(self._marks.header, line) for line in lines]
        is_first = [
            header and _has_form(self._marks.first_header, line)
            for header, line in zip(is_header, lines, strict=True)
        ]
        for start in range(len(lines)):
            if not is_header[start] or labels[start] not in (_TEXT, _ATTRIBUTION):
                continue
            above = next(
                (label for label in reversed(labels[:start][-3:]) if label not in (_BLANK, _RULE)), ""
            )
            near = slice(start, start + 7)
            more = sum(is_header[near]) - 1
            # Without an address, a time or a fourth line it may be a journey: From, To and Date.
            enough = 2 if any(_STAMPED.search(line) for line in lines[near]) else 3
            if (any(is_first[near]) and more >= enough) or (above == _ORIGINAL and more >= 1):
                labels[start] = _HEADER


def _has_form(pattern: Pattern, line: str) -> bool:
    """Match a line as `Name: value`; the colon is looked for first because most lines have none."""
    colon = ":" in line or "：" in line
    return colon and pattern.fullmatch(line[:MAX_LINE_CHARS].strip()) is not None


def _unfence(lines: Sequence[str], labels: list[str]) -> None:
    """Take everything between code fences for text."""
    fences = [place for place, line in enumerate(lines) if _FENCE.match(line)]
    for opening, closing in zip(fences[::2], fences[1::2], strict=False):
        labels[opening : closing + 1] = [_TEXT] * (closing + 1 - opening)


def _keep(labels: Sequence[str]) -> list[bool]:
    kept = [True] * len(labels)
    end = _original_from(labels)
    _drop(kept, end, len(labels))
    end = _signature_from(labels, end)
    _drop(kept, end, len(labels))
    _drop_quotes(labels, kept, end)
    return kept


def _drop(kept: list[bool], start: int, end: int) -> None:
    for place in range(start, end):
        kept[place] = False


def _original_from(labels: Sequence[str]) -> int:
    """Find where an unquoted original begins that runs to the end; the end if there is none."""
    has_text = False
    for place, label in enumerate(labels):
        if label in (_TEXT, _DEVICE):
            has_text = has_text or label == _TEXT
        elif not has_text:
            continue
        elif label in (_ORIGINAL, _HEADER):
            return _with_rules_above(labels, place)
        elif label == _ATTRIBUTION and not _is_answered_below(labels, place):
            return place
    return len(labels)


def _with_rules_above(labels: Sequence[str], place: int) -> int:
    while place and labels[place - 1] in (_RULE, _BLANK, _DELIMITER):
        place -= 1
    return place


def _is_answered_below(labels: Sequence[str], place: int) -> bool:
    """Tell whether quoted lines follow this attribution and text of the customer follows those."""
    rest = [label for label in labels[place:] if label not in (_BLANK, _ATTRIBUTION)]
    if not rest or rest[0] != _CITED:
        return False
    for label in rest:
        if label in (_DELIMITER, _ORIGINAL, _HEADER):
            return False
        if label == _TEXT:
            return True
    return False


def _signature_from(labels: Sequence[str], end: int) -> int:
    """Find where the closing matter begins: delimiter and few lines, device lines, ornaments."""
    for place in range(end - 1, max(-1, end - 1 - 3 * _MAX_SIGNATURE_LINES), -1):
        below = labels[place + 1 : end]
        if labels[place] == _DELIMITER and _TEXT in labels[:place]:
            if sum(label != _BLANK for label in below) <= _MAX_SIGNATURE_LINES:
                end = place
            break
    while end and labels[end - 1] in (_BLANK, _RULE, _DELIMITER, _DEVICE):
        end -= 1
    return end


def _drop_quotes(labels: Sequence[str], kept: list[bool], end: int) -> None:
    """Fold quotations at either end; between the customer's lines they stay, as what is answered."""
    written = [place for place in range(end) if labels[place] in (_TEXT, _RULE)]
    if not written:
        return
    for place in range(end):
        if labels[place] == _ATTRIBUTION or (
            labels[place] in (_CITED, _DEVICE) and not written[0] < place < written[-1]
        ):
            kept[place] = False
