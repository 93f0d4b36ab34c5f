"""Check a document against a pydantic model, naming line, column and remedy of every fault.

In: a `Located` document and a model. Out: the model object, or problems in the document's own words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from router.documents.places import Located, Path, path_text
from router.documents.problems import Problem
from router.documents.suggestions import did_you_mean, keys_of

ModelT = TypeVar("ModelT", bound=BaseModel)

_HINTS = {
    "string_type": "Put it in quotes.",
    "bool_type": "Write true or false, without quotes.",
    "int_type": "Write a whole number, without quotes.",
    "float_type": "Write a number, without quotes.",
    "dict_type": "Write `key: value` pairs here.",
    "list_type": "Write a list here: [one, two], or one `- item` a line.",
    "model_type": "Write `key: value` pairs here.",
    "model_attributes_type": "Write `key: value` pairs here.",
    "string_pattern_mismatch": "Use only the letters, digits and signs the pattern allows.",
    "string_too_long": "Shorten it.",
    "too_long": "Shorten it.",
    "too_short": "Add at least one entry.",
    "string_too_short": "Write something here.",
}
_LIMITS = {"ge": "at least", "gt": "greater than", "le": "at most", "lt": "less than"}


def validate(model: type[ModelT], document: Located) -> tuple[ModelT | None, list[Problem]]:
    """Build the model from the document; without problems the first item is the object."""
    try:
        return model.model_validate(document.value), []
    except ValidationError as error:
        return None, problems_of(error, model, document)


def problems_of(
    error: ValidationError,
    model: type[BaseModel],
    document: Located,
    *,
    at: Path = (),
    elsewhere: Mapping[Path, str] = MappingProxyType({}),
) -> list[Problem]:
    """Put every fault pydantic found into the document's words.

    `at` is where the validated value stands in the document; `elsewhere` names the source of each value
    that did not come from the document.
    """
    return [
        _problem(_Fault(details=details, model=model, at=at), document, elsewhere)
        for details in error.errors(include_url=False)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    """One fault of pydantic, in the model of the value that stands at `at`."""

    details: ErrorDetails
    model: type[BaseModel]
    at: Path

    @property
    def kind(self) -> str:
        """Name the kind of fault."""
        return self.details["type"]

    def path(self, document: Located) -> Path:
        """Give the path in the document: without the steps pydantic adds for keys and union members."""
        path = self.at
        for index, step in enumerate(self.details["loc"]):
            missing = self.kind == "missing" and index == len(self.details["loc"]) - 1
            if missing or (*path, step) in document.values:
                path = (*path, step)
        return path


def _problem(fault: _Fault, document: Located, elsewhere: Mapping[Path, str]) -> Problem:
    full = (*fault.at, *fault.details["loc"])
    for path, source in elsewhere.items():
        if full[: len(path)] == path:
            message, hint = _words(fault, shows_values=document.shows_values)
            return Problem(line=0, column=0, path=path_text(path), message=message, hint=hint, source=source)
    path = fault.path(document)
    last = str(path[-1]) if path else ""
    if fault.kind == "extra_forbidden":
        known = sorted(keys_of(fault.model, path[len(fault.at) : -1]))
        hint = did_you_mean(last, known) if known else "Take it away."
        return document.problem(path, f"unknown key `{last}`", hint, place=document.key_place(path))
    if fault.kind == "missing":
        place = document.key_place(document.known(path))
        return document.problem(path, f"`{last}` is missing", f"Add `{last}:` here.", place=place)
    message, hint = _words(fault, shows_values=document.shows_values)
    # A value that is not shown is named by its key, as is a key that is wrong itself.
    by_key = not document.shows_values or full[-1:] == ("[key]",)
    return document.problem(path, message, hint, place=document.key_place(path) if by_key else None)


def _words(fault: _Fault, *, shows_values: bool) -> tuple[str, str]:
    """Say what is wrong with a value, and what to do."""
    context: Mapping[str, Any] = fault.details.get("ctx") or {}
    hint = str(context.get("hint") or _HINTS.get(fault.kind) or "Correct the value.")
    if fault.kind == "literal_error":
        hint = f"Allowed: {context.get('expected', '')}."
    for limit, words in _LIMITS.items():
        if limit in context and "hint" not in context:
            hint = f"Write a number that is {words} {context[limit]}."
    message = fault.details["msg"].removeprefix("Value error, ").rstrip(".")
    if fault.kind.startswith("document_"):
        return message, hint
    message = message[:1].lower() + message[1:]
    return f"`{str(fault.details['input'])[:40]}`: {message}" if shows_values else message, hint
