"""What differs between two rule sets in meaning, and what becomes of their examples.

In: two compiled documents with their lists. Out: differences by part and name, and the examples of either
that end elsewhere under the other. Order of keys, comments, spacing and written-out defaults do not count.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from router.documents.models import span
from router.engine.rules.examples import example_facts, need_text
from router.engine.rules.needs import plain_need
from router.engine.rules.phrases import list_lines
from router.engine.rules.ruleset import RuleSet, Triage
from router.engine.rules.schema import NeedModel, RuleModel
from router.engine.rules.tokens import joined, tokens_of
from router.messages import JsonObject

_SECTIONS = ("skills", "calendars", "sla_policies", "queues", "leases", "incidents", "facts")
_WHOLES = ("capacity", "offers")


class Kind(StrEnum):
    """How a part differs."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One part that is not the same; `key` names what changed within it."""

    kind: Kind
    section: str
    name: str = ""
    key: str = ""
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        place = f"{self.section}.{self.name}" if self.name else self.section
        if self.kind is Kind.CHANGED:
            return f"{place} changed: {self.key} {self.before or 'none'} → {self.after or 'none'}"
        return f"{place} {self.kind}" + (f" ({self.after})" if self.after else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """An example that ends elsewhere; `of` says which document it stands in."""

    of: str
    rule: str
    example: int
    key: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.of}, {self.rule}, example {self.example}: {self.key} {self.before} → {self.after}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything that differs."""

    differences: Sequence[Difference]
    shifts: Sequence[Shift]

    def text(self) -> str:
        """Give one line a difference; empty when nothing differs."""
        lines = [str(each) for each in self.differences]
        if self.shifts:
            lines += ["Examples that end elsewhere:", *(f"  {each}" for each in self.shifts)]
        elif lines:
            lines.append("No example ends elsewhere.")
        return "\n".join(lines)

    def as_json(self) -> JsonObject:
        """Give the same for programs."""
        return {
            "same": not self.differences,
            "differences": [asdict(each) for each in self.differences],
            "examples": [asdict(each) for each in self.shifts],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One of the two: what it is called, the compiled rules, the text of its list files."""

    title: str
    ruleset: RuleSet
    lists: Mapping[str, str]


def compare(before: Compared, after: Compared) -> Comparison:
    """Find what differs from `before` to `after`."""
    differences = [*_parts(before.ruleset, after.ruleset), *_lists(before, after)]
    differences += _rules(before.ruleset.model.rules, after.ruleset.model.rules)
    if before.ruleset.default_queue != after.ruleset.default_queue:
        differences.append(
            Difference(
                kind=Kind.CHANGED,
                section="queues",
                key="queue where no rule sets one",
                before=before.ruleset.default_queue,
                after=after.ruleset.default_queue,
            )
        )
    shifts = [shift for one in (before, after) for shift in _shifts(one, before.ruleset, after.ruleset)]
    return Comparison(differences=differences, shifts=shifts)


def _parts(before: RuleSet, after: RuleSet) -> Iterator[Difference]:
    for section in _SECTIONS:
        yield from _entries(section, getattr(before.model, section), getattr(after.model, section))
    for section in _WHOLES:
        yield from _changes(section, "", getattr(before.model, section), getattr(after.model, section))


