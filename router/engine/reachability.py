"""Who can serve what: the prover behind the reachability check and the alarm at run time.

In: people with their skills and queues, and what a piece of work asks. Out: who can serve it and what is
given up for that, or the smallest set of needs nobody meets. The ladder of needs is the engine's own, so
that what is proven is what happens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from router.engine.ladder import Crowd, climb, droppable, in_force
from router.engine.needs import Need, NeedKind

_READ_FIRST = {NeedKind.REQUIRE: 0, NeedKind.PREFER: 1, NeedKind.FORBID: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody on shift; `queues` are those he may serve, None means all."""

    name: str
    skills: Mapping[str, int]
    queues: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """Who can serve work at once, and what is given up at once because nobody there meets all of it."""

    able: tuple[str, ...]
    given_up: tuple[Need, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why nobody meets all that work asks: nobody is there, nobody has the queue, or `needs` are too much."""

    is_empty: bool = False
    is_barred: bool = False
    needs: tuple[Need, ...] = ()


def may_serve(person: Person, queue: str) -> bool:
    """Tell whether a person is allowed to serve a queue."""
    return person.queues is None or queue in person.queues


def can_serve(person: Person, queue: str, needs: Iterable[Need]) -> bool:
    """Tell whether a person may serve a queue and meets every one of the needs that bind."""
    return may_serve(person, queue) and all(need.is_met_by(person.skills) for need in needs if _binds(need))


def firm_needs(needs: Iterable[Need]) -> tuple[Need, ...]:
    """Give the needs nothing drops, in an order that does not depend on the rules they come from."""
    firm = [need for need in needs if _binds(need) and not need.is_droppable]
    return tuple(sorted(firm, key=lambda need: (_READ_FIRST[need.kind], need.skill, need.level)))


def cover(people: Sequence[Person], queue: str, needs: Sequence[Need]) -> Cover | None:
    """Give who can serve work, None if nobody."""
    weakest_first = droppable(needs, frozenset())
    firm = [need for need in needs if need not in weakest_first]
    crowds = [
        Crowd(
            on_shift=1,
            present=1,
            is_able=can_serve(person, queue, firm),
            meets=[need for need in weakest_first if need.is_met_by(person.skills)],
        )
        for person in people
    ]
    dropped = climb(weakest_first, crowds).dropped(timedelta())
    left = in_force(needs, dropped)
    able = tuple(person.name for person in people if can_serve(person, queue, left))
    return Cover(able=able, given_up=tuple(dropped)) if able else None


def cause(people: Sequence[Person], queue: str, needs: Sequence[Need]) -> Cause:
    """Say why nobody meets all of the needs, with the fewest that already keep everybody out."""
    if not people:
        return Cause(is_empty=True)
    if not any(may_serve(person, queue) for person in people):
        return Cause(is_barred=True)
    core = [need for need in needs if _binds(need)]
    # what is asked for good stays rather than what can be given up: it says more
    for need in sorted(core, key=lambda need: -_READ_FIRST[need.kind]):
        rest = [other for other in core if other is not need]
        if not any(can_serve(person, queue, rest) for person in people):
            core = rest
    return Cause(needs=tuple(sorted(core, key=lambda need: _READ_FIRST[need.kind])))


def _binds(need: Need) -> bool:
    return need.is_demanded or need.kind is NeedKind.FORBID
