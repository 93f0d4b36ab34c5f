"""Event lists whose right answers were worked out by hand, played as `omnirouter simulate` plays them."""

import json
from pathlib import Path
from typing import Any

import pytest

from router.simulation.command import simulate_file

LISTS = Path(__file__).parents[1] / "fixtures" / "simulate"
ONLY_TELLING = {"queued", "blocked", "need_dropped", "dormant", "woken", "clock", "promise_due"}


def play(folder: str, **options: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    roster = LISTS / folder / "roster.yaml"
    lines = simulate_file(
        LISTS / folder / "list.ndjson",
        rules=LISTS / folder / "rules.yaml",
        roster=roster if roster.exists() else None,
        as_json=True,
        **options,
    )
    *records, summary = [json.loads(line) for line in lines]
    return records, summary


def told(folder: str) -> set[str]:
    """Give acts a list is not about: reminders are only looked at where the list is about silence."""
    return ONLY_TELLING if folder == "silent" else ONLY_TELLING | {"nudged", "escalated"}


@pytest.mark.parametrize("folder", sorted(path.name for path in LISTS.iterdir() if path.is_dir()))
def test_a_list_comes_out_as_worked_out_by_hand(folder: str) -> None:
    records, summary = play(folder)
    answers = json.loads((LISTS / folder / "answers.json").read_text(encoding="utf-8"))
    acts = [
        [record["at"], record["act"], record.get("item"), record.get("agent")]
        for record in records
        if record["act"] not in told(folder)
    ]
    if "acts" in answers:
        assert acts == answers["acts"]
    offered = [record["item"] for record in records if record["act"] == "offered"]
    assert offered == answers.get("offers", offered)
    moved = [record["item"] for record in records if record["act"] == "moved"]
    assert moved == answers.get("moved", [])
    queued = {record["item"]: record["due_at"] for record in records if record["act"] == "queued"}
    assert {item: queued[item] for item in answers.get("due", ())} == answers.get("due", {})
    assert {key: summary[key] for key in answers["summary"]} == answers["summary"]


def test_the_same_list_gives_the_same_bytes_every_time() -> None:
    assert play("share", seed=7) == play("share", seed=7)


def test_the_end_can_be_a_time_or_a_duration_after_the_last_line() -> None:
    _, at_once = play("calendar", until="0s")
    _, later = play("calendar", until="2026-03-29T12:00:00Z")
    assert at_once["ended_at"] == "2026-03-29T10:00:00Z"
    assert later["still_waiting"][0]["waited_s"] >= at_once["still_waiting"][0]["waited_s"]


def test_work_nobody_takes_is_listed_with_the_gate_that_stops_it() -> None:
    _, summary = play("calendar")
    (first, second) = summary["still_waiting"]
    assert (first["item"], second["item"]) == ("m", "c")
    assert "Nobody is available" in first["why"]
