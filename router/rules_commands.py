"""`omnirouter rules …`: compare rules, put them in force, take them back, list them.

In: names of files and versions as people write them. Out: an `Answer` in text and for programs. All of it
works beside a running router, which takes up a change by itself.
"""

from __future__ import annotations

import getpass
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from router.clock import SystemClock
from router.config import load_config
from router.documents.suggestions import did_you_mean
from router.engine.rules import RuleSet, load_ruleset
from router.engine.rules.differences import Compared, Comparison, compare
from router.engine.rules.stage import RulesInForce, Stage, stage_from_json
from router.errors import ConfigError
from router.messages import JsonObject
from router.routing_setup import (
    Proposal,
    apply_rules,
    rules_in_force,
    stored_source,
    switch_rules,
)
from router.rules_files import RulesSource, check_source, read_rules
from router.startup import check_folder, make_private
from router.storage.rules import Change, list_changes, list_versions
from router.storage.store import Store
from router.storage.upgrade import upgrade_database

MOST_NOTE_CHARS = 1_000
SHARED_PARTS = ("capacity", "offers", "leases", "incidents", "sla_policies", "calendars")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command says: to people, to programs, and by its exit code."""

    text: str
    fields: JsonObject
    exit_code: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """For whom rules are to be put in force, by whom and why."""

    queues: tuple[str, ...] = ()
    percent: int = 0
    all_work: bool = False
    author: str = ""
    note: str = ""

    def stage(self) -> Stage | None:
        """Give the stage, None for everything; raises ConfigError when the wishes contradict."""
        if sum((bool(self.queues), bool(self.percent), self.all_work)) > 1:
            raise ConfigError(
                "--queue, --percent and --all exclude each other.", hint="Give one of them, or none."
            )
        if self.queues:
            return Stage(queues=self.queues)
        return Stage(percent=self.percent) if 0 < self.percent < 100 else None


async def diff(config: Path, before: str, after: str) -> Answer:
    """Compare two files, stored versions or what is in force. Exit 1 when they differ."""
    one, two = await _compared(config, before), await _compared(config, after)
    found = compare(one, two)
    text = found.text() or f"{one.title} and {two.title} mean the same"
    return Answer(text=text, fields=found.as_json(), exit_code=1 if found.differences else 0)


async def apply(config: Path, file: Path | None, wish: Wish) -> Answer:
    """Check a file and put it in force; without a file, put what is staged in force for more or for all."""
    stage = wish.stage()
    async with _store(config) as store:
        current = await _current(store)
        if stage is not None:
            _require_queues(current, stage)
        if file is None:
            return await _widen(store, current, stage, wish)
        source = read_rules(file)
        if stage is None and current is not None and await _is_alone_in_force(store, current, source):
            return Answer(text=f"{_said(current)} already", fields={**_fields(current), "applied": False})
        report = check_source(source)
        if not report.can_be_used:
            return Answer(text=report.text(), fields={**report.as_json(), "applied": False}, exit_code=1)
        ruleset = load_ruleset(source.text, source=source.source, lists=source.lists)
        found = compare(await _now(store, current, ruleset, source), _of("the file", ruleset, source))
        is_file = _is_configured(config, file)
        after = await apply_rules(
            store, current, source, ruleset, _proposal(wish, _act(current, stage, found), stage, is_file)
        )
        warnings = "" if report.ok else report.text()
        return _applied(after, found, warnings)


async def revert(config: Path, version: int | None, author: str, note: str) -> Answer:
    """End a stage, or put the version before or the named one in force."""
    async with _store(config) as store:
        current = await _current(store)
        if current is None:
            raise ConfigError("nothing is in force yet.", hint="Start the router, or apply a file first.")
        if version is None:
            version = current.version if current.staged else await _before(store, current)
        wish = Wish(author=author, note=note)
        after = await switch_rules(store, current, version, _proposal(wish, "reverted", None))
        text = f"version {after.version} is in force (before: {_said(current)})"
        return Answer(text=text, fields=_fields(after))


async def listed(config: Path) -> Answer:
    """List versions, newest first, and every change of what was in force."""
    async with _store(config) as store, store.reading() as connection:
        versions, changes = await list_versions(connection), await list_changes(connection)
    rows: list[JsonObject] = [
        {
            "version": each.version,
            "author": each.author,
            "at": each.created_at.isoformat(),
            "note": each.note,
            "state": _state(each.version, changes),
        }
        for each in versions
    ]
    lines = [
        f"{row['version']:>4}  {row['at']}  {row['author']:<12} {row['state']:<12} {row['note']}".rstrip()
        for row in rows
    ]
    lines += ["", "Changes, newest first:"] if changes else ["Nothing is in force yet."]
    lines += [
        f"  {each.at.isoformat()}  {each.act} {_said_of(each)} by {each.author}"
        + (f": {each.note}" if each.note else "")
        for each in changes
    ]
    history: list[JsonObject] = [
        {
            "number": each.number,
            "act": each.act,
            "version": each.version,
            "staged_version": each.staged_version,
            "stage": each.stage,
            "author": each.author,
            "note": each.note,
            "at": each.at.isoformat(),
        }
        for each in changes
    ]
    return Answer(text="\n".join(lines), fields={"versions": rows, "changes": history})


async def _widen(store: Store, current: RulesInForce | None, stage: Stage | None, wish: Wish) -> Answer:
    """Put the staged version in force for another part of the work, or for all of it."""
    if current is None or current.staged is None:
        raise ConfigError("no version is staged.", hint="Name the file to apply.")
    staged = current.staged
    source = await _stored(store, staged.version)
    found = compare(await _now(store, current, staged.ruleset, source), _of("staged", staged.ruleset, source))
    if stage is None:
        after = await switch_rules(store, current, staged.version, _proposal(wish, "promoted", None))
    else:
        proposal = _proposal(wish, "staged", stage)
        after = await apply_rules(store, current, source, staged.ruleset, proposal)
    return _applied(after, found, "")


def _applied(after: RulesInForce, found: Comparison, warnings: str) -> Answer:
    lines = [warnings] if warnings else []
    lines.append(f"{_said(after)} now")
    shared = sorted({each.section for each in found.differences} & set(SHARED_PARTS))
    if after.staged is not None and shared:
        lines.append(f"not before it is fully in force: changes of {', '.join(shared)} that everybody shares")
    lines += [f"  {line}" for line in found.text().splitlines()]
    return Answer(text="\n".join(lines), fields={**_fields(after), **found.as_json(), "applied": True})


def _fields(rules: RulesInForce) -> JsonObject:
    staged = rules.staged
    return {
        "version": rules.version,
        "staged_version": staged.version if staged else None,
        "stage": staged.stage.as_json() if staged else None,
    }


def _said(rules: RulesInForce) -> str:
    if rules.staged is None:
        return f"version {rules.version} is in force"
    return (
        f"version {rules.staged.version} is in force for {rules.staged.stage}, version {rules.version} else"
    )


def _said_of(change: Change) -> str:
    if change.staged_version is None:
        return f"version {change.version}"
    stage = stage_from_json(change.stage or {})
    return f"version {change.staged_version} for {stage}, version {change.version} else"


def _state(version: int, changes: Sequence[Change]) -> str:
    if not changes:
        return "stored"
    if version == changes[0].version:
        return "in force"
    if version == changes[0].staged_version:
        return "staged"
    was = any(version == each.version for each in changes)
    return "was in force" if was else "was staged"


def _act(current: RulesInForce | None, stage: Stage | None, found: Comparison) -> str:
    if stage is not None:
        return "staged"
    return (
        "promoted"
        if current is not None and current.staged is not None and not found.differences
        else "applied"
    )


async def _is_alone_in_force(store: Store, current: RulesInForce, source: RulesSource) -> bool:
    stored = await _stored(store, current.version)
    return current.staged is None and (stored.text, stored.lists) == (source.text, source.lists)


def _require_queues(current: RulesInForce | None, stage: Stage) -> None:
    if current is None:
        raise ConfigError(
            "nothing is in force yet, so nothing can be tried beside it.", hint="Leave out the stage."
        )
    known = list(current.ruleset.model.queues)
    for name in stage.queues:
        if name not in known:
            raise ConfigError(
                f"the rules in force have no queue `{name}`.", path="--queue", hint=did_you_mean(name, known)
            )


async def _before(store: Store, current: RulesInForce) -> int:
    async with store.reading() as connection:
        changes = await list_changes(connection)
    for change in changes:
        if change.version != current.version:
            return change.version
    raise ConfigError("there is no version before this one.", hint="See `omnirouter rules list`.")


async def _now(store: Store, current: RulesInForce | None, ruleset: RuleSet, source: RulesSource) -> Compared:
    """Give what is in force, to compare with; in a new store the given rules themselves."""
    if current is None:
        return _of("nothing", ruleset, source)
    stored = await _stored(store, current.version)
    return _of(f"version {current.version}", current.ruleset, stored)


async def _compared(config: Path, name: str) -> Compared:
    """Find what a person means by a number, `current` or a file's name."""
    if name != "current" and not name.isdigit():
        source = read_rules(Path(name))
    else:
        async with _store(config) as store:
            version = int(name) if name != "current" else await _current_version(store)
            source = await _stored(store, version)
    return _of(name, load_ruleset(source.text, source=source.source, lists=source.lists), source)


