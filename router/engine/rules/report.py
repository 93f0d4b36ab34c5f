"""What a check of a rules file found, as text for people and as JSON for programs.

In: the result of a check and the name of the file. Out: a `Report`.
"""

from __future__ import annotations

from dataclasses import dataclass

from router.engine.rules.checks import CheckResult, Finding, Severity
from router.messages import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The outcome of checking one rules file."""

    source: str
    result: CheckResult

    @property
    def ok(self) -> bool:
        """Say whether nothing was found but notes."""
        return len(self.result.findings) == self._count(Severity.NOTE)

    @property
    def can_be_used(self) -> bool:
        """Say whether nothing was found that refuses the file."""
        return not self._count(Severity.ERROR)

    def text(self) -> str:
        """Give one line a finding, and a last line that sums up."""
        lines = [_line(finding) for finding in self.result.findings]
        errors, warnings = self._count(Severity.ERROR), self._count(Severity.WARNING)
        counted = f"{_number(self.result.rules, 'rule')}, {_number(self.result.examples, 'example')}"
        notes = self._count(Severity.NOTE)
        found = f"{_number(errors, 'error')}, {_number(warnings, 'warning')}"
        found += f", {_number(notes, 'note')}" if notes else ""
        lines.append(f"{self.source}: {found}" + (f" in {counted}" if self.result.rules else ""))
        return "\n".join(lines)

    def as_json(self) -> JsonObject:
        """Give the same for programs."""
        return {
            "source": self.source,
            "ok": self.ok,
            "rules": self.result.rules,
            "examples": self.result.examples,
            "findings": [
                {
                    "severity": finding.severity.value,
                    "source": finding.source,
                    "line": finding.line,
                    "column": finding.column,
                    "path": finding.path,
                    "message": finding.message,
                    "hint": finding.hint,
                }
                for finding in self.result.findings
            ],
        }

    def _count(self, severity: Severity) -> int:
        return sum(finding.severity is severity for finding in self.result.findings)


def _line(finding: Finding) -> str:
    path = f" {finding.path}:" if finding.path else ""
    place = f"{finding.source}:{finding.line}:{finding.column}"
    return f"{place}: {finding.severity.value}:{path} {finding.message}. {finding.hint}".rstrip()


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
