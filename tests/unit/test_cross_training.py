"""What further skills of a shop's own people do to its waits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from router.cli import app, main
from router.errors import ConfigError
from router.simulation.command import compare_training_file
from router.simulation.cross_training import TrainingReport, training_json, training_text

RULES = """
version: 1
skills: {refunds: {kind: craft}, repairs: {kind: craft}, lang-zh: {kind: language}}
queues: {desk: {}}
capacity: {classes: {chat: {cost: 100, max: 1}}}
rules:
  - {name: refund, when: 'message.kind == "refund"', set: {queue: desk, needs: [{require: refunds, level: 2}]}}
  - {name: repair, when: 'message.kind == "repair"', set: {queue: desk, needs: [{require: repairs}]}}
  - {name: zh, when: 'message.language == "zh"', set: {queue: desk, needs: [{require: lang-zh}]}}
"""
ROSTER = """
zone: UTC
agents:
  mei: {skills: {refunds: 5, lang-zh: 5}, shifts: ["mon-sun 00:00-24:00"]}
  tom: {skills: {repairs: 3}, shifts: ["mon-sun 00:00-24:00"]}
"""
SCENARIO = """
version: 1
starts_at: "2026-03-02T09:00"
lasts: 2h
streams:
  refunds: {per_hour: {"00:00": 16}, facts: {message: {kind: refund}}, handling: {fixed: 4m}}
  repairs: {per_hour: {"00:00": 4}, facts: {message: {kind: repair}}, handling: {fixed: 4m}}
people: {accept_after: {fixed: 1s}}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    for name, text in (("rules", RULES), ("roster", ROSTER), ("scenario", SCENARIO)):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def compared(shop: Path, each: list[int]) -> TrainingReport:
    return compare_training_file(
        shop / "scenario.yaml", shop / "rules.yaml", shop / "roster.yaml", seed=2, each=each
    )


def test_second_craft_skill_of_everybody_shortens_the_waits_of_the_shop(shop: Path) -> None:
    report = compared(shop, [1, 2])
    as_it_is, one, two = report.rows
    assert list(report.demand_hours) == ["refunds", "repairs"], "what is asked for most comes first"
    assert (one.added, one.waits_s) == ({}, as_it_is.waits_s), "everybody has one craft skill already"
    # languages are nobody's to learn, and a skill is learned on the level the rules ask for
    assert two.added == {"mei": {"repairs": 1}, "tom": {"refunds": 2}}
    assert two.mean_wait_s < as_it_is.mean_wait_s / 2
    assert two.never_served == 0


def test_comparison_is_the_same_every_time_and_for_programs(shop: Path) -> None:
    report = compared(shop, [2])
    assert json.dumps(training_json(report)) == json.dumps(training_json(compared(shop, [2])))
    head, _, columns, as_it_is, two, _, who = training_text(report).splitlines()
    assert head.startswith(f"{report.items} pieces of work for 2 people; asked for: refunds")
    assert (columns.split()[0], as_it_is.split()[:3]) == ("craft", ["as", "it", "is"])
    assert two.split()[:4] == ["at", "least", "2", "2"]
    assert who == "at least 2: mei: repairs; tom: refunds"


def test_rules_without_a_scenario_and_event_lists_are_refused_with_what_to_write(shop: Path) -> None:
    for file, remedy in ((None, "omnirouter staffing scenario.yaml"), (shop / "day.ndjson", "scenario.yaml")):
        with pytest.raises(ConfigError, match=remedy):
            compare_training_file(file, shop / "rules.yaml", None, None, [2])


@pytest.mark.parametrize(
    ("option", "value"),
    [("--agents", "100"), ("--skills", "3"), ("--load", "0.5"), ("--handling", "5m"), ("--arrivals", "200")],
)
def test_options_of_a_plan_are_refused_beside_a_scenario(shop: Path, option: str, value: str) -> None:
    arguments = ["staffing", str(shop / "scenario.yaml"), option, value]
    with pytest.raises(ConfigError, match=f"{option}.*a scenario says this itself"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)


def test_a_refused_option_ends_the_command_with_2(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["omnirouter", "staffing", str(shop / "scenario.yaml"), "--load", "0.5"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "--load" in capsys.readouterr().err


def test_a_scenario_is_compared_when_no_option_of_a_plan_is_given(shop: Path) -> None:
    files = ["--rules", str(shop / "rules.yaml"), "--roster", str(shop / "roster.yaml")]
    arguments = ["staffing", str(shop / "scenario.yaml"), *files, "--each", "2", "--seed", "2"]
    ended = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert ended.exit_code == 0
    assert ended.stdout == training_text(compared(shop, [2])) + "\n"
