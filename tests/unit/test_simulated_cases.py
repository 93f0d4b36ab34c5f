"""Many small event lists with the answers their text gives by hand, played as `omnirouter simulate` plays them."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from router.simulation.command import simulate_file

FILES = sorted((Path(__file__).parents[1] / "fixtures" / "simulate_cases").glob("*.yaml"))
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
ENDED = frozenset({"accepted", "rejected", "expired", "rescinded", "claimed", "completed", "withdrawn"})
TOLD = ENDED | {"offered", "put_back", "nudged", "escalated", "away", "wrapping"}


def cases() -> list[Any]:
    """Give every case of every file, with what the cases of the file share."""
    found = []
    for file in FILES:
        shared = YAML(typ="safe").load(file)
        for case in shared.pop("cases"):
            found.append(pytest.param({**shared, **case}, id=f"{file.stem}: {case['name']}"))
    return found


def timed(text: str) -> str:
    """Write `@90` as the time 90 seconds after the start."""
    return re.sub(
        r'"@(\d+)"', lambda found: f'"{(START + timedelta(seconds=int(found[1]))).isoformat()}"', text
    )


def serving(case: dict[str, Any]) -> str:
    """Let one person come, and take and solve what is expected one by one."""
    if "served" not in case:
        return ""
    name, at = case["serve"]["by"], case["serve"]["from"]
    lines = [f'{{"at": "@{at}", "type": "presence", "agent": "{name}", "state": "available"}}']
    for number, item in enumerate(case["served"]):
        told = f'"item": "{item}", "agent": "{name}"'
        lines.append(f'{{"at": "@{at + number}", "type": "offer_answer", {told}, "answer": "accept"}}')
        lines.append(f'{{"at": "@{at + number + 1}", "type": "resolve", {told}}}')
    return "\n".join(lines)


def played(case: dict[str, Any], folder: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    start = "" if case.get("without_start") else case.get("start", "")
    (folder / "rules.yaml").write_text(case["rules"], encoding="utf-8")
    (folder / "list.ndjson").write_text(timed(start + case["list"] + serving(case)), encoding="utf-8")
    roster = folder / "roster.yaml" if "roster" in case else None
    if roster is not None:
        roster.write_text(case["roster"], encoding="utf-8")
    lines = simulate_file(
        folder / "list.ndjson",
        rules=folder / "rules.yaml",
        roster=roster,
        until=case.get("until"),
        as_json=True,
    )
    *records, summary = [json.loads(line) for line in lines]
    return records, summary


def acts(records: list[dict[str, Any]]) -> list[str]:
    return [
        f"{(datetime.fromisoformat(each['at']) - START).total_seconds():g} {each['act']}"
        f" {each.get('item', '-')} {each.get('agent')}"
        for each in records
        if each["act"] in TOLD
    ]


def skill_of(need: dict[str, Any]) -> str:
    return next(str(need[verb]) for verb in ("require", "prefer", "forbid") if verb in need)


@pytest.mark.parametrize("case", cases())
def test_small_list_comes_out_as_worked_out_by_hand(case: dict[str, Any], tmp_path: Path) -> None:
    records, summary = played(case, tmp_path)
    offered = [each["item"] for each in records if each["act"] == "offered"]
    queued = {each["item"]: each for each in records if each["act"] == "queued"}
    waiting = {each["item"]: each for each in summary["still_waiting"]}
    got: dict[str, Any] = {
        "acts": acts(records),
        "served": offered,
        "queues": {item: each["queue"] for item, each in queued.items()},
        "needs": {item: [*map(skill_of, each["needs"])] for item, each in queued.items()},
        "due": {item: each["due_at"] for item, each in queued.items()},
        "moved": [each["item"] for each in records if each["act"] == "moved"],
        "blocked": {item: (each["blocked_by"] or {}).get("gate") for item, each in waiting.items()},
        "states": {item: each["state"] for item, each in summary["by_item"].items()},
        "served_by": {
            item: [f"{turn['agent']} {turn['end']}" for turn in each["served"]]
            for item, each in summary["by_item"].items()
        },
        "broken": [f"{each['item']} {each['metric']}" for each in summary["broken"]],
        "notes": len(summary["notes"]),
    }
    for key, expected in case.get("summary", {}).items():
        assert summary[key] == expected
    for key in got.keys() & case.keys():
        found = got[key]
        assert case[key] == (
            {name: found[name] for name in case[key]} if isinstance(found, dict) else found
        ), key
