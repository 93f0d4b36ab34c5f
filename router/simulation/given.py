"""Facts as people write them: `{"message": {"text": …}, "order": {"stage": …}}`.

In: the `facts` of a line or a stream. Out: `Facts` for triage, or a ConfigError that names the variable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from router.documents.suggestions import did_you_mean
from router.engine.language import detect_language
from router.engine.rules.facts import VARIABLES, Facts, FactValue, is_of_type, variable_types
from router.engine.rules.schema import FactType
from router.errors import ConfigError
from router.messages import JsonValue

_ATTRIBUTES = {variable.name: variable.attribute for variable in VARIABLES if variable.attribute}


def facts_given(value: JsonValue, at: datetime, declared: Mapping[str, FactType]) -> Facts:
    """Read facts; `declared` are the types of the classifiers' facts.

    The language is told from the text where it is not given, as it is for real messages.
    """
    if value is None:
        return Facts(at=at)
    if not isinstance(value, Mapping):
        raise ConfigError("facts have to be an object", hint='Write {"message": {"text": "…"}}.')
    attributes: dict[str, FactValue] = {}
    classified: dict[str, FactValue] = {}
    for full, given in _variables(value, declared):
        group, _, name = full.partition(".")
        fact = _checked(full, given, declared)
        if group == "facts":
            classified[name] = fact
        else:
            attributes[_ATTRIBUTES[full]] = fact
    facts = Facts(at=at, classified=classified, **attributes)  # type: ignore[arg-type]
    if "language" not in attributes:
        facts = replace(facts, language=detect_language(facts.text) or detect_language(facts.subject))
    return facts


def _variables(
    value: Mapping[str, JsonValue], declared: Mapping[str, FactType]
) -> Iterator[tuple[str, JsonValue]]:
    """Give each variable by its full name, whether written in groups, with a dot, or as a fact alone."""
    for group, given in value.items():
        if isinstance(given, Mapping):
            yield from ((f"{group}.{name}", each) for name, each in given.items())
        elif group in declared:
            yield f"facts.{group}", given
        elif "." in group:
            yield group, given
        else:
            raise ConfigError(f"`{group[:60]}` has to be an object", hint='Write {"message": {"text": "…"}}.')


def _checked(name: str, given: JsonValue, declared: Mapping[str, FactType]) -> FactValue:
    types = variable_types(declared)
    kind = types.get(name)
    if kind is None or name.startswith("now."):
        known = [each for each in types if not each.startswith("now.")]
        hint = "The time of the line is the time the rules see." if kind else did_you_mean(name, known)
        raise ConfigError(f"unknown variable `{name[:60]}`", hint=hint)
    if not isinstance(given, str | int | float) or not is_of_type(given, kind):
        raise ConfigError(f"`{name}` is {kind}", hint=f"Give a {kind} here.")
    return given
