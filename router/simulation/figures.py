"""What a run adds up to: counts, waits, broken promises, who was busy, what nobody took.

In: decisions one after the other. Out: a summary as JSON, the same for the same decisions.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from router.engine.decisions import Act, Decision
from router.engine.times import to_iso
from router.messages import JsonObject
from router.simulation.play import CLAIMED, ENDED, OFFERED, Followed, Play, is_wrapped_up

_WHOLE = 100
"""The step, in per cent of its time, at which a promise is broken."""


@dataclass(slots=True)
class ItemFigures:
    """What became of one item; times as seconds since it first wanted a person."""

    offers: int = 0
    holders: list[str] = field(default_factory=list)
    offered_s: float | None = None
    served_s: float | None = None
    queue: str = ""
    channel_class: str = ""
    broken: dict[tuple[str, str], None] = field(default_factory=dict)


class Figures:
    """Counts decisions."""

    def __init__(self) -> None:
        self.items: dict[str, ItemFigures] = {}
        self._acts: dict[str, int] = {}
        self._solved = 0

    def heard(self, decision: Decision) -> None:
        """Take in one decision."""
        act = decision.act
        self._solved += act is Act.WRAPPING or (act is Act.COMPLETED and not is_wrapped_up(decision))
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
            if item.served_s is None:
                item.served_s = _waited_s(decision)
                item.queue = str(decision.record.get("queue") or "")
                item.channel_class = str(decision.record.get("channel_class") or "")
            item.holders.append(decision.agent_id)
        elif act is Act.PROMISE_DUE:
            _note_breach(item, decision)

    def waits(self, key: Callable[[ItemFigures], str], names: Iterable[str]) -> JsonObject:
        """Give how long the named items waited for somebody, by their queue or class."""
        waits: dict[str, list[float]] = {}
        for name in names:
            item = self.items.get(name)
            if item is not None and item.served_s is not None:
                waits.setdefault(key(item), []).append(item.served_s)
        return {each: spread(waits[each]) for each in sorted(waits)}

    def breaches(self, names: Iterable[str]) -> JsonObject:
        """Count broken promises by metric; one that began anew counts anew."""
        counts: dict[str, int] = {}
        for name in names:
            for metric, _ in self.items[name].broken if name in self.items else ():
                counts[metric] = counts.get(metric, 0) + 1
        return dict(sorted(counts.items()))

    def reassignments(self, names: Iterable[str]) -> int:
        """Count how often work went from one person to another."""
        held = [self.items[name].holders for name in names if name in self.items]
        return sum(before != after for each in held for before, after in zip(each, each[1:], strict=False))

    def load(self, names: Iterable[str], people: Iterable[str]) -> JsonObject:
        """Count what each person took, and how far apart they are."""
        claims = dict.fromkeys(sorted(people), 0)
        for name in names:
            for holder in self.items[name].holders if name in self.items else ():
                claims[holder] = claims.get(holder, 0) + 1
        counts = list(claims.values())
        deviation = round(statistics.pstdev(counts), 3) if counts else 0.0
        lowest, highest = min(counts, default=0), max(counts, default=0)
        return {"claims": dict(sorted(claims.items())), "min": lowest, "max": highest, "deviation": deviation}

    def summary(self, play: Play, agents: Iterable[str], max_advance_s: Mapping[str, float]) -> JsonObject:
        """Add everything up; `max_advance_s` says for each queue after which wait an item is starved."""
        at, names = play.last_at, list(play.items)
        return {
            "items": len(play.items),
            "offered": self._acts.get("offered", 0),
            "accepted": self._acts.get("accepted", 0),
            "completed": self._solved,
            "decisions": sum(self._acts.values()),
            "acts": dict(sorted(self._acts.items())),
            "waits_s": self.waits(_queue, names),
            "waits_by_class_s": self.waits(channel_class_of, names),
            "breaches": self.breaches(names),
            "reassignments": self.reassignments(names),
            "load": self.load(names, agents),
            "starved": [] if at is None else self.starved(play, names, at, max_advance_s),
            "ended_at": None if at is None else to_iso(at),
        }

    def starved(
        self, play: Play, names: Iterable[str], at: datetime, max_advance_s: Mapping[str, float]
    ) -> list[str]:
        """Name items nobody was offered for longer than any other work may go before them."""
        starved = []
        for name in names:
            followed = play.items[name]
            figures = self.items.get(name)
            waited_s = None if figures is None else figures.offered_s
            if waited_s is None and followed.state not in (ENDED, CLAIMED, OFFERED):
                waited_s = (at - followed.item.eligible_since).total_seconds()
            if waited_s is not None and waited_s > max_advance_s.get(followed.queue, math.inf):
                starved.append(name)
        return starved


def channel_class_of(item: ItemFigures) -> str:
    """Give the channel class an item was served as."""
    return item.channel_class


def _queue(item: ItemFigures) -> str:
    return item.queue


def _note_breach(item: ItemFigures, decision: Decision) -> None:
    """Remember a promise whose whole time has passed, once."""
    record = decision.record
    step = record.get("step")
    if isinstance(step, int) and step >= _WHOLE:
        item.broken[str(record.get("metric")), str(record.get("started_at"))] = None


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
