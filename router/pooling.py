"""What a second or third skill per person would do to waits, simulated in virtual time with the engine.

In: a plan of people, skills and load. Out: for each number of skills per person how long work waits, beside
Erlang's formula for people who can all do everything, which no routing by skills can beat.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush

from pydantic import TypeAdapter, ValidationError

from router.documents.models import Duration
from router.engine.config import CapacityConfig, ClassConfig, EngineConfig, LeaseConfig
from router.engine.decisions import Act
from router.engine.engine import Engine
from router.engine.erlang import mean_wait_s
from router.engine.events import (
    AgentChanged,
    ClaimEnded,
    ClaimOutcome,
    Event,
    Item,
    ItemQueued,
    OfferAccepted,
    PresenceChanged,
)
from router.engine.needs import Need, NeedKind
from router.errors import ConfigError
from router.messages import JsonObject
from router.model.presence import PresenceState

_DURATION: TypeAdapter[int] = TypeAdapter(Duration)
_START = datetime(2026, 1, 5, tzinfo=UTC)
_QUEUE, _CLASS = "work", "work"
_PATIENT = LeaseConfig(nudge_s=None, supervisor_s=None, hand_back_s=None, absent_s=None)
_CONFIG = EngineConfig(
    capacity=CapacityConfig(classes={_CLASS: ClassConfig(cost=100, max=1)}), leases={_CLASS: _PATIENT}
)
_GROWS = 0.01
_WARM_UP = 0.1
"""The first part of the run, while the line builds up, is not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolPlan:
    """A plan to simulate: so many people and skills; `load` is the share of their time that is asked for.

    Skills are wanted like in a shop: the n-th one over the root of n times as often as the first, and staffed in
    proportion. `arrivals` pieces of work come, one at a time, and take `handling_s` on average.
    """

    people: int = 100
    skills: int = 10
    load: float = 0.9
    handling_s: float = 300.0
    arrivals: int = 20_000
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolResult:
    """What so many skills per person lead to; `times_pooled` is the mean wait over that of the formula.

    `still_waits` is the share that nobody had begun when the last one came: where it is not near 0, the
    line grows without end and the waits only say how long the run was.
    """

    skills_each: int
    mean_wait_s: float
    p95_wait_s: float
    times_pooled: float
    still_waits: float

    @property
    def is_unstable(self) -> bool:
        """Tell whether more work came than its people could do."""
        return self.still_waits > _GROWS


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolReport:
    """The plan, the wait nobody can beat, and what each number of skills leads to."""

    plan: PoolPlan
    pooled_wait_s: float
    results: Sequence[PoolResult]


def read_each(text: str) -> list[int]:
    """Read the numbers of skills to compare; raises ConfigError."""
    each = [int(part) for part in text.split(",") if part.strip().isdecimal()]
    if not each or len(each) != len(text.split(",")) or min(each) < 1:
        raise ConfigError(f"{text[:40]!r} are no numbers of skills", path="--each", hint="Write 1,2,3.")
    return each


def read_plan(people: int, skills: int, load: float, handling: str, arrivals: int, seed: int) -> PoolPlan:
    """Read a plan as it is written on the command line; raises ConfigError."""
    try:
        handling_s = _DURATION.validate_python(handling)
    except ValidationError:
        raise ConfigError(
            f"{handling[:40]!r} is no duration", path="--handling", hint="Write 5m or 300s."
        ) from None
    return PoolPlan(
        people=people, skills=skills, load=load, handling_s=handling_s, arrivals=arrivals, seed=seed
    )


def compare_pools(plan: PoolPlan, each: Sequence[int]) -> PoolReport:
    """Simulate the same arrivals for several numbers of skills per person; raises ConfigError."""
    _check(plan)
    pooled_s = mean_wait_s(plan.people, plan.people * plan.load, plan.handling_s)
    results = [_measured(plan, skills_each, pooled_s) for skills_each in each]
    return PoolReport(plan=plan, pooled_wait_s=pooled_s, results=results)


def pool_text(report: PoolReport) -> str:
    """Give a table: skills per person, mean wait, how many times the pooled wait, and what is still in line."""
    plan = report.plan
    lines = [
        f"{plan.people} people, {plan.skills} skills, load {plan.load:.0%}, "
        f"{plan.handling_s:.0f} s each, {plan.arrivals} arrivals, seed {plan.seed}",
        f"if everybody could do everything, Erlang's formula gives a mean wait of {report.pooled_wait_s:.1f} s",
        "",
        "skills each  mean wait  times that   p95 wait",
    ]
    for each in report.results:
        wait, p95 = f"{each.mean_wait_s:.1f} s", f"{each.p95_wait_s:.1f} s"
        grows = "  the line grows: some skills have too few people" if each.is_unstable else ""
        lines.append(f"{each.skills_each:>11}  {wait:>9}  {each.times_pooled:>9.1f}x  {p95:>9}{grows}")
    return "\n".join(lines)


def pool_json(report: PoolReport) -> JsonObject:
    """Give the same for programs."""
    return {
        "plan": asdict(report.plan),
        "pooled_wait_s": report.pooled_wait_s,
        "results": [{**asdict(each), "is_unstable": each.is_unstable} for each in report.results],
    }


