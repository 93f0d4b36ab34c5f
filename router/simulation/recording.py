"""Recorded traffic in memory: what the engine was told, under which rules, and how people worked then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from router.engine.events import Event
from router.engine.rules import RuleSet
from router.errors import NotFound
from router.model.past_work import AskedSpan, Colleague, HeldSpan


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """An engine began, empty; the events that restore it follow."""

    at: datetime
    seed: int
    ruleset_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What the engine was told from its start before `since` up to `until`; `rules` by version."""

    since: datetime
    until: datetime
    told: Sequence[Started | Event]
    rules: Mapping[int, RuleSet]

    @property
    def start(self) -> Started:
        """Give the start the recording begins with."""
        first = self.told[0]
        if not isinstance(first, Started):
            raise NotFound("the log does not begin with the start of an engine")
        return first


@dataclass(frozen=True, slots=True, kw_only=True)
class Customs:
    """How people worked in a span of time, and what they are called."""

    claims: Sequence[HeldSpan]
    offers: Sequence[AskedSpan]
    people: Sequence[Colleague]
