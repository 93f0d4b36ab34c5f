"""Which waiting item a person gets. In: the lanes his profile may serve. Out: the pick.

The smallest waiting key goes first, but for two manners of a queue: the newest of its items may stand for it,
and a tier goes before the others while its share lasts. What is kept for a person takes part like all the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from router.engine.lanes import Entry, Lane
from router.engine.staff import Agent
from router.engine.tiers import Tiers


class Pick(NamedTuple):
    """An item by its waiting key, its lane, and the tier that would have gone first but for its share."""

    entry: Entry
    lane: Lane
    held_back: str | None = None


def pick_item(agent: Agent, tiers: Tiers, kept: Sequence[Pick] = ()) -> Pick | None:
    """Give the item a person is asked for next, of what anybody may have and what is kept for him."""
    best: Entry | None = None
    best_lane: Lane | None = None
    special: dict[str, Lane] = {}
    for roll in agent.profile.rolls.values():
        if not roll.has(agent.id):
            continue
        first = roll.fronts.first(agent.id)
        head = None if first is None else first.head
        if head is not None and (best is None or head < best):
            best, best_lane = head, first
        for lane in roll.queued:
            if lane.head is not None and agent.id not in lane.declined:
                known = special.get(lane.key.queue)
                if known is None or _stands_before(lane, known):
                    special[lane.key.queue] = lane
    plain = None if best is None or best_lane is None else Pick(best, best_lane)
    if not special and not kept:
        return plain
    others = [Pick(lane.head, lane) for lane in special.values() if lane.head is not None]
    return _by_tier(others if plain is None else [plain, *others], kept, agent, tiers)


def _stands_before(lane: Lane, other: Lane) -> bool:
    return lane.front is not None and other.front is not None and lane.front < other.front


def _by_tier(picks: Sequence[Pick], kept: Sequence[Pick], agent: Agent, tiers: Tiers) -> Pick | None:
    """Let tiers with a place in their window go first, then all others; a full tier only if nobody else waits."""
    first: list[Pick] = []
    middle: list[Pick] = []
    last: list[Pick] = []
    for pick in (*picks, *kept):
        if pick.lane.share is None:
            middle.append(pick)
        elif tiers.may_go_first(pick.lane.key.queue, agent.profile.key):
            first.append(pick)
        else:
            last.append(pick)
    chosen = first or middle or last
    found = min(chosen, key=lambda pick: pick.entry, default=None)
    if found is None or chosen is not middle or not last:
        return found
    return found._replace(held_back=min(last, key=lambda pick: pick.entry).lane.key.queue)
