"""Find what is allowed in a rules document and most likely a mistake in its rules.

In: loaded rules with their places. Out: rules that can never act, set nothing or take from each other, and
needs at odds. What is said to be unreachable is proved so (`logic.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from router.documents.places import Located, Path
from router.documents.problems import Problem
from router.engine.rules.facts import variable_types
from router.engine.rules.logic import Formula, read_formula
from router.engine.rules.needs import contradictions
from router.engine.rules.schema import NeedModel, RuleModel, RulesModel

_MOVE = "Move it further up, or take it away."


def lint(document: Located, model: RulesModel, spoiled: frozenset[int] = frozenset()) -> Iterator[Problem]:
    """Give every problem, rule by rule; rules in `spoiled` have faults of their own and are left out."""
    formulas = _formulas(model)
    for index, rule in enumerate(model.rules):
        if index in spoiled:
            continue
        earlier = [number for number in range(index) if number not in spoiled]
        yield from _Rule(document, model.rules, formulas, index, earlier).problems()
        if not rule.final and not _settings(rule) and not rule.settings.needs:
            hint = "Give it something to set, or take it away."
            yield document.problem(("rules", index), f"the rule `{rule.name}` sets nothing", hint)


def _formulas(model: RulesModel) -> Sequence[Formula]:
    """Read all conditions; where queues keep other hours, `now` need not be the same in two rules."""
    types = variable_types(model.facts)
    zones = {calendar.zone for calendar in model.calendars.values()}
    apart = len(zones) > 1 and any(queue.calendar for queue in model.queues.values())
    return [
        read_formula(rule.when, types, clock_of=f"@{index}" if apart else "")
        for index, rule in enumerate(model.rules)
    ]


class _Rule:
    """One rule among those before it."""

    def __init__(
        self,
        document: Located,
        rules: Sequence[RuleModel],
        formulas: Sequence[Formula],
        index: int,
        earlier: Sequence[int],
    ) -> None:
        self._document = document
        self._rules = rules
        self._formulas = formulas
        self._index = index
        self._rule = rules[index]
        self._formula = formulas[index]
        self._earlier = earlier
        self._covering = [number for number in earlier if self._formula.implies(formulas[number])]

    def problems(self) -> Iterator[Problem]:
        """Give what is wrong with the rule, the strongest fault only where one explains another."""
        path: Path = ("rules", self._index)
        if self._formula.never:
            hint = "Correct its condition."
            yield self._document.problem((*path, "when"), f"the rule `{self._rule.name}` never matches", hint)
            return
        stopping = next((number for number in self._covering if self._rules[number].final), None)
        if stopping is not None:
            often = "always matches" if self._formulas[stopping].always else "matches whenever it does"
            message = f"the rule `{self._rule.name}` is never reached: `{self._rules[stopping].name}` {often}"
            yield self._document.problem(path, f"{message} and is final", _MOVE)
            return
        conflicts = list(self._conflicts())
        yield from conflicts or self._no_effect()
        yield from self._at_odds()
        yield from self._ladder()

    def _conflicts(self) -> Iterator[Problem]:
        """Find a key that a rule with the same condition sets in another way."""
        mine = _settings(self._rule)
        for number in self._covering:
            theirs = _settings(self._rules[number])
            if not self._formulas[number].implies(self._formula):
                continue
            for key, value in mine.items():
                if theirs.get(key, value) != value:
                    other = self._rules[number].name
                    message = f"`{other}` above has the same condition and sets another {key}, which wins"
                    hint = "Keep one of the two, or tell the conditions apart."
                    yield self._document.problem(("rules", self._index, "set", key), message, hint)

    def _no_effect(self) -> Iterator[Problem]:
        keys = _settings(self._rule)
        needs = self._rule.settings.needs
        if self._rule.final or not (keys or needs):
            return
        covers = set()
        for key in keys:
            covers.add(next((n for n in self._covering if key in _settings(self._rules[n])), None))
        for need in needs:
            covers.add(next((n for n in self._covering if _asks(self._rules[n], need)), None))
        if None not in covers:
            names = ", ".join(
                sorted(f"`{self._rules[number].name}`" for number in covers if number is not None)
            )
            message = (
                f"the rule `{self._rule.name}` has no effect: {names} above sets the same whenever it matches"
            )
            yield self._document.problem(("rules", self._index), message, _MOVE)

    def _at_odds(self) -> Iterator[Problem]:
        """Find a need that contradicts the need of an earlier rule that may match the same message."""
        needs = self._rule.settings.needs
        for number in self._earlier:
            other = self._rules[number]
            for place, message in contradictions([*other.settings.needs, *needs]):
                mine = place - len(other.settings.needs)
                if mine < 0 or "twice" in message or "prefer" in message:
                    continue
                if not self._formula.excludes(self._formulas[number]):
                    path: Path = ("rules", self._index, "set", "needs", mine)
                    hint = "Make sure that the two rules cannot both match."
                    yield self._document.problem(path, f"{message} with the rule `{other.name}`", hint)

    def _ladder(self) -> Iterator[Problem]:
        """Find a preference that is given up before one that weighs less."""
        dropped = [
            (need.grade or 1, need.drop_after_s, number)
            for number, need in enumerate(self._rule.settings.needs)
            if need.prefer is not None and need.drop_after_s is not None
        ]
        for (grade, after_s, number), (lower, later_s, _) in pairwise(sorted(dropped)):
            if grade < lower and after_s < later_s:
                path: Path = ("rules", self._index, "set", "needs", number, "drop_after")
                message = f"grade {grade} is given up before grade {lower}, which weighs less"
                yield self._document.problem(path, message, "Let the weaker preference go first.")


def _settings(rule: RuleModel) -> dict[str, object]:
    """Give the keys of which only the first match counts."""
    settings = rule.settings
    given = {"queue": settings.queue, "boost": settings.boost_s, "sla": settings.sla}
    return {key: value for key, value in given.items() if value is not None}


def _asks(rule: RuleModel, need: NeedModel) -> bool:
    """Say whether a rule already asks at least as much."""
    return any(
        other.verb == need.verb and other.skill == need.skill and other.level >= need.level
        for other in rule.settings.needs
    )
