"""Check a rules document beyond loading: its examples, rules that can never act, needs at odds.

In: the text of a document and its lists. Out: findings, errors first in order of place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from router.documents.places import Located, Path
from router.documents.problems import Problem
from router.engine.rules.examples import run_examples
from router.engine.rules.needs import contradictions
from router.engine.rules.ruleset import LoadedRules, RulesError, load_with_places
from router.engine.rules.schema import RuleModel


class Severity(StrEnum):
    """How bad a finding is: an error keeps the document from being used."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to look at in a rules document."""

    severity: Severity
    line: int
    column: int
    message: str
    hint: str
    path: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """All findings, and how much was checked."""

    findings: Sequence[Finding]
    rules: int = 0
    examples: int = 0


def check_ruleset(text: str, *, source: str, lists: Mapping[str, str]) -> list[Finding]:
    """Find everything worth a look in a rules document. Never raises for what a document holds."""
    return list(check_with_counts(text, source=source, lists=lists).findings)


def check_with_counts(text: str, *, source: str, lists: Mapping[str, str]) -> CheckResult:
    """Check a rules document and count its rules and examples."""
    try:
        loaded = load_with_places(text, source=source, lists=lists)
    except RulesError as error:
        return CheckResult(findings=[_finding(Severity.ERROR, problem) for problem in error.problems])
    rules = loaded.ruleset.model.rules
    errors = [_finding(Severity.ERROR, problem) for problem in run_examples(loaded)]
    warnings = [_finding(Severity.WARNING, problem) for problem in _lint(loaded)]
    warnings.sort(key=lambda finding: (finding.line, finding.column))
    examples = sum(len(rule.examples) for rule in rules)
    return CheckResult(findings=[*errors, *warnings], rules=len(rules), examples=examples)


def _finding(severity: Severity, problem: Problem) -> Finding:
    return Finding(
        severity=severity,
        line=problem.line,
        column=problem.column,
        message=problem.message,
        hint=problem.hint,
        path=problem.path,
        source=problem.source,
    )


def _lint(loaded: LoadedRules) -> Iterator[Problem]:
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
