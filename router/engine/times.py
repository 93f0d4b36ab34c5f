"""How times are written in events and records: ISO 8601 in UTC with a final Z."""

from __future__ import annotations

from datetime import UTC, datetime

from router.errors import ConfigError


def to_iso(at: datetime) -> str:
    """Write a time."""
    # nearly all times are in UTC already, and a record has ten of them
    text = (at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat()
    return f"{text[:-6]}Z"


def from_iso(text: str, *, path: str = "at") -> datetime:
    """Read a time; one without an offset is refused, because nobody can know when it was."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{text!r} is no ISO 8601 time.", path=path) from None
    if found.tzinfo is None:
        raise ConfigError(f"{text!r} has no offset.", path=path, hint="End it with Z for UTC.")
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise ConfigError(f"{text!r} lies outside the calendar.", path=path) from None
