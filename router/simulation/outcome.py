"""What a run gives: its decisions and its summary, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from router.engine.decisions import Decision
from router.engine.words import say
from router.messages import JsonObject, JsonValue

_SHOWN_WAITING = 20
_SHOWN_BROKEN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A finished run."""

    decisions: Sequence[Decision]
    summary: JsonObject

    def lines(self, *, as_json: bool) -> Iterator[str]:
        """Give one line for each decision, then the summary."""
        if as_json:
            for decision in self.decisions:
                yield json_line(decision.record)
            yield json_line({"type": "summary", **self.summary})
            return
        for decision in self.decisions:
            yield readable(decision)
        yield ""
        yield from summary_lines(self.summary)


def json_line(value: JsonObject) -> str:
    """Write an object on one line; the same object always gives the same bytes."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def readable(decision: Decision) -> str:
    """Say a decision on one line, with its time and item."""
    at = decision.record.get("at") or decision.at.isoformat()
    return f"{at}  {decision.item_id or '-':<12}  {say(decision.record, 'en', {})}"


def summary_lines(summary: JsonObject) -> Iterator[str]:
    """Say a summary in a few lines."""
    yield (
        f"{summary['items']} items, {summary['offered']} offered, {summary['accepted']} accepted,"
        f" {summary['completed']} completed; {summary['decisions']} decisions"
    )
    for queue, waits in _entries(summary["waits_s"]):
        yield f"wait in {queue or '(no queue)'}: {spread_text(waits)}"
    breaches = ", ".join(f"{metric} {count}" for metric, count in _entries(summary["breaches"]))
    yield f"broken promises: {breaches or 'none'}"
    for promise in _list(summary.get("broken"))[:_SHOWN_BROKEN]:
        if isinstance(promise, Mapping):
            yield f"  {promise['metric']} of {promise['item']}, due {promise['due_at']} ({promise['policy']})"
    load = summary["load"]
    if isinstance(load, Mapping):
        yield f"work each: {load['min']} to {load['max']}, deviation {load['deviation']}"
    yield f"reassignments: {summary['reassignments']}"
    starved = _list(summary["starved"])
    yield f"starved: {len(starved)}" + (f" ({', '.join(map(str, starved[:10]))})" if starved else "")
    waiting = _list(summary.get("still_waiting"))
    yield f"still waiting: {summary.get('still_waiting_count', len(waiting))}"
    for entry in waiting[:_SHOWN_WAITING]:
        if isinstance(entry, Mapping):
            yield f"  {entry['item']} in {entry['queue']}: {entry['why']}"
    for note in _list(summary.get("notes")):
        yield f"note: {note}"


def spread_text(waits: JsonValue) -> str:
    """Say a spread of waits."""
    if not isinstance(waits, Mapping):
        return ""
    return f"{waits['count']} served, p50 {waits['p50']:g} s, p95 {waits['p95']:g} s, max {waits['max']:g} s"


def _entries(value: JsonValue) -> Sequence[tuple[str, JsonValue]]:
    return list(value.items()) if isinstance(value, Mapping) else ()


def _list(value: JsonValue) -> Sequence[JsonValue]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()
