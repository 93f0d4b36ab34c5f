"""What a column map is made of: which cell tells a field, and which cells together tell an outcome.

In: the cells of a row by their columns' names, lower-cased. Out: the text of a field, or whether a rule holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from router.calls import CallDirection, CallOutcome


class MapPart(BaseModel):
    """Every part of a column map: frozen, and strict about its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
    return pattern


class Rule(MapPart):
    """Columns that must match wholly, case aside; a column that is not there is empty text.

    `@status` and `@direction` are what the map picked for these fields, whatever the column was called.
    """

    when: dict[str, str] = Field(min_length=1)

    @field_validator("when")
    @classmethod
    def _patterns_compile(cls, when: dict[str, str]) -> dict[str, str]:
        return {column.casefold(): _compiles(pattern) for column, pattern in when.items()}

    def holds(self, cells: Mapping[str, str]) -> bool:
        """Tell whether this rule holds for a row."""
        return _all_match(self.when, cells)


class Pick(MapPart):
    """The first of these columns that is filled and fits; the pattern's first group, or all it matched.

    `when` restricts it to rows whose other columns match.
    """

    columns: tuple[str, ...] = Field(min_length=1)
    pattern: str = ""
    when: dict[str, str] = Field(default_factory=dict)

    @field_validator("pattern")
    @classmethod
    def _pattern_compiles(cls, pattern: str) -> str:
        return _compiles(pattern)

    @model_validator(mode="before")
    @classmethod
    def _from_short_form(cls, value: Any) -> Any:
        """Take `"uniqueid"` and `["uniqueid", "id"]` for a pick without a pattern."""
        if isinstance(value, str):
            return {"columns": (value,)}
        return {"columns": tuple(value)} if isinstance(value, list | tuple) else value

    def of(self, cells: Mapping[str, str]) -> str:
        """Give the text of this field in a row, empty when there is none."""
        if not _all_match(self.when, cells):
            return ""
        for column in self.columns:
            text = cells.get(column.casefold(), "")
            if text and self.pattern:
                found = re.search(self.pattern, text)
                text = (
                    next((group for group in (found.groups() or (found[0],)) if group), "") if found else ""
                )
            if text:
                return text.strip()
        return ""


def _all_match(when: Mapping[str, str], cells: Mapping[str, str]) -> bool:
    return all(
        re.fullmatch(pattern, cells.get(column.casefold(), ""), re.IGNORECASE)
        for column, pattern in when.items()
    )


class OutcomeRule(Rule):
    """A rule that says how the call ended."""

    outcome: CallOutcome


class DirectionRule(Rule):
    """A rule that says who called."""

    direction: CallDirection
