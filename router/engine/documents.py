"""Read a YAML document so that every later complaint can name its line and column.

In: the text of a document and the name of its source. Out: plain values with the place of each, or the
list of everything that is wrong. Aliases, tags and repeated keys are refused; sizes are bounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from router.errors import ConfigError

MAX_DOCUMENT_CHARS = 500_000
MAX_SHOWN_PROBLEMS = 20
MAX_NUMBER_CHARS = 40

Path: TypeAlias = tuple[str | int, ...]
Plain: TypeAlias = "None | bool | int | float | str | list[Plain] | dict[str, Plain]"

_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a value stands, counted from 1; `style` is how a scalar is written (`'`, `"`, `|`, `>`)."""

    line: int
    column: int
    style: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong in a document: where, what, and what to do."""

    line: int
    column: int
    path: str
    message: str
    hint: str = ""
    source: str = ""

    def __str__(self) -> str:
        path = f" {self.path}:" if self.path else ""
        return f"{self.source}:{self.line}:{self.column}{path} {self.message}. {self.hint}".rstrip()


class DocumentError(ConfigError):
    """A document cannot be used; `problems` lists everything found, in order of place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(
            sorted(problems, key=lambda problem: (problem.source, problem.line, problem.column))
        )
        lines = [str(problem) for problem in self.problems[:MAX_SHOWN_PROBLEMS]]
        more = len(self.problems) - len(lines)
        if more > 0:
            lines.append(f"and {more} more")
        super().__init__("\n".join(lines))


@dataclass(slots=True, kw_only=True)
class Located:
    """A document as plain values, with the place of every key and value."""

    source: str
    value: Plain = None
    lines: Sequence[str] = ()
    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)

    def place(self, path: Path) -> Place:
        """Give the place of a value, or of the nearest thing around it."""
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, Place(line=1, column=1))

    def key_place(self, path: Path) -> Place:
        """Give the place of the key that leads to a value, or of the value itself."""
        return self.keys.get(path) or self.place(path)

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


def _place_order(problem: Problem) -> tuple[str, int, int]:
    return problem.source, problem.line, problem.column


def path_text(path: Path) -> str:
    """Write a path as people do: `rules[2].set.queue`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


def read_document(text: str, *, source: str) -> Located:
    """Parse a YAML 1.2 document; raises DocumentError with every place that is wrong."""
    located = Located(source=source, lines=text.splitlines())
    if len(text) > MAX_DOCUMENT_CHARS:
        raise DocumentError(
            [
                located.problem(
                    (),
                    f"the document is longer than {MAX_DOCUMENT_CHARS:,} characters",
                    "Split it or shorten it.",
                )
            ]
        )
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except YAMLError as error:
        raise DocumentError([_syntax_problem(located, error)]) from None
    except (RecursionError, ValueError) as error:
        message = "the document is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise DocumentError([located.problem((), message, "Write it flatter.")]) from None
    if root is None:
        raise DocumentError([located.problem((), "the document is empty", "Begin with `version: 1`.")])
    problems = list(_Reading(located).read(root))
    if problems:
        raise DocumentError(problems)
    return located


def _syntax_problem(located: Located, error: YAMLError) -> Problem:
    """Turn the parser's complaint into a problem with its place."""
    place, message = Place(line=1, column=1), str(error).splitlines()[0]
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        message = error.problem or message
        if mark is not None:
            place = Place(line=mark.line + 1, column=mark.column + 1)
    hint = "Check indentation, brackets and quotes near here; texts with `: ` or ` #` need quotes."
    return located.problem((), f"not valid YAML: {message}", hint, place=place)


class _Reading:
    """Walks the parsed nodes once, filling in values and places."""

    def __init__(self, located: Located) -> None:
        self._located = located
        self._seen: set[int] = set()
        self._problems: list[Problem] = []

    def read(self, root: Node) -> Iterator[Problem]:
        """Fill the document from its root node; give what was wrong."""
        self._located.value = self._value(root, ())
        return iter(self._problems)

    def _value(self, node: Node, path: Path) -> Plain:
        mark = node.start_mark
        style = (getattr(node, "style", None) or "") if isinstance(node, ScalarNode) else ""
        self._located.values[path] = Place(line=mark.line + 1, column=mark.column + 1, style=style)
        if id(node) in self._seen:
            self._complain(path, "aliases (`*name`) are not allowed", "Write the value out.")
            return None
        self._seen.add(id(node))
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self._value(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _mapping(self, node: MappingNode, path: Path) -> Plain:
        result: dict[str, Plain] = {}
        for key_node, value_node in node.value:
            at = Place(line=key_node.start_mark.line + 1, column=key_node.start_mark.column + 1)
            if not isinstance(key_node, ScalarNode) or str(key_node.tag).endswith(":merge"):
                self._problems.append(
                    self._located.problem(path, "this key is not plain text", "Use a word as key.", place=at)
                )
                continue
            name = str(key_node.value)
            if name in result:
                self._problems.append(
                    self._located.problem(
                        (*path, name), f"`{name}` stands here twice", "Keep one of the two.", place=at
                    )
                )
                continue
            self._located.keys[(*path, name)] = at
            result[name] = self._value(value_node, (*path, name))
        return result

    def _scalar(self, node: Node, path: Path) -> Plain:
        kind, text = str(node.tag).removeprefix(_TAG), str(node.value)
        if kind in ("str", "timestamp"):
            if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
                self._complain(path, "half a character stands here", "Write the whole character.")
                return None
            return text
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        try:
            if len(text) > MAX_NUMBER_CHARS:
                raise ValueError(text)
            if kind == "int":
                return int(text, 0) if text.lstrip("+-")[:2].lower() in ("0x", "0o", "0b") else int(text)
            if kind == "float":
                return float(text)
        except ValueError:
            self._complain(path, f"`{text[:40]}` is no number", "Write it plainly, or put it in quotes.")
            return None
        self._complain(path, f"the tag `{node.tag}` is not allowed", "Write a plain value.")
        return None

    def _complain(self, path: Path, message: str, hint: str) -> None:
        self._problems.append(self._located.problem(path, message, hint))
