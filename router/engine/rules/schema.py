"""The shape of a rules document, version 1. Field names are the router's, aliases those of the file.

In: plain values. Out: checked, frozen models. Names that must exist elsewhere in the document are checked
in `consistency.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from router.documents.models import Duration, Name, Strict, custom_error
from router.engine.calendars import public_holidays, read_day, read_days, read_period

KINDS = ("craft", "language", "legal", "permission")
LASTING_KINDS = frozenset(KINDS[1:])
"""Kinds of skills no waiting time ever drops."""

_MAX_COUNT = 1_000_000

FactType = Literal["string", "bool", "int", "double"]


def read_zone(text: str) -> str:
    """Check the name of a time zone."""
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise custom_error(
            "zone", f"`{text[:40]}` is no time zone", "Use a name such as Asia/Shanghai or Europe/Berlin."
        ) from None
    return text


def _days(text: str) -> str:
    if read_days(text) is None:
        raise custom_error("days", f"`{text[:40]}` are no days", "Write mon, or a range such as mon-fri.")
    return text


def _period(text: str) -> str:
    if read_period(text) is None:
        raise custom_error(
            "period",
            f"`{text[:40]}` is no period of a day",
            'Write "09:00-18:00"; over midnight make it two periods, one to 24:00 and one from 00:00.',
        )
    return text


def _day(text: str) -> str:
    if read_day(text) is None:
        raise custom_error("day", f"`{text[:40]}` is no day", "Write a date: 2026-12-24.")
    return text


def _holidays(text: str) -> str:
    if public_holidays(text) is None:
        raise custom_error(
            "holidays", f"no holidays are known for `{text[:40]}`", "Write a country: CN, US, DE-BY."
        )
    return text


def _share(text: str) -> str:
    part, slash, whole = text.partition("/")
    digits = (
        slash and part.isascii() and whole.isascii() and part.isdigit() and whole.isdigit() and len(text) < 10
    )
    if not digits or not 0 < int(part) < int(whole):
        raise custom_error("share", f"`{text[:40]}` is no share", "Write how many of how many picks: 4/5.")
    return text


def _each_once(names: list[str]) -> list[str]:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise custom_error("twice", f"`{twice[:40]}` stands here twice", "Name each policy once.")
    return names


class SkillModel(Strict):
    """A skill; its kind says whether waiting may drop it."""

    kind: Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,19}$")] = "craft"


class CalendarModel(Strict):
    """Opening hours in a zone; `days` gives single days hours of their own, or none."""

    zone: Annotated[str, AfterValidator(read_zone)]
    week: dict[Annotated[str, AfterValidator(_days)], list[Annotated[str, AfterValidator(_period)]]]
    holidays: Annotated[str, AfterValidator(_holidays)] | None = None
    days: dict[Annotated[str, AfterValidator(_day)], list[Annotated[str, AfterValidator(_period)]]] = Field(
        default_factory=dict, max_length=1_000
    )

    @model_validator(mode="after")
    def _opens(self) -> CalendarModel:
        if not any(self.week.values()):
            raise custom_error(
                "calendar", "a calendar that is never open", 'Give hours: week: {mon-fri: ["09:00-18:00"]}.'
            )
        return self


class TargetsModel(Strict):
    """What is promised, counted in the hours of the policy's calendar."""

    first_response_s: Duration | None = Field(default=None, alias="first_response")
    next_response_s: Duration | None = Field(default=None, alias="next_response")
    resolution_s: Duration | None = Field(default=None, alias="resolution")


class SlaPolicyModel(TargetsModel):
    """What is promised and how long before it counts as urgent; `by_class` overrides per channel class."""

    calendar: str | None = None
    by_class: dict[Name, TargetsModel] = Field(default_factory=dict)
    pauses: list[Literal["customer"]] = Field(default_factory=list)
    steps: list[Annotated[int, Field(ge=1, le=1000)]] = Field(default_factory=lambda: [50, 75, 100])
    lead_s: Duration = Field(default=0, alias="lead")
    promise_s: Duration | None = Field(default=None, alias="promise")


