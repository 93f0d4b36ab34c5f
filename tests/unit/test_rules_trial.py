"""Two versions of the rules beside each other: one budget, one memory of refusals, and no work that is starved."""

from __future__ import annotations

import pytest

from router.engine.config import EngineConfig
from router.engine.decisions import Act
from router.engine.engine import Engine
from router.engine.events import IncidentStarted, OfferRejected
from router.engine.rules import RuleSet, load_ruleset
from router.engine.rules.stage import RulesInForce, Stage, StagedRules
from router.errors import ConfigError
from tests.unit.engine_desk import Desk

RULE = "rules: [{name: all, when: 'true', set: {queue: desk}}]\n"


def rules(text: str, rule: str = RULE) -> RuleSet:
    return load_ruleset(f"version: 1\n{text}\n{rule}", source="rules.yaml", lists={})


def beside(base: RuleSet, new: RuleSet, *queues: str) -> RulesInForce:
    """Try a version on some queues, or on a tenth of the conversations."""
    stage = Stage(queues=queues, percent=0 if queues else 10)
    return RulesInForce(version=1, ruleset=base, staged=StagedRules(version=2, ruleset=new, stage=stage))


def desk_of(config: EngineConfig) -> Desk:
    desk = Desk()
    desk.engine = Engine(config, seed=1)
    return desk


def test_class_only_the_newer_version_has_weighs_what_that_says() -> None:
    base = rules("queues: {desk: {}}")
    new = rules(
        "queues: {desk: {}}\ncapacity: {classes: {video: {cost: 100, max: 1}, chat: {cost: 1, max: 99}}}"
    )
    desk = desk_of(beside(base, new).engine_config)
    desk.agent("mei", max_claims=None)
    assert [one.act for one in desk.item("first", channel_class="video")] == [Act.QUEUED, Act.OFFERED]
    (waits,) = desk.item("second", channel_class="video")
    assert waits.record["blocked_by"] == {"gate": "capacity", "people": 1}
    # what both know weighs as in the version in force
    assert beside(base, new).engine_config.capacity.of("chat").cost == 20


def test_lease_only_the_newer_version_has_is_known() -> None:
    base = rules("queues: {desk: {}}")
    video = "capacity: {classes: {video: {cost: 100, max: 1}}}"
    new = rules(f"queues: {{desk: {{}}}}\n{video}\nleases: {{video: {{nudge: 9s}}, chat: {{nudge: 9s}}}}")
    config = beside(base, new).engine_config
    assert (config.lease("video").nudge_s, config.lease("chat").nudge_s) == (9, 120)


def test_work_of_both_versions_shares_one_budget_and_one_memory_of_refusals() -> None:
    new = rules("queues: {desk: {}, trial: {}}", RULE.replace("desk}", "trial}"))
    desk = desk_of(beside(rules("queues: {desk: {}}"), new).engine_config)
    desk.agent("mei", max_claims=None)
    names = [f"{queue} {number}" for number in range(3) for queue in ("desk", "trial")]
    for name in names:
        desk.item(name, queue=name.split()[0])
    offered = [name for name in names if desk.explain(name)["state"] == "offered"]
    assert len(offered) == 5, "a person carries five chats, whatever version they are of"
    desk.tell(OfferRejected, offer_id="trial 0.1")
    assert desk.explain("trial 0")["declined"] == {"mei": "rejected"}


def test_skill_the_version_in_force_calls_a_craft_is_still_given_up_by_its_work() -> None:
    base = rules("skills: {zh: {kind: craft}}\nqueues: {desk: {}}")
    new = rules("skills: {zh: {kind: language}, ja: {kind: language}}\nqueues: {desk: {}}")
    assert beside(base, new).engine_config.lasting == {"ja"}


def test_incident_of_one_version_keeps_units_free_on_those_only_who_serve_the_queue() -> None:
    needs = "rules: [{name: all, when: 'true', set: {queue: gold, needs: [{require: vip}]}}]\n"
    head = "skills: {vip: {kind: craft}}\nqueues: {gold: {}, desk: {}}\n"
    base = rules(f"{head}incidents: {{storm: {{reserve: {{gold: 90}}}}}}", needs)
    desk = desk_of(beside(base, rules(head, needs), "gold").engine_config)
    desk.agent("tom", max_claims=None)
    desk.tell(IncidentStarted, name="storm")
    assert Act.OFFERED in [one.act for one in desk.item("plain", queue="desk")], "tom serves no gold"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("a: {share: 4/5}, desk: {}", "b: {share: 1/2}, desk: {}", "b 1/2, a 4/5"),
        ("a: {reserve: 60}, desk: {}", "b: {reserve: 60}, desk: {}", "b 60, a 60"),
    ],
)
def test_stage_that_starves_work_only_beside_the_other_version_is_refused(
    old: str, new: str, told: str
) -> None:
    base, tried = rules(f"queues: {{{old}}}"), rules(f"queues: {{{new}}}")
    with pytest.raises(ConfigError, match=told) as refused:
        beside(base, tried).require_room()
    assert "as a whole" in str(refused.value)
    beside(base, base).require_room()
    RulesInForce(version=2, ruleset=tried).require_room()


def test_alarm_looks_after_the_work_of_the_version_that_decides_about_a_queue() -> None:
    def asking(skill: str) -> RuleSet:
        needs = f"rules: [{{name: all, when: 'true', set: {{queue: desk, needs: [{{require: {skill}}}]}}}}]\n"
        return rules("skills: {old: {kind: craft}, new: {kind: craft}}\nqueues: {desk: {}, rest: {}}", needs)

    watched = beside(asking("old"), asking("new"), "desk").engine_config.watched
    assert {need.skill for work in watched for need in work.needs} == {"new"}
