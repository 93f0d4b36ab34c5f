"""`omnirouter replay`: recorded traffic once more, as it was or under other rules and people.

In: a span of time, the store, and perhaps a candidate. Out: the lines to print, and whether all was equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from router.config import load_config
from router.engine.roster import Roster
from router.engine.words import say
from router.errors import ConfigError
from router.plugin_host import PluginHost
from router.rules_files import load_rules
from router.simulation.command import roster_for
from router.simulation.comparing import compare, comparison_lines
from router.simulation.event_list import read_time
from router.simulation.outcome import json_line
from router.simulation.recorded import load_customs, load_decisions, load_facts, load_recording
from router.simulation.recording import Recording
from router.simulation.replaying import Replayed, replay
from router.simulation.what_if import Candidate, run_side
from router.storage.looking import looking_into


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayAnswer:
    """What to print; without `is_equal` there is a finding."""

    lines: Sequence[str]
    is_equal: bool = True


async def replay_recorded(
    config: Path,
    *,
    since: str,
    until: str,
    rules: Path | None = None,
    roster: Path | None = None,
    seed: int | None = None,
    as_json: bool = False,
) -> ReplayAnswer:
    """Replay a span of recorded traffic; with rules or a roster, compare how it would have gone."""
    first, last = _moment(since, "--from"), _moment(until, "--to")
    if last <= first:
        raise ConfigError("it is not after --from.", path="--to", hint="Give a later time.")
    loaded = load_config(config)
    strategies = PluginHost.load(loaded.plugins.disabled).strategies
    async with looking_into(loaded.store.url) as connection:
        recording = await load_recording(connection, first, last, strategies)
        if rules is None and roster is None:
            if seed is not None:
                hint = "Leave it out, or name --rules or --roster to compare."
                raise ConfigError("a plain replay has the recorded seed.", path="--seed", hint=hint)
            decisions = await load_decisions(connection, recording)
            return _plain(replay(recording, decisions), as_json=as_json)
        return await _what_if(connection, recording, rules, roster, seed, as_json=as_json)


async def _what_if(
    connection: AsyncConnection,
    recording: Recording,
    rules: Path | None,
    roster: Path | None,
    seed: int | None,
    *,
    as_json: bool,
) -> ReplayAnswer:
    in_force = recording.in_force(recording.start)
    recorded = Candidate(ruleset=in_force.ruleset, config=in_force.engine_config)
    ruleset = recorded.ruleset if rules is None else load_rules(rules)
    people: Roster | None = roster_for(ruleset, roster)
    facts = {} if rules is None else await load_facts(connection, recording.since, recording.until)
    customs = await load_customs(connection, recording)
    chance = recording.start.seed if seed is None else seed
    before = run_side(recording, customs, recorded, chance)
    config = recorded.config if rules is None else ruleset.engine_config
    candidate = Candidate(ruleset=ruleset, config=config, roster=people, facts=facts)
    after = run_side(recording, customs, candidate, chance)
    found = compare(recording, customs, before, after, chance)
    return ReplayAnswer(lines=[json_line(found)] if as_json else list(comparison_lines(found)))


def _plain(found: Replayed, *, as_json: bool) -> ReplayAnswer:
    if as_json:
        line = json_line(
            {
                "equal": found.is_equal,
                "decisions": found.count,
                "equal_decisions": found.equal,
                "recorded": found.recorded,
                "replayed": found.replayed,
                "differs_in": list(found.keys),
            }
        )
        return ReplayAnswer(lines=[line], is_equal=found.is_equal)
    if found.is_equal:
        return ReplayAnswer(lines=[f"replay equals the record: {found.equal} of {found.count} decisions"])
    lines = [f"replay differs from the record after {found.equal} of {found.count} decisions"]
    for title, record in (("recorded", found.recorded), ("replayed", found.replayed)):
        shown = (
            "nothing"
            if record is None
            else f"{record.get('at')}  {record.get('item', '-')}  {say(record, 'en', {})}"
        )
        lines.append(f"{title}: {shown}")
    lines.append(f"differs in: {', '.join(found.keys)}")
    return ReplayAnswer(lines=lines, is_equal=False)


def _moment(text: str, option: str) -> datetime:
    try:
        return read_time(text)
    except ConfigError:
        message = f"`{text[:40]}` is no time with an offset."
        raise ConfigError(message, path=option, hint="Write 2026-01-05T09:00:00Z or +08:00.") from None