def _measured(plan: PoolPlan, skills_each: int, pooled_s: float) -> PoolResult:
    floor = _Floor(plan, skills_each)
    floor.run()
    waits = sorted(floor.waits[int(plan.arrivals * _WARM_UP) :])
    mean_s = sum(waits) / len(waits) if waits else math.inf
    return PoolResult(
        skills_each=skills_each,
        mean_wait_s=mean_s,
        p95_wait_s=waits[int(len(waits) * 0.95)] if waits else math.inf,
        times_pooled=mean_s / pooled_s,
        still_waits=1 - floor.begun / plan.arrivals,
    )


def _check(plan: PoolPlan) -> None:
    if not 0 < plan.load < 1:
        raise ConfigError(
            f"a load of {plan.load:g} cannot be served", path="--load", hint="Write a share such as 0.9."
        )
    if not 1 <= plan.skills <= plan.people:
        raise ConfigError(
            f"{plan.people} people cannot have {plan.skills} skills",
            path="--skills",
            hint="Give at least one person for each skill.",
        )
    if plan.handling_s <= 0:
        raise ConfigError("work takes time", path="--handling", hint="Write 5m or 300s.")


class _Floor:
    """People in virtual time who take at once what they are offered."""

    def __init__(self, plan: PoolPlan, skills_each: int) -> None:
        self._plan = plan
        self._engine = Engine(_CONFIG, plan.seed)
        self._ends: list[tuple[float, str, str]] = []
        self._came: dict[str, tuple[int, float, float]] = {}
        # the wait of each arrival; of those not begun at the end, the wait so far
        self.waits = [0.0] * plan.arrivals
        self.begun = 0
        for person, skills in enumerate(_staff(plan, skills_each)):
            id = f"p{person}"
            self._tell(0.0, AgentChanged(at=_START, agent_id=id, skills=dict.fromkeys(skills, 1), units=100))
            self._tell(0.0, PresenceChanged(at=_START, agent_id=id, state=PresenceState.AVAILABLE))

    def run(self) -> None:
        """Let everything come, and stop with the last arrival."""
        now_s = 0.0
        for number, (at_s, skill, takes_s) in enumerate(_arrivals(self._plan)):
            while self._ends and self._ends[0][0] <= at_s:
                now_s, id, person = heappop(self._ends)
                ended = ClaimEnded(at=_at(now_s), item_id=id, agent_id=person, outcome=ClaimOutcome.COMPLETED)
                self._tell(now_s, ended)
            now_s = at_s
            item = _item(number, now_s, skill)
            self._came[item.id] = (number, now_s, takes_s)
            self._tell(now_s, ItemQueued(at=_at(now_s), item=item))
        for number, at_s, _ in self._came.values():
            self.waits[number] = now_s - at_s

    def _tell(self, now_s: float, event: Event) -> None:
        for decision in self._engine.apply(event):
            if decision.act is not Act.OFFERED or decision.offer is None:
                continue
            number, came_s, takes_s = self._came.pop(decision.item_id)
            self.waits[number] = now_s - came_s
            self.begun += 1
            heappush(self._ends, (now_s + takes_s, decision.item_id, decision.offer.agent_id))
            self._tell(now_s, OfferAccepted(at=_at(now_s), offer_id=decision.offer.offer_id))


def _staff(plan: PoolPlan, skills_each: int) -> list[set[str]]:
    """Give everybody skills, each skill as often as it is wanted, and no skill to nobody."""
    dice = random.Random(f"staff {plan.seed}")
    weights = _weights(plan.skills)
    staff: list[set[str]] = []
    for _ in range(plan.people):
        skills: set[str] = set()
        while len(skills) < min(skills_each, plan.skills):
            skills.add(f"s{dice.choices(range(plan.skills), weights)[0]}")
        staff.append(skills)
    for skill in (f"s{number}" for number in range(plan.skills)):
        if not any(skill in skills for skills in staff):
            staff[dice.randrange(plan.people)].add(skill)
    return staff


def _arrivals(plan: PoolPlan) -> Iterator[tuple[float, str, float]]:
    """Give when each piece of work comes, which skill it needs and how long it takes."""
    dice = random.Random(f"arrivals {plan.seed}")
    weights = _weights(plan.skills)
    rate = plan.people * plan.load / plan.handling_s
    at_s = 0.0
    for _ in range(plan.arrivals):
        at_s += dice.expovariate(rate)
        skill = f"s{dice.choices(range(plan.skills), weights)[0]}"
        yield at_s, skill, dice.expovariate(1 / plan.handling_s)


def _weights(skills: int) -> list[float]:
    return [1 / math.sqrt(number + 1) for number in range(skills)]


def _item(number: int, now_s: float, skill: str) -> Item:
    return replace(_BARE, id=f"i{number}", needs=_needs(skill), eligible_since=_at(now_s), arrival=number)


def _needs(skill: str) -> tuple[Need, ...]:
    return (Need(kind=NeedKind.REQUIRE, skill=skill),)


_BARE = Item(id="", conversation_id="", queue=_QUEUE, channel_class=_CLASS, eligible_since=_START, arrival=0)


def _at(seconds: float) -> datetime:
    return _START + timedelta(seconds=seconds)
