"""Which of the rules that matched decided something. In: a document, names of rules. Out: those that did."""

from __future__ import annotations

from collections.abc import Iterable

from router.engine.rules.schema import RulesModel


def decisive_rules(model: RulesModel, matched: Iterable[str]) -> list[str]:
    """Keep the rules that were the first to set something, or asked for a skill; others changed nothing."""
    rules = {rule.name: rule for rule in model.rules}
    decided: set[str] = set()
    found = []
    for name in matched:
        rule = rules.get(name)
        if rule is None:
            found.append(name)
            continue
        settings = rule.settings
        given = {"queue": settings.queue, "boost": settings.boost_s, "sla": settings.sla}
        fresh = {key for key, value in given.items() if value is not None} - decided
        if fresh or settings.needs:
            found.append(name)
        decided |= fresh
    return found
