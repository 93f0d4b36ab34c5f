"""Replay: tell an engine again what it was told, and compare what it decides with the record.

In: a recording and its decision records. Out: how many are equal, or the first that is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from router.engine.engine import Engine
from router.engine.times import from_iso
from router.messages import JsonObject
from router.simulation.recording import Recording, Started


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What came of a replay; where all is equal `recorded` and `replayed` are None."""

    count: int
    equal: int
    recorded: JsonObject | None = None
    replayed: JsonObject | None = None

    @property
    def is_equal(self) -> bool:
        """Say whether every decision came out as it was recorded."""
        return self.recorded is None and self.replayed is None

    @property
    def keys(self) -> Sequence[str]:
        """Name what differs in the first decision that does."""
        before, after = self.recorded or {}, self.replayed or {}
        return [key for key in {**before, **after} if before.get(key) != after.get(key)]


@dataclass(frozen=True, slots=True)
class _Made:
    """A decision of the replay; one that `may_be_old` need not stand in the record again."""

    record: JsonObject
    may_be_old: bool


def replay(recording: Recording, decisions: Sequence[JsonObject]) -> Replayed:
    """Compare decisions one by one from the start of the engine on; those of the span are counted."""
    made = _decided(recording)
    counted = [_is_inside(recording, record) for record in decisions]
    for number, recorded in enumerate(decisions):
        found = _matching(made, recorded)
        if found != recorded:
            return Replayed(
                count=sum(counted), equal=sum(counted[:number]), recorded=recorded, replayed=found
            )
    more = next((each.record for each in made if not each.may_be_old), None)
    return Replayed(count=sum(counted), equal=sum(counted), replayed=more)


def _matching(made: Iterator[_Made], recorded: JsonObject) -> JsonObject | None:
    """Give the decision that stands where a recorded one does, past those that were recorded before."""
    for each in made:
        if each.record == recorded or not each.may_be_old:
            return each.record
    return None


def _decided(recording: Recording) -> Iterator[_Made]:
    """Decide everything again, as JSON brings it back."""
    start = recording.start
    engine = _engine(recording, start)
    for entry in recording.told[1:]:
        if isinstance(entry, Started):
            start, engine = entry, _engine(recording, entry)
            continue
        for decision in engine.apply(entry):
            record = msgspec.json.decode(msgspec.json.encode(decision.record))
            yield _Made(record, entry.at <= start.at and decision.repeats)


def _engine(recording: Recording, start: Started) -> Engine:
    return recording.in_force(start).new_engine(recording.strategies, start.seed)


def _is_inside(recording: Recording, record: JsonObject) -> bool:
    return recording.since <= from_iso(str(record["at"])) <= recording.until
