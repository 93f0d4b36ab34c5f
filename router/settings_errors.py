"""Turn a pydantic error into one a person can act on; in: error and document, out: ConfigError."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from router.errors import ConfigError
from router.yaml_document import YamlDocument

_NOWHERE: Mapping[tuple[str | int, ...], str] = types.MappingProxyType({})


def config_error(
    error: ValidationError,
    document: YamlDocument,
    model: type[BaseModel],
    prefix: Sequence[str | int],
    elsewhere: Mapping[tuple[str | int, ...], str] = _NOWHERE,
) -> ConfigError:
    """Name the first fault with its place, key path and remedy, and how many more there are.

    `prefix` is where the validated table stands in the document; `elsewhere` names values that did not
    come from the document. The faulty value itself is never shown: it may be a secret.
    """
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    fault = faults[0]
    full = (*prefix, *fault["loc"])
    path = list(full) if full in elsewhere else _in_document(document, full, fault["type"])
    place = elsewhere.get(full) or document.place(path)
    message = _message(fault)
    if len(faults) > 1:
        message += f" (and {len(faults) - 1} more)"
    dotted = ".".join(str(step) for step in path)
    return ConfigError(message, path=f"{place} {dotted}".rstrip(), hint=_remedy(fault, model))


def _message(fault: ErrorDetails) -> str:
    if fault["type"] == "extra_forbidden":
        return "unknown key."
    if fault["type"] == "missing":
        return "this key is required and missing."
    text = fault["msg"].removeprefix("Value error, ")
    return text if text.endswith(".") else f"{text}."


def _remedy(fault: ErrorDetails, model: type[BaseModel]) -> str:
    if fault["type"] == "extra_forbidden":
        known = sorted(_keys_at(model, fault["loc"][:-1]))
        near = difflib.get_close_matches(str(fault["loc"][-1]), known, n=1)
        if near:
            return f"Did you mean `{near[0]}`?"
        return f"Known keys here: {', '.join(known)}." if known else "No keys are known here."
    return "Add it." if fault["type"] == "missing" else ""


def _in_document(document: YamlDocument, loc: Sequence[str | int], kind: str) -> list[str | int]:
    """Drop the steps pydantic adds for union members, `[key]` marks and the like."""
    path: list[str | int] = []
    for index, step in enumerate(loc):
        last = index == len(loc) - 1
        if document.has([*path, step]) or (last and kind == "missing"):
            path.append(step)
    return path


def _keys_at(model: Any, loc: Sequence[str | int]) -> set[str]:
    """Collect the keys the model knows at this place, through unions and containers."""
    models = _models(model)
    for step in loc:
        found = [
            inner
            for each in models
            if isinstance(step, str) and (field := _field(each, step)) is not None
            for inner in _models(field)
        ]
        # A step that names no field is an item of a container or a union member: stay where we are.
        models = found or models
    return {field.alias or name for each in models for name, field in each.model_fields.items()}


def _field(model: type[BaseModel], key: str) -> Any:
    for name, field in model.model_fields.items():
        if key in (name, field.alias):
            return field.annotation
    return None


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in typing.get_args(annotation) for model in _models(argument)]
