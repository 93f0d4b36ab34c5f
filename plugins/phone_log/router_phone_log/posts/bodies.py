"""The body of a post in, its records out; bounded in depth and number, and MalformedMessage for the rest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from router.errors import MalformedMessage

MAX_RECORDS = 1000
_MAX_FIELDS = 500
_MAX_DEPTH = 40


def form_of(body: bytes) -> dict[str, str]:
    """Read a form; of a repeated name the last value holds."""
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise MalformedMessage(f"the post is no form: {error}", code="form") from None
    if not pairs:
        raise MalformedMessage("the post is no form: it has no fields", code="form")
    return dict(pairs)


def records_of(body: bytes) -> list[Mapping[str, Any]]:
    """Read JSON: one record, or a list of them."""
    try:
        text = body.decode("utf-8-sig")
        _check_depth(text)
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise MalformedMessage("the post is no JSON", code="json") from None
    records = value if isinstance(value, list) else [value]
    if not records or len(records) > MAX_RECORDS:
        raise MalformedMessage(
            f"the post has {len(records)} records, 1 to {MAX_RECORDS} are taken", code="json"
        )
    if not all(isinstance(record, dict) for record in records):
        raise MalformedMessage("a record of the post is no object", code="json")
    return records


def _check_depth(text: str) -> None:
    """Refuse what is nested beyond any record, before a parser meets it."""
    depth = 0
    for one in text:
        if one in "[{":
            depth += 1
            if depth > _MAX_DEPTH:
                raise MalformedMessage("the post is nested too deeply", code="json")
        elif one in "]}":
            depth -= 1


def text(record: Mapping[str, Any], *names: str) -> str:
    """Give the first filled one of these fields as text; numbers are written out, the rest is nothing."""
    for name in names:
        value = record.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()[:1000]
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
    return ""
