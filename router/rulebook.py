"""The rules a running router uses: taken up from the store within seconds of a change, wherever it was made.

In: the number of the newest change in the store. Out: the rules in force for triage, a word to dispatch
when they changed, and how often each rule failed.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy.exc import DBAPIError

from router.engine.config import EngineConfig
from router.engine.engine import Engine
from router.engine.rules.stage import RulesInForce
from router.engine.strategies import strategies_by_name
from router.errors import RouterError
from router.messages import JsonObject
from router.model.filing import Row
from router.routing_setup import rules_in_force
from router.storage.rules import newest_number
from router.storage.store import Store
from router.strategy import Strategy

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0


class Rulebook:
    """Holds the rules in force; `changed()` is called when they are others than before."""

    def __init__(
        self,
        store: Store,
        rules: RulesInForce,
        strategies: Sequence[Strategy],
        changed: Callable[[], None],
    ) -> None:
        self._store = store
        self._rules = rules
        self._strategies = strategies
        self._changed = changed
        self._seen = rules.number
        self._failures: Counter[tuple[int, str]] = Counter()

    @property
    def rules(self) -> RulesInForce:
        """Give the rules in force."""
        return self._rules

    @property
    def engine_config(self) -> EngineConfig:
        """Give what the engine is told of the rules in force."""
        return self._rules.engine_config

    def new_engine(self) -> Engine:
        """Build an engine for the rules in force."""
        return self._rules.new_engine(self._strategies)

    def describe(self) -> JsonObject:
        """Give what that engine's decisions depend on beside its events."""
        return self._rules.describe()

    @property
    def failures(self) -> Mapping[tuple[int, str], int]:
        """Give how often each rule failed on a message since the start, by version and name."""
        return self._failures

    def filed(self, rows: Sequence[Row]) -> None:
        """Count the rules that failed on work that has just been committed."""
        for row in rows:
            for name in row["triage"].get("failed", ()):
                self._failures[row["ruleset_version"], name] += 1

    async def run(self) -> None:
        """Look for changes until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.look()

    async def look(self) -> bool:
        """Take up the newest change, if there is one; say whether it was."""
        try:
            async with self._store.reading() as connection:
                number = await newest_number(connection)
                if number == self._seen:
                    return False
                rules = await rules_in_force(connection)
            if rules is not None:
                strategies_by_name(rules.engine_config, self._strategies)
        except (DBAPIError, OSError) as error:
            log.warning("rules cannot be looked up", extra={"cause": str(error)})
            return False
        except RouterError as error:
            # Stored by another release, perhaps; what is in force goes on, and the complaint is made once.
            self._seen = number
            log.error("rules cannot be taken up", extra={"cause": str(error), "change": number})
            return False
        self._seen = number
        if rules is None or rules.number == self._rules.number:
            return False
        # people come with a start, rules at any time
        self._rules = replace(rules, roster=self._rules.roster)
        self._changed()
        log.info("rules changed", extra={"version": rules.version, "change": rules.number})
        return True
