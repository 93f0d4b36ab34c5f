"""What the engine is told once: the limits of each queue and of offering."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueConfig:
    """Limits of one queue.

    `max_advance_s` caps how much older a boost or a due time can make an item of this queue; items carry
    the value they were queued with, so that a changed rule does not move work that already waits.
    """

    offer_timeout_s: float = 30.0
    max_advance_s: float = 4 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineConfig:
    """Everything an engine needs beside its events; a queue not named uses `default`.

    `decline_cooldown_s`: how long after the last refusal an item that everybody refused is offered again.
    `max_unanswered`: open offers left to expire in a row before the person is set away.
    """

    queues: Mapping[str, QueueConfig] = field(default_factory=dict)
    default: QueueConfig = field(default_factory=QueueConfig)
    decline_cooldown_s: float = 60.0
    max_unanswered: int = 3

    def queue(self, name: str) -> QueueConfig:
        """Give the limits of the named queue."""
        return self.queues.get(name, self.default)
