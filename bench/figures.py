"""Targets and what was measured against them: in go the runs of both sides, out come ratios and verdicts."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One timed run: how many operations, how long, and how much processor time of the measured side."""

    operations: int
    wall_s: float
    cpu_s: float

    @property
    def rate(self) -> float:
        """Give operations per second."""
        return self.operations / self.wall_s

    @property
    def cpu_us(self) -> float:
        """Give microseconds of processor time per operation."""
        return self.cpu_s / self.operations * 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One line of the table of targets; `at_least` says in which direction better lies."""

    number: str
    title: str
    bar: float
    stretch: float
    at_least: bool
    unit: str = "x"

    def verdict(self, value: float) -> str:
        """Say what a value reaches."""
        for name, limit in (("stretch", self.stretch), ("bar", self.bar)):
            if (value >= limit) if self.at_least else (value <= limit):
                return name
        return "below"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """The measured values of one target, one per pair of runs, and what stands behind them."""

    target: Target
    values: Sequence[float]
    note: str = ""

    @property
    def median(self) -> float:
        """Give the value that is quoted."""
        return statistics.median(self.values)

    def line(self) -> str:
        """Write the figure for people."""
        target = self.target
        sign = ">=" if target.at_least else "<="
        spread = f"{min(self.values):.2f}..{max(self.values):.2f}"
        return (
            f"{target.number:>4}  {target.title:<58.58}  {self.median:>7.2f} {target.unit:<3} ({spread:<13})"
            f"  bar {sign} {target.bar:<5g} stretch {target.stretch:<5g} {target.verdict(self.median):<8}{self.note}"
        )


@dataclass(slots=True)
class Table:
    """All figures of one run of the bench."""

    figures: list[Figure] = field(default_factory=list)

    def add(self, figure: Figure) -> None:
        """Keep a figure and print it at once."""
        self.figures.append(figure)
        print(figure.line(), flush=True)

    @property
    def is_below(self) -> bool:
        """Say whether some figure does not reach its bar."""
        return any(figure.target.verdict(figure.median) == "below" for figure in self.figures)
