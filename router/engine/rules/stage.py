"""Rules in force, and a newer version that is tried on some of the work first.

In: compiled versions and, for the newer one, whom it is for. Out: the version for each conversation, and
what the engine is told while both are in use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import msgspec

from router.engine.config import EngineConfig
from router.engine.engine import Engine
from router.engine.roster import Roster
from router.engine.rules.ruleset import RuleSet
from router.engine.rules.shifts import promised_by
from router.engine.rules.trial import require_room, side_by_side
from router.messages import JsonObject
from router.strategy import Strategy

ENGINE_SEED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Whom a version is for: work of some queues, or so many per cent of the conversations."""

    queues: tuple[str, ...] = ()
    percent: int = 0

    def takes(self, conversation_id: str, queue: str) -> bool:
        """Say whether work is decided by the staged version; `queue` is where the other one puts it.

        A conversation that is taken at 10 per cent is taken at 20 as well.
        """
        if self.queues:
            return queue in self.queues
        digest = blake2b(conversation_id.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % 100 < self.percent

    def as_json(self) -> JsonObject:
        """Write it as the store keeps it."""
        return {"queues": list(self.queues)} if self.queues else {"percent": self.percent}

    def __str__(self) -> str:
        if self.percent:
            return f"{self.percent} % of the conversations"
        return f"the {'queue' if len(self.queues) == 1 else 'queues'} {', '.join(self.queues)}"


def stage_from_json(value: JsonObject) -> Stage:
    """Read what `Stage.as_json` wrote."""
    queues, percent = value.get("queues") or (), value.get("percent") or 0
    return Stage(
        queues=tuple(str(name) for name in queues) if isinstance(queues, list | tuple) else (),
        percent=percent if isinstance(percent, int) else 0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedRules:
    """A version that only some of the work is decided by."""

    version: int
    ruleset: RuleSet
    stage: Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesInForce:
    """What triage uses from change `number` of the history on.

    `roster`, by the ids the engine knows people by, says who should be here when (None: nobody has to).
    """

    version: int
    ruleset: RuleSet
    staged: StagedRules | None = None
    number: int = 0
    roster: Roster | None = None

    def choose(self, conversation_id: str, queue_by: Callable[[RuleSet], str]) -> tuple[int, RuleSet]:
        """Give version and rules for a conversation; `queue_by` tells where some rules would put it."""
        staged = self.staged
        if staged is not None:
            queue = queue_by(self.ruleset) if staged.stage.queues else ""
            if staged.stage.takes(conversation_id, queue):
                return staged.version, staged.ruleset
        return self.version, self.ruleset

    @property
    def engine_config(self) -> EngineConfig:
        """Give what the engine is told while both versions are in use.

        What belongs to a staged queue comes from the staged version, and so does what only that one has.
        What everybody shares (capacity, offers, leases) is that of the version in force.
        """
        if self.staged is None:
            return self.ruleset.engine_config
        return side_by_side(self.ruleset, self.staged.ruleset, self.staged.stage.queues)

    def require_room(self) -> None:
        """Refuse a stage under which some work would never be asked for; raises ConfigError."""
        if self.staged is not None:
            require_room(self.ruleset, self.staged.ruleset, self.engine_config)

    def new_engine(self, strategies: Sequence[Strategy] = (), seed: int = ENGINE_SEED) -> Engine:
        """Build an engine for these rules that watches for who should be here; `strategies` are those of plugins."""
        config = self.engine_config
        if self.roster is not None:
            config = promised_by(config, self.roster, self.ruleset.zone)
        return Engine(config, seed, strategies)

    def describe(self) -> JsonObject:
        """Give what an engine's decisions depend on beside its events."""
        staged: JsonObject = {}
        if self.staged is not None:
            staged = {"staged_version": self.staged.version, "stage": self.staged.stage.as_json()}
        shifts: JsonObject = {} if self.roster is None else {"roster": msgspec.to_builtins(self.roster)}
        return {"seed": ENGINE_SEED, "ruleset_version": self.version, **staged, **shifts}

    @property
    def skills(self) -> Mapping[str, str]:
        """Give the kind of every skill of both versions."""
        kinds = {} if self.staged is None else _kinds(self.staged.ruleset)
        return {**kinds, **_kinds(self.ruleset)}


def _kinds(ruleset: RuleSet) -> Mapping[str, str]:
    return {name: skill.kind for name, skill in ruleset.model.skills.items()}
