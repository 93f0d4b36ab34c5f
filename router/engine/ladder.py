"""The ladder of needs: which are in force after a while, for the people who are on shift.

In: the needs of an item, who is here, how long it has waited. Out: the needs in force and why the others
are given up. Preferences with a time bind until then, weakest grade first; exclusions with a time run by
their own clock. For the same people, waiting longer never brings a need back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import accumulate

from router.engine.config import Protection
from router.engine.needs import Need, NeedKind


class Why(StrEnum):
    """Why a need is not asked for any more."""

    TIME = "time"
    NOBODY_ON_SHIFT = "nobody_on_shift"
    THIN_STAFF = "thin_staff"
    INCIDENT = "incident"


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """People who are alike for an item: how many are on shift and available, and what they offer it.

    `is_able`: they pass what is never given up. `meets`: the droppable needs they satisfy.
    """

    on_shift: int
    present: int
    is_able: bool
    meets: Collection[Need]


@dataclass(frozen=True, slots=True)
class Step:
    """A need, and after how long it is given up at the latest."""

    need: Need
    after: timedelta


@dataclass(frozen=True, slots=True)
class Ladder:
    """The needs of an item for the people of the moment: given up at once, and the steps that are left."""

    given_up: Mapping[Need, Why]
    steps: tuple[Step, ...]

    def dropped(self, waited: timedelta) -> Mapping[Need, Why]:
        """Give what is given up after so long."""
        by_time = {step.need: Why.TIME for step in self.steps if step.after <= waited}
        return {**self.given_up, **by_time} if by_time else self.given_up


def with_protection(needs: tuple[Need, ...], protect: Protection | None) -> tuple[Need, ...]:
    """Add the exclusion that keeps work which does not name a scarce skill from its holders for a while."""
    if protect is None or any(need.skill == protect.skill for need in needs):
        return needs
    keep_off = Need(
        kind=NeedKind.FORBID, skill=protect.skill, level=protect.level, drop_after_s=protect.for_s
    )
    return (*needs, keep_off)


def droppable(needs: Iterable[Need], lasting: frozenset[str]) -> tuple[Need, ...]:
    """List what may be given up, weakest first: preferences by grade and time, then exclusions."""
    able = [
        need
        for need in needs
        if need.is_droppable and not (need.kind is NeedKind.PREFER and need.skill in lasting)
    ]
    return tuple(sorted(able, key=_weakness))


def in_force(needs: Iterable[Need], dropped: Collection[Need]) -> tuple[Need, ...]:
    """Give what is still asked: a preference given up only ranks, an exclusion given up is gone."""
    return tuple(_in_force(needs, dropped))


def climb(
    weakest_first: Sequence[Need],
    crowds: Iterable[Crowd],
    *,
    relaxed: frozenset[str] = frozenset(),
    thin_staff: int = 0,
) -> Ladder:
    """Judge what the people of the moment make of the droppable needs.

    Given up at once are the preferences an incident relaxes, all preferences while fewer than `thin_staff`
    able people are available, what nobody on shift satisfies, and then, weakest first, as much as it takes
    for one person on shift to satisfy all of the rest.
    """
    crowds = [crowd for crowd in crowds if crowd.on_shift]
    is_thin = sum(crowd.present for crowd in crowds if crowd.is_able) < thin_staff
    given_up: dict[Need, Why] = {}
    for need in weakest_first:
        if need.kind is NeedKind.PREFER and need.skill in relaxed:
            given_up[need] = Why.INCIDENT
        elif need.kind is NeedKind.PREFER and is_thin:
            given_up[need] = Why.THIN_STAFF
        elif not any(need in crowd.meets for crowd in crowds):
            given_up[need] = Why.NOBODY_ON_SHIFT
    left = [need for need in weakest_first if need not in given_up]
    while left and not any(crowd.is_able and all(need in crowd.meets for need in left) for crowd in crowds):
        given_up[left.pop(0)] = Why.NOBODY_ON_SHIFT
    return Ladder(given_up, _timed(left))


def _timed(left: Sequence[Need]) -> tuple[Step, ...]:
    """Time what is left: no preference goes before a weaker one that is still in force."""
    preferred = [need for need in left if need.kind is NeedKind.PREFER]
    latest = accumulate((need.drop_after_s or 0.0 for need in preferred), max)
    timed = [*zip(preferred, latest, strict=True)]
    timed += [(need, need.drop_after_s or 0.0) for need in left if need.kind is NeedKind.FORBID]
    return tuple(Step(need, timedelta(seconds=after_s)) for need, after_s in timed)


def _weakness(need: Need) -> tuple[bool, int, float]:
    return need.kind is NeedKind.FORBID, -need.grade, need.drop_after_s or 0.0


def _in_force(needs: Iterable[Need], dropped: Collection[Need]) -> Iterator[Need]:
    for need in needs:
        if need not in dropped:
            yield need
        elif need.kind is NeedKind.PREFER:
            yield Need(kind=NeedKind.PREFER, skill=need.skill, level=need.level, grade=need.grade)
