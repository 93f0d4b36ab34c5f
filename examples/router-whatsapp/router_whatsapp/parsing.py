"""Read JSON of strangers; in: bounded bytes, out: mappings, texts and times, never an unexpected exception."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from router.errors import MalformedMessage

MAX_BYTES = 4 * 1024 * 1024


def read_object(raw: bytes, what: str) -> dict[str, Any]:
    """Read a JSON object; raises MalformedMessage that says what it should have been."""
    if len(raw) > MAX_BYTES:
        raise MalformedMessage(f"{what} has {len(raw)} bytes, the limit is {MAX_BYTES}", code="too_large")
    try:
        found = json.loads(raw, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise MalformedMessage(f"{what} is not JSON", code="json") from None
    if not isinstance(found, dict):
        raise MalformedMessage(f"{what} is not a JSON object", code="json")
    return found


def _refuse(word: str) -> None:
    """Refuse NaN and Infinity, which are no JSON and which no database keeps as such."""
    raise ValueError(word)


def object_of(value: object) -> Mapping[str, Any]:
    """Give an object, empty where there is another thing or none."""
    return value if isinstance(value, dict) else {}


def objects(value: object) -> Sequence[Mapping[str, Any]]:
    """Give the objects of a list, whatever else is in it."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text_of(value: object) -> str:
    """Give a text, or a number as text; empty for everything else."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, int | float):
        try:
            return str(value)
        except ValueError:
            # More digits than Python turns into text.
            return ""
    return _storable(value) if isinstance(value, str) else ""


def _storable(text: str) -> str:
    """Replace what no database keeps as text: NUL and halves of surrogate pairs, which JSON can spell."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def whole(value: object) -> int | None:
    """Give a whole number, also one written as text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        return int(value)
    except ValueError:
        return None


def time_of(value: object) -> datetime | None:
    """Read seconds since 1970."""
    seconds = whole(value)
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
