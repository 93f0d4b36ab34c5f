"""A second engine in the same state, for looking ahead. In: an engine. Out: a copy that changes nothing of it.

What never changes (times, texts, items, offers, configuration) is shared; only books and the objects that are
written to are made anew. They name each other in long chains, so each is made first and filled afterwards.
"""

from __future__ import annotations

from collections import deque
from dataclasses import is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from types import FunctionType, MappingProxyType, MethodType, NoneType
from typing import TypeVar

from sortedcontainers import SortedList

from router.engine.gates import Requirement

Whole = TypeVar("Whole")

_VALUES = frozenset(
    {
        NoneType, bool, bytes, float, int, str, frozenset, datetime, timedelta,
        FunctionType, MappingProxyType, Requirement,
    }
)  # fmt: skip


def copied(whole: Whole) -> Whole:
    """Copy an object and all it reaches; values that never change are shared."""
    return _Copying().whole(whole)


class _Copying:
    """One copy in the making."""

    def __init__(self) -> None:
        self._values = set(_VALUES)
        self._slots: dict[type, tuple[str, ...]] = {}
        self._copies: dict[int, object] = {}
        self._unfilled: list[tuple[object, object]] = []

    def whole(self, whole: Whole) -> Whole:
        made = self._copy(whole)
        while self._unfilled:
            self._fill(*self._unfilled.pop())
        assert isinstance(made, type(whole))
        return made

    def _fill(self, source: object, made: object) -> None:
        values = self._values
        names = self._slots.get(type(source))
        for name in vars(source) if names is None else names:
            value = getattr(source, name)
            setattr(made, name, value if type(value) in values else self._copy(value))

    def _copy(self, value: object) -> object:
        """Give a copy that may still be unfilled, or the value itself if it never changes."""
        kind = type(value)
        if kind in self._values:
            return value
        if isinstance(value, tuple) and kind is tuple:
            return self._tuple(value)
        if id(value) in self._copies:
            return self._copies[id(value)]
        if _never_changes(kind):
            self._values.add(kind)
            return value
        made = self._book(value)
        if made is None:
            made = object.__new__(kind)
            if kind not in self._slots and hasattr(kind, "__slots__"):
                self._slots[kind] = kind.__slots__
            self._unfilled.append((value, made))
        self._copies[id(value)] = made
        return made

    def _book(self, value: object) -> object | None:
        """Copy a collection; None for anything else. Keys, and what stands in a sorted list, never change."""
        values = self._values
        if isinstance(value, dict):
            return {key: one if type(one) in values else self._copy(one) for key, one in value.items()}
        if isinstance(value, SortedList):
            return value.copy()
        if isinstance(value, list):
            return [one if type(one) in values else self._copy(one) for one in value]
        if isinstance(value, deque):
            return deque(value, value.maxlen)
        if isinstance(value, MethodType):
            return MethodType(value.__func__, self._copy(value.__self__))
        return None

    def _tuple(self, value: tuple[object, ...]) -> tuple[object, ...]:
        values = self._values
        for one in value:
            if type(one) not in values:
                made = tuple(map(self._copy, value))
                return value if all(map(_is_same, made, value)) else made
        return value


def _is_same(one: object, other: object) -> bool:
    return one is other


def _never_changes(kind: type) -> bool:
    """Tell whether all objects of a type are values: names, named tuples, frozen dataclasses."""
    if is_dataclass(kind):
        return bool(kind.__dataclass_params__.frozen)  # type: ignore[attr-defined]
    return issubclass(kind, (Enum, tuple))
