"""A scenario: traffic described instead of listed, checked by line and column.

In: the text of a `scenario.yaml`. Out: a `Scenario`, or every problem with its place and remedy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from router.documents.models import Duration, Name, Strict, custom_error
from router.documents.places import Located, Path
from router.documents.problems import DocumentError, Problem
from router.documents.reading import read_document
from router.documents.suggestions import did_you_mean
from router.documents.validation import validate
from router.engine.calendars import read_days
from router.engine.rules import RuleSet
from router.engine.rules.schema import FactType, NeedModel, read_zone
from router.errors import ConfigError
from router.simulation.given import facts_given

MAX_PER_HOUR = 100_000
MAX_LASTS_S = 92 * 86_400
_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)

Share = Annotated[float, Field(ge=0, le=1)]


class ScenarioError(DocumentError):
    """A scenario cannot be used."""


def _start(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        message = f"`{text[:40]}` is no time"
        raise custom_error(
            "time", message, 'Write "2026-03-02T00:00", in the zone of the scenario.'
        ) from None
    return text


def _time_of_day(text: str) -> str:
    try:
        given = time.fromisoformat(text)
    except ValueError:
        given = None
    if given is None or given.tzinfo is not None or len(text) != 5:
        raise custom_error("time", f"`{text[:40]}` is no time of the day", 'Write "09:00".')
    return text


def _days(text: str) -> str:
    if read_days(text) is None:
        raise custom_error("days", f"`{text[:40]}` are no days", "Write mon, or a range such as mon-fri.")
    return text


class LognormalModel(Strict):
    """Most take about `median`; one in twenty takes longer than `p95`."""

    median_s: Annotated[Duration, Field(ge=1)] = Field(alias="median")
    p95_s: Annotated[Duration, Field(ge=1)] = Field(alias="p95")

    @model_validator(mode="after")
    def _apart(self) -> LognormalModel:
        if self.p95_s < self.median_s:
            raise custom_error("lognormal", "`p95` is below `median`", "Give a longer `p95`.")
        return self


class ExponentialModel(Strict):
    """Short ones are the most frequent; `mean` is the average."""

    mean_s: Annotated[Duration, Field(ge=1)] = Field(alias="mean")


class SpanModel(Strict):
    """How long something takes: exactly one of the three."""

    fixed_s: Duration | None = Field(default=None, alias="fixed")
    exponential: ExponentialModel | None = None
    lognormal: LognormalModel | None = None

    @model_validator(mode="after")
    def _one(self) -> SpanModel:
        given = [one for one in (self.fixed_s, self.exponential, self.lognormal) if one is not None]
        if len(given) != 1:
            raise custom_error(
                "span",
                f"one way to draw it is needed, here are {len(given)}",
                "Write {fixed: 5m}, {exponential: {mean: 5m}} or {lognormal: {median: 5m, p95: 20m}}.",
            )
        return self


class RepliesModel(Strict):
    """How a conversation goes to and fro: `rounds` answers, the customer writing again in between."""

    rounds: Annotated[int, Field(ge=1, le=50)] = 1
    customer_after: SpanModel = Field(
        default_factory=lambda: SpanModel.model_validate({"exponential": {"mean": "60s"}})
    )


class WorkModel(Strict):
    """What the work of a stream is, as in an event list; the rules decide what is left out."""

    facts: dict[str, dict[str, str | int | float | bool]] = Field(default_factory=dict)
    queue: str | None = None
    needs: list[NeedModel] | None = None
    sla: str | None = None
    boost_s: Duration | None = Field(default=None, alias="boost")
    channel: str | None = None
    channel_class: Name | None = None


class MixModel(WorkModel):
    """One kind of work in a stream; kinds come in proportion to their weights."""

    weight: Annotated[float, Field(gt=0, le=1_000_000)] = 1.0


class StreamModel(WorkModel):
    """One stream of traffic; `per_hour` is the rate from each time of the day on."""

    per_hour: Annotated[
        dict[Annotated[str, AfterValidator(_time_of_day)], Annotated[float, Field(ge=0, le=MAX_PER_HOUR)]],
        Field(min_length=1),
    ]
    days: list[Annotated[str, AfterValidator(_days)]] = Field(default_factory=lambda: ["mon-sun"])
    mix: list[MixModel] = Field(default_factory=list)
    customers: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    handling: SpanModel
    replies: RepliesModel = Field(default_factory=RepliesModel)


class MannersModel(Strict):
    """How people answer offers; what `each` leaves out is as for everybody."""

    accept_after: SpanModel | None = None
    declines: Share | None = None
    busy: Share | None = None
    no_answer: Share | None = None
    back_after_s: Duration | None = Field(default=None, alias="back_after")

    @model_validator(mode="after")
    def _sum(self) -> MannersModel:
        if sum(share or 0 for share in (self.declines, self.busy, self.no_answer)) > 1:
            raise custom_error(
                "manners", "`declines`, `busy` and `no_answer` make more than 1", "Lower one of them."
            )
        return self


class PeopleModel(MannersModel):
    """How everybody answers, and some people differently."""

    each: dict[Name, MannersModel] = Field(default_factory=dict)


class Scenario(Strict):
    """The whole document; `rules` and `roster` are files beside it."""

    version: Literal[1]
    rules: str | None = None
    roster: str | None = None
    zone: Annotated[str, AfterValidator(read_zone)] | None = None
    starts_at: Annotated[str, AfterValidator(_start)]
    lasts_s: Annotated[Duration, Field(ge=60, le=MAX_LASTS_S)] = Field(default=86_400, alias="lasts")
    streams: Annotated[dict[Name, StreamModel], Field(min_length=1, max_length=1_000)]
    people: PeopleModel = Field(default_factory=PeopleModel)


def read_scenario(text: str, source: str) -> tuple[Scenario, Located]:
    """Read a scenario with its places; raises ScenarioError with every problem found."""
    try:
        document = read_document(text, source=source)
    except DocumentError as error:
        raise ScenarioError(error.problems) from None
    model, problems = validate(Scenario, document)
    if model is None or problems:
        raise ScenarioError(problems)
    return model, document


def check_names(model: Scenario, document: Located, ruleset: RuleSet, people: Mapping[str, Any]) -> None:
    """Refuse queues, policies, skills and people nobody declares; raises ScenarioError."""
    problems = list(_unknown(model, document, ruleset))
    for name in model.people.each:
        if name not in people:
            path = ("people", "each", name)
            hint = did_you_mean(name, list(people))
            problem = document.problem(path, f"unknown agent `{name}`", hint, place=document.key_place(path))
            problems.append(problem)
    if problems:
        raise ScenarioError(problems)


def _wrong_facts(
    document: Located, path: Path, work: WorkModel, declared: Mapping[str, FactType]
) -> Iterator[Problem]:
    try:
        facts_given(work.facts, _ANY_TIME, declared)
    except ConfigError as error:
        message = str(error).removesuffix(f" {error.hint}").rstrip(".")
        yield document.problem(path, message, error.hint)


def _unknown(model: Scenario, document: Located, ruleset: RuleSet) -> Iterator[Problem]:
    rules = ruleset.model
    for name, stream in model.streams.items():
        kinds: list[tuple[Path, WorkModel]] = [(("streams", name), stream)]
        kinds += [(("streams", name, "mix", index), kind) for index, kind in enumerate(stream.mix)]
        for path, work in kinds:
            yield from _wrong_facts(document, (*path, "facts"), work, rules.facts)
            if work.queue is not None and work.queue not in rules.queues:
                hint = did_you_mean(work.queue, list(rules.queues))
                yield document.problem((*path, "queue"), f"unknown queue `{work.queue}`", hint)
            if work.sla is not None and work.sla not in rules.sla_policies:
                hint = did_you_mean(work.sla, list(rules.sla_policies))
                yield document.problem((*path, "sla"), f"unknown policy `{work.sla}`", hint)
            for index, need in enumerate(work.needs or ()):
                if rules.skills and need.skill not in rules.skills:
                    hint = did_you_mean(need.skill, list(rules.skills))
                    at = (*path, "needs", index)
                    yield document.problem(at, f"unknown skill `{need.skill}`", hint)
