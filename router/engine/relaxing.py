"""What waiting items ask at the moment: the ladder of each kind of item, kept up with the people who are here.

Items of one queue and channel class with the same needs share a `Kind`, so that a change of people is
judged once for all of them. In: items and people. Out: needs in force, and when they change by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from router.engine.config import EngineConfig
from router.engine.events import Item
from router.engine.gates import Gate, Requirement
from router.engine.incidents import Incidents
from router.engine.ladder import Crowd, Ladder, climb, droppable, in_force, with_protection
from router.engine.lanes import Lane, LaneKey
from router.engine.matching import Matching
from router.engine.needs import Need
from router.engine.staff import Profile
from router.engine.work_items import Asked, WorkItem
from router.model.presence import PresenceState

KindKey = tuple[str, str, tuple[Need, ...]]
"""Queue, channel class, needs."""

_KINDS_BEFORE_SWEEP = 512


class Kind:
    """Items with the same needs in one queue and class, at least one of which can be given up."""

    __slots__ = ("_asked", "firm", "key", "ladder", "lanes", "needs", "weakest_first")

    def __init__(self, key: KindKey, needs: tuple[Need, ...], weakest_first: tuple[Need, ...]) -> None:
        self.key = key
        self.needs = needs
        self.weakest_first = weakest_first
        # what is left when all that can be given up is
        self.firm = Requirement(key[1], in_force(needs, weakest_first), key[0])
        self.ladder = Ladder({}, ())
        # where items of this kind may wait
        self.lanes: dict[LaneKey, None] = {}
        self._asked: dict[tuple[frozenset[Need], frozenset[Need]], Asked] = {}

    def asked(self, dropped: Iterable[Need], told: Iterable[Need]) -> Asked:
        """Give what is asked for without the needs given up; one value for all items that ask the same."""
        key = frozenset(dropped), frozenset(told)
        found = self._asked.get(key)
        if found is None:
            found = self._asked[key] = Asked(in_force(self.needs, key[0]), key[1])
        return found

    def crowd(self, profile: Profile) -> Crowd:
        """Say what people of a profile are for these items."""
        members = profile.members.values()
        passed = self.firm.first_failing(profile.skills, profile.classes, profile.queues) is Gate.PASSED
        return Crowd(
            on_shift=sum(1 for agent in members if agent.presence is not PresenceState.OFFLINE),
            present=profile.present,
            is_able=passed,
            meets=[need for need in self.weakest_first if need.is_met_by(profile.skills)],
        )


class Relaxing:
    """The kinds of items that have something to give up, and what they ask now."""

    __slots__ = ("_config", "_incidents", "_kinds", "_matching", "_sweep_at")

    def __init__(self, config: EngineConfig, matching: Matching, incidents: Incidents) -> None:
        self._config = config
        self._matching = matching
        self._incidents = incidents
        self._kinds: dict[KindKey, Kind] = {}
        self._sweep_at = _KINDS_BEFORE_SWEEP

    def kind(self, work: WorkItem) -> Kind | None:
        """Give the kind of an item, None if it has nothing to give up."""
        item = work.item
        protect = self._config.queue(item.queue).protect
        if protect is None and not any(need.drop_after_s is not None for need in item.needs):
            return None
        key = (item.queue, item.channel_class, item.needs)
        found = self._kinds.get(key)
        if found is None:
            needs = with_protection(item.needs, protect)
            weakest_first = droppable(needs, self._config.lasting)
            found = Kind(key, needs, weakest_first)
            self._judge(found)
            if len(self._kinds) >= self._sweep_at:
                self._sweep()
            self._kinds[key] = found
        return found

    def firm(self, work: WorkItem) -> Requirement:
        """Give what an item asks for whatever happens."""
        kind, item = self.kind(work), work.item
        return Requirement(item.channel_class, item.needs, item.queue) if kind is None else kind.firm

    def changes_at(self, work: WorkItem) -> Iterator[datetime]:
        """Give the times at which needs of an item are given up by waiting alone."""
        kind = self.kind(work)
        for step in () if kind is None else kind.ladder.steps:
            yield entered_at(work.item) + step.after

    def waits(self, work: WorkItem, lane: Lane) -> None:
        """Remember where items of this kind wait."""
        kind = self.kind(work)
        if kind is not None:
            kind.lanes[lane.key] = None

    def judge_people(self) -> list[Kind]:
        """Judge every kind for the people of the moment; give those for which something changed."""
        changed = []
        for kind in self._kinds.values():
            before = kind.ladder
            self._judge(kind)
            if kind.ladder != before:
                changed.append(kind)
        return changed

    def _judge(self, kind: Kind) -> None:
        queue = self._config.queue(kind.key[0])
        kind.ladder = climb(
            kind.weakest_first,
            (kind.crowd(profile) for profile in self._matching.profiles.values()),
            relaxed=self._incidents.relaxed,
            thin_staff=queue.thin_staff,
        )

    def _sweep(self) -> None:
        """Forget kinds of which nothing waits; the next time comes when they have doubled."""
        lanes = self._matching.lanes
        for kind in self._kinds.values():
            kind.lanes = {key: None for key in kind.lanes if key in lanes and lanes[key].size}
        self._kinds = {key: kind for key, kind in self._kinds.items() if kind.lanes}
        self._sweep_at = max(_KINDS_BEFORE_SWEEP, 2 * len(self._kinds))


def entered_at(item: Item) -> datetime:
    """Give when an item came to its queue, from which the clocks of its needs run."""
    return item.entered_queue_at or item.eligible_since
