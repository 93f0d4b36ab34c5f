"""Scenarios: traffic from curves, people who answer, and everything again from the same seed."""

import json
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from router.errors import ConfigError
from router.simulation.chance import draw_s, drawing, mean_s
from router.simulation.command import simulate_file
from router.simulation.scenario import ScenarioError, SpanModel, read_scenario
from router.simulation.shifts import shift_spans
from router.simulation.traffic import draw_traffic

EXAMPLE = Path(__file__).parents[2] / "examples" / "scenarios" / "busy-monday.yaml"
RULES = """
version: 1
queues: {service: {offer_timeout: 30s}}
rules: [{name: all, when: "true", set: {queue: service}}]
"""
ROSTER = """
agents: {mei: {shifts: ["mon-sun 00:00-24:00"]}, tom: {shifts: ["mon-sun 00:00-24:00"]}}
"""
SMALL = """
version: 1
rules: rules.yaml
roster: roster.yaml
starts_at: "2026-03-02T00:00"
lasts: 2h
streams: {mail: {channel_class: email, per_hour: {"00:00": 20}, handling: {fixed: 60s}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("rules", RULES), ("roster", ROSTER), ("scenario", SMALL)):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def run(folder: Path, text: str = SMALL, **options: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    (folder / "scenario.yaml").write_text(text, encoding="utf-8")
    answer = simulate_file(folder / "scenario.yaml", rules=None, as_json=True, **options)
    *records, summary = [json.loads(line) for line in answer]
    return records, summary


def test_all_work_of_a_scenario_is_done_by_those_who_are_there(folder: Path) -> None:
    records, summary = run(folder)
    assert summary["items"] == summary["completed"] > 20
    assert summary["still_waiting"] == []
    assert {record["agent"] for record in records if record["act"] == "completed"} == {"mei", "tom"}


def test_the_same_seed_repeats_and_another_does_not(folder: Path) -> None:
    assert run(folder, seed=3) == run(folder, seed=3)
    assert run(folder, seed=3)[0] != run(folder, seed=4)[0]


def test_the_written_list_repeats_the_scenario(folder: Path) -> None:
    text = SMALL + "people: {declines: 0.2, busy: 0.1, no_answer: 0.5, back_after: 60s}\n"
    records, summary = run(folder, text, write=folder / "list.ndjson")
    answer = simulate_file(folder / "list.ndjson", rules=folder / "rules.yaml", as_json=True)
    *again, counted = [json.loads(line) for line in answer]
    assert again == records
    assert {key: counted[key] for key in ("items", "acts", "waits_s", "load")} == {
        key: summary[key] for key in ("items", "acts", "waits_s", "load")
    }
    assert {"rejected", "expired", "away"} <= set(summary["acts"])


def test_arrivals_follow_the_curve_and_the_days() -> None:
    text = SMALL.replace("lasts: 2h", "lasts: 14d").replace(
        '{"00:00": 20}', '{"08:00": 10, "12:00": 40, "13:00": 0}, days: [mon-fri]'
    )
    scenario, _ = read_scenario(text, "scenario")
    zone = ZoneInfo("Europe/Berlin")
    traffic = draw_traffic(scenario, zone, 1)
    by_hour = Counter(line.at.astimezone(zone).hour for line in traffic.lines)
    assert sorted(by_hour) == [8, 9, 10, 11, 12]
    assert 300 < by_hour[12] < 500  # 40 an hour on ten days
    assert 60 < by_hour[9] < 140  # 10 an hour on ten days
    assert {line.at.astimezone(zone).weekday() for line in traffic.lines} == {0, 1, 2, 3, 4}
    assert [line.at for line in traffic.lines] == sorted(line.at for line in traffic.lines)


@pytest.mark.parametrize(
    ("span", "mean"),
    [
        ({"fixed": "5m"}, 300.0),
        ({"exponential": {"mean": "100s"}}, 100.0),
        ({"lognormal": {"median": "100s", "p95": "400s"}}, 142.6),
    ],
)
def test_spans_are_drawn_with_the_mean_they_say(span: dict[str, Any], mean: float) -> None:
    model = SpanModel.model_validate(span)
    drawn = [draw_s(model, drawing(1, "span", number)) for number in range(4_000)]
    assert mean_s(model) == pytest.approx(mean, rel=0.01)
    assert sum(drawn) / len(drawn) == pytest.approx(mean, rel=0.1)
    if "lognormal" in span:
        assert sorted(drawn)[3_800] == pytest.approx(400, rel=0.15)


def test_shifts_follow_the_clocks_of_their_zone() -> None:
    since = datetime(2026, 3, 28, tzinfo=UTC)
    spans = shift_spans(["mon-sun 09:00-12:00"], ZoneInfo("Europe/Berlin"), since, since + timedelta(days=2))
    assert [(start.hour, end.hour) for start, end in spans] == [(8, 11), (7, 10)]


def test_shifts_that_touch_are_one_and_one_that_runs_counts_from_the_beginning() -> None:
    since = datetime(2026, 3, 2, 10, tzinfo=UTC)
    spans = shift_spans(
        ["mon 09:00-12:00", "mon 12:00-18:00", "mon 11:00-13:00"], ZoneInfo("UTC"), since, since
    )
    assert spans == [(since, since.replace(hour=18))]


def test_who_goes_home_lays_his_work_down_and_takes_it_up_again(folder: Path) -> None:
    (folder / "roster.yaml").write_text(
        'agents: {mei: {shifts: ["mon 00:00-01:00", "mon 03:00-05:00"]}}', encoding="utf-8"
    )
    text = SMALL.replace("lasts: 2h", "lasts: 60m").replace("fixed: 60s", "fixed: 40m")
    (folder / "rules.yaml").write_text(
        RULES + "leases: {email: {nudge: 9h, supervisor: 9h, hand_back: 9h, absent: 9h}}\n", encoding="utf-8"
    )
    records, _ = run(folder, text)
    done = {record["at"][11:13] for record in records if record["act"] == "completed"}
    assert done <= {"00", "03", "04", "05"}
    assert "03" in done


@pytest.mark.parametrize(
    ("wrong", "right", "message"),
    [
        ("streams:", "streems:", "unknown key `streems`. Did you mean `streams`?"),
        ('"00:00": 20', '"25:00": 20', "no time of the day"),
        ('"00:00": 20', '"00:00": -1', "per_hour"),
        ("fixed: 60s", "fixed: 60", "no duration"),
        ("fixed: 60s", "fixed: 60s, exponential: {mean: 5s}", "one way to draw it is needed, here are 2"),
        ("fixed: 60s", "lognormal: {median: 5m, p95: 2m}", "`p95` is below `median`"),
        ('"2026-03-02T00:00"', '"monday"', "`monday` is no time"),
        ("lasts: 2h", "lasts: 2y", "no duration"),
        ("channel_class: email", "queue: servise", "Did you mean `service`?"),
        (
            "channel_class: email",
            "facts: {message: {txt: x}}",
            "streams.mail.facts: unknown variable `message.txt`",
        ),
        ("version: 1", "version: 1\npeople: {declines: 0.7, busy: 0.7}", "make more than 1"),
        ("version: 1", "version: 1\npeople: {each: {moi: {declines: 0.7}}}", "Did you mean `mei`?"),
        ("rules: rules.yaml", "", "the scenario names no rules"),
        ("roster: roster.yaml", "", "the scenario names no roster"),
        ("roster: roster.yaml", "roster: other.yaml", "no such file"),
    ],
)
def test_a_wrong_scenario_is_refused_with_its_place(
    folder: Path, wrong: str, right: str, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        run(folder, SMALL.replace(wrong, right))
    assert message in str(caught.value)
    if isinstance(caught.value, ScenarioError):
        assert "scenario.yaml:" in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "right", "note"),
    [
        ('"00:00": 20', '"00:00": 0', "nothing arrives"),
        ("fixed: 60s", "fixed: 9h", "more work comes than people can do"),
        ("lasts: 2h", "lasts: 2h\npeople: {no_answer: 0.9}", "more than half of the offers"),
        ("lasts: 2h", "lasts: 2h\npeople: {accept_after: {fixed: 30s}}", "offers run out after 30 s"),
    ],
)
def test_nonsense_is_played_and_noted(folder: Path, wrong: str, right: str, note: str) -> None:
    _, summary = run(folder, SMALL.replace(wrong, right), until="4h")
    assert note in " ".join(summary["notes"])


def test_too_much_traffic_is_refused(folder: Path) -> None:
    text = SMALL.replace("lasts: 2h", "lasts: 20h").replace('"00:00": 20', '"00:00": 100000')
    with pytest.raises(ConfigError, match="more than 1,000,000 arrivals"):
        run(folder, text)


def test_the_command_plays_the_example_and_says_what_is_wrong_in_one_line(folder: Path) -> None:
    command = [sys.executable, "-m", "router", "simulate"]
    played = subprocess.run([*command, str(EXAMPLE)], capture_output=True, text=True, check=False)
    assert played.returncode == 0, played.stderr
    assert "items, " in played.stdout
    assert "note:" not in played.stdout
    (folder / "list.ndjson").write_text('{"at": "now"}\n', encoding="utf-8")
    arguments = [str(folder / "list.ndjson"), "--rules", str(folder / "rules.yaml")]
    refused = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "list.ndjson:1:1" in refused.stderr
