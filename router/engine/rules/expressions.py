"""Conditions in CEL, compiled once and run often: the only module that knows the CEL library.

In: the text of conditions, typed variables, lists and calendars. Out: for each condition whether it
holds. What fails at run time does not hold, and is reported beside the result.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from cel_expr_python import cel  # type: ignore[import-untyped]

from router.documents.suggestions import did_you_mean
from router.engine.calendars import Calendar
from router.engine.rules.facts import FactValue
from router.engine.rules.phrases import TextSearch
from router.engine.rules.references import find_references
from router.engine.rules.schema import FactType

Values: TypeAlias = Mapping[str, FactValue]

_TYPES = {"string": cel.Type.STRING, "bool": cel.Type.BOOL, "int": cel.Type.INT, "double": cel.Type.DOUBLE}
_FAULT = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_UNKNOWN = re.compile(r"undeclared reference to '([^']+)'")
_OPEN = "business_is_open_"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionFault:
    """What is wrong in a condition, by line and column within it, counted from 1."""

    line: int
    column: int
    message: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Which conditions hold, in order, and what went wrong in which of them."""

    holds: Sequence[bool]
    failures: Mapping[int, str]


def check_conditions(texts: Sequence[str], types: Mapping[str, FactType]) -> list[list[ExpressionFault]]:
    """Find everything wrong in each condition without running it."""
    environment = _environment(types, {}, {})
    return [_check(environment, text, sorted(types)) for text in texts]


def _check(environment: Any, text: str, known: Sequence[str]) -> list[ExpressionFault]:
    """Compile one condition and see that it gives true or false."""
    try:
        expression = environment.compile(text)
    except RuntimeError as error:
        return _faults(str(error), known)
    if expression.return_type() != cel.Type.BOOL:
        kind = expression.return_type().name().lower()
        hint = 'Compare it with something: message.language == "zh".'
        return [ExpressionFault(line=1, column=1, message=f"gives {kind}, not true or false", hint=hint)]
    return []


def constant_of(text: str) -> FactValue | None:
    """Work out an expression that looks at nothing; None when that is not possible."""
    if text in ("true", "false"):
        return text == "true"
    environment = cel.NewEnv(variables={})
    try:
        value = environment.compile(text).eval(environment.Activation({})).plain_value()
    except (RuntimeError, ValueError):
        return None
    return value if isinstance(value, str | bool | int | float) else None


class Conditions:
    """All conditions of a rule set, compiled together.

    One evaluation of one list costs a third of evaluating one by one, so that is the normal path. Only
    when something in it fails are the conditions run singly, to tell which.
    """

    def __init__(
        self,
        texts: Sequence[str],
        *,
        types: Mapping[str, FactType],
        phrases: Mapping[str, TextSearch],
        patterns: Mapping[str, TextSearch],
        calendars: Mapping[str, Calendar],
    ) -> None:
        self._calendars = [
            (f"{_OPEN}{number}", calendar) for number, calendar in enumerate(calendars.values())
        ]
        places = {name: f"{_OPEN}{number}" for number, name in enumerate(calendars)}
        all_types = dict(types) | dict.fromkeys(places.values(), "bool")
        self._environment = _environment(all_types, phrases, patterns)
        rewritten = [_without_calendar_calls(text, places) for text in texts]
        self._single = [self._environment.compile(text) for text in rewritten]
        self._together = self._compile_together(rewritten)

    def run(self, values: Values, at: datetime) -> Outcome:
        """Evaluate every condition over the same values."""
        activation = self._activation(values, at)
        if self._together is not None and (holds := _list_of_bools(self._together, activation)) is not None:
            return Outcome(holds=holds, failures={})
        results = [_single_result(expression, activation) for expression in self._single]
        failures = {number: result for number, result in enumerate(results) if isinstance(result, str)}
        return Outcome(holds=[result is True for result in results], failures=failures)

    def _activation(self, values: Values, at: datetime) -> Any:
        return self._environment.Activation(
            {**values, **{name: calendar.is_open(at) for name, calendar in self._calendars}}
        )

    def _compile_together(self, texts: Sequence[str]) -> Any:
        """Compile one list of all conditions; None when that is too large for the library."""
        try:
            # Each on its own line, so that a comment at the end of one does not swallow the next.
            return self._environment.compile("[" + ",".join(f"(\n{text}\n)" for text in texts) + "]")
        except RuntimeError:
            return None


