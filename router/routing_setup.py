"""Bring rules and roster from their files into the store, and build engines from them.

In: a rules document and a roster. Out: a numbered rule set in force, queues, skills and agents as rows. A
document that has not changed since keeps its version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from router.engine.engine import Engine
from router.engine.roster import Roster
from router.engine.rules import RuleSet, load_ruleset
from router.engine.strategies import strategies_by_name
from router.people import AgentProfile, apply_roster
from router.rules_files import RulesSource
from router.storage import schema as t
from router.storage.store import Store
from router.strategy import Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesInForce:
    """The rule set triage uses, with its version in the store."""

    version: int
    ruleset: RuleSet
    strategies: Sequence[Strategy] = ()

    def new_engine(self, seed: int) -> Engine:
        """Build an engine for these queues."""
        return Engine(self.ruleset.engine_config, seed, self.strategies)


async def put_in_force(
    store: Store,
    source: RulesSource,
    author: str,
    at: datetime,
    *,
    strategies: Sequence[Strategy] = (),
) -> RulesInForce:
    """Compile a rules document and store it; raises RulesError with everything that is wrong.

    `strategies` are those of plugins; ConfigError when a queue names one that nobody brought.
    """
    ruleset = load_ruleset(source.text, source=source.source, lists=source.lists)
    strategies_by_name(ruleset.engine_config, strategies)
    version = await store.write(_store_rules, ruleset, source, author, at)
    return RulesInForce(version=version, ruleset=ruleset, strategies=strategies)


async def put_on_staff(store: Store, roster: Roster, at: datetime) -> None:
    """Create or update the agents of a roster."""
    profiles = [
        AgentProfile(
            login=each.login,
            name=each.display_name,
            role=each.role,
            locale=each.locale,
            max_claims=each.max_claims or 10,
            skills=each.skills,
        )
        for each in roster.agents.values()
    ]
    await apply_roster(store, profiles, at)


def _store_rules(
    connection: Connection, ruleset: RuleSet, source: RulesSource, author: str, at: datetime
) -> int:
    newest = connection.execute(select(t.ruleset).order_by(t.ruleset.c.version.desc()).limit(1)).one_or_none()
    if newest is None or (newest.document, newest.lists) != (source.text, dict(source.lists)):
        version = (connection.execute(select(func.max(t.ruleset.c.version))).scalar() or 0) + 1
        connection.execute(
            insert(t.ruleset).values(
                version=version,
                document=source.text,
                lists=dict(source.lists),
                author=author,
                created_at=at,
            )
        )
    else:
        version = newest.version
    _store_names(connection, ruleset)
    return int(version)


def _store_names(connection: Connection, ruleset: RuleSet) -> None:
    """Keep queues and skills as rows, for lists and for transfers."""
    connection.execute(delete(t.queue))
    connection.execute(
        insert(t.queue),
        [
            {
                "name": name,
                "max_advance_s": queue.max_advance_s,
                "offer_timeout_s": queue.offer_timeout_s,
            }
            for name, queue in ruleset.model.queues.items()
        ],
    )
    connection.execute(delete(t.skill))
    if ruleset.model.skills:
        connection.execute(
            insert(t.skill),
            [{"name": name, "kind": skill.kind} for name, skill in ruleset.model.skills.items()],
        )
