"""Read one YAML 1.2 document safely; in: untrusted text, out: plain values and the place of each key.

Refused before anything is built: too long or too deep text, aliases and anchors, tags, a second document.
Duplicate keys and keys that are no text are refused as well. Every error names file, line and column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, DocumentStartEvent

from router.errors import ConfigError

KeyPath: TypeAlias = Sequence[str | int]

DEFAULT_MAX_BYTES = 256 * 1024
_MAX_DEPTH = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlDocument:
    """One parsed document: `value` in plain Python types, `place` for messages to people."""

    source: str
    value: Any
    _marks: Any = field(repr=False)

    def has(self, path: KeyPath) -> bool:
        """Tell whether something stands at this path."""
        node = self._marks
        for step in path:
            if not _holds(node, step):
                return False
            node = node[step]
        return True

    def place(self, path: KeyPath) -> str:
        """Give `file:line:column` of the key at this path, or of the nearest one above it."""
        node, line, column = self._marks, 0, 0
        for step in path:
            if not _holds(node, step):
                break
            line, column = node.lc.key(step) if isinstance(node, CommentedMap) else node.lc.item(step)
            node = node[step]
        return f"{self.source}:{line + 1}:{column + 1}"


def _holds(node: object, step: str | int) -> bool:
    if isinstance(node, CommentedMap):
        return step in node
    return isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node)


def parse_yaml(text: str, source: str, *, max_bytes: int = DEFAULT_MAX_BYTES) -> YamlDocument:
    """Parse one document; raises ConfigError with the place and what to do."""
    if len(text.encode("utf-8", "surrogatepass")) > max_bytes:
        raise ConfigError(f"longer than {max_bytes // 1024} KB.", path=source, hint="Shorten or split it.")
    try:
        _refuse_traps(text, source)
        marks = YAML(typ="rt").load(text)
    except DuplicateKeyError as error:
        raise _at(error, source, "this key stands here twice.", "Keep one of them.") from None
    except MarkedYAMLError as error:
        raise _at(error, source, f"{error.problem or 'not valid YAML'}.", "Mend the YAML here.") from None
    except (YAMLError, ValueError) as error:
        detail = str(error).partition("\n")[0]
        raise ConfigError(f"not valid YAML: {detail}.", path=source, hint="Mend the YAML.") from None
    return YamlDocument(source=source, value=_plain(marks, source), _marks=marks)


def _refuse_traps(text: str, source: str) -> None:
    """Walk the events, which costs no more than the text is long, before building anything."""
    depth = documents = 0
    for event in YAML(typ="rt").parse(text):
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            raise _mark(event, source, "aliases and anchors are not allowed.", "Write the value out.")
        if getattr(event, "tag", None):
            raise _mark(event, source, "tags are not allowed.", "Write a plain value.")
        if isinstance(event, DocumentStartEvent):
            documents += 1
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise _mark(event, source, f"nested deeper than {_MAX_DEPTH} levels.", "Flatten it.")
        if documents > 1:
            raise _mark(event, source, "a second document starts here.", "Keep one document in a file.")


def _plain(node: object, source: str) -> Any:
    if isinstance(node, CommentedMap):
        for key in node:
            if not isinstance(key, str):
                line, column = node.lc.key(key)
                raise ConfigError(
                    f"the key {key!r:.40} is no text.",
                    path=f"{source}:{line + 1}:{column + 1}",
                    hint="Put it in quotes.",
                )
        return {str(key): _plain(value, source) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        return [_plain(value, source) for value in node]
    # The round-trip loader gives subclasses that remember how a number or text was written.
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def _at(error: MarkedYAMLError, source: str, message: str, hint: str) -> ConfigError:
    mark = error.problem_mark
    path = f"{source}:{mark.line + 1}:{mark.column + 1}" if mark is not None else source
    return ConfigError(message, path=path, hint=hint)


def _mark(event: Any, source: str, message: str, hint: str) -> ConfigError:
    mark = event.start_mark
    return ConfigError(message, path=f"{source}:{mark.line + 1}:{mark.column + 1}", hint=hint)


def mapping_at(document: YamlDocument, path: KeyPath) -> Mapping[str, Any]:
    """Give the mapping at this path, or an empty one."""
    node = document.value
    for step in path:
        node = node.get(step) if isinstance(node, dict) else None
    return node if isinstance(node, dict) else {}