async def _current(store: Store) -> RulesInForce | None:
    async with store.reading() as connection:
        return await rules_in_force(connection)


async def _stored(store: Store, version: int) -> RulesSource:
    async with store.reading() as connection:
        return await stored_source(connection, version)


async def _current_version(store: Store) -> int:
    async with store.reading() as connection:
        changes = await list_changes(connection, 1)
    if not changes:
        raise ConfigError("nothing is in force yet.", hint="Start the router, or apply a file first.")
    return changes[0].version


def _of(title: str, ruleset: RuleSet, source: RulesSource) -> Compared:
    return Compared(title=title, ruleset=ruleset, lists=source.lists)


def _proposal(wish: Wish, act: str, stage: Stage | None, is_file: bool = False) -> Proposal:
    if len(wish.note) > MOST_NOTE_CHARS:
        raise ConfigError(f"the note is longer than {MOST_NOTE_CHARS} characters.", hint="Shorten it.")
    author = wish.author.strip() or _user()
    at = SystemClock().now()
    return Proposal(act=act, author=author[:100], note=wish.note.strip(), stage=stage, is_file=is_file, at=at)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def _is_configured(config: Path, file: Path) -> bool:
    """Say whether this is the file the router reads when it starts."""
    rules = load_config(config).rules
    return rules is not None and rules.resolve() == file.resolve()


@asynccontextmanager
async def _store(config: Path) -> AsyncIterator[Store]:
    """Open the store beside whoever uses it, brought to this version's schema."""
    url = load_config(config).store.url
    check_folder(url)
    make_private(url)
    await upgrade_database(url)
    async with Store.open(url) as store:
        yield store
