"""The incidents that are on: what they change while they last. In: starts and ends. Out: what holds now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from router.engine.config import IncidentConfig, QueueConfig, Reserve


class Incidents:
    """The declared incidents of the rules, and until when those that are on last."""

    __slots__ = ("_declared", "until")

    def __init__(self, declared: Mapping[str, IncidentConfig]) -> None:
        self._declared = declared
        # by name, in the order they began
        self.until: dict[str, datetime] = {}

    def declared(self, name: str) -> IncidentConfig | None:
        """Give what an incident changes, None for one the rules do not know."""
        return self._declared.get(name)

    @property
    def relaxed(self) -> frozenset[str]:
        """Give the skills that are not insisted on."""
        return frozenset().union(*(incident.relax for incident in self._on()))

    @property
    def overflowing(self) -> frozenset[str]:
        """Give the queues whose overflow is open whatever their length."""
        return frozenset().union(*(incident.overflow for incident in self._on()))

    def reserves(self, queues: Mapping[str, QueueConfig]) -> Mapping[str, Reserve]:
        """Give what is kept free now, by queue: its own reserve, and what every incident adds."""
        found = {name: queue.reserve for name, queue in queues.items() if queue.reserve is not None}
        for incident in self._on():
            for name, units in incident.reserve.items():
                known = found.get(name, Reserve(units=0, needs=()))
                found[name] = replace(known, units=known.units + units)
        return found

    def _on(self) -> Iterator[IncidentConfig]:
        return (self._declared[name] for name in self.until)
