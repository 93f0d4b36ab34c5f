"""Find which lists and calendars a condition names, and where.

In: the text of a CEL condition. Out: one `Reference` per call of our functions. The name has to be a
written-out text, so that every name can be checked before a message comes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

NAMING_FUNCTIONS = {"mentions_any": 2, "matches_list": 2, "business_open": 1, "matches": 1}
"""Functions whose last argument is a name or pattern, with the number of their arguments."""

_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*)|(?P<text>[rR]?(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))|(?P<word>[A-Za-z_]\w*)|(?P<mark>[^\s\w])|\S"""
)
_OPENING, _CLOSING = "([{", ")]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One call: `name` is None when it is not written out; `start` and `end` cut out the whole call."""

    function: str
    name: str | None
    start: int
    end: int
    name_start: int


def words_of(text: str) -> list[str]:
    """Cut a condition into names, texts and single marks, without its comments."""
    return [token.group() for token in _TOKEN.finditer(text) if not token["comment"]]


def find_references(text: str) -> list[Reference]:
    """List the calls of naming functions in order of place."""
    tokens = [token for token in _TOKEN.finditer(text) if not token["comment"]]
    found = []
    for index, token in enumerate(tokens[:-1]):
        if token["word"] in NAMING_FUNCTIONS and tokens[index + 1].group() == "(":
            found.append(_reference(tokens, index))
    return found


def _reference(tokens: Sequence[re.Match[str]], index: int) -> Reference:
    """Read one call whose name stands at `index`."""
    depth, last, end = 0, index + 1, tokens[-1].end()
    for position in range(index + 1, len(tokens)):
        mark = tokens[position].group()
        if len(mark) != 1:
            continue
        depth += (mark in _OPENING) - (mark in _CLOSING)
        if mark == "," and depth == 1:
            last = position
        if depth == 0:
            end = tokens[position].end()
            break
    argument = [token for token in tokens[last + 1 :] if token.end() < end]
    name = _written_out(argument[0].group()) if len(argument) == 1 and argument[0]["text"] else None
    return Reference(
        function=tokens[index].group(),
        name=name,
        start=tokens[index].start(),
        end=end,
        name_start=argument[0].start() if argument else tokens[index].start(),
    )


def _written_out(literal: str) -> str | None:
    """Give the content of a text literal; None when it uses escapes."""
    raw = literal[0] in "rR"
    body = literal[2:-1] if raw else literal[1:-1]
    return body if raw or "\\" not in body else None
