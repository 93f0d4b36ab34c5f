"""`omnirouter simulate` and `staffing SCENARIO`: find out what a file is, play it, give what to print."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from router.documents.reading import MAX_DOCUMENT_CHARS
from router.engine.roster import Roster, load_roster
from router.engine.rules import RuleSet
from router.engine.strategies import BUILT_IN
from router.errors import ConfigError
from router.messages import JsonObject
from router.plugin_host import PluginHost
from router.rules_files import load_rules
from router.simulation.cross_training import (
    TrainingReport,
    compare_training,
    training_json,
    training_text,
)
from router.simulation.event_list import read_event_list, read_time
from router.simulation.outcome import json_line
from router.simulation.queueing import seconds
from router.simulation.scenario import Scenario, check_names, read_scenario
from router.simulation.scenario_run import run_scenario
from router.simulation.simulating import Setting, simulate
from router.simulation.traffic import starts_at
from router.strategy import Strategy
from router.text_files import read_text

if TYPE_CHECKING:
    import typer

DEFAULT_SEED = 1


def simulate_file(
    file: Path,
    *,
    rules: Path | None,
    roster: Path | None = None,
    seed: int | None = None,
    until: str | None = None,
    write: Path | None = None,
    as_json: bool = False,
) -> Iterator[str]:
    """Play a file; gives what to print once nothing can go wrong any more."""
    if file.suffix in (".yaml", ".yml"):
        return _scenario(file, rules, roster, seed, until, write, as_json)
    if rules is None:
        raise ConfigError("the rules are missing.", path="--rules", hint="Name the rules file.")
    if write is not None:
        raise ConfigError(
            "a list is written already.", path="--write", hint="Only a scenario can be written."
        )
    setting = _setting(rules, roster, seed)
    lines = read_event_list(file)
    return simulate(lines, str(file), setting, _until(until, lines[-1].at)).lines(as_json=as_json)


def _scenario(
    file: Path,
    rules: Path | None,
    roster: Path | None,
    seed: int | None,
    until: str | None,
    write: Path | None,
    as_json: bool,
) -> Iterator[str]:
    scenario, their_roster, setting = _open_scenario(file, rules, roster, seed)
    ends_at = starts_at(scenario, setting.zone) + timedelta(seconds=scenario.lasts_s)
    ran = run_scenario(scenario, their_roster, setting, _until(until, ends_at))
    if write is not None:
        _write(write, ran.written)
    return ran.outcome.lines(as_json=as_json)


def compare_training_file(
    file: Path | None, rules: Path | None, roster: Path | None, seed: int | None, each: Sequence[int]
) -> TrainingReport:
    """Play a scenario with the roster as it is, and with everybody trained up to each number of craft skills."""
    if file is None:
        hint = "Write: omnirouter staffing scenario.yaml --rules rules.yaml --roster roster.yaml."
        raise ConfigError("the scenario is missing.", path="SCENARIO", hint=hint)
    if file.suffix not in (".yaml", ".yml"):
        hint = "Name a scenario.yaml; `omnirouter simulate` plays event lists."
        raise ConfigError("this is no scenario.", path=str(file), hint=hint)
    scenario, their_roster, setting = _open_scenario(file, rules, roster, seed)
    return compare_training(scenario, their_roster, setting, each)


def refuse_plan(context: typer.Context) -> None:
    """Raise ConfigError for the first option of a plan that was given beside a scenario, which says it itself."""
    for name in ("agents", "skills", "load", "handling", "arrivals"):
        source = context.get_parameter_source(name)
        if source is not None and source.name != "DEFAULT":
            hint = "Leave it out, or leave out the scenario, --rules and --roster."
            raise ConfigError("a scenario says this itself.", path=f"--{name}", hint=hint)


def training_answer(
    file: Path | None,
    rules: Path | None,
    roster: Path | None,
    seed: int | None,
    each: Sequence[int],
    *,
    as_json: bool,
) -> str:
    """Give what `omnirouter staffing SCENARIO` prints."""
    report = compare_training_file(file, rules, roster, seed, each)
    return json_line(training_json(report)) if as_json else training_text(report)


def _open_scenario(
    file: Path, rules: Path | None, roster: Path | None, seed: int | None
) -> tuple[Scenario, Roster, Setting]:
    """Read a scenario with its rules and its roster, and check every name in it."""
    text = read_text(file, max_chars=MAX_DOCUMENT_CHARS)
    scenario, document = read_scenario(text, str(file))
    rules = rules or _beside(file, scenario.rules, "rules")
    setting = _setting(rules, roster or _beside(file, scenario.roster, "roster"), seed)
    assert setting.roster is not None
    theirs = setting.roster
    if scenario.zone is not None:
        theirs = replace(theirs, zone=scenario.zone)
        setting = replace(setting, roster=theirs)
    check_names(scenario, document, setting.ruleset, theirs.agents)
    return scenario, theirs, setting


def _beside(file: Path, name: str | None, key: str) -> Path:
    if name is None:
        hint = f"Write `{key}: {key}.yaml` in the scenario, or give --{key}."
        raise ConfigError(f"the scenario names no {key}.", path=str(file), hint=hint)
    return file.parent / name


def _setting(rules: Path, roster: Path | None, seed: int | None) -> Setting:
    ruleset = load_rules(rules)
    return Setting(
        ruleset=ruleset,
        roster=roster_for(ruleset, roster),
        seed=DEFAULT_SEED if seed is None else seed,
        class_of=classes_of_channels(),
        strategies=strategies_used(ruleset),
    )


def _write(path: Path, entries: Sequence[JsonObject]) -> None:
    try:
        path.write_text("".join(f"{json_line(entry)}\n" for entry in entries), encoding="utf-8")
    except OSError as error:
        reason = f"{error.strerror or 'it cannot be written'}."
        raise ConfigError(reason, path=str(path), hint="Name a file in a folder that exists.") from None


def roster_for(ruleset: RuleSet, path: Path | None) -> Roster | None:
    """Read a roster, and check its names against the rules."""
    if path is None:
        return None
    text = read_text(path, max_chars=MAX_DOCUMENT_CHARS)
    return load_roster(text, str(path), rules=ruleset.model)


def strategies_used(ruleset: RuleSet) -> Sequence[Strategy]:
    """Give the strategies of plugins, if the rules name one the router does not bring itself."""
    own = {strategy.name for strategy in BUILT_IN}
    named = {queue.strategy for queue in ruleset.engine_config.queues.values()}
    return () if named <= own else PluginHost.load().strategies


def classes_of_channels() -> Callable[[str], str | None]:
    """Give a function that asks the installed plugins for the class of a channel, loading them when asked."""

    @cache
    def classes() -> dict[str, str]:
        return {
            name: kind.capabilities.channel_class for name, kind in PluginHost.load().channel_types.items()
        }

    return lambda channel: classes().get(channel)


def _until(text: str | None, last_at: datetime) -> datetime | None:
    """Read when to stop: a time, or a duration after the last event from outside."""
    if text is None:
        return None
    try:
        if text[:1].isdigit() and text[-1:] in "smhd":
            return last_at + timedelta(seconds=seconds(text, "--until"))
        until = read_time(text)
    except ConfigError:
        hint = "Write 2026-01-05T18:00:00Z, or a duration after the last event such as 8h."
        message = f"`{text[:40]}` is neither a time nor a duration."
        raise ConfigError(message, path="--until", hint=hint) from None
    if until < last_at:
        raise ConfigError("it lies before the last event.", path="--until", hint="Give a later time.")
    return until
