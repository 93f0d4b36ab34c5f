"""Cut a text that is too long for one message; in: a text and the channel's limit, out: its parts in order.

Parts end at a paragraph, else a line, else a sentence, else a word, and never inside what a reader sees as
one character. Several parts are numbered: `(1/3) …`. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

import regex  # type: ignore[import-untyped]

from router.capabilities import TextLimits, TextUnit

# Below this a number would leave too little room for words.
_NUMBERED_FROM = 40
_CHARACTERS = regex.compile(r"\X")
# The last place between two signs that never join: whatever stands around them, one character ends there.
_CERTAIN = regex.compile(r"(?r)[ -~\u3400-\u4dbf\u4e00-\u9fff](?=[ -~\u3400-\u4dbf\u4e00-\u9fff])")
# Where a part may end, best first: each finds the last such place of a piece.
_BOUNDS = tuple(
    regex.compile(pattern)
    for pattern in (
        r"(?r)\R\s*\R",
        r"(?r)\R",
        r"(?r)(?:[.!?…][\"'”’»)\]]*(?=\s)|[。！？；][”’」』）]*)",
        r"(?r)\s",
    )
)


def length(text: str, unit: TextUnit) -> int:
    """Count a text as the provider does."""
    if unit is TextUnit.BYTES:
        return len(text.encode())
    if unit is TextUnit.UTF16:
        return len(text.encode("utf-16-le")) // 2
    return len(text)


def split(text: str, limits: TextLimits) -> list[str]:
    """Give the text itself if it fits, else its numbered parts, each within the limit."""
    if length(text, limits.unit) <= limits.max:
        return [text]
    if limits.max < _NUMBERED_FROM:
        return list(_parts(text, limits.max, limits.unit))
    digits = 1
    while True:
        room = limits.max - len(f"({'9' * digits}/{'9' * digits}) ")
        parts = list(_parts(text, room, limits.unit))
        if len(str(len(parts))) <= digits:
            return [f"({number}/{len(parts)}) {part}" for number, part in enumerate(parts, 1)]
        digits += 1


def _parts(text: str, room: int, unit: TextUnit) -> Iterator[str]:
    rest = text.strip()
    while length(rest, unit) > room:
        end = _good_end(rest[: _fitting(rest, room, unit)])
        yield rest[:end].rstrip()
        rest = rest[end:].lstrip()
    if rest:
        yield rest


def _fitting(text: str, room: int, unit: TextUnit) -> int:
    """Give how many code points of whole characters fit; at least one code point."""
    most = _code_points(text, room, unit)
    # From there on characters are found as from the beginning, which may be a million of them away.
    certain = _CERTAIN.search(text, 0, most)
    end = certain.end() if certain else 0
    for found in _CHARACTERS.finditer(text, end):
        if found.end() > most:
            break
        end = found.end()
    # One character alone can be longer than the limit (a long ZWJ sequence): then its code points are cut.
    return end or max(most, 1)


def _code_points(text: str, room: int, unit: TextUnit) -> int:
    start = text[:room]
    if unit is TextUnit.BYTES:
        return len(start.encode()[:room].decode(errors="ignore"))
    if unit is TextUnit.UTF16:
        return len(start.encode("utf-16-le")[: 2 * room].decode("utf-16-le", errors="ignore"))
    return len(start)


def _good_end(piece: str) -> int:
    """Give the best place to end in the second half of a piece, else its end."""
    for bound in _BOUNDS:
        found = bound.search(piece, len(piece) // 2)
        if found:
            return int(found.end())
    return len(piece)
