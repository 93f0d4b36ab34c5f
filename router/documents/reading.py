"""Read a YAML 1.2 document so that every later complaint can name its line and column.

In: the text of a document and the name of its source. Out: plain values with the place of each, or the
list of everything that is wrong. Refused before anything is built from them: anchors, aliases, tags,
directives, a second document, deep nesting. Repeated keys are refused; sizes are bounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
)
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.reader import ReaderError

from router.documents.places import Located, Path, Place, Plain
from router.documents.problems import DocumentError, Problem

MAX_DOCUMENT_CHARS = 500_000
MAX_DEPTH = 24
MAX_NUMBER_CHARS = 40

_TAG = "tag:yaml.org,2002:"
TAB = "found character '\\t'"
"""How the parser begins its complaint of a tab where it takes none."""

TABS = ("not valid YAML: a tab stands where only spaces may", "Indent with spaces.")
_SYNTAX_HINT = "Check indentation, brackets and quotes near here; texts with `: ` or ` #` need quotes."
_NO_ANCHORS = (
    "aliases and anchors are not allowed",
    "Write the value out. Put a text with & or * in quotes.",
)
_NO_TAGS = ("a tag is not allowed here", "Write a plain value. Put a text that begins with ! in quotes.")
_NO_KEYS = frozenset({"null", "bool", "int", "float", "merge"})


def read_document(
    text: str,
    *,
    source: str,
    max_chars: int = MAX_DOCUMENT_CHARS,
    shows_values: bool = True,
    may_be_empty: bool = False,
) -> Located:
    """Parse a YAML 1.2 document; raises DocumentError with every place that is wrong.

    `shows_values=False` is for documents that may hold secrets: no problem repeats a value.
    """
    result = read_with_problems(text, source=source, max_chars=max_chars, shows_values=shows_values)
    located, problems = result.located, list(result.problems)
    if not problems and not located.values and not may_be_empty:
        problems.append(located.problem((), "the document is empty", "Write at least one `key: value`."))
    if problems:
        raise DocumentError(problems)
    return located


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What could be read of a text, and what is wrong; not `is_whole` when reading had to stop."""

    located: Located
    problems: Sequence[Problem]
    is_whole: bool


def read_with_problems(
    text: str, *, source: str, max_chars: int = MAX_DOCUMENT_CHARS, shows_values: bool = True
) -> Reading:
    """Parse a YAML 1.2 document as far as that is possible."""
    located = Located(source=source, shows_values=shows_values)
    if len(text) > max_chars:
        message = f"the document is longer than {max_chars:,} characters"
        problem = located.problem((), message, "Split it or shorten it.")
        return Reading(located=located, problems=[problem], is_whole=False)
    located.lines = text.splitlines()
    reading = _Reading(located, text)
    reading.read()
    return Reading(located=located, problems=reading.problems, is_whole=reading.is_whole)


class _Stop(Exception):
    """What follows is not worth reading; the reason has been noted."""