class OverflowModel(Strict):
    """Where new work goes while a queue is too long; `back_at` keeps it from flapping."""

    to: str
    when_waiting: Annotated[int, Field(ge=1, le=_MAX_COUNT)]
    back_at: Annotated[int, Field(ge=0, le=_MAX_COUNT)]

    @model_validator(mode="after")
    def _apart(self) -> OverflowModel:
        if self.back_at >= self.when_waiting:
            raise custom_error(
                "overflow",
                "`back_at` is not below `when_waiting`",
                "Let it end lower than it begins: 50 and 30.",
            )
        return self


class ProtectModel(Strict):
    """A scarce skill whose holders this queue's work reaches only after a while."""

    skill: str
    level: Annotated[int, Field(ge=0, le=5)] = 1
    for_s: Duration = Field(alias="for")


class QueueModel(Strict):
    """A queue: the order in it, how far work may overtake, how long an offer stands, whom it reaches."""

    max_advance_s: Duration = Field(default=4 * 3600, alias="max_advance")
    offer_timeout_s: Duration = Field(default=30, alias="offer_timeout")
    overflow: OverflowModel | None = None
    share: Annotated[str, AfterValidator(_share)] | None = None
    calendar: str | None = None
    mode: Literal["oldest", "newest"] = "oldest"
    strategy: Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,39}$")] = "balanced"
    affinity_s: Duration = Field(default=0, alias="affinity")
    thin_staff: Annotated[int, Field(ge=0, le=1_000)] = 0
    wrap_up_s: Duration | None = Field(default=None, alias="wrap_up")
    protect: ProtectModel | None = None
    reserve: Annotated[int, Field(ge=0, le=_MAX_COUNT)] = 0


class ClassCapacity(Strict):
    """What one piece of work of a channel class costs, and how many an agent may hold."""

    cost: Annotated[int, Field(ge=0, le=_MAX_COUNT)]
    max: Annotated[int, Field(ge=1, le=_MAX_COUNT)]
    interruptible_by: list[Name] = Field(default_factory=list)
    wrap_up_s: Duration = Field(default=0, alias="wrap_up")


class RampModel(Strict):
    """At most so many new items within a time."""

    items: Annotated[int, Field(ge=1, le=_MAX_COUNT)]
    per_s: Annotated[Duration, Field(ge=1)] = Field(alias="per")


class SlowStartModel(RampModel):
    """A gentler ramp for a while after somebody becomes available."""

    for_s: Annotated[Duration, Field(ge=1)] = Field(alias="for")


class CapacityModel(Strict):
    """How much an agent can carry."""

    units: Annotated[int, Field(ge=1, le=_MAX_COUNT)] = 100
    classes: dict[Name, ClassCapacity] = Field(default_factory=dict)
    dormant: Annotated[float, Field(gt=0, le=1)] = 0.25
    ramp: RampModel | None = None
    slow_start: SlowStartModel | None = None


class OffersModel(Strict):
    """How long offers and the peace after them last."""

    accepting_s: Duration = Field(default=30, alias="accepting")
    reject_s: Duration = Field(default=0, alias="reject")
    busy_s: Duration = Field(default=0, alias="busy")
    no_answer_s: Duration = Field(default=0, alias="no_answer")
    ask_again_s: Duration = Field(default=60, alias="ask_again")
    max_unanswered: Annotated[int, Field(ge=1, le=1_000)] = 3


class LeaseModel(Strict):
    """How long the holder of owed work of a class may be silent; a step left out is not taken."""

    nudge_s: Duration | None = Field(default=None, alias="nudge")
    supervisor_s: Duration | None = Field(default=None, alias="supervisor")
    hand_back_s: Duration | None = Field(default=None, alias="hand_back")
    absent_s: Duration | None = Field(default=None, alias="absent")


