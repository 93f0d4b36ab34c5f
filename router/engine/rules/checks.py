"""Check a rules document beyond loading: examples that fail are errors, what looks wrong is a warning.

What is only not used yet is a note.

In: the text of a document and its lists. Out: findings, errors first in order of place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from router.documents.problems import Problem
from router.engine.rules.examining import examine


class Severity(StrEnum):
    """How bad a finding is: an error keeps the document from being used, a note asks for nothing."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


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


def check_ruleset(text: str, *, source: str, lists: Mapping[str, str]) -> CheckResult:
    """Find everything worth a look in a rules document. Never raises for what a document holds."""
    found = examine(text, source=source, lists=lists)
    findings = [_finding(Severity.ERROR, problem) for problem in found.errors]
    findings += [_finding(Severity.WARNING, problem) for problem in found.warnings]
    findings += [_finding(Severity.NOTE, problem) for problem in found.notes]
    return CheckResult(findings=findings, rules=found.rules, examples=found.examples)


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
