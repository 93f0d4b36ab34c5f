"""What a run adds up to: counts, waits, broken promises, who was busy, what nobody took.

In: decisions one after the other. Out: a summary as JSON, the same for the same decisions.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from router.engine.decisions import Act, Decision
from router.messages import JsonObject
from router.simulation.play import CLAIMED, ENDED, OFFERED, Followed, Play


@dataclass(slots=True)
class ItemFigures:
    """What became of one item; times as seconds since it first wanted a person."""

    offers: int = 0
    holders: list[str] = field(default_factory=list)
    offered_s: float | None = None
    served_s: float | None = None
    queue: str = ""
    breaches: list[str] = field(default_factory=list)


class Figures:
    """Counts decisions."""

    def __init__(self) -> None:
        self.items: dict[str, ItemFigures] = {}
        self._acts: dict[str, int] = {}
        self._breaches: dict[str, int] = {}
        self._handled: dict[str, int] = {}

    def heard(self, decision: Decision) -> None:
        """Take in one decision."""
        act = decision.act
        self._acts[act.value] = self._acts.get(act.value, 0) + 1
        if not decision.item_id:
            return
        item = self.items.get(decision.item_id)
        if item is None:
            item = self.items[decision.item_id] = ItemFigures()
        if act is Act.OFFERED:
            item.offers += 1
            if item.offered_s is None:
                item.offered_s = _waited_s(decision)
        elif act in (Act.ACCEPTED, Act.CLAIMED) and decision.agent_id is not None:
            self._taken(item, decision, decision.agent_id)
        elif act is Act.PROMISE_DUE:
            self._promise(item, decision)

    def _taken(self, item: ItemFigures, decision: Decision, agent_id: str) -> None:
        if item.served_s is None:
            item.served_s = _waited_s(decision)
            item.queue = str(decision.record.get("queue") or "")
        item.holders.append(agent_id)
        self._handled[agent_id] = self._handled.get(agent_id, 0) + 1

    def _promise(self, item: ItemFigures, decision: Decision) -> None:
        if decision.record.get("step") == 100:
            metric = str(decision.record.get("metric"))
            item.breaches.append(metric)
            self._breaches[metric] = self._breaches.get(metric, 0) + 1

    def summary(self, play: Play, agents: Iterable[str], max_advance_s: Mapping[str, float]) -> JsonObject:
        """Add everything up; `max_advance_s` says for each queue after which wait an item is starved."""
        at = play.last_at
        waits: dict[str, list[float]] = {}
        for name, item in self.items.items():
            if item.served_s is not None:
                queue = item.queue or (play.items[name].queue if name in play.items else "")
                waits.setdefault(queue, []).append(item.served_s)
        return {
            "items": len(play.items),
            "offered": self._acts.get("offered", 0),
            "accepted": self._acts.get("accepted", 0),
            "completed": self._acts.get("completed", 0),
            "decisions": sum(self._acts.values()),
            "acts": dict(sorted(self._acts.items())),
            "waits_s": {queue: spread(waits[queue]) for queue in sorted(waits)},
            "breaches": dict(sorted(self._breaches.items())),
            "reassignments": sum(reassignments(item.holders) for item in self.items.values()),
            "load": self._load(agents),
            "starved": [] if at is None else self.starved(play, at, max_advance_s),
            "ended_at": None if at is None else at.isoformat().replace("+00:00", "Z"),
        }

    def _load(self, agents: Iterable[str]) -> JsonObject:
        handled = {name: self._handled.get(name, 0) for name in sorted({*agents, *self._handled})}
        counts = list(handled.values())
        deviation = round(statistics.pstdev(counts), 3) if counts else 0.0
        lowest, highest = min(counts, default=0), max(counts, default=0)
        return {"claims": handled, "min": lowest, "max": highest, "deviation": deviation}

    def starved(self, play: Play, at: datetime, max_advance_s: Mapping[str, float]) -> list[str]:
        """Name items nobody was offered for longer than any other work may go before them."""
        starved = []
        for name, followed in play.items.items():
            figures = self.items.get(name)
            waited_s = None if figures is None else figures.offered_s
            if waited_s is None and followed.state not in (ENDED, CLAIMED, OFFERED):
                waited_s = (at - followed.item.eligible_since).total_seconds()
            if waited_s is not None and waited_s > max_advance_s.get(followed.queue, math.inf):
                starved.append(name)
        return starved


def reassignments(holders: Sequence[str]) -> int:
    """Count how often work changed hands."""
    return sum(before != after for before, after in zip(holders, holders[1:], strict=False))


def spread(values: Sequence[float]) -> JsonObject:
    """Give count, median, 95th percentile (nearest rank) and maximum."""
    ordered = sorted(values)
    return {
        "count": len(ordered),
        "p50": round(_rank(ordered, 0.5), 3),
        "p95": round(_rank(ordered, 0.95), 3),
        "max": round(ordered[-1], 3) if ordered else 0.0,
    }


def _rank(ordered: Sequence[float], share: float) -> float:
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else 0.0


def still_waiting(followed: Followed) -> bool:
    """Say whether an item has neither ended nor found somebody."""
    return followed.state not in (ENDED, CLAIMED)


def _waited_s(decision: Decision) -> float:
    waited = decision.record.get("waited_s")
    return float(waited) if isinstance(waited, int | float) else 0.0
