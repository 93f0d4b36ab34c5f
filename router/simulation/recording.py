"""Recorded traffic in memory: what the engine was told, under which rules, and how people worked then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from router.engine.events import Event
from router.engine.roster import Roster
from router.engine.rules import RuleSet
from router.engine.rules.stage import RulesInForce, Stage, StagedRules
from router.errors import NotFound
from router.model.past_work import AskedSpan, Colleague, HeldSpan
from router.strategy import Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """An engine began, empty; the events that restore it follow."""

    at: datetime
    seed: int
    ruleset_version: int
    staged_version: int | None = None
    stage: Stage | None = None
    roster: Roster | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What the engine was told from its start before `since` up to `until`; `rules` by version,
    `strategies` those of plugins."""

    since: datetime
    until: datetime
    told: Sequence[Started | Event]
    rules: Mapping[int, RuleSet]
    strategies: Sequence[Strategy] = ()

    def in_force(self, started: Started) -> RulesInForce:
        """Give the rules an engine was started with."""
        staged = None
        if started.staged_version is not None and started.stage is not None:
            ruleset = self.rules[started.staged_version]
            staged = StagedRules(version=started.staged_version, ruleset=ruleset, stage=started.stage)
        version = started.ruleset_version
        return RulesInForce(
            version=version, ruleset=self.rules[version], staged=staged, roster=started.roster
        )

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
