"""The data file of quoting habits in, compiled linear-time patterns out."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files

import re2  # type: ignore[import-untyped]


class LinePattern:
    """Alternatives for whole lines, without case.

    All lines of a body are searched at once: a call costs more than the line it is for.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        options = re2.Options()
        options.case_sensitive = False
        options.log_errors = False
        options.max_mem = 64 << 20
        options.never_nl = True
        # Knowing what a group held costs ten times what knowing that the line matches does.
        options.never_capture = True
        either = "|".join(f"(?:{pattern})" for pattern in patterns)
        self._compiled = re2.compile(f"(?m)^(?:{either})$", options)

    def numbers(self, lines: Sequence[str]) -> set[int]:
        """Give the places of the lines that match as a whole."""
        text = "\n".join(lines).encode("utf-8", "replace")
        found: set[int] = set()
        number = end = 0
        for match in self._compiled.finditer(text):
            number += text.count(b"\n", end, match.start())
            end = match.start()
            found.add(number)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """The patterns of all languages together: nobody says in which language a mail program speaks."""

    attribution: LinePattern
    original: LinePattern
    first_header: LinePattern
    header: LinePattern
    device: LinePattern
    reply_prefixes: frozenset[str]
    forward_prefixes: frozenset[str]


def load_marks() -> Marks:
    """Read the data file that comes with the package."""
    text = files("router_email").joinpath("marks.toml").read_text("utf-8")
    languages: dict[str, dict[str, list[str]]] = tomllib.loads(text)

    def every(key: str) -> list[str]:
        return sorted({entry for language in languages.values() for entry in language[key]})

    originals = "|".join(every("originals"))
    froms = every("froms")
    return Marks(
        attribution=LinePattern(every("attributions")),
        original=LinePattern(
            [
                rf"[*>\s]*[-_=]{{2,40}}\s*\**\s*(?:{originals})\s*\**\s*[-_=]{{0,40}}[:*\s]*",
                "begin forwarded message:",
                rf"(?:{originals}):",
            ]
        ),
        first_header=LinePattern(
            [rf"[*]{{0,2}}(?:{'|'.join(froms)})\s?[*]{{0,2}}\s?[:：]\s?[*]{{0,2}}\s?\S.*"]
        ),
        header=LinePattern(
            [rf"[*]{{0,2}}(?:{'|'.join((*froms, *every('headers')))})\s?[*]{{0,2}}\s?[:：].*"]
        ),
        device=LinePattern(every("devices")),
        reply_prefixes=frozenset(every("replies")),
        forward_prefixes=frozenset(every("forwards")),
    )
