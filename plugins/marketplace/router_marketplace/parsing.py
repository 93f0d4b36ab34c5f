"""Read JSON of strangers; in: bounded bytes, out: mappings, texts and times, never an unexpected exception."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

from router.errors import MalformedMessage

MAX_BYTES = 512 * 1024
_HALVES = re.compile("[\ud800-\udfff]")


def read_object(raw: bytes, what: str) -> dict[str, Any]:
    """Read a JSON object; raises MalformedMessage that says what it should have been."""
    if len(raw) > MAX_BYTES:
        raise MalformedMessage(f"{what} has {len(raw)} bytes, the limit is {MAX_BYTES}", code="too_large")
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise MalformedMessage(f"{what} is not JSON", code="json") from None
    if not isinstance(found, dict):
        raise MalformedMessage(f"{what} is not a JSON object", code="json")
    return found


def written(document: object) -> bytes:
    """Write a document as compact JSON; one that holds halves of surrogate pairs keeps their escapes."""
    try:
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(document, separators=(",", ":")).encode()


def header_of(headers: Mapping[str, str], name: str) -> str:
    """Give a header whatever the case of its name; empty when there is none."""
    return next((value for known, value in headers.items() if known.lower() == name), "")


def pause_s(headers: Mapping[str, str], now: datetime, name: str = "retry-after") -> float | None:
    """Read how long to wait from a header with a small name: seconds or a date; None when it says nothing."""
    told = headers.get(name, "").strip()
    try:
        wait_s = float(told)
    except ValueError:
        wait_s = _seconds_until(told, now)
    return max(wait_s, 0.0) if isfinite(wait_s) else None


def _seconds_until(date: str, now: datetime) -> float:
    try:
        at = parsedate_to_datetime(date)
    except (ValueError, TypeError, IndexError, OverflowError):
        return float("nan")
    # A date of HTTP is in GMT, whether it says so or not.
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()


def inner_object(text: object) -> dict[str, Any]:
    """Read a JSON object that travels as text inside another; empty when there is none."""
    if isinstance(text, dict):
        return text
    if not isinstance(text, str):
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def object_of(value: object) -> Mapping[str, Any]:
    """Give an object, empty where there is another thing or none."""
    return value if isinstance(value, dict) else {}


def objects(value: object) -> Sequence[Mapping[str, Any]]:
    """Give the objects of a list, whatever else is in it."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text_of(value: object) -> str:
    """Give a text or a whole number as text; ids are above what a float can hold.

    Halves of surrogate pairs become U+FFFD, as no signature and no address can be made of them.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        try:
            return str(value)
        except ValueError:
            return ""
    return _HALVES.sub("\N{REPLACEMENT CHARACTER}", value) if isinstance(value, str) else ""


def whole(value: object) -> int | None:
    """Give a whole number, also one written as text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    try:
        return int(value) if isinstance(value, str) else None
    except ValueError:
        return None


def time_from_s(value: object) -> datetime | None:
    """Read seconds since 1970."""
    return _time(value, 1)


def time_from_ms(value: object) -> datetime | None:
    """Read milliseconds since 1970."""
    return _time(value, 1000)


def _time(value: object, parts: int) -> datetime | None:
    number = whole(value)
    try:
        return None if number is None else datetime.fromtimestamp(number / parts, UTC)
    except (ValueError, OverflowError, OSError):
        return None
