"""`omnirouter simulate`: find out what a file is, play it, and give the lines to print."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from router.documents.reading import MAX_DOCUMENT_CHARS
from router.engine.roster import Roster, load_roster
from router.engine.rules import RuleSet
from router.errors import ConfigError
from router.plugin_host import PluginHost
from router.rules_files import load_rules
from router.simulation.event_list import Line, read_event_list, read_time
from router.simulation.queueing import seconds
from router.simulation.simulating import Setting, simulate
from router.text_files import read_text

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
    if rules is None:
        raise ConfigError("the rules are missing.", path="--rules", hint="Name the rules file.")
    ruleset = load_rules(rules)
    setting = Setting(
        ruleset=ruleset,
        roster=roster_for(ruleset, roster),
        seed=DEFAULT_SEED if seed is None else seed,
        class_of=classes_of_channels(),
    )
    lines = read_event_list(file)
    return simulate(lines, str(file), setting, _until(until, lines)).lines(as_json=as_json)


def roster_for(ruleset: RuleSet, path: Path | None) -> Roster | None:
    """Read a roster, and check its names against the rules."""
    if path is None:
        return None
    text = read_text(path, max_chars=MAX_DOCUMENT_CHARS)
    return load_roster(text, str(path), rules=ruleset.model)


def classes_of_channels() -> Callable[[str], str | None]:
    """Give a function that asks the installed plugins for the class of a channel, loading them when asked."""

    @cache
    def classes() -> dict[str, str]:
        return {
            name: kind.capabilities.channel_class for name, kind in PluginHost.load().channel_types.items()
        }

    return lambda channel: classes().get(channel)


def _until(text: str | None, lines: list[Line]) -> datetime | None:
    """Read when to stop: a time, or a duration after the last line."""
    if text is None:
        return None
    last_at = lines[-1].at
    try:
        if text[:1].isdigit() and text[-1:] in "smhd":
            return last_at + timedelta(seconds=seconds(text, "--until"))
        until = read_time(text)
    except ConfigError:
        hint = "Write a time such as 2026-01-05T18:00:00Z, or a duration after the last line such as 8h."
        raise ConfigError(
            f"`{text[:40]}` is neither a time nor a duration.", path="--until", hint=hint
        ) from None
    if until < last_at:
        raise ConfigError("it lies before the last line.", path="--until", hint="Give a later time.")
    return until
