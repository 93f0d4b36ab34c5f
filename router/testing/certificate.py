"""What a certificate says: declared against proven, for people and for programs.

In: the ends of the contract tests. Out: text and JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from textwrap import wrap
from typing import Any

_WIDTH = 100
_GOOD = "All that it says it can do was seen at work. What each line means: docs/certificate.md"
_PARTLY = "What it says it can do was seen at work, except for tests not run. See docs/certificate.md"
_BAD = "Something went wrong, or what it says it can do was not seen at work: see FAILED below."


class Verdict(StrEnum):
    """How one contract test or one capability ended."""

    PROVEN = "PROVEN"
    FAILED = "FAILED"
    NOT_DECLARED = "not declared"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One contract test; `detail` says what failed, or why it was not run."""

    number: int
    title: str
    verdict: Verdict
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapabilityResult:
    """One capability: what is declared, the tests that saw it at work, and what of it none did."""

    name: str
    declared: str
    verdict: Verdict
    tests: Sequence[int] = ()
    missing: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What a channel type declares and what the contract tests found."""

    channel_type_id: str
    title: str
    plugin: str
    kit: str
    capabilities: Sequence[CapabilityResult]
    results: Sequence[CheckResult]

    @property
    def passed(self) -> bool:
        """Tell whether nothing failed and something was proven."""
        verdicts = {result.verdict for result in self.results}
        return Verdict.FAILED not in verdicts and Verdict.PROVEN in verdicts

    def render(self) -> str:
        """Write it as text for people."""
        lines = [
            f"{self.channel_type_id} ({self.title}): {'certified' if self.passed else 'NOT certified'}",
            f"plugin {self.plugin or '(not named)'}, kit {self.kit}",
            self._counted(),
            self._meant(),
        ]
        declared = [one for one in self.capabilities if one.verdict is not Verdict.NOT_DECLARED]
        if declared:
            lines += ["", "declared"]
        for one in declared:
            tests = (
                f"tests {', '.join(map(str, one.tests))}" if len(one.tests) > 1 else f"test {one.tests[0]}"
            )
            lines.append(f"  {one.verdict.value:<8}{one.name:<20}{one.declared}  ({tests})")
            lines += [f"{'':30}nothing saw {claim}" for claim in one.missing]
        others = [one.name for one in self.capabilities if one.verdict is Verdict.NOT_DECLARED]
        if others:
            lines += ["", "not declared"]
            lines += wrap(", ".join(others), _WIDTH, initial_indent="  ", subsequent_indent="  ")
        lines += ["", "tests"]
        told: dict[str, int] = {}
        for result in self.results:
            lines.append(f"  {result.number:>2}  {result.verdict.value:<12}  {result.title}")
            if result.detail:
                first = told.setdefault(result.detail, result.number)
                is_repeated = result.verdict is Verdict.FAILED and first != result.number
                lines.append(f"{'':20}{f'the same as test {first}' if is_repeated else result.detail}")
        return "\n".join(lines) + "\n"

    def _counted(self) -> str:
        """Count how the tests ended, what failed first."""
        order = (Verdict.FAILED, Verdict.PROVEN, Verdict.NOT_DECLARED, Verdict.NOT_RUN)
        counts = [
            (verdict, [one.number for one in self.results if one.verdict is verdict]) for verdict in order
        ]
        told = [f"{len(numbers)} {verdict.value.lower()}" for verdict, numbers in counts if numbers]
        return f"{len(self.results)} tests: {', '.join(told)}"

    def _meant(self) -> str:
        """Say in one sentence what it comes to."""
        if not self.passed:
            return _BAD
        return _PARTLY if any(one.verdict is Verdict.NOT_RUN for one in self.results) else _GOOD

    def to_json(self) -> dict[str, Any]:
        """Give it as an object for programs."""
        return {
            "channel": self.channel_type_id,
            "title": self.title,
            "certified": self.passed,
            "plugin": self.plugin,
            "kit": self.kit,
            "capabilities": [
                {
                    "name": one.name,
                    "declared": one.declared,
                    "verdict": one.verdict.value,
                    "tests": list(one.tests),
                    "missing": list(one.missing),
                }
                for one in self.capabilities
            ],
            "tests": [
                {
                    "number": one.number,
                    "title": one.title,
                    "verdict": one.verdict.value,
                    "detail": one.detail,
                }
                for one in self.results
            ],
        }
