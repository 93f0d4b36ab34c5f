"""Check a located document against a pydantic model, naming line, column and remedy of every fault.

In: a `Located` document and a model. Out: the model object, or problems in the document's own words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from router.engine.documents import Located, Path, Problem

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
        return None, [_problem(model, document, fault) for fault in error.errors(include_url=False)]


def did_you_mean(given: str, known: Sequence[str]) -> str:
    """Suggest the nearest known word, or list what there is."""
    near = get_close_matches(given, known, n=1, cutoff=0.6)
    if near:
        return f"Did you mean `{near[0]}`?"
    if not known:
        return "None is declared yet."
    listed = ", ".join(sorted(known)[:15])
    return f"Known: {listed}{', …' if len(known) > 15 else ''}."


def _problem(model: type[BaseModel], document: Located, fault: ErrorDetails) -> Problem:
    """Put one fault of pydantic into the document's words."""
    path = tuple(step for step in fault["loc"] if step != "[key]")
    in_key = len(path) != len(fault["loc"])
    kind, last = fault["type"], str(path[-1]) if path else ""
    if kind == "extra_forbidden":
        known = sorted(_keys_of(model, path[:-1]))
        place = document.key_place(path)
        return document.problem(path, f"unknown key `{last}`", did_you_mean(last, known), place=place)
    if kind == "missing":
        return document.problem(
            path,
            f"`{last}` is missing",
            f"Add `{last}:` here.",
            place=document.key_place(_known(document, path)),
        )
    message = fault["msg"]
    context: Mapping[str, Any] = fault.get("ctx") or {}
    hint = str(context.get("hint") or _HINTS.get(kind, ""))
    if kind == "literal_error":
        hint = f"Allowed: {context.get('expected', '')}."
    if not kind.startswith("document_"):
        message = f"`{str(fault['input'])[:40]}`: {message[:1].lower()}{message[1:]}"
    return document.problem(
        path, message, hint or "Correct the value.", place=document.key_place(path) if in_key else None
    )


def _known(document: Located, path: Path) -> Path:
    """Shorten a path to its last step that is in the document."""
    while path and path not in document.values:
        path = path[:-1]
    return path


def _keys_of(annotation: Any, path: Path) -> list[str]:
    """List the keys a document may have at a path below a model."""
    annotation = _bare(annotation)
    if not path:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return [field.alias or name for name, field in annotation.model_fields.items()]
        return []
    arguments = get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            if (field.alias or name) == path[0]:
                return _keys_of(field.annotation, path[1:])
        return []
    return _keys_of(arguments[-1], path[1:]) if arguments else []


def _bare(annotation: Any) -> Any:
    """Take away `| None` and `Annotated`."""
    while get_origin(annotation) in (Annotated, Union, UnionType):
        annotation = next(part for part in get_args(annotation) if part is not type(None))
    return annotation
