"""Look at a rules document as far as one can, whatever is wrong with it: one fault must not hide the others.

In: the text of a document and its lists. Out: all errors, warnings and notes. Where something is wrong it is left
out or replaced by a stand-in, and the rest is looked at; what only follows from that is not complained of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from router.documents.places import Located
from router.documents.problems import Problem
from router.documents.recovery import read_in_parts
from router.documents.validation import validate
from router.engine.rules.arrangement import Arrangement
from router.engine.rules.consistency import Consistency
from router.engine.rules.examples import run_examples
from router.engine.rules.lint import lint
from router.engine.rules.lists import PhraseLists
from router.engine.rules.mending import STAND_IN, left_out, mended, undefined
from router.engine.rules.references import find_references
from router.engine.rules.ruleset import LoadedRules, RuleSet, names_used
from router.engine.rules.schema import RulesModel
from router.engine.rules.unused import unfilled, unused

MAX_ROUNDS = 12
NEVER_FOUND = "\ue000\ue001\ue000"
"""The content of a list that stands in for one that cannot be used: private letters nobody writes."""

_STAND_INS = {
    "skills": "{}",
    "queues": "{}",
    "sla_policies": "{}",
    "incidents": "{}",
    "lists": f"[{NEVER_FOUND}]",
    "calendars": '{zone: UTC, week: {mon: ["09:00-10:00"]}}',
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """Everything found in a document, and how much of it could be looked at."""

    errors: Sequence[Problem]
    warnings: Sequence[Problem]
    notes: Sequence[Problem] = ()
    rules: int = 0
    examples: int = 0


def examine(text: str, *, source: str, lists: Mapping[str, str]) -> Examined:
    """Find everything worth a look in a rules document. Never raises for what a document holds."""
    return _Examination(source, lists).run(text)


class _Examination:
    """One look at one document."""

    def __init__(self, source: str, lists: Mapping[str, str]) -> None:
        self._source = source
        self._lists = dict(lists)
        self._errors: list[Problem] = []
        self._warnings: list[Problem] = []
        self._notes: list[Problem] = []
        # what could not be looked at: names and words that may stand there are not complained of elsewhere
        self._lost = ""
        # names that may be defined in what was left out
        self._undefined = ""
        self._spoiled: set[int] = set()
        self._spoiled_examples: set[tuple[str | int, ...]] = set()

    def run(self, text: str) -> Examined:
        """Go through the stages, each with what the one before left."""
        recovered = read_in_parts(text, source=self._source, stand_ins=_STAND_INS)
        self._errors += recovered.problems
        self._spoil(recovered.problems)
        self._lost = self._undefined = recovered.lost
        if recovered.located is None or not recovered.located.values:
            if not self._errors:
                empty = Located(source=self._source)
                self._errors.append(
                    empty.problem((), "the document is empty", "Write at least one `key: value`.")
                )
            return self._result(None)
        document, model = self._shaped(recovered.located)
        if model is not None:
            model = self._consistent(document, model)
        if model is not None:
            self._behaviour(document, model)
        return self._result(model)

    def _result(self, model: RulesModel | None) -> Examined:
        rules = model.rules if model is not None else ()
        return Examined(
            errors=sorted(self._errors, key=_place),
            warnings=sorted(self._warnings, key=_place),
            notes=sorted(self._notes, key=_place),
            rules=len(rules),
            examples=sum(len(rule.examples) for rule in rules),
        )

    def _shaped(self, document: Located) -> tuple[Located, RulesModel | None]:
        """Say what has the wrong shape, and go on without it."""
        # what could not be read is no wrong shape besides
        told = {(problem.line, problem.column) for problem in self._errors}
        wrong = validate(RulesModel, document)[1]
        self._note(document, [each for each in wrong if (each.line, each.column) not in told])
        return _valid(document)

    def _consistent(self, document: Located, model: RulesModel) -> RulesModel | None:
        """Find names that do not exist and the like; leave those places out."""
        for number in range(MAX_ROUNDS):
            gathered = PhraseLists(document, model.lists, self._lists)
            found = Consistency(document, model, gathered.names).problems()
            problems = [problem for problem in found if STAND_IN not in problem.message]
            if not problems:
                return model
            if number == 0:
                self._note(document, [problem for problem in problems if not self._is_undefined(problem)])
            self._spoil(problems)
            value = mended(document.value, [problem.steps for problem in problems])
            remaining, again = _valid(replace(document, value=value))
            if again is None:
                return None
            document.value, model = remaining.value, again
        return None

    def _behaviour(self, document: Located, model: RulesModel) -> None:
        """Run the examples and look for what is most likely a mistake."""
        gathered = self._usable_lists(document, model)
        named = names_used(model.rules)
        searches = gathered.compile(named["mentions_any"], named["matches_list"])
        self._errors += gathered.problems
        if gathered.problems:
            gathered = self._usable_lists(document, model)
            searches = gathered.compile(named["mentions_any"], named["matches_list"])
        spoiled = frozenset(self._spoiled)
        loaded = LoadedRules(document=document, ruleset=RuleSet(model, searches))
        if not gathered.problems:
            failing = run_examples(loaded, spoiled)
            self._errors += self._own(failing)
        self._warnings += lint(document, model, spoiled)
        self._warnings += Arrangement(document, model).doubtful()
        self._warnings += self._own(unfilled(document, model))
        self._notes += self._own(unused(document, model, gathered.names))

    def _usable_lists(self, document: Located, model: RulesModel) -> PhraseLists:
        """Gather the lists; those that cannot be used are told once and never found from then on."""
        gathered = PhraseLists(document, model.lists, self._lists)
        named = names_used(model.rules)
        if not gathered.problems:
            gathered.compile(named["mentions_any"], named["matches_list"])
        if not gathered.problems:
            return gathered
        self._errors += gathered.problems
        wrong = {_list_of(problem) for problem in gathered.problems}
        for index, rule in enumerate(model.rules):
            if any(reference.name in wrong for reference in find_references(rule.when)):
                self._spoiled.add(index)
        inline = {name: [NEVER_FOUND] if name in wrong else lines for name, lines in model.lists.items()}
        for name in wrong & set(self._lists):
            self._lists[name] = NEVER_FOUND
            inline.pop(name, None)
        return PhraseLists(document, inline, self._lists)

    def _note(self, document: Located, problems: Sequence[Problem]) -> None:
        """Keep what is wrong, and remember what cannot be looked at because of it."""
        self._errors += problems
        self._spoil(problems)
        for problem in problems:
            self._undefined += "\n" + "\n".join(undefined(document, problem.steps))
            self._lost += "\n" + problem.hint + "\n" + "\n".join(left_out(document, problem.steps))

    def _own(self, problems: Iterable[Problem]) -> list[Problem]:
        return [problem for problem in problems if not self._follows(problem)]

    def _spoil(self, problems: Sequence[Problem]) -> None:
        for problem in problems:
            steps = problem.steps
            if steps[:1] == ("rules",) and len(steps) > 1 and steps[2:3] not in (("name",), ("examples",)):
                self._spoiled.add(int(steps[1]))
            if steps[:1] == ("rules",) and steps[2:3] == ("examples",) and len(steps) > 3:
                self._spoiled_examples.add(steps[:4])

    def _follows(self, problem: Problem) -> bool:
        """Say whether something that was left out may be the cause of a complaint."""
        if STAND_IN in problem.message:
            return True
        if problem.steps[:4] in self._spoiled_examples and problem.steps[4:5] != ("given",):
            return True
        return any(name in self._lost for name in _quoted(problem.message)) if self._lost.strip() else False

    def _is_undefined(self, problem: Problem) -> bool:
        """Say whether the name complained of may be defined in what was left out."""
        return any(name in self._undefined for name in _quoted(problem.message) if name)


def _valid(document: Located) -> tuple[Located, RulesModel | None]:
    """Leave out what has the wrong shape until the rest is valid."""
    for _ in range(MAX_ROUNDS):
        model, problems = validate(RulesModel, document)
        value = mended(document.value, [problem.steps for problem in problems])
        if model is not None or value is None:
            return document, model
        document = replace(document, value=value)
    return document, None


def _quoted(message: str) -> Iterator[str]:
    """Give the names a complaint is about."""
    yield from message.split("`")[1::2]
    words = message.replace(",", " ").split()
    if words[:1] == ["expected"]:
        yield from words[2:3]


def _list_of(problem: Problem) -> str:
    if problem.steps[:1] == ("lists",) and len(problem.steps) > 1:
        return str(problem.steps[1])
    return problem.source.removeprefix("lists/").removesuffix(".txt")


def _place(problem: Problem) -> tuple[str, int, int]:
    return problem.source, problem.line, problem.column
