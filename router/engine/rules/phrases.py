"""Lists of phrases and patterns, searched in linear time whatever the text.

In: the lines of a list. Out: a `TextSearch` that says whether a text contains one of them. Full-width
letters count as their plain forms, and case does not count.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import re2  # type: ignore[import-untyped]

MAX_PATTERN_BYTES = 32 * 1024 * 1024
MAX_LINES = 5_000

# Scripts that put spaces between words; a phrase in them must stand as whole words.
_SPACED = r"\p{Latin}\p{Cyrillic}\p{Greek}\p{Armenian}\p{Hebrew}\p{Arabic}\p{Hangul}\pN_"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLine:
    """One line of a list and its number in the file."""

    number: int
    text: str


def list_lines(text: str) -> list[ListLine]:
    """Read one phrase a line; empty lines and lines that begin with `#` do not count."""
    stripped = ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1))
    return [
        ListLine(number=number, text=line) for number, line in stripped if line and not line.startswith("#")
    ]


def pattern_message(pattern: str) -> str:
    """Say what is wrong with a pattern; empty when nothing is."""
    try:
        re2.compile(pattern, _options())
    except re2.error as error:
        reason = error.args[0] if error.args else "it is not valid"
        return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    return ""


class TextSearch:
    """A compiled list; raises ValueError when it is too large to compile.

    It is a set of one pattern: that answers yes or no in a single pass, where a search that also has to
    say where takes up to a hundred times longer.
    """

    __slots__ = ("_set",)

    def __init__(self, pattern: str) -> None:
        self._set = re2.Set.SearchSet(_options())
        try:
            self._set.Add(pattern)
            self._set.Compile()
        except re2.error:
            raise ValueError("the list is too large to be searched") from None

    def found_in(self, text: str) -> bool:
        """Say whether the text contains an entry of the list."""
        return self._set.Match(unicodedata.normalize("NFKC", text)) is not None


def phrase_search(lines: Sequence[ListLine]) -> TextSearch:
    """Compile phrases; a phrase that ends in `*` also matches as the beginning of a word."""
    groups: dict[tuple[bool, bool], list[str]] = {}
    for line in lines:
        beginning = line.text.endswith("*")
        plain = unicodedata.normalize("NFKC", line.text.removesuffix("*")).strip()
        before, after = _is_spaced(plain[:1]), not beginning and _is_spaced(plain[-1:])
        groups.setdefault((before, after), []).append(_phrase_pattern(plain))
    parts = []
    for (before, after), patterns in groups.items():
        start = f"(?:^|[^{_SPACED}])" if before else ""
        end = f"(?:$|[^{_SPACED}])" if after else ""
        parts.append(f"{start}(?:{'|'.join(patterns)}){end}")
    return TextSearch("|".join(parts))


def pattern_search(lines: Sequence[ListLine]) -> TextSearch:
    """Compile a list of RE2 patterns."""
    return TextSearch("|".join(f"(?:{line.text})" for line in lines))


def _phrase_pattern(phrase: str) -> str:
    """Turn a phrase into a pattern; any white space separates words, both apostrophes are the same."""
    words = [re2.escape(word).replace("'", "['’]").replace("’", "['’]") for word in phrase.split()]
    return r"[\s\pZ]+".join(words)


def _is_spaced(char: str) -> bool:
    """Say whether a letter belongs to a script that puts spaces between words."""
    return bool(char) and re2.search(f"[{_SPACED}]", char) is not None


def _options() -> object:
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = False
    options.max_mem = MAX_PATTERN_BYTES
    return options
