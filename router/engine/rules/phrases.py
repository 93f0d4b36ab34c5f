"""Lists of phrases and patterns, searched in linear time whatever the text.

In: the lines of a list. Out: a `TextSearch` that says whether a text contains one of them. Full-width
letters count as their plain forms, and case does not count.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

import re2  # type: ignore[import-untyped]

MAX_PATTERN_BYTES = 8 * 1024 * 1024
MAX_LINES = 5_000

# Scripts that put spaces between words; a phrase in them must stand as whole words.
_SPACED = r"\p{Latin}\p{Cyrillic}\p{Greek}\p{Armenian}\p{Hebrew}\p{Arabic}\p{Hangul}\pN_"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLine:
    """One line of a list and its number in the file."""

    number: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternFault:
    """A line that is no usable pattern."""

    number: int
    message: str


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


def pattern_faults(lines: Sequence[ListLine]) -> list[PatternFault]:
    """Check every line of a list as a pattern of RE2."""
    checked = ((line.number, pattern_message(line.text)) for line in lines)
    return [PatternFault(number=number, message=message) for number, message in checked if message]


@dataclass(frozen=True, slots=True)
class TextSearch:
    """A compiled list."""

    pattern: str
    _search: object = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_search", re2.compile(self.pattern, _options()).search)

    def found_in(self, text: str) -> bool:
        """Say whether the text contains an entry of the list."""
        return self._search(unicodedata.normalize("NFKC", text)) is not None  # type: ignore[operator]


def phrase_search(lines: Sequence[ListLine]) -> TextSearch:
    """Compile phrases; a phrase that ends in `*` also matches as the beginning of a word."""
    return TextSearch("|".join(_phrase_pattern(line.text) for line in lines))


def pattern_search(lines: Sequence[ListLine]) -> TextSearch:
    """Compile a list of RE2 patterns."""
    return TextSearch("|".join(f"(?:{line.text})" for line in lines))


def _phrase_pattern(phrase: str) -> str:
    """Turn a phrase into a pattern with word edges where its script has words."""
    beginning = phrase.endswith("*")
    plain = unicodedata.normalize("NFKC", phrase[:-1] if beginning else phrase)
    words = [re2.escape(word).replace("'", "['’]").replace("’", "['’]") for word in plain.split()]
    spaced = re2.compile(f"[{_SPACED}]", _options())
    before = f"(?:^|[^{_SPACED}])" if plain and spaced.search(plain[0]) else ""
    after = f"(?:$|[^{_SPACED}])" if plain and not beginning and spaced.search(plain[-1]) else ""
    return "(?:" + before + r"[\s\pZ]+".join(words) + after + ")"


def _options() -> object:
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = False
    options.max_mem = MAX_PATTERN_BYTES
    return options
