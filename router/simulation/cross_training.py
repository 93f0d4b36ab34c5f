"""What further skills of a shop's own people would do to its waits. In: a scenario, rules, a roster. Out: a comparison.

The same arrivals are played with the roster as it is, and again with everybody trained up to so many craft skills.
Languages, legal and permission skills are nobody's to train.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from router.engine.decisions import Act, Decision
from router.engine.needs import NeedKind
from router.engine.roster import Roster, RosterAgent
from router.engine.rules.schema import LASTING_KINDS
from router.messages import JsonObject
from router.simulation.chance import mean_s
from router.simulation.figures import spread
from router.simulation.queueing import Known, Queueing
from router.simulation.scenario import Scenario
from router.simulation.scenario_run import run_scenario
from router.simulation.simulating import Setting
from router.simulation.traffic import draw_traffic

_AS_IT_IS = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What a roster leads to; `skills_each` 0 is the roster as it is, `added` who learns what on top of it."""

    skills_each: int
    added: Mapping[str, Mapping[str, int]]
    mean_wait_s: float
    waits_s: JsonObject
    waits_by_queue_s: JsonObject
    never_served: int
    broken_promises: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingReport:
    """How many pieces of work came, what they ask for, and what each roster makes of them."""

    items: int
    people: int
    demand_hours: Mapping[str, float]
    rows: Sequence[Trained]


def compare_training(
    scenario: Scenario, roster: Roster, setting: Setting, each: Sequence[int]
) -> TrainingReport:
    """Play a scenario with its roster, and with everybody trained up to each number of craft skills."""
    setting = replace(setting, is_brief=True)
    asked = _Asked(scenario, setting)
    rows = [_played(scenario, roster, setting, _AS_IT_IS, {})]
    for skills_each in each:
        added = _training(roster, asked, skills_each)
        trained = _with_skills(roster, added)
        rows.append(_played(scenario, trained, setting, skills_each, added))
    hours = {skill: round(seconds / 3600, 1) for skill, seconds in asked.demand_s.items()}
    return TrainingReport(items=asked.items, people=len(roster.agents), demand_hours=hours, rows=rows)


def training_text(report: TrainingReport) -> str:
    """Give a table, and below it who would learn what."""
    demand = ", ".join(f"{skill} {hours:g} h" for skill, hours in report.demand_hours.items())
    lines = [
        f"{report.items} pieces of work for {report.people} people; asked for: {demand or 'no craft skill'}",
        "",
        f"{'craft skills each':<18}{'learned':>8}{'mean wait':>11}{'p50':>9}{'p95':>9}{'max':>9}"
        f"{'never served':>14}{'broken promises':>17}",
    ]
    for row in report.rows:
        name = "as it is" if row.skills_each == _AS_IT_IS else f"at least {row.skills_each}"
        waits = "".join(f"{f'{row.waits_s[key]:.0f} s':>9}" for key in ("p50", "p95", "max"))
        learned = sum(map(len, row.added.values()))
        lines.append(
            f"{name:<18}{learned:>8}{f'{row.mean_wait_s:.0f} s':>11}{waits}"
            f"{row.never_served:>14}{row.broken_promises:>17}"
        )
    for row in report.rows:
        if row.added:
            who = "; ".join(f"{login}: {', '.join(skills)}" for login, skills in row.added.items())
            lines += ["", f"at least {row.skills_each}: {who}"]
    return "\n".join(lines)


def training_json(report: TrainingReport) -> JsonObject:
    """Give the same for programs, with the waits of every queue."""
    return asdict(report)


class _Asked:
    """What the work of a scenario asks for: seconds of each craft skill, and the highest level of each."""

    def __init__(self, scenario: Scenario, setting: Setting) -> None:
        skills = setting.ruleset.model.skills
        traffic = draw_traffic(scenario, setting.zone, setting.seed)
        queueing = Queueing(setting.ruleset, setting.class_of)
        seconds: dict[str, float] = {}
        self.levels: dict[str, int] = {}
        self.items = len(traffic.lines)
        self.lasting = {name for name, skill in skills.items() if skill.kind in LASTING_KINDS}
        for number, line in enumerate(traffic.lines):
            item = queueing.item(line.entry, line.at, Known(arrival=number))
            for need in item.needs:
                if need.kind is not NeedKind.FORBID and need.skill not in self.lasting:
                    takes_s = mean_s(scenario.streams[traffic.streams[item.id]].handling)
                    seconds[need.skill] = seconds.get(need.skill, 0.0) + takes_s
                    self.levels[need.skill] = max(need.level, self.levels.get(need.skill, 0))
        self.demand_s: Mapping[str, float] = dict(sorted(seconds.items(), key=lambda one: (-one[1], one[0])))


def _training(roster: Roster, asked: _Asked, skills_each: int) -> dict[str, dict[str, int]]:
    """Choose who learns what: whoever has fewest, the skill with most work for each who has it."""
    held = {
        login: {skill for skill in agent.skills if skill not in asked.lasting}
        for login, agent in roster.agents.items()
    }
    holders = Counter(skill for skills in held.values() for skill in skills)
    added: dict[str, dict[str, int]] = {}
    for round_of in range(1, skills_each + 1):
        for login, skills in held.items():
            open_to = [skill for skill in asked.demand_s if skill not in skills]
            if len(skills) >= round_of or not open_to:
                continue
            chosen = max(open_to, key=lambda skill: asked.demand_s[skill] / (1 + holders[skill]))
            skills.add(chosen)
            holders[chosen] += 1
            added.setdefault(login, {})[chosen] = asked.levels[chosen]
    return added


def _with_skills(roster: Roster, added: Mapping[str, Mapping[str, int]]) -> Roster:
    def trained(agent: RosterAgent) -> RosterAgent:
        return replace(agent, skills={**agent.skills, **added.get(agent.login, {})})

    return replace(roster, agents={login: trained(agent) for login, agent in roster.agents.items()})


def _played(
    scenario: Scenario,
    roster: Roster,
    setting: Setting,
    skills_each: int,
    added: Mapping[str, Mapping[str, int]],
) -> Trained:
    setting = replace(setting, roster=roster)
    outcome = run_scenario(scenario, roster, setting).outcome
    waits = _waits(outcome.decisions)
    breaches = outcome.summary["breaches"]
    waits_by_queue = outcome.summary["waits_s"]
    items = outcome.summary["items"]
    assert isinstance(breaches, Mapping)
    assert isinstance(waits_by_queue, Mapping)
    assert isinstance(items, int)
    return Trained(
        skills_each=skills_each,
        added=added,
        mean_wait_s=round(sum(waits) / len(waits), 3) if waits else 0.0,
        waits_s=spread(waits),
        waits_by_queue_s=waits_by_queue,
        never_served=items - len(waits),
        broken_promises=sum(count for count in breaches.values() if isinstance(count, int)),
    )


def _waits(decisions: Sequence[Decision]) -> list[float]:
    """Give for each item how long it waited until somebody had it for the first time."""
    waits: dict[str, float] = {}
    for decision in decisions:
        waited = decision.record.get("waited_s")
        if decision.act in (Act.ACCEPTED, Act.CLAIMED) and isinstance(waited, int | float):
            waits.setdefault(decision.item_id, float(waited))
    return list(waits.values())
