"""How people are ranked for an item: the type a strategy is, for the engine and for plugins.

In: frozen snapshots of how well a group of people fits and of one person's moment. Out: ranks, smaller first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

Rank: TypeAlias = tuple[float, ...]
"""Numbers compared one after the other; smaller is asked first. A strategy always gives equally many."""


@dataclass(frozen=True, slots=True, order=True)
class Fit:
    """How well people with the same skills fit: preferences missed by grade, then skill beyond what is asked."""

    missed: tuple[int, ...]
    surplus: int


@dataclass(frozen=True, slots=True)
class PersonSnapshot:
    """One person who passes every gate, at the moment of choosing.

    `load_ratio` is 1 at the limit (of units or of items, whichever is nearer). `last_offer_s` is when he was
    last asked, in seconds since 1970, minus infinity if never. `unanswered` counts the offers in a row he let
    run out.
    """

    load_ratio: float
    spare_units: float
    last_offer_s: float
    unanswered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """An order of people as two pure functions; who is equal in both is settled by the seeded draw.

    `rank_fit` comes first. It must not depend on anything but its argument, and neither must `rank_person`:
    ranks are kept until the person changes.
    """

    name: str
    rank_fit: Callable[[Fit], Rank]
    rank_person: Callable[[PersonSnapshot], Rank]
