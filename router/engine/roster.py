"""Who works here: a roster as YAML, checked by line and column.

In: the text of a roster. Out: a `Roster` of agents with skills, capacity and shifts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from router.documents.models import Name, Strict, custom_error
from router.documents.places import Located, Path
from router.documents.problems import DocumentError, Problem
from router.documents.reading import read_document
from router.documents.suggestions import did_you_mean
from router.documents.validation import validate
from router.engine.calendars import read_days, read_period
from router.engine.rules.schema import RulesModel, read_zone


class RosterError(DocumentError):
    """A roster cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterAgent:
    """One agent; `units` is the budget work is weighed against, `max_claims` a cap on the items as well.

    `queues` are those he may serve (None: all). Skills in `expires` are lost at that time. `shifts` are in
    the zone of the roster.
    """

    login: str
    display_name: str
    role: Literal["agent", "supervisor", "admin"]
    locale: str
    skills: Mapping[str, int]
    expires: Mapping[str, datetime]
    units: int
    max_claims: int | None
    queues: frozenset[str] | None
    shifts: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """All agents, by login name; `zone` (None: that of the rules) is the one of their shifts."""

    agents: Mapping[str, RosterAgent]
    zone: str | None = None


def _shift(text: str) -> str:
    days, _, period = text.partition(" ")
    if read_days(days) is None or read_period(period) is None:
        raise custom_error(
            "shift", f"`{text[:40]}` is no shift", "Write days and a period: mon-fri 09:00-18:00."
        )
    return text


_Level = Annotated[int, Field(ge=0, le=5)]


class _SkillModel(Strict):
    """A skill, perhaps only held until a day."""

    level: _Level
    until: Annotated[date, Field(strict=False)] | None = None


def _level_alone(given: object) -> object:
    """Take a plain level for a skill that is held for good."""
    return given if isinstance(given, Mapping) else {"level": given}


class _AgentModel(Strict):
    display_name: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    role: Literal["agent", "supervisor", "admin"] = "agent"
    locale: Literal["en", "zh"] = "en"
    skills: dict[Name, Annotated[_SkillModel, BeforeValidator(_level_alone)]] = Field(default_factory=dict)
    units: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    max_claims: Annotated[int, Field(ge=1, le=10_000)] | None = None
    queues: list[str] | None = None
    shifts: list[Annotated[str, AfterValidator(_shift)]] = Field(default_factory=list)


class _RosterModel(Strict):
    agents: Annotated[dict[Name, _AgentModel], Field(min_length=1)]
    zone: Annotated[str, AfterValidator(read_zone)] | None = None


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
        problems = list(_unknown_names(document, model, rules))
    if model is None or problems:
        raise RosterError(problems)
    units = 100 if rules is None else rules.capacity.units
    agents = {login: _agent(login, agent, units) for login, agent in model.agents.items()}
    return Roster(agents=agents, zone=model.zone)


def _unknown_names(document: Located, model: _RosterModel, rules: RulesModel) -> Iterator[Problem]:
    """Find skills and queues no rules document declares."""
    for login, agent in model.agents.items():
        for skill in agent.skills:
            if skill not in rules.skills:
                path: Path = ("agents", login, "skills", skill)
                hint = did_you_mean(skill, list(rules.skills))
                yield document.problem(path, f"unknown skill `{skill}`", hint, place=document.key_place(path))
        for index, queue in enumerate(agent.queues or ()):
            if queue not in rules.queues:
                hint = did_you_mean(queue, list(rules.queues))
                yield document.problem(("agents", login, "queues", index), f"unknown queue `{queue}`", hint)


def _agent(login: str, model: _AgentModel, units: int) -> RosterAgent:
    return RosterAgent(
        login=login,
        display_name=model.display_name or login.capitalize(),
        role=model.role,
        locale=model.locale,
        skills={skill: held.level for skill, held in model.skills.items()},
        expires={
            skill: datetime.combine(held.until + timedelta(days=1), time(), UTC)
            for skill, held in model.skills.items()
            if held.until is not None
        },
        units=model.units or units,
        max_claims=model.max_claims,
        queues=None if model.queues is None else frozenset(model.queues),
        shifts=model.shifts,
    )