class _Reading:
    """Walks the parser's events once, filling in values and places."""

    def __init__(self, located: Located, text: str) -> None:
        self._located = located
        self._text = text
        self._yaml = YAML(typ="safe", pure=True)
        self._events: Iterator[Event] = iter(())
        self._reached = Place(line=1, column=1)
        self.problems: list[Problem] = []
        self.is_whole = False

    def read(self) -> None:
        """Fill the document, and `problems` with everything that is wrong."""
        try:
            self._events = self._yaml.parse(self._text)
            self._document()
            self.is_whole = True
        except _Stop:
            return
        except YAMLError as error:
            self._syntax_problem(error)
        except (ValueError, OverflowError):
            # An escape such as "\\UFFFFFFFF" that stands for no character.
            message = "not valid YAML: something after this place stands for no character"
            self.complain((), message, _SYNTAX_HINT, place=self._reached)

    def complain(self, path: Path, message: str, hint: str, *, place: Place | None = None) -> None:
        """Note something that is wrong."""
        self.problems.append(self._located.problem(path, message, hint, place=place))

    def _document(self) -> None:
        documents = 0
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                place = _place(event)
                if documents > 1:
                    hint = "Keep one document in a file."
                    self.complain((), "a second document starts here", hint, place=place)
                    raise _Stop
                if event.version or event.tags:
                    self.complain((), "directives are not allowed", "Take the line with % away.", place=place)
            elif isinstance(event, NodeEvent):
                self._located.value = self._value(event, ())

    def _value(self, event: Event, path: Path) -> Plain:
        self._located.values[path] = self._reached = _place(event)
        if getattr(event, "anchor", None):
            self.complain(path, *_NO_ANCHORS)
        if getattr(event, "tag", None):
            self.complain(path, *_NO_TAGS)
        if isinstance(event, ScalarEvent):
            return self._scalar(event, path)
        if not isinstance(event, CollectionStartEvent):
            return None
        self._refuse_depth(len(path), event)
        if isinstance(event, MappingStartEvent):
            return self._mapping(path)
        return [self._value(item, (*path, index)) for index, item in enumerate(self._until(SequenceEndEvent))]

    def _until(self, end: type[Event]) -> Iterator[Event]:
        for event in self._events:
            if isinstance(event, end):
                return
            yield event

    def _mapping(self, path: Path) -> Plain:
        result: dict[str, Plain] = {}
        for key in self._until(MappingEndEvent):
            name = self._key(key, path)
            value = next(self._events)
            if name is None:
                self._skip(value)
            elif name in result:
                message = f"`{name}` stands here twice"
                self.complain((*path, name), message, "Keep one of the two.", place=_place(key))
                self._skip(value)
            else:
                self._located.keys[(*path, name)] = _place(key)
                result[name] = self._value(value, (*path, name))
        return result

    def _key(self, event: Event, path: Path) -> str | None:
        """Give the text of a key; None when it is none, which has been noted."""
        place = _place(event)
        if not isinstance(event, ScalarEvent):
            self._skip(event)
            self.complain(path, "this key is not plain text", "Use a word as key.", place=place)
            return None
        if event.anchor:
            self.complain(path, *_NO_ANCHORS, place=place)
        if event.tag:
            self.complain(path, *_NO_TAGS, place=place)
        name = str(event.value)
        if self._kind(event) in _NO_KEYS:
            self.complain(path, f"the key `{name[:40]}` is no text", "Put it in quotes.", place=place)
            return None
        return name

    def _skip(self, event: Event) -> None:
        """Pass over a value that has no place in the document."""
        depth = int(isinstance(event, CollectionStartEvent))
        while depth:
            event = next(self._events)
            depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
            self._refuse_depth(depth, event)

    def _refuse_depth(self, depth: int, event: Event) -> None:
        """Stop at once where the parser's own work would begin to grow with the square of the depth."""
        if depth >= MAX_DEPTH:
            message = f"nested deeper than {MAX_DEPTH} levels"
            self.complain((), message, "Write it flatter.", place=_place(event))
            raise _Stop

    def _kind(self, event: ScalarEvent) -> str:
        """Name what a plain scalar is in YAML 1.2; anything quoted is text."""
        if event.style:
            return "str"
        return str(self._yaml.resolver.resolve(ScalarNode, event.value, (True, False))).removeprefix(_TAG)

    def _scalar(self, event: ScalarEvent, path: Path) -> Plain:
        kind, text = self._kind(event), str(event.value)
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        if kind in ("int", "float"):
            return self._number(kind, text, path)
        if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
            self.complain(path, "half a character stands here", "Write the whole character.")
            return None
        return text

    def _number(self, kind: str, text: str, path: Path) -> Plain:
        try:
            if len(text) > MAX_NUMBER_CHARS:
                raise ValueError(text)
            if kind == "float":
                return float(text)
            return int(text, 0) if text.lstrip("+-")[:2].lower() in ("0x", "0o", "0b") else int(text)
        except ValueError:
            shown = f"`{text[:40]}`" if self._located.shows_values else "this"
            self.complain(path, f"{shown} is no number", "Write it plainly, or put it in quotes.")
            return None

    def _syntax_problem(self, error: YAMLError) -> None:
        """Turn the parser's complaint into a problem with its place."""
        place, message = self._reached, str(error).partition("\n")[0]
        if isinstance(error, ReaderError):
            before = self._text[: error.position]
            place = Place(line=before.count("\n") + 1, column=len(before) - before.rfind("\n"))
        if isinstance(error, MarkedYAMLError):
            mark = error.problem_mark or error.context_mark
            message = error.problem or message
            if mark is not None:
                place = Place(line=mark.line + 1, column=mark.column + 1)
        if "tag handle" in message:
            # The parser would repeat the name, which may be the beginning of a password.
            self.complain((), *_NO_TAGS, place=place)
            return
        if message.startswith(TAB):
            self.complain((), *TABS, place=place)
            return
        self.complain((), f"not valid YAML: {message}", _SYNTAX_HINT, place=place)


def _place(event: Event) -> Place:
    mark = event.start_mark
    style = getattr(event, "style", None) if isinstance(event, ScalarEvent) else None
    return Place(line=mark.line + 1, column=mark.column + 1, style=style or "")
