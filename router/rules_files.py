"""Rules on disk: a YAML document and the phrase lists in the folder `lists` beside it.

In: the path of a rules file. Out: a compiled `RuleSet`, or a `Report` of what is wrong with the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from router.clock import SystemClock
from router.documents.reading import MAX_DOCUMENT_CHARS
from router.engine.roster import Roster, load_roster
from router.engine.rules import RuleSet, load_ruleset
from router.engine.rules.checks import check_ruleset
from router.engine.rules.lists import MAX_LIST_CHARS
from router.engine.rules.reach import Reach, prove_reach
from router.engine.rules.report import Report
from router.errors import ConfigError
from router.text_files import read_text

MAX_LISTS = 200

DEFAULT_RULES = Path(__file__).parent / "rules_default.yaml"
"""The rules that are used where none are configured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesSource:
    """A rules document as it was read, ready to be compiled or stored."""

    source: str
    text: str
    lists: Mapping[str, str]


def read_rules(path: Path) -> RulesSource:
    """Read a rules file and the lists beside it; raises ConfigError when that is not possible."""
    folder = path.parent / "lists"
    files = sorted(folder.glob("*.txt")) if folder.is_dir() else []
    if len(files) > MAX_LISTS:
        raise ConfigError(
            f"more than {MAX_LISTS} lists.", path=str(folder), hint="Take the unused ones away."
        )
    lists = {file.stem: read_text(file, max_chars=MAX_LIST_CHARS) for file in files}
    return RulesSource(source=str(path), text=read_text(path, max_chars=MAX_DOCUMENT_CHARS), lists=lists)


def load_rules(path: Path) -> RuleSet:
    """Compile a rules file; raises RulesError with everything that is wrong."""
    read = read_rules(path)
    return load_ruleset(read.text, source=read.source, lists=read.lists)


def rules_check(path: Path) -> Report:
    """Check a rules file with its examples; raises ConfigError when it cannot be read."""
    return check_source(read_rules(path))


def check_source(read: RulesSource) -> Report:
    """Check a rules document as it was read."""
    return Report(source=read.source, result=check_ruleset(read.text, source=read.source, lists=read.lists))


def rules_reach(path: Path, roster: Path, first: date | None, days: int) -> Reach:
    """Prove what a roster can serve from a day on (None: today); raises like the readers of both files."""
    ruleset = load_rules(path)
    text = read_text(roster, max_chars=MAX_DOCUMENT_CHARS)
    people = load_roster(text, source=str(roster), rules=ruleset.model)
    zone = ZoneInfo(people.zone) if people.zone else ruleset.zone
    return prove_reach(ruleset, people, first or SystemClock().now().astimezone(zone).date(), days)


def read_roster(path: Path) -> Roster:
    """Read a roster file; raises RosterError with everything that is wrong."""
    return load_roster(read_text(path, max_chars=MAX_DOCUMENT_CHARS), source=str(path))
