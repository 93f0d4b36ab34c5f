"""The phrase lists of a rule set: gathered from files and document, checked, compiled for searching.

In: list files by name, lists written in the document, and what the conditions refer to. Out: compiled
searches, or problems that name file and line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from router.documents.places import Located
from router.documents.problems import Problem
from router.engine.rules.phrases import (
    MAX_LINES,
    ListLine,
    TextSearch,
    list_lines,
    pattern_message,
    pattern_search,
    phrase_search,
)

MAX_LIST_CHARS = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Searches:
    """The compiled lists by name: those used as phrases and those used as patterns."""

    phrases: Mapping[str, TextSearch]
    patterns: Mapping[str, TextSearch]


class PhraseLists:
    """All lists of one rule set, by name."""

    def __init__(
        self, document: Located, inline: Mapping[str, Sequence[str]], files: Mapping[str, str]
    ) -> None:
        self._document = document
        self._inline = inline
        self.problems: list[Problem] = []
        self._lines: dict[str, list[ListLine]] = {
            name: [ListLine(number=number, text=text) for number, text in enumerate(texts)]
            for name, texts in inline.items()
        }
        for name, text in files.items():
            self._add_file(name, text)
        for name, lines in self._lines.items():
            self._check(name, lines)

    @property
    def names(self) -> list[str]:
        """Name every list."""
        return sorted(self._lines)

    def compile(self, phrases: set[str], patterns: set[str]) -> Searches:
        """Compile the lists the rules name, each as it is used; what cannot be becomes a problem."""
        for name in sorted(patterns):
            for line in self._lines[name]:
                if message := pattern_message(line.text):
                    hint = "Correct the pattern (RE2: no look-ahead, no back-references)."
                    self._complain(name, line.number, f"not a pattern: {message}", hint)
        if self.problems:
            return Searches(phrases={}, patterns={})
        return Searches(
            phrases=self._searches(phrases, phrase_search), patterns=self._searches(patterns, pattern_search)
        )

    def _searches(
        self, names: set[str], compile_list: Callable[[Sequence[ListLine]], TextSearch]
    ) -> dict[str, TextSearch]:
        searches = {}
        for name in sorted(names):
            try:
                searches[name] = compile_list(self._lines[name])
            except ValueError as error:
                self._complain(name, 1, str(error), "Split it into two lists.")
        return searches

    def _add_file(self, name: str, text: str) -> None:
        if name in self._lines:
            self._complain(
                name, 1, f"the list `{name}` is also in the rules document", "Keep one of the two."
            )
            return
        self._lines[name] = list_lines(text[:MAX_LIST_CHARS])
        if len(text) > MAX_LIST_CHARS:
            self._complain(
                name, 1, f"the list is longer than {MAX_LIST_CHARS:,} characters", "Split it into two lists."
            )

    def _check(self, name: str, lines: Sequence[ListLine]) -> None:
        if not lines:
            self._complain(name, 1, "the list is empty", "Write one phrase a line.")
        if len(lines) > MAX_LINES:
            self._complain(name, 1, f"the list has more than {MAX_LINES:,} lines", "Split it into two lists.")
        for line in lines:
            if not line.text.strip(" *"):
                self._complain(
                    name, line.number, "a phrase without letters matches everything", "Take it away."
                )

    def _complain(self, name: str, number: int, message: str, hint: str) -> None:
        if name in self._inline:
            path = (
                ("lists", name, number)
                if ("lists", name, number) in self._document.values
                else ("lists", name)
            )
            self.problems.append(self._document.problem(path, message, hint))
            return
        problem = Problem(
            line=number, column=1, path="", message=message, hint=hint, source=f"lists/{name}.txt"
        )
        self.problems.append(problem)
