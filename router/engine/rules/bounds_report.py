"""Bounds of overtaking as a table for people and as JSON for programs. In: proven bounds. Out: text, JSON."""

from __future__ import annotations

from collections.abc import Sequence

from router.engine.phrases import PHRASES
from router.engine.rules.bounds import Bound, Bounds, WorkClass
from router.messages import JsonObject

SHOWN = 60
"""Lines of the table; the JSON has every pair."""

_HEAD = ("this waits", "this comes later", "and can pass it")
_CUT = "The rules have too many combinations to try all; those of the most rules were left out."
_HOW = (
    "Passing: a person who could serve both takes the later one first. Work moved or re-prioritised by hand "
    "counts as what it is made."
)


def bounds_text(bounds: Bounds) -> str:
    """Give a table, worst first: each class of waiting work against each queue whose work can pass it."""
    rows = [_row(bound) for bound in _worst(bounds.bounds)]
    if not rows:
        rows = [("any work", "any other", "never")]
    widths = [max(len(line[at]) for line in [_HEAD, *rows[:SHOWN]]) for at in range(2)]
    lines = [_line(row, widths) for row in [_HEAD, *rows[:SHOWN]]]
    lines.insert(1, "-" * max(map(len, lines)))
    if len(rows) > SHOWN:
        lines.append(f"… and {len(rows) - SHOWN} lines more with shorter times; --json has them all")
    never = sum(bound.seconds == 0 for bound in bounds.bounds)
    pairs = f"{len(bounds.bounds)} pairs of {len(bounds.classes)} classes"
    lines += ["", f"{pairs}; in {never} of them nobody who comes later can pass.", _HOW]
    return "\n".join([*lines, _CUT] if bounds.is_cut else lines)


def bounds_json(bounds: Bounds) -> JsonObject:
    """Give every pair, worst first."""
    return {
        "is_cut": bounds.is_cut,
        "classes": [_class_json(one) for one in bounds.classes],
        "bounds": [
            {
                "waits": bounds.classes.index(bound.waits),
                "comes": bounds.classes.index(bound.comes),
                "seconds": bound.seconds,
                "reason": bound.reason,
                "picks": None if bound.picks is None else list(bound.picks),
            }
            for bound in bounds.bounds
        ],
    }


def _worst(bounds: Sequence[Bound]) -> list[Bound]:
    """Keep one line for what says the same: the worst of a queue, or that time sets no bound at all."""
    kept: dict[tuple[str, int, str], Bound] = {}
    for bound in bounds:
        waits, comes = bound.waits, bound.comes
        if bound.reason == "newest":
            kept.setdefault((waits.queue, -1, ""), bound)
        elif bound.picks is not None:
            kept.setdefault((waits.queue, -1, comes.queue), bound)
        elif bound.seconds:
            kept.setdefault((waits.queue, waits.boost_s, comes.queue), bound)
    return list(kept.values())


def _row(bound: Bound) -> tuple[str, str, str]:
    if bound.reason == "newest":
        return (
            f"{bound.waits.queue}: all of it",
            "any work",
            "at any time: the newest of this queue goes first",
        )
    if bound.picks is not None:
        first, whole = bound.picks
        return (
            f"{bound.waits.queue}: all of it",
            f"{bound.comes.queue}: all of it",
            f"at any time, in at most {first} of every {whole} picks",
        )
    span = PHRASES["en"].span(bound.seconds or 0.0)
    return _name(bound.waits), _name(bound.comes), f"for {span}"


def _name(work: WorkClass) -> str:
    boost = f" +{PHRASES['en'].span(work.boost_s)}" if work.boost_s else ""
    promised = ", promised" if work.is_promised and work.advance_s > work.boost_s else ""
    rules = ", ".join(work.rules)
    return f"{work.queue}{boost}{promised} ({rules})" if rules else f"{work.queue}{boost}{promised}"


def _line(row: tuple[str, str, str], widths: Sequence[int]) -> str:
    return f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]}"


def _class_json(work: WorkClass) -> JsonObject:
    return {
        "queue": work.queue,
        "boost_s": work.boost_s,
        "is_promised": work.is_promised,
        "advance_s": work.advance_s,
        "max_advance_s": work.max_advance_s,
        "rules": list(work.rules),
    }
