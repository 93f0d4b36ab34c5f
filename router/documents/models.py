"""What the models of all documents share: strictness, durations, names, and errors with a remedy.

In: plain values of a document. Out: checked values, or validation errors in the words of people.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

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


def span(seconds: int) -> str:
    """Write a duration as `parse_duration` reads it, in the largest unit that fits."""
    unit = next((unit for unit in "dhm" if seconds and seconds % _UNIT_S[unit] == 0), "s")
    return f"{seconds // _UNIT_S[unit]}{unit}"


Duration = Annotated[int, BeforeValidator(parse_duration)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}$")]