def _environment(
    types: Mapping[str, FactType], phrases: Mapping[str, TextSearch], patterns: Mapping[str, TextSearch]
) -> Any:
    """Build the typed environment with our functions."""

    def mentions_any(text: str, name: str) -> bool:
        return phrases[name].found_in(text)

    def matches_list(text: str, name: str) -> bool:
        return patterns[name].found_in(text)

    def never(_name: str) -> bool:
        raise NotImplementedError("business_open is replaced by a variable before it runs")

    return cel.NewEnv(
        variables={name: _TYPES[kind] for name, kind in types.items()},
        functions=[
            _declare("mentions_any", 2, mentions_any),
            _declare("matches_list", 2, matches_list),
            _declare("business_open", 1, never),
        ],
    )


def _declare(name: str, texts: int, run: Any) -> Any:
    """Declare a function of some texts that gives a bool."""
    overload = cel.Overload(
        id=f"{name}_text",
        return_type=cel.Type.BOOL,
        parameters=[cel.Type.STRING] * texts,
        is_member=False,
        impl=run,
    )
    return cel.FunctionDecl(name, [overload])


def _without_calendar_calls(text: str, places: Mapping[str, str]) -> str:
    """Put a variable in place of each `business_open` call: the library's functions see no clock."""
    for reference in reversed(find_references(text)):
        place = places.get(reference.name or "")
        if reference.function == "business_open" and place is not None:
            text = text[: reference.start] + place + text[reference.end :]
    return text


def _list_of_bools(expression: Any, activation: Any) -> list[bool] | None:
    """Evaluate the list of all conditions; None when anything in it failed."""
    try:
        result = expression.eval(activation).plain_value()
    except (RuntimeError, ValueError):
        return None
    return result if isinstance(result, list) else None


def _single_result(expression: Any, activation: Any) -> bool | str:
    """Evaluate one condition; failures come back from the library both as values and as exceptions."""
    try:
        value = expression.eval(activation)
        if value.type() == cel.Type.BOOL:
            return value.value() is True
        return str(value.value())[:200]
    except (RuntimeError, ValueError) as error:
        return str(error)[:200]


def _faults(text: str, known: Sequence[str]) -> list[ExpressionFault]:
    """Read the library's complaint, which lists all errors with line and column."""
    faults: list[ExpressionFault] = []
    for line, column, message in _FAULT.findall(text):
        unknown = _UNKNOWN.search(message)
        if unknown:
            message = f"`{unknown[1]}` is not known here, or is called with the wrong arguments"
        if message.startswith("Syntax error") and any("Syntax error" in each.message for each in faults):
            # What follows is what the parser makes of the first one.
            continue
        hint = _hint(message, unknown[1] if unknown else "", known)
        faults.append(ExpressionFault(line=int(line), column=int(column), message=message[:200], hint=hint))
    if not faults:
        message = text.removesuffix("]").rpartition(" [")[0] or text
        faults.append(
            ExpressionFault(line=1, column=1, message=message[:200], hint="Write a simpler condition.")
        )
    return faults


def _hint(message: str, unknown: str, known: Sequence[str]) -> str:
    """Say what to do about one complaint of the library."""
    functions = {
        "mentions_any": 'Write mentions_any(message.text, "list").',
        "matches_list": 'Write matches_list(message.text, "list").',
        "business_open": 'Write business_open("calendar").',
    }
    if unknown:
        return functions.get(unknown) or did_you_mean(unknown, [*known, *functions])
    if "'(double, int)'" in message or "'(int, double)'" in message:
        return "Write numbers for order.value with a point: 100.0."
    if "no matching overload" in message:
        return "Compare things of the same type; texts need quotes."
    if "Syntax error" in message:
        return "Check quotes, brackets and operators: && || ! == !=."
    return "Correct the condition; docs/rules.md lists what may stand here."
