from __future__ import annotations

from pathlib import Path

import pytest

from router.engine.gates import Gate, Requirement
from router.engine.needs import Need, NeedKind
from router.engine.roster import RosterError, load_roster
from router.rules_files import load_rules, read_roster

DEMO = Path(__file__).parent.parent.parent / "router" / "demo"
NAMES = ["mei", "lin", "tom", "anna", "omar", "sofia"]


def test_demo_roster_fits_the_skills_of_the_demo_rules():
    roster = load_roster(
        (DEMO / "roster.yaml").read_text(), "roster.yaml", rules=load_rules(DEMO / "rules.yaml").model
    )
    assert list(roster.agents) == NAMES
    assert roster.agents["mei"].role == "supervisor"
    assert roster.agents["tom"].max_claims is None


@pytest.mark.parametrize("language", ["lang-zh", "lang-en"])
def test_every_demo_rule_can_be_served_by_two_in_each_language(language):
    roster, ruleset = read_roster(DEMO / "roster.yaml"), load_rules(DEMO / "rules.yaml")
    spoken = Need(kind=NeedKind.REQUIRE, skill=language, level=3)
    for rule in ruleset.model.rules:
        if rule.name in ("chinese", "english"):
            continue
        # A preference counts as required here: nobody should have to wait for it to be dropped.
        asked = [
            Need(kind=NeedKind.REQUIRE, skill=need.skill, level=need.level) for need in rule.settings.needs
        ]
        requirement = Requirement("chat", (spoken, *asked))
        gates = [requirement.first_failing(agent.skills, None) for agent in roster.agents.values()]
        assert gates.count(Gate.PASSED) >= 2, rule.name


@pytest.mark.parametrize(
    ("agent", "column", "message", "hint"),
    [
        ("{skills: {refunds: 6}}", 31, "less than or equal to 5", "Write a number"),
        ("{skills: {refund: 3}}", 22, "unknown skill `refund`", "Did you mean `refunds`?"),
        ("{skills: {refunds: high}}", 31, "valid integer", "whole number"),
        ("{skils: {refunds: 3}}", 13, "unknown key `skils`", "Did you mean `skills`?"),
        ("{role: boss}", 19, "input should be 'agent', 'supervisor' or 'admin'", "Allowed"),
        ("{shifts: [mon 9-5]}", 22, "`mon 9-5` is no shift", "mon-fri 09:00-18:00"),
        ("{max_claims: 0}", 25, "greater than or equal to 1", "Write a number"),
    ],
)
def test_fault_in_a_roster_is_named_with_place_and_remedy(agent, column, message, hint):
    rules = load_rules(DEMO / "rules.yaml").model
    with pytest.raises(RosterError) as caught:
        load_roster(f"agents:\n  someone: {agent}\n", "roster.yaml", rules=rules)
    (found,) = caught.value.problems
    assert (found.line, found.column) == (2, column)
    assert message in found.message
    assert hint in found.hint
