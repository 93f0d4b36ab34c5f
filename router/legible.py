"""Texts no database holds and no JSON carries, made legible: NUL and halves of surrogate pairs become U+FFFD.

In: whatever a plugin hands over (events, receipts, JSON). Out: the same value, itself where nothing is wrong with it,
else a copy. Pure. Providers send such texts in JSON escapes; the raw bytes keep what stood there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar, cast

import msgspec

T = TypeVar("T")

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_ILLEGIBLE = re.compile("[\x00\ud800-\udfff]")
_ENCODER = msgspec.json.Encoder()


def legible(value: T) -> T:
    """Give a value without texts that cannot be stored."""
    return value if _is_legible(value) else cast("T", _mended(value))


def _is_legible(value: object) -> bool:
    """Look at all texts at once: many times as fast as walking through them."""
    try:
        return rb"\u0000" not in _ENCODER.encode(value)
    except (TypeError, ValueError):
        # A text no encoding carries, or a value JSON does not know.
        return False


def _mended(value: Any) -> Any:
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return _ILLEGIBLE.sub(REPLACEMENT, value)
    if isinstance(value, Mapping):
        return {_mended(key): _mended(one) for key, one in value.items()}
    for kind in (list, tuple, frozenset, set):
        if isinstance(value, kind):
            return kind(_mended(one) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        given = (one.name for one in fields(value) if one.init)
        return replace(value, **{name: _mended(getattr(value, name)) for name in given})
    return value
