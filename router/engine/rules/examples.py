"""Run the examples of a rules document as its tests.

In: a loaded document. Out: one problem for everything an example gives wrongly or does not get.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from router.documents.models import span
from router.documents.places import Path
from router.documents.problems import Problem
from router.documents.suggestions import did_you_mean
from router.engine.rules.facts import VARIABLES, Facts, FactValue, is_of_type, variable_types
from router.engine.rules.needs import plain_need
from router.engine.rules.ruleset import LoadedRules, Triage
from router.engine.rules.schema import ExampleModel, ExpectModel, FactType, RuleModel
from router.messages import JsonObject

Given: TypeAlias = Mapping[str, Mapping[str, FactValue]]

_CLOCK: Mapping[str, FactType] = {"now.hour": "int", "now.weekday": "int", "now.at": "string"}
_ATTRIBUTES = {variable.name: variable.attribute for variable in VARIABLES if variable.attribute}
_LARGEST_CLOCK = {"now.hour": (0, 23), "now.weekday": (1, 7)}


def run_examples(loaded: LoadedRules, spoiled: frozenset[int] = frozenset()) -> Iterator[Problem]:
    """Give what is wrong with the examples of every rule; those of `spoiled` ones are not played."""
    for index, rule in enumerate(loaded.ruleset.model.rules):
        for number, example in enumerate(rule.examples):
            path: Path = ("rules", index, "examples", number)
            wrong = list(_wrong_givens(loaded, (*path, "given"), example))
            if wrong or index in spoiled:
                yield from wrong
            else:
                yield from _run(loaded, path, rule, example)


def _wrong_givens(loaded: LoadedRules, path: Path, example: ExampleModel) -> Iterator[Problem]:
    """Check names, types and sizes of what an example gives."""
    types = variable_types(loaded.ruleset.model.facts) | dict(_CLOCK)
    for group, values in example.given.items():
        for name, value in values.items():
            full, at = f"{group}.{name}", (*path, group, name)
            kind = types.get(full)
            if kind is None:
                place = loaded.document.key_place(at)
                yield loaded.document.problem(
                    at, f"unknown variable `{full}`", did_you_mean(full, sorted(types)), place=place
                )
            elif not is_of_type(value, kind):
                yield loaded.document.problem(at, f"`{full}` is {kind}", f"Give a {kind} here.")
            elif full in _LARGEST_CLOCK:
                least, most = _LARGEST_CLOCK[full]
                if not least <= int(value) <= most:
                    message = f"`{full}` runs from {least} to {most}"
                    yield loaded.document.problem(at, message, "Monday is 1, Sunday is 7; hours are 0 to 23.")
            elif full == "now.at" and _moment(str(value), loaded.ruleset.zone) is None:
                yield loaded.document.problem(at, f"`{value}` is no time", "Write 2026-11-23T09:30.")


def _run(loaded: LoadedRules, path: Path, rule: RuleModel, example: ExampleModel) -> Iterator[Problem]:
    """Triage one example and compare."""
    triage = loaded.ruleset.triage(example_facts(example.given, loaded.ruleset.zone))
    matched = rule.name in triage.matched
    if matched != example.expect.match:
        message = f"the rule `{rule.name}` {'matches' if matched else 'does not match'} its own example"
        hint = f"Correct the condition, or expect `match: {'true' if matched else 'false'}`."
        yield loaded.document.problem(path, message, hint)
        return
    for key, expected, got in _differences(example.expect, triage):
        at: Path = (*path, "expect", key)
        by = ", ".join(triage.matched) or "no rule"
        hint = f"Correct the example or the rules; matching here: {by}."
        yield loaded.document.problem(at, f"expected {expected}, got {got}", hint)
    for error in triage.errors:
        yield loaded.document.problem(path, f"a condition failed: {error}", "Correct that condition.")


def _differences(expect: ExpectModel, triage: Triage) -> Iterator[tuple[str, str, str]]:
    """Compare what is expected with what came, key by key."""
    if expect.queue is not None and expect.queue != triage.queue:
        yield "queue", f"queue {expect.queue}", triage.queue
    if expect.boost_s is not None and expect.boost_s != triage.boost_s:
        yield "boost", f"boost {expect.boost_s}s", f"{triage.boost_s}s"
    if expect.sla is not None and tuple(expect.sla) != triage.sla_policies:
        yield "sla", f"sla {', '.join(expect.sla)}", ", ".join(triage.sla_policies) or "none"
    if expect.needs == [] and triage.needs:
        yield "needs", "no needs", _needs_text(triage)
    for need in expect.needs or ():
        if plain_need(need) not in triage.needs:
            yield "needs", need_text(plain_need(need)), _needs_text(triage)


def _needs_text(triage: Triage) -> str:
    return "; ".join(need_text(need) for need in triage.needs) or "no needs"


def need_text(need: JsonObject) -> str:
    """Write a need the way a rules file does."""
    shown = {
        key.removesuffix("_s"): span(int(value)) if key.endswith("_s") and isinstance(value, float) else value
        for key, value in need.items()
        if value is not None and value != 0
    }
    return ", ".join(f"{key}: {value}" for key, value in shown.items())


def example_facts(given: Given, zone: ZoneInfo) -> Facts:
    """Build the facts an example gives."""
    attributes = {
        _ATTRIBUTES[f"{group}.{name}"]: value
        for group, values in given.items()
        for name, value in values.items()
        if group not in ("now", "facts")
    }
    return Facts(at=_at(given.get("now", {}), zone), classified=given.get("facts", {}), **attributes)  # type: ignore[arg-type]


def _at(now: Mapping[str, FactValue], zone: ZoneInfo) -> datetime:
    """Find the moment of an example: as given, else a Monday in January at noon of the shop."""
    base = _moment(str(now["at"]), zone) if "at" in now else None
    local = (base or datetime(2026, 1, 12, 12, tzinfo=zone)).astimezone(zone)
    if "weekday" in now:
        local += timedelta(days=int(now["weekday"]) - local.isoweekday())
    return local.replace(hour=int(now.get("hour", local.hour))).astimezone(UTC)


def _moment(text: str, zone: ZoneInfo) -> datetime | None:
    """Read a time; without an offset it is the shop's own."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