def _entries(section: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    for name in before:
        if name not in after:
            yield Difference(kind=Kind.REMOVED, section=section, name=name)
        else:
            yield from _changes(section, name, before[name], after[name])
    for name in after:
        if name not in before:
            yield Difference(kind=Kind.ADDED, section=section, name=name)


def _changes(section: str, name: str, before: Any, after: Any) -> Iterator[Difference]:
    old, new = dict(_flat("", before)), dict(_flat("", after))
    for key in dict.fromkeys([*old, *new]):
        was, now = old.get(key, ""), new.get(key, "")
        if was != now:
            yield Difference(
                kind=Kind.CHANGED, section=section, name=name, key=key or "type", before=was, after=now
            )


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Give every value below a model with its path, as it would be written; what is not set is left out."""
    if isinstance(value, BaseModel):
        value = {name: getattr(value, name) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        for name, inner in value.items():
            is_span = name.endswith("_s") and isinstance(inner, int)
            shown = span(inner) if is_span else inner
            plain = name.removesuffix("_s")
            yield from _flat(f"{path}.{plain}" if path else plain, shown)
    elif isinstance(value, list) and any(isinstance(item, NeedModel) for item in value):
        yield path, "; ".join(need_text(plain_need(need)) for need in value)
    elif value is not None:
        yield path, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _lists(before: Compared, after: Compared) -> Iterator[Difference]:
    old, new = _phrases(before), _phrases(after)
    for name in dict.fromkeys([*old, *new]):
        if name not in new or name not in old:
            yield Difference(kind=Kind.REMOVED if name in old else Kind.ADDED, section="lists", name=name)
            continue
        for one, other, key in ((old, new, "phrase taken away"), (new, old, "phrase added")):
            for phrase in one[name]:
                if phrase not in other[name]:
                    sides = {"before": phrase} if one is old else {"after": phrase}
                    yield Difference(kind=Kind.CHANGED, section="lists", name=name, key=key, **sides)


def _phrases(document: Compared) -> Mapping[str, Sequence[str]]:
    files = {name: [line.text for line in list_lines(text)] for name, text in document.lists.items()}
    return {**files, **document.ruleset.model.lists}


def _rules(before: Sequence[RuleModel], after: Sequence[RuleModel]) -> Iterator[Difference]:
    old, new = {rule.name: rule for rule in before}, {rule.name: rule for rule in after}
    for name in old:
        if name not in new:
            yield Difference(kind=Kind.REMOVED, section="rules", name=name)
    moved = _moved([name for name in old if name in new], [name for name in new if name in old])
    previous = "first"
    for name, rule in new.items():
        if name not in old or name in moved:
            kind = Kind.MOVED if name in old else Kind.ADDED
            yield Difference(kind=kind, section="rules", name=name, after=previous)
        if name in old:
            yield from _rule_changes(old[name], rule)
        previous = f"after {name}"


def _moved(old: Sequence[str], new: Sequence[str]) -> set[str]:
    """Give the fewest rules whose moving makes one order of the other."""
    kept: set[str] = set()
    for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        kept.update(old[block.a : block.a + block.size])
    return set(old) - kept


def _rule_changes(before: RuleModel, after: RuleModel) -> Iterator[Difference]:
    if joined(tokens_of(before.when)) != joined(tokens_of(after.when)):
        yield Difference(
            kind=Kind.CHANGED,
            section="rules",
            name=after.name,
            key="when",
            before=" ".join(before.when.split()),
            after=" ".join(after.when.split()),
        )
    old = {"set": before.settings, "final": before.final}
    yield from _changes("rules", after.name, old, {"set": after.settings, "final": after.final})


def _shifts(stands_in: Compared, before: RuleSet, after: RuleSet) -> Iterator[Shift]:
    """Triage the examples of one document under both."""
    ruleset = stands_in.ruleset
    for rule in ruleset.model.rules:
        for number, example in enumerate(rule.examples, 1):
            facts = example_facts(example.given, ruleset.zone)
            old, new = _outcome(before.triage(facts)), _outcome(after.triage(facts))
            for key in old:
                if old[key] != new[key]:
                    yield Shift(
                        of=stands_in.title,
                        rule=rule.name,
                        example=number,
                        key=key,
                        before=old[key],
                        after=new[key],
                    )


def _outcome(triage: Triage) -> Mapping[str, str]:
    """Write what was decided, key by key."""
    return {
        "queue": triage.queue,
        "boost": span(triage.boost_s),
        "sla": ", ".join(triage.sla_policies) or "none",
        "needs": "; ".join(sorted(map(need_text, triage.needs))) or "none",
    }
