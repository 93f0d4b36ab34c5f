"""A whole text body in; the customer's own words and the folded rest out.

When in doubt text stays: a quotation shown is a nuisance, a lost sentence is a lost customer. Every line is
labelled once with linear-time patterns, then the labels decide; nothing is thrown away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from router_email.marks import Marks

MAX_LINES = 4_000
MAX_LINE_CHARS = 600

_ORNAMENT = re.compile(r"\s*[-_=~#*+ᐧ\u2014\u2015\u2500]{1,200}\s*")
_QUOTE = re.compile(r"\s{0,3}(?:>|\|(?:\s|$)|&gt;)")
# "On Monday you wrote:" may be the customer's own sentence; a year, time or address makes it a program's.
_DATED = re.compile(r"\d{4}|\d{1,2}[:.h]\d{2}|@")
_STAMPED = re.compile(r"@|\d{1,2}:\d{2}")
# Mail programs wrap dates in direction marks; they are invisible and hide the digits' neighbours.
_DIRECTION = re.compile("[\u200e\u200f\u202a-\u202c]")
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
        lines = _DIRECTION.sub("", "\n".join(shown)).split("\n")
        labels = [_plain_label(line) for line in lines]
        # The patterns see only the lines that may be theirs; the others are blank to them.
        bare = [
            line.strip() if label == _TEXT and len(line) <= MAX_LINE_CHARS else ""
            for line, label in zip(lines, labels, strict=True)
        ]
        for label, places in (
            (_DEVICE, self._marks.device.numbers(bare)),
            (_ATTRIBUTION, self._marks.attribution.numbers(_only(_may_attribute, bare))),
            (_ORIGINAL, self._marks.original.numbers(_only(_may_be_original, bare))),
        ):
            for place in places:
                labels[place] = label
        if any(":" in line or "：" in line for line in lines):
            self._join_attributions(lines, labels)
            self._find_headers(lines, labels)
        _unfence(lines, labels)
        return labels

    def _join_attributions(self, lines: Sequence[str], labels: list[str]) -> None:
        """Find attributions that were wrapped: two or three text lines that only together match."""
        for start in range(len(lines)):
            if labels[start] != _TEXT or (start and labels[start - 1] not in (_BLANK, _CITED, _ATTRIBUTION)):
                continue
            for size in range(2, _WRAPPED_LINES + 1):
                end = start + size
                following = labels[start + 1 : end]
                if end > len(lines) or any(label not in (_TEXT, _CITED, _ATTRIBUTION) for label in following):
                    break
                if not lines[end - 1].rstrip().endswith((":", "：")):
                    continue
                line = " ".join(piece.strip() for piece in lines[start:end])
                if (
                    len(line) <= MAX_LINE_CHARS
                    and _may_attribute(line)
                    and self._marks.attribution.numbers([line])
                ):
                    labels[start:end] = [_ATTRIBUTION] * size
                    break

    def _find_headers(self, lines: Sequence[str], labels: list[str]) -> None:
        """Find copied header blocks: a From line with two more header lines close by."""
        named = [line[:MAX_LINE_CHARS].strip() if ":" in line or "：" in line else "" for line in lines]
        headers = self._marks.header.numbers(named)
        firsts = headers & self._marks.first_header.numbers(named) if headers else headers
        for start in sorted(headers):
            if labels[start] not in (_TEXT, _ATTRIBUTION):
                continue
            above = next(
                (
                    label
                    for label in reversed(labels[max(0, start - 3) : start])
                    if label not in (_BLANK, _RULE)
                ),
                "",
            )
            near = range(start, start + 7)
            more = sum(place in headers for place in near) - 1
            # Without an address, a time or a fourth line it may be a journey: From, To and Date.
            enough = 2 if any(_STAMPED.search(line) for line in lines[start : start + 7]) else 3
            if (not firsts.isdisjoint(near) and more >= enough) or (above == _ORIGINAL and more >= 1):
                labels[start] = _HEADER


def _plain_label(line: str) -> str:
    """Label what is the same in all languages."""
    bare = line.strip()
    if not bare:
        return _BLANK
    if _QUOTE.match(line):
        return _CITED
    if len(line) > MAX_LINE_CHARS:
        return _TEXT
    if bare in ("--", "—") or line == "-- ":
        return _DELIMITER
    return _RULE if _ORNAMENT.fullmatch(line) else _TEXT


def _only(may: Callable[[str], bool], lines: Sequence[str]) -> list[str]:
    return [line if line and may(line) else "" for line in lines]


def _may_attribute(line: str) -> bool:
    """Tell whether a line ends or names somebody as attributions do, and is dated."""
    is_formed = line.endswith((":", "：", "--")) or "@" in line or "GMT" in line
    return is_formed and _DATED.search(line) is not None


def _may_be_original(line: str) -> bool:
    """Tell whether a line is set off as the heads of forwarded mails are."""
    return line[0] in "*>-_=" or line[-1] == ":"


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
    answered = _answered_below(labels)
    for place, label in enumerate(labels):
        if label in (_TEXT, _DEVICE):
            has_text = has_text or label == _TEXT
        elif not has_text:
            continue
        elif label in (_ORIGINAL, _HEADER):
            return _with_rules_above(labels, place)
        elif label == _ATTRIBUTION and not answered[place]:
            return place
    return len(labels)


def _with_rules_above(labels: Sequence[str], place: int) -> int:
    while place and labels[place - 1] in (_RULE, _BLANK, _DELIMITER):
        place -= 1
    return place


def _answered_below(labels: Sequence[str]) -> list[bool]:
    """Tell for every line whether quoted lines follow it and text of the customer follows those."""
    answered = [False] * len(labels)
    begins_cited = reaches_text = False
    for place in range(len(labels) - 1, -1, -1):
        label = labels[place]
        if label not in (_BLANK, _ATTRIBUTION):
            begins_cited = label == _CITED
            if label in (_TEXT, _DELIMITER, _ORIGINAL, _HEADER):
                reaches_text = label == _TEXT
        answered[place] = begins_cited and reaches_text
    return answered


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
