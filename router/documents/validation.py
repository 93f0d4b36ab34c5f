"""Check a located document against a pydantic model, naming line, column and remedy of every fault.

In: a `Located` document and a model. Out: the model object, or problems in the document's own words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from router.documents.places import Located, Path, Problem, path_text

ModelT = TypeVar("ModelT", bound=BaseModel)

_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)(s|m|h|d)")
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_MAX_DURATION_S = 3660 * 86400


class Strict(BaseModel):
    """A part of a document: unknown keys and wrong types are refused, nothing is converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def custom_error(code: str, message: str, hint: str) -> PydanticCustomError:
    """Make a validation error that carries its own remedy."""
    escaped = message.replace("{", "{{").replace("}", "}}")
    return PydanticCustomError("document_" + code, escaped, {"hint": hint})


def parse_duration(given: object) -> object:
    """Read `90s`, `15m`, `8h` or `2d` as whole seconds."""
    match = _DURATION.fullmatch(given) if isinstance(given, str) else None
    if match is None:
        shown = f"{given}"[:40]
        raise custom_error(
            "duration", f"`{shown}` is no duration", "Write a number and a unit: 60s, 15m, 8h, 2d."
        )
    seconds = float(match[1]) * _UNIT_S[match[2]]
    if seconds != int(seconds):
        raise custom_error(
            "duration", f"`{given}` is no whole number of seconds", "Use a smaller unit, such as 90s."
        )
    if seconds > _MAX_DURATION_S:
        raise custom_error("duration", f"`{given}` is longer than ten years", "Use a shorter duration.")
    return int(seconds)


Duration = Annotated[int, BeforeValidator(parse_duration)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}$")]

_HINTS = {
    "string_type": "Put it in quotes.",
    "bool_type": "Write true or false, without quotes.",
    "int_type": "Write a whole number, without quotes.",
    "float_type": "Write a number, without quotes.",
    "dict_type": "Write `key: value` pairs here.",
    "list_type": "Write a list here: [one, two], or one `- item` a line.",
    "model_type": "Write `key: value` pairs here.",
    "model_attributes_type": "Write `key: value` pairs here.",
    "string_pattern_mismatch": "Use at most 80 letters, digits, `_`, `-` and `.`.",
    "string_too_long": "Shorten it.",
    "too_long": "Shorten it.",
    "too_short": "Add at least one entry.",
    "string_too_short": "Write something here.",
}


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


def did_you_mean(given: str, known: Sequence[str]) -> str:
    """Suggest the nearest known word, or list what there is."""
    near = get_close_matches(given, known, n=1, cutoff=0.6)
    if near:
        return f"Did you mean `{near[0]}`?"
    if not known:
        return "None is declared yet."
    listed = ", ".join(sorted(known)[:15])
    return f"Known: {listed}{', …' if len(known) > 15 else ''}."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    """One fault of pydantic, in the model of the value that stands at `at`."""

    details: ErrorDetails
    model: type[BaseModel]
    at: Path

    @property
    def kind(self) -> str:
        return self.details["type"]

    @property
    def in_key(self) -> bool:
        return self.details["loc"][-1:] == ("[key]",)

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
        known = sorted(_keys_of(fault.model, path[len(fault.at) : -1]))
        hint = did_you_mean(last, known) if known else "Take it away."
        return document.problem(path, f"unknown key `{last}`", hint, place=document.key_place(path))
    if fault.kind == "missing":
        place = document.key_place(document.known(path))
        return document.problem(path, f"`{last}` is missing", f"Add `{last}:` here.", place=place)
    message, hint = _words(fault, shows_values=document.shows_values)
    # A value that is not shown is named by its key.
    by_key = fault.in_key or not document.shows_values
    return document.problem(path, message, hint, place=document.key_place(path) if by_key else None)


def _words(fault: _Fault, *, shows_values: bool) -> tuple[str, str]:
    """Say what is wrong with a value, and what to do."""
    context: Mapping[str, Any] = fault.details.get("ctx") or {}
    hint = str(context.get("hint") or _HINTS.get(fault.kind) or "Correct the value.")
    if fault.kind == "literal_error":
        hint = f"Allowed: {context.get('expected', '')}."
    message = fault.details["msg"].removeprefix("Value error, ").rstrip(".")
    if fault.kind.startswith("document_"):
        return message, hint
    message = message[:1].lower() + message[1:]
    return f"`{str(fault.details['input'])[:40]}`: {message}" if shows_values else message, hint


def _keys_of(annotation: Any, path: Path) -> set[str]:
    """Collect the keys a document may have at a path below a model, over all members of a union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = {field.alias or name: field for name, field in annotation.model_fields.items()}
        if not path:
            return set(fields)
        return _keys_of(fields[str(path[0])].annotation, path[1:]) if path[0] in fields else set()
    arguments = get_args(annotation)
    if get_origin(annotation) is Annotated:
        return _keys_of(arguments[0], path)
    # What is neither a model nor a union is a container: one step of the path leads to its items.
    below = path if get_origin(annotation) in (Union, UnionType) else path[1:]
    if below is not path and not path:
        return set()
    return {key for argument in arguments for key in _keys_of(argument, below)}
