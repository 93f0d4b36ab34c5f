"""Which column of a file of call records means what; maps shipped as dated files or written by the admin in.

A map is data, not code: columns by name or in order, patterns that take a part of a cell, and rules that
read direction and outcome from several cells. Out: for one row, the text of each field of a call.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from pydantic import Field, field_validator

from router.calls import CallDirection, CallOutcome
from router.errors import ConfigError
from router_phone_log.files.picks import DirectionRule, MapPart, OutcomeRule, Pick, Rule

MAX_CELL_CHARS = 4096


class CallField(StrEnum):
    """What a column can tell of a call."""

    KEY = "key"
    LINKED = "linked"
    CALLER = "caller"
    CALLEE = "callee"
    STARTED = "started"
    ANSWERED = "answered"
    ENDED = "ended"
    LENGTH = "length"
    RING = "ring"
    TALK = "talk"
    QUEUE = "queue"
    AGENT = "agent"
    OFFERED_TO = "offered_to"
    RECORDING = "recording"
    RECORDING_URL = "recording_url"
    ORDER = "order"
    ATTEMPT = "attempt"
    CAUSE = "cause"
    STATUS = "status"
    DIRECTION = "direction"
    CUSTOMER_NAME = "customer_name"


class ColumnMap(MapPart):
    """How the rows of one kind of file are read.

    `columns` names the columns of a file without a header; `at_least` is how many of them a row must have.
    `ordered_by` is the time by which rows follow each other, which tells the two occurrences of an hour
    apart when the clock is put back. `only_recordings` marks an index of recordings beside the records.
    `linked_by_day`: the id that joins legs starts again some day, so it counts for one day only.
    `agent_was_called`: the agent column names who was called, so for an outgoing call the caller is the agent.
    `agent_means_answered`: in a file that says nothing else of it, a call with an agent was answered.
    Rows that match `skip` are no calls.
    """

    title: str = ""
    dated: date | None = None
    source: str = ""
    layout: Literal["table", "pairs"] = "table"
    columns: tuple[str, ...] = ()
    at_least: int = Field(default=0, ge=0)
    delimiter: str = Field(default="", max_length=1)
    encodings: tuple[str, ...] = ("utf-8", "gb18030")
    times: tuple[str, ...] = ()
    ordered_by: Literal["ended", "started", ""] = "ended"
    multiline: bool = False
    only_recordings: bool = False
    linked_by_day: bool = False
    agent_was_called: bool = False
    agent_means_answered: bool = False
    skip: tuple[Rule, ...] = ()
    call: dict[CallField, Pick]
    outcomes: tuple[OutcomeRule, ...] = ()
    directions: tuple[DirectionRule, ...] = ()

    @field_validator("encodings")
    @classmethod
    def _encodings_exist(cls, encodings: tuple[str, ...]) -> tuple[str, ...]:
        for name in encodings:
            try:
                "".encode(name)
            except LookupError:
                raise ValueError(f"{name!r} is no encoding; write it like utf-8 or gb18030") from None
        return encodings

    def known_columns(self) -> frozenset[str]:
        """Give every column name this map knows, lower-cased."""
        names = {name for pick in self.call.values() for name in pick.columns} | set(self.columns)
        rules: Sequence[Rule] = (*self.outcomes, *self.directions, *self.skip)
        return frozenset(name.casefold() for name in names) | {name for rule in rules for name in rule.when}

    def header_of(self, cells: Sequence[str]) -> tuple[str, ...]:
        """Give the columns a row names if it is a header: it names the key or a number, and no cell is data."""
        names = tuple(cell.strip().strip("\ufeff").casefold() for cell in cells)
        known = [name for name in names if name in self.known_columns()]
        return names if len(known) >= 2 and 2 * len(known) >= _filled(names, known) else ()

    def has_column_for(self, field: CallField, cells: Mapping[str, str]) -> bool:
        """Tell whether the file has a column for a field, filled or not."""
        pick = self.call.get(field)
        return pick is not None and any(column.casefold() in cells for column in pick.columns)

    def outcome_of(self, cells: Mapping[str, str]) -> CallOutcome | None:
        """Give how the call ended by the first rule that holds, None when none does."""
        named = self._with_picked(cells)
        return next((rule.outcome for rule in self.outcomes if rule.holds(named)), None)

    def direction_of(self, cells: Mapping[str, str]) -> CallDirection | None:
        """Give who called by the first rule that holds, None when none does."""
        named = self._with_picked(cells)
        return next((rule.direction for rule in self.directions if rule.holds(named)), None)

    def is_skipped(self, cells: Mapping[str, str]) -> bool:
        """Tell whether a row is no call."""
        return any(rule.holds(cells) for rule in self.skip)

    def _with_picked(self, cells: Mapping[str, str]) -> Mapping[str, str]:
        picked = (CallField.STATUS, CallField.DIRECTION)
        return {**cells, **{f"@{field}": self.text_of(field, cells) for field in picked}}

    def text_of(self, field: CallField, cells: Mapping[str, str]) -> str:
        """Give the text of one field in a row, empty when the map or the row has none."""
        pick = self.call.get(field)
        return pick.of(cells) if pick is not None else ""


def _filled(names: Sequence[str], known: Sequence[str]) -> int:
    """Count the names that weigh against a header: those that look like data."""
    return sum(2 for name in names if name not in known and any(one.isdigit() for one in name))


@lru_cache(maxsize=32)
def shipped_map(name: str) -> ColumnMap:
    """Read a map that comes with the plugin; ConfigError names those there are."""
    if name not in shipped_names():
        raise ConfigError(
            f"there is no column map {name!r}",
            hint=f"Use one of {', '.join(shipped_names())}, or write your own under `maps`.",
        )
    text = files(__package__).joinpath(f"maps/{name}.toml").read_text(encoding="utf-8")
    return ColumnMap.model_validate(tomllib.loads(text))


@lru_cache(maxsize=1)
def shipped_names() -> tuple[str, ...]:
    """Name the maps that come with the plugin."""
    folder = files(__package__).joinpath("maps")
    return tuple(
        sorted(one.name.removesuffix(".toml") for one in folder.iterdir() if one.name.endswith(".toml"))
    )
