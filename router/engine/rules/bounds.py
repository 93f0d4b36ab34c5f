"""How long work can be overtaken, proven from the order of waiting before any message comes.

In: a checked rules document. Out: for each two classes of work the longest time after the arrival of the one
within which later arrivals of the other can still be taken before it. A class is a queue, a boost, and
whether an answer is promised, as the rules can produce them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from router.engine.ordering import WaitingClass, overtaking
from router.engine.rules.configuring import share_of
from router.engine.rules.outcomes import Outcome, ordering_outcomes
from router.engine.rules.schema import RulesModel, SlaPolicyModel, TargetsModel

MOVED = "overflow of {queue}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkClass:
    """Work that is ordered alike.

    `boost_s` is what the rules set. `advance_s` is the most by which it can count as older than it is: a
    promise adds to the boost only where its lead is longer than the promised time itself.
    """

    queue: str
    boost_s: int
    is_promised: bool
    advance_s: float
    max_advance_s: float
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """`comes`, arriving later, can pass `waits` only within `seconds` after it.

    `seconds` is None where time sets no bound: `reason` is then `newest` (the queue serves its newest item
    first) or `share`, with `picks` the most of how many consecutive picks that go first.
    """

    waits: WorkClass
    comes: WorkClass
    seconds: float | None
    reason: str = ""
    picks: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """All bounds, worst first; `is_cut` when the rules have more combinations than were looked at."""

    bounds: tuple[Bound, ...]
    classes: tuple[WorkClass, ...]
    is_cut: bool


def prove_bounds(model: RulesModel) -> Bounds:
    """Prove how long each class can be overtaken by each other one, and by its own."""
    outcomes = ordering_outcomes(model)
    classes = _classes(model, outcomes.found)
    bounds = [_bound(model, waits, comes) for waits in classes for comes in classes]
    bounds.sort(key=_badness)
    return Bounds(bounds=tuple(bounds), classes=classes, is_cut=outcomes.is_cut)


def _badness(bound: Bound) -> tuple[int, float, str, str, int, int]:
    if bound.seconds is not None:
        first = (2, -bound.seconds)
    elif bound.picks is None:
        first = (0, 0.0)
    else:
        first = (1, -bound.picks[0] / bound.picks[1])
    waits, comes = bound.waits, bound.comes
    return (*first, waits.queue, comes.queue, waits.boost_s, comes.boost_s)


def _bound(model: RulesModel, waits: WorkClass, comes: WorkClass) -> Bound:
    ahead, behind = _ordered(model, comes, comes.advance_s), _ordered(model, waits, waits.boost_s)
    found = overtaking(ahead, behind)
    return Bound(waits=waits, comes=comes, seconds=found.within_s, reason=found.cap or "", picks=found.picks)


def _ordered(model: RulesModel, work: WorkClass, boost_s: float) -> WaitingClass:
    queue = model.queues[work.queue]
    return WaitingClass(
        boost_s=boost_s,
        max_advance_s=work.max_advance_s,
        queue=work.queue,
        share=share_of(queue),
        is_newest_first=queue.mode == "newest",
    )


def _classes(model: RulesModel, outcomes: tuple[Outcome, ...]) -> tuple[WorkClass, ...]:
    """Gather outcomes by queue, boost and promise, those that overflow brings to another queue as well."""
    found: dict[tuple[str, int, bool, int], WorkClass] = {}
    # work that overflow moves keeps the advance it came with
    pending = [(one, model.queues[one.queue].max_advance_s) for one in outcomes]
    seen = {(one.queue, one.boost_s, one.sla, max_advance_s) for one, max_advance_s in pending}
    while pending:
        outcome, max_advance_s = pending.pop(0)
        made = _class(model, outcome, max_advance_s)
        key = (made.queue, made.boost_s, made.is_promised, max_advance_s)
        kept = found.get(key, made)
        rules = min(kept.rules, made.rules, key=len)
        found[key] = replace(kept, rules=rules, advance_s=max(kept.advance_s, made.advance_s))
        overflow = model.queues[outcome.queue].overflow
        moved = overflow and (overflow.to, outcome.boost_s, outcome.sla, max_advance_s)
        if overflow is not None and moved and moved not in seen:
            seen.add(moved)
            rules = (*outcome.rules, MOVED.format(queue=outcome.queue))
            pending.append((replace(outcome, queue=overflow.to, rules=rules), max_advance_s))
    return tuple(sorted(found.values(), key=lambda one: (one.queue, -one.boost_s, one.is_promised)))


def _class(model: RulesModel, outcome: Outcome, max_advance_s: int) -> WorkClass:
    policies = [model.sla_policies[name] for name in outcome.sla]
    targets = [target for policy in policies for target in _targets(policy)]
    lead_s = max((policy.lead_s for policy in policies), default=0)
    pulled_s = max((lead_s - target for target in targets), default=0)
    return WorkClass(
        queue=outcome.queue,
        boost_s=outcome.boost_s,
        is_promised=bool(targets),
        advance_s=min(max(outcome.boost_s, pulled_s), max_advance_s),
        max_advance_s=max_advance_s,
        rules=outcome.rules,
    )


def _targets(policy: SlaPolicyModel) -> list[int]:
    """List everything a policy promises, in any channel class."""
    promised: list[TargetsModel] = [policy, *policy.by_class.values()]
    given = [(one.first_response_s, one.next_response_s, one.resolution_s) for one in promised]
    return [target for targets in given for target in targets if target is not None]
