"""Which work the rules can produce: queues with the needs that go with them.

In: a checked document. Out: every different work, also as overflow moves it, with the hours it is done in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from router.engine.config import Protection
from router.engine.ladder import with_protection
from router.engine.needs import Need
from router.engine.rules.outcomes import Outcome, Outcomes, firm_outcomes, need_outcomes
from router.engine.rules.schema import RulesModel

MOST_WATCHED = 100
"""Combinations of rules a running router looks at; `rules reach` looks at more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A queue and binding needs some message can get; `rules` are the fewest that lead to it.

    `hours` are the calendars any of which has to be open, empty: at all times.
    """

    queue: str
    needs: tuple[Need, ...]
    rules: tuple[str, ...]
    hours: tuple[str, ...] = ()


def possible_work(model: RulesModel) -> tuple[list[Work], bool]:
    """List the work the rules can produce; and whether combinations of many rules were left out."""
    outcomes = need_outcomes(model)
    return _works(model, outcomes, is_protected=True), outcomes.is_cut


def firm_work(model: RulesModel) -> list[Work]:
    """List the work the rules can produce by what is never given up, for the alarm of a running router."""
    return _works(model, firm_outcomes(model, MOST_WATCHED), is_protected=False)


def _works(model: RulesModel, outcomes: Outcomes, *, is_protected: bool) -> list[Work]:
    found: dict[tuple[str, tuple[Need, ...], tuple[str, ...]], Work] = {}
    pending = list(outcomes.found)
    for outcome in pending:
        work = _work(model, outcome, is_protected=is_protected)
        known = found.setdefault((work.queue, work.needs, work.hours), work)
        overflow = model.queues[outcome.queue].overflow
        if known is work and overflow is not None:
            rules = (*outcome.rules, f"overflow of {outcome.queue}")
            pending.append(replace(outcome, queue=overflow.to, rules=rules))
    return list(found.values())


def _work(model: RulesModel, outcome: Outcome, *, is_protected: bool) -> Work:
    queue = model.queues[outcome.queue]
    needs = outcome.needs
    if is_protected and queue.protect is not None:
        protect = queue.protect
        needs = with_protection(
            needs, Protection(skill=protect.skill, level=protect.level, for_s=protect.for_s)
        )
    hours = (queue.calendar,) if queue.calendar else outcome.sla
    return Work(
        queue=outcome.queue,
        needs=needs,
        rules=outcome.rules,
        hours=() if "" in hours else tuple(sorted(hours)),
    )
