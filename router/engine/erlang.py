"""Erlang's formula: how long people wait where everybody can do everything. In: people, load. Out: seconds."""

from __future__ import annotations

import math


def chance_of_waiting(people: int, load: float) -> float:
    """Give the share of arrivals that have to wait; `load` is the work that comes, in people kept busy."""
    if load >= people:
        return 1.0
    inverse = 1.0
    for number in range(1, people + 1):
        inverse = 1 + inverse * number / load
    blocked = 1 / inverse
    return blocked / (1 - load / people * (1 - blocked))


def mean_wait_s(people: int, load: float, handling_s: float) -> float:
    """Give the mean wait of everybody who comes; infinite where more comes than can be done."""
    if load >= people:
        return math.inf
    return chance_of_waiting(people, load) * handling_s / (people - load)
