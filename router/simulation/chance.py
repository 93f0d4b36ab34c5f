"""Chance that repeats: each draw has a name, so that one run's draws do not shift another's.

In: a seed and the name of what is drawn. Out: numbers, the same every time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import TypeVar

from router.simulation.scenario import SpanModel

T = TypeVar("T")

_P95_NORMAL = 1.6448536269514722
"""How many standard deviations above the mean one in twenty lies."""


def drawing(seed: int, *names: object) -> Random:
    """Give the source of chance for one purpose."""
    return Random(":".join(map(str, (seed, *names))))


def draw_s(span: SpanModel, chance: Random) -> float:
    """Draw how long something takes, in whole milliseconds."""
    if span.fixed_s is not None:
        return float(span.fixed_s)
    if span.exponential is not None:
        return round(chance.expovariate(1 / span.exponential.mean_s), 3)
    if span.lognormal is not None:
        median_s, p95_s = span.lognormal.median_s, span.lognormal.p95_s
        sigma = math.log(p95_s / median_s) / _P95_NORMAL
        return round(chance.lognormvariate(math.log(median_s), sigma), 3)
    return 0.0


def mean_s(span: SpanModel) -> float:
    """Give how long something takes on average."""
    if span.lognormal is not None:
        sigma = math.log(span.lognormal.p95_s / span.lognormal.median_s) / _P95_NORMAL
        return span.lognormal.median_s * math.exp(sigma * sigma / 2)
    return float(span.exponential.mean_s if span.exponential is not None else span.fixed_s or 0)


def one_of(values: Sequence[T], weights: Sequence[float], chance: Random) -> T:
    """Draw one value in proportion to its weight."""
    return chance.choices(values, weights)[0]
