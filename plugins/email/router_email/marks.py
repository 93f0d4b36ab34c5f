"""The data file of quoting habits in, compiled linear-time patterns out."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Protocol

import re2  # type: ignore[import-untyped]


class Pattern(Protocol):
    """What is used of a compiled RE2 pattern."""

    def fullmatch(self, text: str) -> object | None:
        """Match the whole line."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """The patterns of all languages together: nobody says in which language a mail program speaks."""

    attribution: Pattern
    original: Pattern
    first_header: Pattern
    header: Pattern
    device: Pattern
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
        attribution=_compile(every("attributions")),
        original=_compile(
            [
                rf"[*>\s]*[-_=]{{2,40}}\s*\**\s*(?:{originals})\s*\**\s*[-_=]{{0,40}}[:*\s]*",
                "begin forwarded message:",
                rf"(?:{originals}):",
            ]
        ),
        first_header=_compile([rf"[*]{{0,2}}(?:{'|'.join(froms)})\s?[*]{{0,2}}\s?[:：]\s?[*]{{0,2}}\s?\S.*"]),
        header=_compile([rf"[*]{{0,2}}(?:{'|'.join((*froms, *every('headers')))})\s?[*]{{0,2}}\s?[:：].*"]),
        device=_compile(every("devices")),
        reply_prefixes=frozenset(every("replies")),
        forward_prefixes=frozenset(every("forwards")),
    )


def _compile(patterns: Iterable[str]) -> Pattern:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = 64 << 20
    compiled: Pattern = re2.compile("|".join(f"(?:{pattern})" for pattern in patterns), options)
    return compiled
