"""Replay: tell an engine again what it was told, and compare what it decides with the record.

In: a recording and its decision records. Out: how many are equal, or the first that is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from router.engine.decisions import Act
from router.engine.engine import Engine
from router.engine.events import ClockTick
from router.engine.times import from_iso
from router.messages import JsonObject, JsonValue
from router.simulation.recorded import Recording, Started

_TOLD_BEFORE = frozenset({Act.QUEUED, Act.BLOCKED, Act.CLOCK, Act.NEED_DROPPED, Act.INCIDENT})
"""What a start decides about work that is not new and does not record a second time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What came of a replay; without a difference `recorded` and `replayed` are None."""

    count: int
    equal: int
    recorded: JsonObject | None = None
    replayed: JsonObject | None = None

    @property
    def is_equal(self) -> bool:
        """Say whether every decision came out as it was recorded."""
        return self.equal == self.count

    @property
    def keys(self) -> Sequence[str]:
        """Name what differs in the first decision that does."""
        before, after = self.recorded or {}, self.replayed or {}
        return [key for key in {**before, **after} if before.get(key) != after.get(key)]


def replay(recording: Recording, decisions: Sequence[JsonObject]) -> Replayed:
    """Compare decisions one by one, from the start of the engine on; only those of the span count."""
    made = _decided(recording)
    equal = count = 0
    pending = next(made, None)
    for number, recorded in enumerate(decisions):
        while pending is not None and pending[1] and pending[0] != recorded:
            pending = next(made, None)
        if pending is None or pending[0] != recorded:
            rest = sum(_is_inside(recording, each) for each in decisions[number:])
            return Replayed(
                count=count + max(rest, 1),
                equal=equal,
                recorded=recorded,
                replayed=None if pending is None else pending[0],
            )
        inside = _is_inside(recording, recorded)
        equal, count = equal + inside, count + inside
        pending = next(made, None)
    extra = next((record for record, is_old in _rest(pending, made) if not is_old), None)
    return Replayed(count=count + (extra is not None), equal=equal, replayed=extra)


def _rest(
    pending: tuple[JsonObject, bool] | None, made: Iterator[tuple[JsonObject, bool]]
) -> Iterator[tuple[JsonObject, bool]]:
    if pending is not None:
        yield pending
        yield from made


def _decided(recording: Recording) -> Iterator[tuple[JsonObject, bool]]:
    """Give each decision, with whether it may be one that was recorded before the start."""
    engine: Engine | None = None
    started_at = recording.start.at
    for entry in recording.told:
        if isinstance(entry, Started):
            config = recording.rules[entry.ruleset_version].engine_config
            engine, started_at = Engine(config, entry.seed), entry.at
            continue
        if engine is None:
            continue
        for decision in engine.apply(entry):
            is_old = entry.at == started_at and decision.act in _TOLD_BEFORE
            yield decision.record, is_old


def _is_inside(recording: Recording, record: JsonObject) -> bool:
    return recording.since <= from_iso(str(record["at"])) <= recording.until
