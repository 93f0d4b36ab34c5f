"""How far each file of call records has been read; kept in the account's cursor, committed with the rows.

A file is known by device and inode, so a rotated one is read to its end under its new name. The bytes just
before the place are remembered as a digest: when they are others now, the file was cut or written anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgspec

from router.messages import JsonValue

VERSION = 1
# A cursor may have 64 KB; a place takes about 250 characters of it, and its header.
MOST_FILES = 200
MOST_CHARS = 48_000
_PLACE_CHARS = 250
TAIL_BYTES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far one file has been read: `offset` bytes and `line` lines, the last of them being `tail`.

    `columns` and `delimiter` come from its header; `after` is when its last row was written; `owner` names
    the setting it was found by.
    """

    offset: int = 0
    line: int = 0
    tail: str = ""
    columns: tuple[str, ...] = ()
    delimiter: str = ""
    after: str = ""
    changed_at_s: float = 0.0
    owner: str = ""

    def to_json(self) -> JsonValue:
        """Write it for the cursor."""
        written: JsonValue = msgspec.to_builtins(self)
        return written

    @classmethod
    def of_json(cls, value: JsonValue) -> Place:
        """Read it from the cursor; what cannot be read is the beginning of the file."""
        try:
            return msgspec.convert(value, cls)
        except msgspec.ValidationError:
            return cls()


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The places in all files, by identity; files unchanged since `settled_s` are done and forgotten."""

    files: Mapping[str, Place] = field(default_factory=dict)
    settled_s: float = 0.0

    def with_place(self, identity: str, place: Place) -> Places:
        """Note how far a file has been read; the longest unchanged of too many is forgotten as done."""
        files = {**self.files, identity: place}
        settled_s = self.settled_s
        while len(files) > 1 and (len(files) > MOST_FILES or _chars_of(files) > MOST_CHARS):
            oldest = min(files, key=lambda one: files[one].changed_at_s)
            settled_s = max(settled_s, files.pop(oldest).changed_at_s)
        return replace(self, files=files, settled_s=settled_s)

    def to_json(self) -> JsonValue:
        """Write the cursor."""
        return {
            "v": VERSION,
            "settled": self.settled_s,
            "files": {identity: place.to_json() for identity, place in self.files.items()},
        }

    @classmethod
    def of_json(cls, cursor: JsonValue) -> Places:
        """Read the cursor; one of another version begins anew, which the dedupe keys make harmless."""
        if not isinstance(cursor, Mapping) or cursor.get("v") != VERSION:
            return cls()
        files, settled_s = cursor.get("files"), cursor.get("settled")
        return cls(
            files={name: Place.of_json(value) for name, value in files.items()}
            if isinstance(files, Mapping)
            else {},
            settled_s=float(settled_s) if isinstance(settled_s, int | float) else 0.0,
        )


def _chars_of(files: Mapping[str, Place]) -> int:
    return sum(_PLACE_CHARS + sum(len(name) + 4 for name in place.columns) for place in files.values())


def tail_digest(tail: bytes) -> str:
    """Give what remembers the last bytes read."""
    return hashlib.blake2b(tail[-TAIL_BYTES:], digest_size=8).hexdigest()
