"""Who can serve what: the prover behind the reachability check and the alarm at run time.

In: people with their skills and queues, and what a piece of work asks. Out: who can serve it, at once or
after which needs were given up, and the smallest set of needs nobody can satisfy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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
    """Who can serve work: `able` after `after_s` of waiting, once `given_up` no longer bind."""

    able: tuple[str, ...]
    after_s: float = 0.0
    given_up: tuple[Need, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why nobody can serve work at once: nobody is there, nobody has the queue, or `needs` nobody meets."""

    is_empty: bool = False
    is_barred: bool = False
    needs: tuple[Need, ...] = ()


def satisfies(skills: Mapping[str, int], need: Need) -> bool:
    """Tell whether somebody with these skills meets a need, a preference as if it were required."""
    held = skills.get(need.skill, -1) >= need.level
    return held != (need.kind is NeedKind.FORBID)


def may_serve(person: Person, queue: str) -> bool:
    """Tell whether a person is allowed to serve a queue."""
    return person.queues is None or queue in person.queues


def who_can(people: Iterable[Person], queue: str, needs: Sequence[Need]) -> tuple[str, ...]:
    """Name the people who may serve a queue and meet every one of the needs."""
    return tuple(
        person.name
        for person in people
        if may_serve(person, queue) and all(satisfies(person.skills, need) for need in needs)
    )


def binding_needs(people: Sequence[Person], needs: Iterable[Need]) -> tuple[Need, ...]:
    """Leave out the preferences that only rank, and those nobody there holds: they are given up at once."""
    return tuple(
        need
        for need in needs
        if need.kind is not NeedKind.PREFER
        or (need.drop_after_s is not None and any(satisfies(person.skills, need) for person in people))
    )


def lasting_needs(needs: Iterable[Need]) -> tuple[Need, ...]:
    """Give the needs that no waiting drops."""
    return tuple(need for need in needs if need.kind is not NeedKind.PREFER and need.drop_after_s is None)


def cover(people: Sequence[Person], queue: str, needs: Sequence[Need]) -> Cover | None:
    """Give who can serve work, at the earliest; None if waiting does not help."""
    binding = binding_needs(people, needs)
    drops_s = sorted({need.drop_after_s for need in binding if need.drop_after_s is not None})
    for after_s in (0.0, *drops_s):
        left = [need for need in binding if not _is_given_up(need, after_s)]
        able = who_can(people, queue, left)
        if able:
            given_up = tuple(need for need in binding if _is_given_up(need, after_s))
            return Cover(able=able, after_s=after_s, given_up=given_up)
    return None


def cause(people: Sequence[Person], queue: str, needs: Sequence[Need]) -> Cause:
    """Say why nobody can serve work at once, with the fewest needs that already keep everybody out."""
    if not people:
        return Cause(is_empty=True)
    if not any(may_serve(person, queue) for person in people):
        return Cause(is_barred=True)
    core = list(binding_needs(people, needs))
    # what is asked for good stays rather than what waiting drops: it says more
    for need in sorted(core, key=lambda need: -_READ_FIRST[need.kind]):
        rest = [other for other in core if other is not need]
        if not who_can(people, queue, rest):
            core = rest
    return Cause(needs=tuple(sorted(core, key=lambda need: _READ_FIRST[need.kind])))


def _is_given_up(need: Need, after_s: float) -> bool:
    return need.drop_after_s is not None and after_s > 0 and need.drop_after_s <= after_s
