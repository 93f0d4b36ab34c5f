"""Event lists as files: one JSON object a line, in the order of time.

In: the path of a list. Out: its lines with number and time, or every line that is wrong, with the remedy.
Only the form is looked at here; what a line means is found out in `dialect`, when its turn comes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from router.documents.problems import DocumentError, Problem
from router.documents.suggestions import did_you_mean
from router.engine.times import from_iso
from router.errors import ConfigError
from router.messages import JsonObject
from router.simulation.line_types import FREE_KEYS, LINE_TYPES

MAX_LINE_BYTES = 100_000
MAX_LINES = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a list; `number` counts from 1."""

    number: int
    at: datetime
    kind: str
    entry: JsonObject


class EventListError(DocumentError):
    """An event list cannot be used."""


def wrong_line(source: str, number: int, message: str, hint: str, *, key: str = "") -> EventListError:
    """Make the error of one line."""
    problem = Problem(line=number, column=1, path=key, message=message, hint=hint, source=source)
    return EventListError([problem])


def read_event_list(path: Path) -> list[Line]:
    """Read a list; raises EventListError with every line whose form is wrong."""
    try:
        with path.open("rb") as file:
            return parse_event_list(iter(lambda: file.readline(MAX_LINE_BYTES + 1), b""), str(path))
    except FileNotFoundError:
        raise ConfigError("no such file.", path=str(path), hint="Check the name.") from None
    except OSError as error:
        reason = f"{error.strerror or 'it cannot be read'}."
        raise ConfigError(reason, path=str(path), hint="Check the name and who may read it.") from None


def parse_event_list(raw_lines: Iterable[bytes], source: str) -> list[Line]:
    """Parse the lines of a list; empty ones and those that begin with # are passed over."""
    lines: list[Line] = []
    problems: list[Problem] = []
    for number, raw in enumerate(raw_lines, 1):
        if number > MAX_LINES or len(raw) > MAX_LINE_BYTES:
            problems.append(_too_much(source, number))
            break
        try:
            line = _line(raw, number, lines[-1] if lines else None, source)
        except DocumentError as error:
            problems += error.problems
            continue
        if line is not None:
            lines.append(line)
    if not lines and not problems:
        problems.append(_problem(source, 1, "the list is empty", "Write one event a line."))
    if problems:
        raise EventListError(problems)
    return lines


def _line(raw: bytes, number: int, before: Line | None, source: str) -> Line | None:
    try:
        text = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip()
    except UnicodeDecodeError:
        raise wrong_line(source, number, "this is not UTF-8", "Save the file as UTF-8.") from None
    if not text or text.startswith("#"):
        return None
    entry = _object(text, number, source)
    line = Line(number=number, at=_at(entry, number, source), kind=str(entry.get("type")), entry=entry)
    problems = list(_faults(line, source))
    if before is not None and line.at < before.at:
        message = f"this line is earlier than line {before.number}"
        problems.append(_problem(source, number, message, "Put the lines in the order of time.", "at"))
    if problems:
        raise EventListError(problems)
    return line


def _object(text: str, number: int, source: str) -> Mapping[str, Any]:
    try:
        entry = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        problem = Problem(
            line=number,
            column=error.colno,
            path="",
            message=f"not valid JSON: {error.msg}",
            hint='Write one object a line, such as {"at": "2026-01-05T09:00:00Z", "type": "tick"}.',
            source=source,
        )
        raise EventListError([problem]) from None
    except RecursionError:
        raise wrong_line(source, number, "nested too deeply", "Write it flatter.") from None
    except ValueError as error:
        raise wrong_line(source, number, str(error), "Correct the value.") from None
    if not isinstance(entry, dict):
        raise wrong_line(source, number, "a line has to be an object", 'Write {"at": …, "type": …}.')
    return entry


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"`{twice[:40]}` stands here twice")
    return found


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _at(entry: JsonObject, number: int, source: str) -> datetime:
    at = entry.get("at")
    if not isinstance(at, str):
        hint = 'Give `at`, such as "2026-01-05T09:00:00Z".'
        raise wrong_line(source, number, "the time is missing", hint, key="at")
    try:
        return read_time(at)
    except ConfigError:
        message, hint = f"`{at[:40]}` is no time with an offset", "Write 2026-01-05T09:00:00Z or +08:00."
        raise wrong_line(source, number, message, hint, key="at") from None


def read_time(text: str) -> datetime:
    """Read a time with Z or an offset; raises ConfigError."""
    return from_iso(text.strip().replace("z", "Z"))


def _faults(line: Line, source: str) -> Iterator[Problem]:
    """Find an unknown type, and keys that type does not have or lacks."""
    known = LINE_TYPES.get(line.kind)
    if known is None:
        message = f"`{line.kind[:40]}` is no type of event" if "type" in line.entry else "the type is missing"
        hint = did_you_mean(line.kind, list(LINE_TYPES))
        yield _problem(source, line.number, message, hint, "type")
        return
    for key in line.entry:
        if key not in known.keys and key not in FREE_KEYS:
            hint = did_you_mean(key, sorted(known.keys))
            yield _problem(source, line.number, f"{line.kind} has no key `{key[:40]}`", hint, key)
    for key in known.needed:
        value = line.entry.get(key)
        if not isinstance(value, str) or not value:
            yield _problem(source, line.number, f"{line.kind} needs `{key}`", f'Give `"{key}": "…"`.', key)


def _too_much(source: str, number: int) -> Problem:
    if number > MAX_LINES:
        return _problem(source, number, f"the list is longer than {MAX_LINES:,} lines", "Split it.")
    return _problem(source, number, f"this line is longer than {MAX_LINE_BYTES:,} bytes", "Shorten it.")


def _problem(source: str, number: int, message: str, hint: str, key: str = "") -> Problem:
    return Problem(line=number, column=1, path=key, message=message, hint=hint, source=source)
