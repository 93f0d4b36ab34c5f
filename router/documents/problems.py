"""What is wrong in a document, said so that a person finds and mends it.

In: a place, a message and a remedy. Out: problems as lines, and the one error that carries all of a document.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from router.errors import ConfigError

MAX_SHOWN_PROBLEMS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong in a document: where, what, and what to do.

    `line` is 0 where the source has no lines, such as an environment variable. `steps` is `path` as keys
    and numbers, for those who mend or leave out what stands there.
    """

    line: int
    column: int
    path: str
    message: str
    hint: str = ""
    source: str = ""
    steps: tuple[str | int, ...] = ()

    def __str__(self) -> str:
        place = f"{self.source}:{self.line}:{self.column}" if self.line else self.source
        path = f" {self.path}" if self.path else ""
        return f"{place}{path}: {self.message}. {self.hint}".rstrip()


class DocumentError(ConfigError):
    """A document cannot be used; `problems` lists everything found, in order of place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(
            sorted(problems, key=lambda problem: (problem.source, problem.line, problem.column))
        )
        lines = [str(problem) for problem in self.problems[:MAX_SHOWN_PROBLEMS]]
        more = len(self.problems) - len(lines)
        if more > 0:
            lines.append(f"and {more} more")
        super().__init__("\n".join(lines))
