"""What the provider decides: limits, media, error codes; in: the dated `facts.toml`, out: plain values."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

from router import errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Lengths, counts and times."""

    text_chars: int
    caption_chars: int
    body_chars: int
    button_chars: int
    row_chars: int
    buttons: int
    rows: int
    contacts: int
    window_s: float
    ack_within_ms: int
    media_expires_s: float
    pair_burst: int
    pair_burst_s: float
    throughput_per_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """What one kind of file may be."""

    types: frozenset[str]
    max_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What a group of error codes means for whoever sends."""

    error: type[errors.SendError]
    text: str
    codes: frozenset[int]
    ranges: Sequence[tuple[int, int]] = ()
    scope: str = "account"
    retry_after_s: float | None = None
    alternatives: Sequence[str] = ()
    part: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The whole file."""

    as_of: date
    api_url: str
    version: str
    media_hosts: Sequence[str]
    limits: Limits
    media: Mapping[str, Media]
    refusals: Sequence[Refusal]

    def refusal(self, code: int) -> Refusal | None:
        """Find what a code means: by its name first, then by the range it lies in."""
        named = (one for one in self.refusals if code in one.codes)
        ranged = (one for one in self.refusals for first, last in one.ranges if first <= code <= last)
        return next(named, None) or next(ranged, None)


def _refusal(found: Mapping[str, Any]) -> Refusal:
    error = getattr(errors, found["class"])
    rest = {name: value for name, value in found.items() if name not in ("class", "codes", "ranges")}
    ranges = tuple((first, last) for first, last in found.get("ranges", ()))
    return Refusal(error=error, codes=frozenset(found["codes"]), ranges=ranges, **rest)


def read_facts(text: str) -> Facts:
    """Read the file; a wrong name in it fails here and not at a customer."""
    found = tomllib.loads(text)
    media = {
        kind: Media(types=frozenset(one["types"]), max_bytes=one["max_bytes"])
        for kind, one in found.pop("media").items()
    }
    limits = Limits(**found.pop("limits"))
    refusals = tuple(_refusal(one) for one in found.pop("refusals"))
    return Facts(limits=limits, media=media, refusals=refusals, **found)


FACTS = read_facts((files("router_whatsapp") / "facts.toml").read_text(encoding="utf-8"))
