"""A lane: waiting items that ask the same, so that whoever may serve one may serve them all.

A lane is a heap ordered by the waiting key. In: a key of needs. Out: the lane, to be filled by `Waiting`.
"""

from __future__ import annotations

from router.engine.gates import Fit, Gate, Requirement
from router.engine.needs import Need
from router.engine.staff import Profile

Entry = tuple[float, int, str]
"""Waiting key, arrival, item id: smaller is served first."""

LaneKey = tuple[str, tuple[Need, ...], frozenset[str]]
"""Channel class, needs, people not asked again."""


class Lane:
    """Waiting items with equal needs, class and refusals: whoever may serve one may serve them all."""

    __slots__ = ("able", "declined", "head", "heap", "key", "present", "requirement", "size")

    def __init__(self, key: LaneKey) -> None:
        self.key = key
        self.requirement = Requirement(key[0], key[1])
        self.declined = key[2]
        self.heap: list[Entry] = []
        # the first entry of the heap, kept apart because every pick reads those of many lanes
        self.head: Entry | None = None
        self.size = 0
        # profiles that pass every gate of the profile, best fit first
        self.able: list[tuple[Fit, Profile]] = []
        # how many people who are present come as far as each gate of the profile
        self.present = [0] * len(Gate)
