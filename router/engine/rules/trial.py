"""Two versions of the rules beside each other: what the one engine is told while both decide about work.

In: the version in force, a newer one, and which queues are tried by it. Out: an `EngineConfig`, or a ConfigError
where the two together would leave work nobody is ever asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from fractions import Fraction

from router.engine.config import EngineConfig, QueueConfig
from router.engine.rules.ruleset import RuleSet
from router.errors import ConfigError


def side_by_side(base: RuleSet, new: RuleSet, tried: Collection[str]) -> EngineConfig:
    """Give what both versions need: what belongs to a tried queue, and what only the newer one has, is the newer's.

    What everybody shares stays that of the version in force: the budget, offers, and every class, lease, policy
    and incident both know. So does the kind of a skill: what may be given up there may still be given up.
    """
    ours, theirs = base.engine_config, new.engine_config
    of_tried = {name: theirs.queues[name] for name in tried if name in theirs.queues}
    queues = {**theirs.queues, **ours.queues, **of_tried}
    capacity = replace(ours.capacity, classes={**theirs.capacity.classes, **ours.capacity.classes})
    return replace(
        ours,
        queues={name: _reserving(name, queue, ours, theirs) for name, queue in queues.items()},
        capacity=capacity,
        leases={**theirs.leases, **ours.leases},
        sla={**theirs.sla, **ours.sla},
        incidents={**theirs.incidents, **ours.incidents},
        lasting=ours.lasting | {skill for skill in theirs.lasting if skill not in base.model.skills},
        watched=(
            *(work for work in ours.watched if work.queue not in of_tried),
            *(work for work in theirs.watched if work.queue in of_tried or work.queue not in ours.queues),
        ),
    )


def require_room(base: RuleSet, new: RuleSet, both: EngineConfig) -> None:
    """Refuse versions whose tiers or reserves take everything only together; raises ConfigError."""
    alone = (base.engine_config, new.engine_config)
    shares = _shares(both)
    if sum(shares.values()) >= 1 and len(shares) < len(both.queues) and not any(map(_is_full, alone)):
        told = ", ".join(f"{name} {share}" for name, share in shares.items())
        raise ConfigError(
            f"the shares of both versions together leave nothing to queues without one: {told}.",
            path="queues",
            hint="Lower a share of the version that is to be tried, or put it in force as a whole.",
        )
    units, kept = base.model.capacity.units, _kept(both)
    if sum(kept.values()) > units and not any(sum(_kept(config).values()) > units for config in alone):
        told = ", ".join(f"{name} {count}" for name, count in kept.items())
        raise ConfigError(
            f"the reserves of both versions keep more than the {units} units a person has free: {told}.",
            path="queues",
            hint="Lower a reserve of the version that is to be tried, or put it in force as a whole.",
        )


def _reserving(name: str, queue: QueueConfig, ours: EngineConfig, theirs: EngineConfig) -> QueueConfig:
    """Let an incident of either version keep units free on the people who serve a queue, not on everybody."""
    if queue.reserve is not None:
        return queue
    known = (config.queues[name].reserve for config in (ours, theirs) if name in config.queues)
    found = next((reserve for reserve in known if reserve is not None), None)
    return queue if found is None else replace(queue, reserve=replace(found, units=0))


def _is_full(config: EngineConfig) -> bool:
    return sum(_shares(config).values()) >= 1


def _shares(config: EngineConfig) -> Mapping[str, Fraction]:
    return {
        name: Fraction(queue.share.part, queue.share.whole)
        for name, queue in config.queues.items()
        if queue.share is not None
    }


def _kept(config: EngineConfig) -> Mapping[str, int]:
    """Give what somebody keeps free for each queue who can do all that one of the reserves asks for; the most."""
    reserves = {name: queue.reserve for name, queue in config.queues.items() if queue.reserve is not None}
    found: Mapping[str, int] = {}
    for most in reserves.values():
        his = {
            name: reserve.units
            for name, reserve in reserves.items()
            if reserve.units and set(reserve.needs) <= set(most.needs)
        }
        found = max(found, his, key=lambda each: sum(each.values()))
    return found
