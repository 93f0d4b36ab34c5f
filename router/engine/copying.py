"""A second engine in the same state, for looking ahead. In: an engine. Out: a copy that changes nothing of it.

People, profiles and lanes name each other in long chains, which a plain deep copy would follow to the end of the
stack: so each of them is made first and filled afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import TypeVar

from router.engine.desk import Desk
from router.engine.lanes import Lane
from router.engine.rolls import Roll
from router.engine.staff import Agent, Profile
from router.engine.work_items import WorkItem

Whole = TypeVar("Whole")
Node = WorkItem | Lane | Agent | Profile | Roll


def copied(whole: Whole, desk: Desk) -> Whole:
    """Copy what stands around a desk, and the desk; values that never change are shared."""
    memo: dict[int, object] = {id(value): value for value in _unchanging(desk)}
    nodes = list(_nodes(desk))
    for node in nodes:
        memo[id(node)] = object.__new__(type(node))
    for node in nodes:
        for name in type(node).__slots__:
            setattr(memo[id(node)], name, deepcopy(getattr(node, name), memo))
    return deepcopy(whole, memo)


def _unchanging(desk: Desk) -> Iterator[object]:
    yield desk.config
    for work in desk.waiting.works.values():
        yield work.item
        yield work.declined
    for lane in desk.matching.lanes.values():
        yield lane.key
        yield lane.requirement


def _nodes(desk: Desk) -> Iterator[Node]:
    """Give the values that name each other."""
    yield from desk.waiting.works.values()
    yield from desk.matching.lanes.values()
    yield from desk.matching.agents.values()
    for profile in desk.matching.profiles.values():
        yield profile
        yield from profile.rolls.values()
