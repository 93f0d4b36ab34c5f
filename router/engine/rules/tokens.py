"""The tokens of a CEL condition. In: its text. Out: tokens without comments, and cuts at the outer level."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*)
    |(?P<text>[rRbB]{0,2}(?:\"{3}.*?\"{3}|'{3}.*?'{3}|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))
    |(?P<number>(?:0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+)u?)
    |(?P<word>[A-Za-z_]\w*)
    |(?P<sign>\|\||&&|==|!=|<=|>=|[^\s\w])""",
    re.S | re.X,
)
_OPENING, _CLOSING = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class Token:
    """One token; a word is a name, a function or a key word."""

    text: str
    is_word: bool = False


def tokens_of(text: str) -> list[Token]:
    """Cut a condition into tokens."""
    found = (match for match in _TOKEN.finditer(text) if not match["comment"])
    return [Token(match.group(), match["word"] is not None) for match in found]


def joined(tokens: Sequence[Token]) -> str:
    """Write tokens in one way only, so that equal conditions are equal texts."""
    text = " ".join(token.text for token in tokens)
    return (
        text.replace(" . ", ".").replace(" (", "(").replace("( ", "(").replace(" )", ")").replace(" ,", ",")
    )


def closing(tokens: Sequence[Token], start: int) -> int:
    """Find the bracket that closes the one at `start`; the last token if none does."""
    depth = 0
    for index in range(start, len(tokens)):
        depth += _step(tokens[index])
        if depth == 0:
            return index
    return len(tokens) - 1


def split_at(tokens: Sequence[Token], signs: Sequence[str]) -> list[Sequence[Token]]:
    """Cut at these signs where they stand outside all brackets."""
    parts: list[Sequence[Token]] = []
    depth = start = 0
    for index, token in enumerate(tokens):
        depth += _step(token)
        if depth == 0 and token.text in signs:
            parts.append(tokens[start:index])
            start = index + 1
    return [*parts, tokens[start:]]


def _step(token: Token) -> int:
    return (token.text in _OPENING) - (token.text in _CLOSING)
