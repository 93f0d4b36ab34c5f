"""Bring rules and roster into the store, and rules out of it as they are in force.

In: rules documents, a roster, and changes people make. Out: numbered versions, the history of what was in
force, compiled rules; agents as rows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from router.engine.roster import Roster
from router.engine.rules import RuleSet, load_ruleset
from router.engine.rules.stage import RulesInForce, Stage, StagedRules, stage_from_json
from router.engine.strategies import strategies_by_name
from router.errors import NotFound
from router.people import AgentProfile, apply_roster
from router.rules_files import RulesSource
from router.storage.rules import (
    Change,
    Names,
    RulesText,
    add_change,
    add_version,
    list_changes,
    newest_change,
    read_version,
)
from router.storage.store import Store
from router.storage.views.recorded import read_colleagues
from router.strategy import Strategy

STORED = "rules version {version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A change of the rules that somebody asks for; `file_version` stays as it is unless `is_file`."""

    act: str
    author: str
    note: str = ""
    stage: Stage | None = None
    is_file: bool = False
    at: datetime


async def put_in_force(
    store: Store,
    source: RulesSource,
    author: str,
    at: datetime,
    *,
    is_default: bool = False,
    strategies: Sequence[Strategy] = (),
) -> RulesInForce:
    """Give the rules of a start: those in force, unless the file has changed since it was last put in force.

    `is_default` says that the file is only what is used where none is configured: it gives way to whatever
    else was put in force. `strategies` are those of plugins. Raises RulesError with everything that is wrong,
    ConfigError when a queue names a strategy that nobody brought.
    """
    async with store.reading() as connection:
        current = await rules_in_force(connection)
    if current is not None and await _is_known(store, source, is_default):
        strategies_by_name(current.engine_config, strategies)
        return current
    ruleset = await asyncio.to_thread(load_ruleset, source.text, source=source.source, lists=source.lists)
    strategies_by_name(ruleset.engine_config, strategies)
    proposal = Proposal(act="applied", author=author, is_file=True, at=at)
    return await apply_rules(store, current, source, ruleset, proposal)


async def _is_known(store: Store, source: RulesSource, is_default: bool) -> bool:
    """Say whether the file held this when it was last put in force, or does not count."""
    async with store.reading() as connection:
        (now,) = await list_changes(connection, 1)
        if is_default and now.version != now.file_version:
            return True
        last = None if now.file_version is None else await read_version(connection, now.file_version)
    return last is not None and last.text == _text(source)


async def rules_in_force(connection: AsyncConnection) -> RulesInForce | None:
    """Compile what the store says is in force; None in a new store."""
    changes = await list_changes(connection, 1)
    if not changes:
        return None
    change = changes[0]
    staged = None
    if change.staged_version is not None and change.stage is not None:
        staged = StagedRules(
            version=change.staged_version,
            ruleset=await stored_rules(connection, change.staged_version),
            stage=stage_from_json(change.stage),
        )
    return RulesInForce(
        version=change.version,
        ruleset=await stored_rules(connection, change.version),
        staged=staged,
        number=change.number,
    )


async def stored_source(connection: AsyncConnection, version: int) -> RulesSource:
    """Read a stored version; raises NotFound."""
    stored = await read_version(connection, version)
    if stored is None:
        raise NotFound(f"there is no version {version} of the rules; see `omnirouter rules list`")
    name = STORED.format(version=version)
    return RulesSource(source=name, text=stored.text.document, lists=stored.text.lists)


async def stored_rules(connection: AsyncConnection, version: int) -> RuleSet:
    """Compile a stored version, off the loop; raises NotFound, RulesError."""
    source = await stored_source(connection, version)
    return await asyncio.to_thread(load_ruleset, source.text, source=source.source, lists=source.lists)


async def apply_rules(
    store: Store, current: RulesInForce | None, source: RulesSource, ruleset: RuleSet, proposal: Proposal
) -> RulesInForce:
    """Store a document and put it in force, fully or for a stage, in one commit.

    Raises StaleVersion when the rules were changed since `current` was read, ConfigError for a stage that
    would leave work nobody is ever asked for.
    """

    def following(version: int) -> RulesInForce:
        if proposal.stage is None or current is None:
            return RulesInForce(version=version, ruleset=ruleset)
        staged = StagedRules(version=version, ruleset=ruleset, stage=proposal.stage)
        return replace(current, staged=staged)

    following(0).require_room()
    return await store.write(_apply, current, source, following, proposal)


async def switch_rules(store: Store, current: RulesInForce, version: int, proposal: Proposal) -> RulesInForce:
    """Put a stored version fully in force; raises NotFound, RulesError, StaleVersion."""
    async with store.reading() as connection:
        after = RulesInForce(version=version, ruleset=await stored_rules(connection, version))
    return await store.write(_record, current, after, proposal)


def _apply(
    connection: Connection,
    current: RulesInForce | None,
    source: RulesSource,
    following: Callable[[int], RulesInForce],
    proposal: Proposal,
) -> RulesInForce:
    version = add_version(connection, _text(source), proposal.author, proposal.note, proposal.at)
    return _record(connection, current, following(version), proposal, version if proposal.is_file else None)


def _record(
    connection: Connection,
    current: RulesInForce | None,
    after: RulesInForce,
    proposal: Proposal,
    file_version: int | None = None,
) -> RulesInForce:
    before = newest_change(connection)
    if file_version is None and before is not None:
        file_version = before.file_version
    change = Change(
        act=proposal.act,
        version=after.version,
        staged_version=after.staged.version if after.staged else None,
        stage=after.staged.stage.as_json() if after.staged else None,
        file_version=file_version,
        author=proposal.author,
        note=proposal.note,
        at=proposal.at,
    )
    number = add_change(connection, change, _names(after), current.number if current else 0)
    return replace(after, number=number)


def _names(rules: RulesInForce) -> Names:
    limits = rules.engine_config.queues
    queues = {name: (int(one.max_advance_s), int(one.offer_timeout_s)) for name, one in limits.items()}
    return Names(queues=queues, skills=rules.skills)


def _text(source: RulesSource) -> RulesText:
    return RulesText(document=source.text, lists=dict(source.lists))


async def put_on_staff(store: Store, roster: Roster, at: datetime) -> Roster:
    """Create or update the agents of a roster; give it with those who have shifts, by their ids."""
    profiles = [
        AgentProfile(
            login=each.login,
            name=each.display_name,
            role=each.role,
            locale=each.locale,
            units=each.units,
            max_claims=each.max_claims,
            skills=each.skills,
            expires=each.expires,
            queues=each.queues,
            shifts=each.shifts,
        )
        for each in roster.agents.values()
    ]
    await apply_roster(store, profiles, at)
    async with store.reading() as connection:
        ids = {one.login: one.agent_id for one in await read_colleagues(connection)}
    on_shift = {ids[login.lower()]: each for login, each in roster.agents.items() if each.shifts}
    return replace(roster, agents=on_shift)