class IncidentModel(Strict):
    """What an incident changes while it lasts."""

    overflow: list[str] = Field(default_factory=list)
    relax: list[str] = Field(default_factory=list)
    reserve: dict[Name, Annotated[int, Field(ge=0, le=_MAX_COUNT)]] = Field(default_factory=dict)
    lasts_s: Annotated[Duration, Field(ge=60)] = Field(default=2 * 3600, alias="lasts")


class NeedModel(Strict):
    """One thing work asks of its agent: exactly one of require, prefer and forbid."""

    require: str | None = None
    prefer: str | None = None
    forbid: str | None = None
    level: Annotated[int, Field(ge=0, le=5)] = 1
    grade: Annotated[int, Field(ge=1, le=9)] | None = None
    drop_after_s: Duration | None = Field(default=None, alias="drop_after")

    @model_validator(mode="after")
    def _one(self) -> NeedModel:
        named = [skill for skill in (self.require, self.prefer, self.forbid) if skill is not None]
        if len(named) != 1:
            raise custom_error(
                "need",
                f"a need names one skill, this one names {len(named)}",
                "Write one of `require:`, `prefer:` or `forbid:`.",
            )
        if self.prefer is None and self.grade is not None:
            raise custom_error("need", "only `prefer` has `grade`", "Use `prefer:`, or take `grade` away.")
        if self.require is not None and self.drop_after_s is not None:
            raise custom_error(
                "need",
                "what is required has no `drop_after`",
                "Use `prefer:`, which binds like `require:` until it is dropped.",
            )
        return self

    @property
    def verb(self) -> str:
        """Name the kind of need."""
        return "require" if self.require is not None else "prefer" if self.prefer is not None else "forbid"

    @property
    def skill(self) -> str:
        """Name the skill it is about."""
        return self.require or self.prefer or self.forbid or ""


def _names(given: object) -> object:
    """Take one name for a list of one."""
    return [given] if isinstance(given, str) else given


PolicyNames = Annotated[
    list[str], BeforeValidator(_names), Field(min_length=1, max_length=10), AfterValidator(_each_once)
]
"""The policies work is under: one name, or a list of them of which the strictest counts per promise."""


class SettingsModel(Strict):
    """What a matching rule sets."""

    queue: str | None = None
    boost_s: Duration | None = Field(default=None, alias="boost")
    sla: PolicyNames | None = None
    needs: list[NeedModel] = Field(default_factory=list)


class ExpectModel(Strict):
    """What an example expects; `match: false` shows a message the rule must leave alone."""

    match: bool = True
    queue: str | None = None
    boost_s: Duration | None = Field(default=None, alias="boost")
    sla: PolicyNames | None = None
    needs: list[NeedModel] | None = None


class ExampleModel(Strict):
    """A message and what should become of it."""

    given: dict[str, dict[str, str | int | float | bool]] = Field(default_factory=dict)
    expect: ExpectModel


class RuleModel(Strict):
    """A condition and what it sets."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    when: Annotated[str, Field(min_length=1, max_length=10_000)]
    settings: SettingsModel = Field(default_factory=SettingsModel, alias="set")
    final: bool = False
    examples: list[ExampleModel] = Field(default_factory=list)


class RulesModel(Strict):
    """The whole document."""

    version: Literal[1]
    skills: dict[Name, SkillModel] = Field(default_factory=dict)
    calendars: dict[Name, CalendarModel] = Field(default_factory=dict)
    sla_policies: dict[Name, SlaPolicyModel] = Field(default_factory=dict)
    queues: Annotated[dict[Name, QueueModel], Field(min_length=1)]
    capacity: CapacityModel = Field(default_factory=CapacityModel)
    offers: OffersModel = Field(default_factory=OffersModel)
    leases: dict[Name, LeaseModel] = Field(default_factory=dict)
    incidents: dict[Name, IncidentModel] = Field(default_factory=dict)
    facts: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")], FactType] = Field(
        default_factory=dict
    )
    lists: dict[Name, list[Annotated[str, Field(min_length=1, max_length=500)]]] = Field(default_factory=dict)
    rules: Annotated[list[RuleModel], Field(min_length=1, max_length=2_000)]
