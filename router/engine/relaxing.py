"""What waiting items ask at the moment: the ladder of each kind of item, kept up with the people who are here.

Items of one queue and channel class with the same needs share a `Kind`, so that a change of people is
judged once for all of them. In: items and people. Out: needs in force, and when they change by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from router.engine.config import EngineConfig
from router.engine.events import Item
from router.engine.gates import Gate, Requirement
from router.engine.incidents import Incidents
from router.engine.ladder import Crowd, Ladder, climb, droppable, in_force, with_protection
from router.engine.lanes import LaneKey
from router.engine.matching import Matching
from router.engine.needs import Need, NeedKind
from router.engine.staff import Agent, Profile, ProfileKey
from router.engine.work_items import Asked, WorkItem
from router.model.presence import PresenceState

KindKey = tuple[str, str, tuple[Need, ...]]
"""Queue, channel class, needs."""

_KINDS_BEFORE_SWEEP = 512


@dataclass(frozen=True, slots=True)
class _Moment:
    """What ladders are judged for: the profiles with somebody on shift, and what incidents take away."""

    on_shift: Mapping[ProfileKey, None]
    relaxed: frozenset[str]


class Kind:
    """Items with the same needs in one queue and class, at least one of which can be given up."""

    __slots__ = (
        "_asked",
        "firm",
        "judged_for",
        "key",
        "ladder",
        "lanes",
        "needs",
        "weakest_first",
        "witness",
    )

    def __init__(self, key: KindKey, needs: tuple[Need, ...], weakest_first: tuple[Need, ...]) -> None:
        self.key = key
        self.needs = needs
        self.weakest_first = weakest_first
        # what is left when all that can be given up is
        self.firm = Requirement(key[1], in_force(needs, weakest_first), key[0])
        self.ladder = Ladder({}, ())
        # one profile that can do all that no incident takes away, and what else the ladder was judged for
        self.witness: ProfileKey | None = None
        self.judged_for: _Moment | None = None
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

    def changes_at(self, work: WorkItem) -> Iterator[datetime]:
        """Give the times at which needs of an item of this kind are given up by waiting alone."""
        since = entered_at(work.item)
        return (since + step.after for step in self.ladder.steps)

    def is_able(self, profile: Profile) -> bool:
        """Tell whether people of a profile pass what is never given up."""
        return self.firm.first_failing(profile.skills, profile.classes, profile.queues) is Gate.PASSED

    def crowd(self, profile: Profile) -> Crowd:
        """Say what people of a profile with somebody on shift are for these items."""
        return Crowd(
            on_shift=1,
            present=profile.present,
            is_able=self.is_able(profile),
            meets=[need for need in self.weakest_first if need.is_met_by(profile.skills)],
        )


class Relaxing:
    """The kinds of items that have something to give up, and what they ask now."""

    __slots__ = ("_config", "_incidents", "_kinds", "_matching", "_moment", "_sweep_at")

    def __init__(self, config: EngineConfig, matching: Matching, incidents: Incidents) -> None:
        self._config = config
        self._matching = matching
        self._incidents = incidents
        self._kinds: dict[KindKey, Kind] = {}
        self._moment = _Moment({}, frozenset())
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
            self._judge(found, self._look())
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
        return iter(()) if kind is None else kind.changes_at(work)

    def judge_people(self) -> list[Kind]:
        """Judge every kind for the people of the moment; give those for which something changed."""
        if not self._kinds:
            return []
        changed = []
        moment = self._look()
        for kind in self._kinds.values():
            if self._stands(kind, moment):
                continue
            before = kind.ladder
            self._judge(kind, moment)
            if kind.ladder != before:
                changed.append(kind)
        return changed

    def _look(self) -> _Moment:
        """Give the moment; the one known already if it is the same, because every kind keeps its own."""
        people = {
            key: None
            for key, profile in self._matching.profiles.items()
            if any(map(_is_on_shift, profile.members.values()))
        }
        relaxed = self._incidents.relaxed
        if self._moment.relaxed != relaxed or self._moment.on_shift.keys() != people.keys():
            self._moment = _Moment(people, relaxed)
        return self._moment

    def _stands(self, kind: Kind, moment: _Moment) -> bool:
        """Tell whether a ladder is still right: most of what changes about people leaves it as it is."""
        before = kind.judged_for
        if before is None or self._config.queue(kind.key[0]).thin_staff:
            return False
        if kind.witness is None or before.relaxed != moment.relaxed:
            return before is moment
        return kind.witness in moment.on_shift

    def _judge(self, kind: Kind, moment: _Moment) -> None:
        thin_staff = self._config.queue(kind.key[0]).thin_staff
        kind.judged_for = moment
        kind.witness = None if thin_staff else self._witness(kind, moment)
        if kind.witness is not None:
            # what one person can do all of loses nothing to people, whoever else is here
            crowds = [Crowd(on_shift=1, present=1, is_able=True, meets=kind.weakest_first)]
        else:
            crowds = [kind.crowd(self._matching.profiles[key]) for key in moment.on_shift]
        kind.ladder = climb(kind.weakest_first, crowds, relaxed=moment.relaxed, thin_staff=thin_staff)

    def _witness(self, kind: Kind, moment: _Moment) -> ProfileKey | None:
        """Give people on shift who can do all that is asked but for what incidents take away."""
        left = [
            need
            for need in kind.weakest_first
            if need.kind is not NeedKind.PREFER or need.skill not in moment.relaxed
        ]
        for key in moment.on_shift:
            profile = self._matching.profiles[key]
            if all(need.is_met_by(profile.skills) for need in left) and kind.is_able(profile):
                return key
        return None

    def _sweep(self) -> None:
        """Forget kinds of which nothing waits; the next time comes when they have doubled."""
        lanes = self._matching.lanes
        for kind in self._kinds.values():
            kind.lanes = {key: None for key in kind.lanes if key in lanes and lanes[key].size}
        self._kinds = {key: kind for key, kind in self._kinds.items() if kind.lanes}
        self._sweep_at = max(_KINDS_BEFORE_SWEEP, 2 * len(self._kinds))


def _is_on_shift(agent: Agent) -> bool:
    """Tell whether a person may still be waited for: not offline, and not gone as planned."""
    return agent.presence is not PresenceState.OFFLINE and not agent.is_absent


def entered_at(item: Item) -> datetime:
    """Give when an item came to its queue, from which the clocks of its needs run."""
    return item.entered_queue_at or item.eligible_since
