"""A document as plain values that know where they stand.

In: what was read from a text. Out: values, their places counted from 1, and problems that name them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from router.documents.problems import Problem

Path: TypeAlias = tuple[str | int, ...]
Plain: TypeAlias = "None | bool | int | float | str | list[Plain] | dict[str, Plain]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a value stands, counted from 1; `style` is how a scalar is written (`'`, `"`, `|`, `>`)."""

    line: int
    column: int
    style: str = ""


@dataclass(slots=True, kw_only=True)
class Located:
    """A document as plain values, with the place of every key and value.

    `shows_values` is False for a document that may hold secrets: then no problem repeats a value.
    """

    source: str
    shows_values: bool = True
    value: Plain = field(default=None, repr=False)
    lines: Sequence[str] = field(default=(), repr=False)
    values: dict[Path, Place] = field(default_factory=dict, repr=False)
    keys: dict[Path, Place] = field(default_factory=dict, repr=False)

    def mapping(self, path: Path) -> Mapping[str, Plain]:
        """Give the mapping at a path of keys, or an empty one."""
        node = self.value
        for step in path:
            node = node.get(str(step)) if isinstance(node, dict) else None
        return node if isinstance(node, dict) else {}

    def place(self, path: Path) -> Place:
        """Give the place of a value, or of the nearest thing around it."""
        return self.values.get(self.known(path), Place(line=1, column=1))

    def key_place(self, path: Path) -> Place:
        """Give the place of the key that leads to a value, or of the value itself."""
        return self.keys.get(path) or self.place(path)

    def known(self, path: Path) -> Path:
        """Shorten a path to its last step that is in the document."""
        while path and path not in self.values:
            path = path[:-1]
        return path

    def problem(self, path: Path, message: str, hint: str = "", *, place: Place | None = None) -> Problem:
        """Make a problem that points to a value of this document."""
        at = place or self.place(path)
        return Problem(
            line=at.line,
            column=at.column,
            path=path_text(path),
            message=message,
            hint=hint,
            source=self.source,
            steps=path,
        )

    def inside_scalar(self, path: Path, line: int, column: int) -> Place:
        """Find the place of a line and column within a text value, as exactly as its style allows."""
        start = self.place(path)
        if start.style in ("|", "|-", "|+") and start.line + line <= len(self.lines):
            first = self.lines[start.line]
            indent = len(first) - len(first.lstrip(" "))
            return Place(line=start.line + line, column=indent + column)
        if start.style == ">" or line > 1:
            return start
        return Place(line=start.line, column=self._raw_column(start, column))

    def _raw_column(self, start: Place, column: int) -> int:
        """Count source characters up to the given character of a one-line scalar."""
        if start.style not in ("'", '"'):
            return start.column + column - 1
        raw = self.lines[start.line - 1]
        escape = "''" if start.style == "'" else "\\"
        position = start.column
        for _ in range(column - 1):
            position += 2 if raw.startswith(escape, position) else 1
        return position + 1


def path_text(path: Path) -> str:
    """Write a path as people do: `rules[2].set.queue`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text
