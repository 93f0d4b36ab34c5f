"""A lane: waiting items that ask the same, so that whoever may serve one may serve them all.

A lane stands in the order of its queue. In: a key of needs. Out: the lane, to be filled by `Waiting`.
"""

from __future__ import annotations

from typing import NamedTuple

from sortedcontainers import SortedList

from router.engine.config import QueueConfig, QueueMode
from router.engine.gates import Gate, Requirement
from router.engine.needs import Need
from router.engine.rolls import Roll
from router.engine.staff import Profile
from router.strategy import Rank

Entry = tuple[float, int, str]
"""A place in an order, arrival (negative where the last goes first), item id: smaller is served first."""


class LaneKey(NamedTuple):
    """What items must share to wait in one lane; `declined` are the people not asked again."""

    queue: str
    channel_class: str
    needs: tuple[Need, ...]
    declined: frozenset[str]


class Lane:
    """Waiting items with equal queue, needs, class and refusals."""

    __slots__ = (
        "able",
        "declined",
        "entries",
        "front",
        "head",
        "is_newest_first",
        "key",
        "number",
        "present",
        "requirement",
        "share",
        "size",
    )

    def __init__(self, key: LaneKey, queue: QueueConfig, number: int = 0) -> None:
        self.key = key
        # tells apart the lanes people are filled from; all others have none
        self.number = number
        self.requirement = Requirement(key.channel_class, key.needs, key.queue)
        self.declined = key.declined
        self.is_newest_first = queue.mode is QueueMode.NEWEST
        self.share = queue.share
        self.entries: SortedList[Entry] = SortedList()
        # the first entry, and the waiting key of its item; kept apart because every pick reads some
        self.front: Entry | None = None
        self.head: Entry | None = None
        self.size = 0
        # those whose profile passes every gate of the profile, best rank first
        self.able: list[tuple[Rank, Roll]] = []
        # how many people who are present come as far as each gate of the profile
        self.present = [0] * len(Gate)

    @property
    def is_plain(self) -> bool:
        """Tell whether the waiting key alone decides when the lane is served."""
        return not self.is_newest_first and self.share is None

    def gate(self, profile: Profile) -> Gate:
        """Give the first gate of the profile that people of this one fail, or PASSED."""
        return self.requirement.first_failing(profile.skills, profile.classes, profile.queues)

    def come_forward(self) -> None:
        """Let everybody who may serve the lane know that its head is another one, which may be served earlier."""
        if self.is_plain:
            for _, roll in self.able:
                roll.fronts.file(self)

    def roll(self, profile: Profile) -> Roll | None:
        """Give where the people of a profile are asked from, None when they fail a gate of the profile."""
        return next((roll for _, roll in self.able if roll.profile is profile), None)
