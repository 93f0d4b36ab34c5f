"""What became of each item of a run: who was asked, who served it when, which promises were kept.

In: decisions one after the other. Out: a history of every item as JSON, and the promises that were broken.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from router.engine.decisions import Act, Decision
from router.engine.times import from_iso, to_iso
from router.messages import JsonObject
from router.simulation.play import ENDED, Play, is_wrapped_up

MAX_HISTORIES = 100_000
"""How many items are followed; of more only the figures tell."""

_OFFER_ENDS = frozenset({Act.ACCEPTED, Act.REJECTED, Act.EXPIRED, Act.RESCINDED, Act.CANCELLED, Act.FAILED})
_CLAIM_ENDS = frozenset({Act.COMPLETED, Act.PUT_BACK, Act.WITHDRAWN})
_OF_PROMISE = ("metric", "policy", "started_at", "due_at", "state", "left_s")


@dataclass(slots=True)
class _History:
    offers: list[dict[str, Any]] = field(default_factory=list)
    served: list[dict[str, Any]] = field(default_factory=list)
    # by metric and start
    promises: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    end: str | None = None
    ended_at: str | None = None


class Histories:
    """Follows items by what is decided about them."""

    def __init__(self) -> None:
        self._items: dict[str, _History] = {}

    def heard(self, decision: Decision) -> None:
        """Take in one decision."""
        name = decision.item_id
        if not name or (name not in self._items and len(self._items) >= MAX_HISTORIES):
            return
        history = self._items.setdefault(name, _History())
        # what is said later of after-call work is about the person, not about the item
        if is_wrapped_up(decision):
            return
        at = to_iso(decision.at)
        act = Act.COMPLETED if decision.act is Act.WRAPPING else decision.act
        if act is Act.OFFERED:
            history.offers.append({"agent": decision.agent_id, "at": at, "end": None, "ended_at": None})
        elif act in (Act.CLOCK, Act.PROMISE_DUE):
            record = decision.record
            promise = {key: record.get(key) for key in _OF_PROMISE}
            history.promises[str(record.get("metric")), str(record.get("started_at"))] = promise
        if act in _OFFER_ENDS and history.offers:
            _end(history.offers[-1], act, at)
        if act in (Act.ACCEPTED, Act.CLAIMED):
            if history.served:
                _end(history.served[-1], act, at)
            history.served.append({"agent": decision.agent_id, "since": at, "end": None, "ended_at": None})
        if act in _CLAIM_ENDS and history.served:
            _end(history.served[-1], act, at)
        if act in (Act.COMPLETED, Act.WITHDRAWN):
            history.end, history.ended_at = act.value, at

    def by_item(self, play: Play) -> JsonObject:
        """Tell of every item what it was, how it ended and what happened in between."""
        return {
            name: self._told(name, history, play)
            for name, history in self._items.items()
            if name in play.items
        }

    def broken(self, at: datetime) -> list[JsonObject]:
        """Name every promise whose whole time has passed, kept late or not at all."""
        return [
            {"item": name, **{key: promise[key] for key in ("metric", "policy", "due_at")}}
            for name, history in self._items.items()
            for promise in history.promises.values()
            if _is_broken(promise, at)
        ]

    def _told(self, name: str, history: _History, play: Play) -> JsonObject:
        followed = play.items[name]
        is_over = followed.state == ENDED
        asked = followed.offer.agent_id if followed.offer is not None else None
        return {
            "state": history.end if is_over else followed.state,
            "agent": followed.holder or asked,
            "queue": followed.queue,
            "channel_class": followed.item.channel_class,
            "eligible_since": to_iso(followed.item.eligible_since),
            "ended_at": history.ended_at if is_over else None,
            "offers": history.offers,
            "served": history.served,
            "promises": list(history.promises.values()),
        }


def _end(entry: dict[str, Any], act: Act, at: str) -> None:
    if entry["end"] is None:
        entry.update(end=act.value, ended_at=at)


def _is_broken(promise: JsonObject, at: datetime) -> bool:
    """Say whether time ran out: as its end says, or by now, whatever steps were told."""
    due_at = promise["due_at"]
    if promise["state"] == "late":
        return True
    return promise["state"] == "running" and isinstance(due_at, str) and from_iso(due_at) <= at
