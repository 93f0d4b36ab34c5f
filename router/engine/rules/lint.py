"""Find what is allowed in a rules document and most likely a mistake.

In: loaded rules with their places. Out: rules that can never act or set nothing, and needs at odds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from router.documents.places import Located, Path
from router.documents.problems import Problem
from router.engine.rules.needs import contradictions
from router.engine.rules.ruleset import LoadedRules
from router.engine.rules.schema import RuleModel


def lint(loaded: LoadedRules) -> Iterator[Problem]:
    """Give every problem, kind by kind."""
    rules = loaded.ruleset.model.rules
    yield from _unreachable(loaded.document, rules)
    yield from _at_odds(loaded.document, rules)
    for index, rule in enumerate(rules):
        if not rule.final and not _keys(rule) and not rule.settings.needs:
            hint = "Give it something to set, or take it away."
            yield loaded.document.problem(("rules", index), f"the rule `{rule.name}` sets nothing", hint)


def _unreachable(document: Located, rules: Sequence[RuleModel]) -> Iterator[Problem]:
    """Find rules that can never act, whatever the message."""
    stopped_by: str | None = None
    taken: dict[tuple[str, str], str] = {}
    for index, rule in enumerate(rules):
        path: Path = ("rules", index)
        condition = _condition(rule)
        keys = _keys(rule)
        covers = {taken.get((key, "true")) or taken.get((key, condition)) for key in keys}
        if stopped_by is not None:
            message = f"the rule `{rule.name}` is never reached: `{stopped_by}` always matches and is final"
            yield document.problem(path, message, "Move it further up, or take it away.")
        elif condition == "false":
            yield document.problem(path, f"the rule `{rule.name}` never matches", "Correct its condition.")
        elif keys and None not in covers and not rule.settings.needs and not rule.final:
            names = ", ".join(sorted(f"`{name}`" for name in covers if name))
            message = f"the rule `{rule.name}` has no effect: {names} above sets the same whenever it matches"
            yield document.problem(path, message, "Move it further up, or take it away.")
        if rule.final and condition == "true" and stopped_by is None:
            stopped_by = rule.name
        for key in keys:
            taken.setdefault((key, condition), rule.name)


def _at_odds(document: Located, rules: Sequence[RuleModel]) -> Iterator[Problem]:
    """Find a need that contradicts the need of an earlier rule, should both match."""
    for index, rule in enumerate(rules):
        for other in rules[:index]:
            for place, message in contradictions([*other.settings.needs, *rule.settings.needs]):
                number = place - len(other.settings.needs)
                if number < 0 or "twice" in message or "prefer" in message:
                    continue
                path: Path = ("rules", index, "set", "needs", number)
                hint = "Make sure that the two rules cannot both match."
                yield document.problem(path, f"{message} with the rule `{other.name}`", hint)


def _condition(rule: RuleModel) -> str:
    return " ".join(rule.when.split())


def _keys(rule: RuleModel) -> list[str]:
    """Name the keys a rule sets that only the first match wins."""
    settings = rule.settings
    given = {"queue": settings.queue, "boost": settings.boost_s, "sla": settings.sla}
    return [key for key, value in given.items() if value is not None]
