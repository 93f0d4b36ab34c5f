"""Check what the shape of a rules document cannot say: names that must exist, conditions, contradictions.

In: the document with its places, its model, and the names of all lists. Out: every problem found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from router.documents.places import Located, Path, Place
from router.documents.problems import Problem
from router.documents.suggestions import did_you_mean
from router.engine.rules.arrangement import Arrangement
from router.engine.rules.expressions import check_conditions
from router.engine.rules.facts import variable_types
from router.engine.rules.needs import contradictions
from router.engine.rules.phrases import pattern_message
from router.engine.rules.references import Reference, find_references
from router.engine.rules.schema import LASTING_KINDS, NeedModel, RulesModel, SettingsModel


class Consistency:
    """The checks over one document."""

    def __init__(self, document: Located, model: RulesModel, lists: Sequence[str]) -> None:
        self._document = document
        self._model = model
        self._lists = lists

    def problems(self) -> Iterator[Problem]:
        """Give every problem."""
        yield from Arrangement(self._document, self._model).problems()
        yield from self._rule_names()
        types = variable_types(self._model.facts)
        faults = check_conditions([rule.when for rule in self._model.rules], types)
        for index, rule in enumerate(self._model.rules):
            when: Path = ("rules", index, "when")
            for fault in faults[index]:
                place = self._document.inside_scalar(when, fault.line, fault.column)
                yield self._document.problem(when, fault.message, fault.hint, place=place)
            if not any(fault.message.startswith("Syntax error") for fault in faults[index]):
                yield from self._references(when, rule.when, has_faults=bool(faults[index]))
            yield from self._settings(("rules", index, "set"), rule.settings)
            for number, example in enumerate(rule.examples):
                path: Path = ("rules", index, "examples", number, "expect")
                expect = example.expect
                yield from self._named((*path, "queue"), expect.queue, list(self._model.queues), "queue")
                yield from self._policies((*path, "sla"), expect.sla)
                yield from self._needs((*path, "needs"), expect.needs or [])

    def _rule_names(self) -> Iterator[Problem]:
        first: dict[str, int] = {}
        for index, rule in enumerate(self._model.rules):
            if rule.name in first:
                line = self._document.place(("rules", first[rule.name], "name")).line
                message = f"the name `{rule.name}` is taken by the rule in line {line}"
                yield self._document.problem(
                    ("rules", index, "name"), message, "Give each rule its own name."
                )
            first.setdefault(rule.name, index)

    def _settings(self, path: Path, settings: SettingsModel) -> Iterator[Problem]:
        yield from self._named((*path, "queue"), settings.queue, list(self._model.queues), "queue")
        yield from self._policies((*path, "sla"), settings.sla)
        yield from self._needs((*path, "needs"), settings.needs)
        for index, message in contradictions(settings.needs):
            yield self._document.problem((*path, "needs", index), message, "Keep one of the two needs.")

    def _policies(self, path: Path, names: Sequence[str] | None) -> Iterator[Problem]:
        for index, name in enumerate(names or ()):
            at: Path = (*path, index)
            yield from self._named(at, name, list(self._model.sla_policies), "sla policy")

    def _needs(self, path: Path, needs: Sequence[NeedModel]) -> Iterator[Problem]:
        for index, need in enumerate(needs):
            at: Path = (*path, index, need.verb)
            yield from self._named(at, need.skill, list(self._model.skills), "skill")
            skill = self._model.skills.get(need.skill)
            lasts = skill is not None and skill.kind in LASTING_KINDS
            if skill is not None and lasts and (need.verb == "prefer" or need.drop_after_s is not None):
                message = f"`{need.skill}` is a {skill.kind} skill and never dropped"
                hint = "Use `require:`." if need.verb == "prefer" else "Take `drop_after` away."
                yield self._document.problem(at, message, hint)

    def _references(self, path: Path, text: str, *, has_faults: bool) -> Iterator[Problem]:
        known = {
            "mentions_any": (self._lists, "list"),
            "matches_list": (self._lists, "list"),
            "business_open": (list(self._model.calendars), "calendar"),
        }
        for reference in find_references(text):
            place = self._place_in(path, text, reference)
            if reference.function == "matches":
                if reference.name is not None and (message := pattern_message(reference.name)):
                    hint = "Correct the pattern (RE2: no look-ahead, no back-references)."
                    yield self._document.problem(path, f"not a pattern: {message}", hint, place=place)
                continue
            names, noun = known[reference.function]
            if reference.name is None and has_faults:
                continue
            if reference.name is None:
                message = f"{reference.function} needs the name of its {noun} written out"
                yield self._document.problem(path, message, f'Write it in quotes: "{noun}".', place=place)
            elif reference.name not in names:
                hint = did_you_mean(reference.name, names)
                yield self._document.problem(path, f"unknown {noun} `{reference.name}`", hint, place=place)

    def _place_in(self, path: Path, text: str, reference: Reference) -> Place:
        before = text[: reference.name_start]
        return self._document.inside_scalar(
            path, before.count("\n") + 1, reference.name_start - (before.rfind("\n") + 1) + 1
        )

    def _named(self, path: Path, name: str | None, known: Sequence[str], noun: str) -> Iterator[Problem]:
        if name is not None and name not in known:
            yield self._document.problem(path, f"unknown {noun} `{name}`", did_you_mean(name, known))
