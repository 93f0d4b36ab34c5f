"""Who works here: a roster as YAML, checked by line and column.

In: the text of a roster. Out: a `Roster` of agents with skills, capacity and shifts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from router.documents.models import Name, Strict, custom_error
from router.documents.places import Located
from router.documents.problems import DocumentError, Problem
from router.documents.reading import read_document
from router.documents.suggestions import did_you_mean
from router.documents.validation import validate
from router.engine.rules.calendars import read_days, read_period
from router.engine.rules.schema import RulesModel


class RosterError(DocumentError):
    """A roster cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterAgent:
    """One agent; `max_claims` is how much work at once, `units` the capacity budget it is weighed in."""

    login: str
    display_name: str
    role: Literal["agent", "supervisor", "admin"]
    locale: str
    skills: Mapping[str, int]
    units: int
    max_claims: int
    shifts: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """All agents, by login name."""

    agents: Mapping[str, RosterAgent]


def _shift(text: str) -> str:
    days, _, period = text.partition(" ")
    if read_days(days) is None or read_period(period) is None:
        raise custom_error(
            "shift", f"`{text[:40]}` is no shift", "Write days and a period: mon-fri 09:00-18:00."
        )
    return text


class _AgentModel(Strict):
    display_name: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    role: Literal["agent", "supervisor", "admin"] = "agent"
    locale: Literal["en", "zh"] = "en"
    skills: dict[Name, Annotated[int, Field(ge=1, le=5)]] = Field(default_factory=dict)
    units: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    max_claims: Annotated[int, Field(ge=1, le=100)] = 3
    shifts: list[Annotated[str, AfterValidator(_shift)]] = Field(default_factory=list)


class _RosterModel(Strict):
    agents: Annotated[dict[Name, _AgentModel], Field(min_length=1)]


def load_roster(text: str, source: str, *, rules: RulesModel | None = None) -> Roster:
    """Read a roster; with the rules it is for, skills they do not declare are refused too.

    Raises RosterError with every problem found.
    """
    try:
        document = read_document(text, source=source)
    except DocumentError as error:
        raise RosterError(error.problems) from None
    model, problems = validate(_RosterModel, document)
    if model is not None and rules is not None:
        problems = list(_unknown_skills(document, model, rules))
    if model is None or problems:
        raise RosterError(problems)
    return Roster(agents={login: _agent(login, agent) for login, agent in model.agents.items()})


def _unknown_skills(document: Located, model: _RosterModel, rules: RulesModel) -> Iterator[Problem]:
    """Find skills no rules document declares."""
    for login, agent in model.agents.items():
        for skill in agent.skills:
            if skill not in rules.skills:
                path = ("agents", login, "skills", skill)
                hint = did_you_mean(skill, list(rules.skills))
                yield document.problem(path, f"unknown skill `{skill}`", hint, place=document.key_place(path))


def _agent(login: str, model: _AgentModel) -> RosterAgent:
    return RosterAgent(
        login=login,
        display_name=model.display_name or login.capitalize(),
        role=model.role,
        locale=model.locale,
        skills=model.skills,
        units=model.units,
        max_claims=model.max_claims,
        shifts=model.shifts,
    )
