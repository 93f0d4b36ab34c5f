"""How much one person has and what still fits. In: what he took and gave back. Out: units, exact to the part.

Every item weighs its whole cost, one whose customer is waited for the `dormant` fraction of it. Weights are
whole numbers of the fraction's denominator, so that sums never drift.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from router.engine.config import CapacityConfig


class Limit(StrEnum):
    """Which limit stops one more item."""

    UNITS = "units"
    CLASS = "class"
    ITEMS = "items"


@dataclass(frozen=True, slots=True)
class _Terms:
    cost: int
    # in weights
    most: int
    # classes whose held work does not stand in the way of this one
    yielding: tuple[str, ...]


class Scales:
    """What an item of each class weighs: the capacity settings in whole numbers."""

    __slots__ = ("_other", "_terms", "asleep", "whole")

    def __init__(self, config: CapacityConfig) -> None:
        part = Fraction(str(config.dormant))
        self.whole, self.asleep = part.denominator, part.numerator
        named = dict.fromkeys(config.classes)
        for each in config.classes.values():
            named.update(dict.fromkeys(sorted(each.interruptible_by)))
        self._terms = {name: self._terms_of(config, name) for name in named}
        self._other = self._terms_of(config, "")

    def of(self, channel_class: str) -> _Terms:
        """Give cost and limit of a class."""
        return self._terms.get(channel_class, self._other)

    def units(self, weight: int) -> float:
        """Give a weight in units, as a whole number where it is one."""
        return weight / self.whole if weight % self.whole else weight // self.whole

    def _terms_of(self, config: CapacityConfig, name: str) -> _Terms:
        own = config.of(name)
        yielding = tuple(other for other, each in config.classes.items() if name in each.interruptible_by)
        return _Terms(own.cost, own.max * self.whole, yielding)


class Holdings:
    """The weights of what one person has, by channel class, and the limits they are held against."""

    __slots__ = ("_by_class", "_used", "items", "max_claims", "scales", "units")

    def __init__(self, scales: Scales) -> None:
        self.scales = scales
        self.units = 0
        self.max_claims: int | None = None
        self.items = 0
        self._by_class: dict[str, int] = {}
        self._used = 0

    @property
    def load(self) -> float:
        """Give the units in use."""
        return self.scales.units(self._used)

    @property
    def ratio(self) -> float:
        """Give the load in relation to the limit that is nearer; 1 at the limit."""
        by_units = self._used / (self.units * self.scales.whole) if self.units else 1.0
        if self.max_claims is None:
            return by_units
        return max(by_units, self.items / self.max_claims if self.max_claims else 1.0)

    def add(self, channel_class: str) -> None:
        """Count one more item, awake."""
        self.items += 1
        self._weigh(channel_class, self.scales.whole)

    def drop(self, channel_class: str, *, is_asleep: bool) -> None:
        """Count an item no more."""
        self.items -= 1
        self._weigh(channel_class, -(self.scales.asleep if is_asleep else self.scales.whole))

    def sleep(self, channel_class: str) -> None:
        """Let an item weigh only its dormant part."""
        self._weigh(channel_class, self.scales.asleep - self.scales.whole)

    def wake(self, channel_class: str) -> None:
        """Let an item weigh in full again."""
        self._weigh(channel_class, self.scales.whole - self.scales.asleep)

    def left_after(self, channel_class: str) -> int | None:
        """Give the weight left after one more item; negative or None when it does not fit."""
        if self.max_claims is not None and self.items >= self.max_claims:
            return None
        terms = self.scales.of(channel_class)
        if self._by_class.get(channel_class, 0) + self.scales.whole > terms.most:
            return None
        return (self.units - terms.cost) * self.scales.whole - self._against(terms)

    def limit(self, channel_class: str) -> Limit | None:
        """Name the limit that stops one more item."""
        left = self.left_after(channel_class)
        if left is not None:
            return Limit.UNITS if left < 0 else None
        is_full = self.max_claims is not None and self.items >= self.max_claims
        return Limit.ITEMS if is_full else Limit.CLASS

    def load_against(self, channel_class: str) -> float:
        """Give the units in use that stand in the way of a class."""
        return self.scales.units(self._against(self.scales.of(channel_class)))

    def count(self, channel_class: str) -> float:
        """Count the places taken in a class; a dormant item takes part of one."""
        return self.scales.units(self._by_class.get(channel_class, 0))

    def _against(self, terms: _Terms) -> int:
        if not terms.yielding:
            return self._used
        held = self._by_class
        return self._used - sum(self.scales.of(name).cost * held.get(name, 0) for name in terms.yielding)

    def _weigh(self, channel_class: str, weight: int) -> None:
        left = self._by_class.get(channel_class, 0) + weight
        if left:
            self._by_class[channel_class] = left
        else:
            self._by_class.pop(channel_class, None)
        self._used += weight * self.scales.of(channel_class).cost
