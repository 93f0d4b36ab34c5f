"""Event lists that cannot be: each is refused with its line, what is wrong, and what to do."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from router.engine.event_json import from_json
from router.errors import ConfigError
from router.simulation.command import simulate_file
from router.simulation.event_list import EventListError, parse_event_list
from router.simulation.line_types import LINE_TYPES

RULES = """
version: 1
skills: {refunds: {kind: craft}}
queues: {service: {offer_timeout: 30s}, vip: {}}
sla_policies: {fast: {first_response: 60s}}
incidents: {outage: {}}
rules:
  - {name: refund, when: 'message.text == "refund"', set: {queue: service, needs: [{require: refunds}]}}
  - {name: all, when: "true", set: {queue: service}}
"""
MEI = [
    {"type": "agent_skills", "agent": "mei", "skills": {"refunds": 3}},
    {"type": "presence", "agent": "mei", "state": "available"},
]
TOM = {"type": "agent_skills", "agent": "tom", "skills": {}, "queues": ["vip"]}
I1 = {"type": "item_enqueued", "item": "i1"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    return tmp_path


def run(folder: Path, *entries: Any, roster: str = "") -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Play entries a second apart."""
    lines = [
        entry if isinstance(entry, str) else json.dumps({"at": f"2026-01-05T09:00:{second:02}Z", **entry})
        for second, entry in enumerate(entries)
    ]
    (folder / "list.ndjson").write_text("\n".join(lines), encoding="utf-8")
    if roster:
        (folder / "roster.yaml").write_text(roster, encoding="utf-8")
    answer = simulate_file(
        folder / "list.ndjson",
        rules=folder / "rules.yaml",
        roster=folder / "roster.yaml" if roster else None,
        as_json=True,
    )
    *records, summary = [json.loads(line) for line in answer]
    return records, summary


def acts(records: Sequence[dict[str, Any]], item: str = "i1") -> list[str]:
    return [record["act"] for record in records if record.get("item") == item]


@pytest.mark.parametrize(
    ("entries", "line", "message"),
    [
        (["nonsense"], 1, "not valid JSON"),
        (["[1]"], 1, "has to be an object"),
        (['{"at": "2026-01-05T09:00:00Z", "type": "tick", "type": "tick"}'], 1, "`type` stands here twice"),
        (['{"at": "2026-01-05T09:00:00Z", "type": "tick", "note": NaN}'], 1, "NaN is no number"),
        (["[" * 90_000], 1, "nested too deeply"),
        (['{"type": "tick"}'], 1, "the time is missing"),
        ([{"at": "2026-01-05T09:00:00", "type": "tick"}], 1, "no time with an offset"),
        ([{"at": "yesterday", "type": "tick"}], 1, "no time with an offset"),
        ([{"type": "tick"}, {"at": "2026-01-05T08:00:00Z", "type": "tick"}], 2, "earlier than line 1"),
        ([{}], 1, "the type is missing"),
        ([{"type": "tik"}], 1, "Did you mean `tick`?"),
        ([{"type": "reply"}], 1, "reply needs `item`"),
        ([{**I1, "queu": "vip"}], 1, "Did you mean `queue`?"),
        ([{**I1, "queue": "vop"}], 1, "unknown queue `vop`. Did you mean `vip`?"),
        ([{**I1, "sla": "fats"}], 1, "Did you mean `fast`?"),
        ([{**I1, "needs": [{"require": "refund"}]}], 1, "Did you mean `refunds`?"),
        ([{**I1, "needs": [{"require": "refunds", "drop_after": "soon"}]}], 1, "soon"),
        ([{**I1, "needs": "refunds"}], 1, "needs must be a list"),
        ([{**I1, "facts": {"message": {"txt": "x"}}}], 1, "Did you mean `message.text`?"),
        ([{**I1, "facts": {"now": {"hour": 3}}}], 1, "The time of the line"),
        ([{**I1, "facts": {"order": {"value": "much"}}}], 1, "`order.value` is double"),
        ([{**I1, "boost": "an hour"}], 1, "an hour"),
        ([{**I1, "arrival": -1}], 1, "`arrival` has to be a whole number"),
        ([{**I1, "due_at": "noon"}], 1, "noon"),
        ([I1, {**I1, "queue": "vip"}], 2, "`i1` is queued already since line 1"),
        ([{"type": "reply", "item": "i9"}], 1, "unknown item `i9`"),
        ([I1, {"type": "resolve", "item": "i1"}, {"type": "reply", "item": "i1"}], 3, "`i1` is over"),
        ([*MEI, {"type": "presence", "agent": "mei", "state": "here"}], 3, "`here` is no presence"),
        ([*MEI, {"type": "presence", "agent": "mei", "state": "away", "classes": "chat"}], 3, "a list"),
        ([{"type": "agent_skills", "agent": "mei"}], 1, "comes without skills"),
        ([{"type": "agent_skills", "agent": "mei", "skills": {"refunds": 9}}], 1, "levels run from 0 to 5"),
        ([{"type": "agent_skills", "agent": "mei", "skills": {"refund": 1}}], 1, "Did you mean `refunds`?"),
        ([{"type": "agent_skills", "agent": "mei", "skills": {}, "queues": ["vop"]}], 1, "unknown queue"),
        ([{"type": "agent_skills", "agent": "mei", "skills": ["refunds"]}], 1, "object"),
        ([*MEI, I1, {"type": "offer_answer", "agent": "moi", "item": "i1", "answer": "accept"}], 4, "`mei`?"),
        ([*MEI, I1, {"type": "offer_answer", "agent": "mei", "item": "i1"}], 4, "either accept or reject"),
        (
            [
                *MEI,
                I1,
                {"type": "offer_answer", "agent": "mei", "item": "i1", "accept": True, "reject": True},
            ],
            4,
            "either accept or reject",
        ),
        ([*MEI, I1, {"type": "offer_answer", "item": "i1", "answer": "accept"}], 4, "names no offer"),
        ([*MEI, {"type": "offer_answer", "offer": "i1.1", "answer": "accept"}], 3, "there was no offer"),
        ([*MEI, I1, {"type": "transfer", "item": "i1", "to": "nowhere"}], 4, "neither a queue nor a person"),
        ([*MEI, I1, {"type": "resolve", "item": "i1", "agent": "mei"}], 4, "`mei` does not have `i1`"),
        ([*MEI, I1, {"type": "put_back", "item": "i1"}], 4, "nobody has `i1`"),
        (
            [*MEI, I1, {"type": "claim_ended", "item": "i1", "outcome": "completed"}],
            4,
            "nobody has this item",
        ),
        (
            [I1, TOM, {"type": "claim_taken", "item": "i1", "agent": "tom"}],
            3,
            "`tom` does not serve the queue",
        ),
        ([{"type": "wrap_up_done", "item": "i9"}], 1, "unknown item `i9`"),
        ([{"type": "incident_started", "name": "outtage"}], 1, "Did you mean `outage`?"),
        ([""], 1, "the list is empty"),
    ],
)
def test_a_line_that_cannot_be_is_refused_with_its_number(
    folder: Path, entries: list[Any], line: int, message: str
) -> None:
    with pytest.raises(EventListError) as caught:
        run(folder, *entries)
    assert message in str(caught.value)
    assert f"list.ndjson:{line}:" in str(caught.value)


def test_all_lines_of_wrong_form_are_named_at_once(folder: Path) -> None:
    with pytest.raises(EventListError) as caught:
        run(folder, {"type": "tik"}, {"type": "tick"}, {"type": "reply"})
    assert [problem.line for problem in caught.value.problems] == [1, 3]


def test_a_name_is_compared_with_the_roster(folder: Path) -> None:
    roster = "agents: {mei: {skills: {refunds: 3}}}"
    with pytest.raises(EventListError, match="Did you mean `mei`"):
        run(folder, {"type": "presence", "agent": "mai", "state": "available"}, roster=roster)


def test_a_line_that_is_too_long_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(EventListError, match="longer than 100,000 bytes"):
        parse_event_list([b"x" * 100_001], "list")


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(EventListError, match="not UTF-8"):
        parse_event_list([b"\xff\xfe{}"], "list")


def test_a_missing_file_and_a_wrong_end_are_named(folder: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        simulate_file(folder / "gone.ndjson", rules=folder / "rules.yaml")
    (folder / "list.ndjson").write_text('{"at": "2026-01-05T09:00:00Z", "type": "tick"}', encoding="utf-8")
    for wrong in ("soon", "5x", "2026-01-05T08:00:00Z"):
        with pytest.raises(ConfigError, match="--until"):
            simulate_file(folder / "list.ndjson", rules=folder / "rules.yaml", until=wrong)
    with pytest.raises(ConfigError, match="--rules"):
        simulate_file(folder / "list.ndjson", rules=None)
    with pytest.raises(ConfigError, match="--write"):
        simulate_file(folder / "list.ndjson", rules=folder / "rules.yaml", write=folder / "other")


def test_every_event_of_the_engine_can_stand_in_a_list() -> None:
    with pytest.raises(ConfigError) as caught:
        from_json({"at": "2026-01-05T09:00:00Z", "type": "?"})
    known = caught.value.hint.removeprefix("Use one of ").removesuffix(".").split(", ")
    assert set(known) <= set(LINE_TYPES)


def test_an_answer_that_comes_too_late_changes_nothing_and_is_noted(folder: Path) -> None:
    late = {
        "at": "2026-01-05T09:05:00Z",
        "type": "offer_answer",
        "agent": "mei",
        "item": "i1",
        "answer": "accept",
    }
    records, summary = run(folder, *MEI, I1, late)
    assert "accepted" not in acts(records)[:4]
    assert summary["notes"] == ["line 4: the offer of `i1` to `mei` is over; nothing changes"]


def test_supervisor_of_the_roster_takes_work_of_any_queue(folder: Path) -> None:
    roster = "agents: {tom: {role: supervisor, skills: {}, queues: [vip]}}"
    _, summary = run(folder, I1, {"type": "claim_taken", "item": "i1", "agent": "tom"}, roster=roster)
    assert summary["by_item"]["i1"]["served"][0]["agent"] == "tom"


def test_the_same_line_twice_is_one_item(folder: Path) -> None:
    records, summary = run(folder, I1, I1)
    assert summary["items"] == 1
    assert acts(records).count("queued") == 1


def test_rules_decide_what_the_line_leaves_out(folder: Path) -> None:
    records, _ = run(folder, {**I1, "facts": {"message": {"text": "refund", "channel": "webchat"}}})
    assert (records[0]["queue"], records[0]["channel_class"]) == ("service", "chat")
    assert records[0]["needs"] == [{"require": "refunds"}]


def test_what_the_line_gives_stands_before_the_rules(folder: Path) -> None:
    records, _ = run(folder, {**I1, "facts": {"message": {"text": "refund"}}, "queue": "vip", "needs": []})
    assert (records[0]["queue"], records[0]["needs"]) == ("vip", [])


def test_transfer_to_a_queue_keeps_the_age_and_to_a_person_gives_it_to_him(folder: Path) -> None:
    tom = [{**each, "agent": "tom"} for each in MEI]
    accept = {"type": "offer_answer", "agent": "mei", "item": "i1", "answer": "accept"}
    records, summary = run(
        folder,
        *MEI,
        I1,
        accept,
        {"type": "transfer", "item": "i1", "to": "vip"},
        *tom,
        {"type": "transfer", "item": "i1", "to": "tom"},
        {"type": "resolve", "item": "i1"},
    )
    moved = [record for record in records if record["act"] == "queued"][-1]
    assert (moved["queue"], moved["eligible_since"]) == ("vip", "2026-01-05T09:00:02Z")
    assert acts(records)[-1] == "completed"
    assert summary["load"]["claims"]["tom"] == 1


def test_waiting_work_can_be_moved_and_resolved(folder: Path) -> None:
    records, summary = run(
        folder, I1, {"type": "transfer", "item": "i1", "to": "vip"}, {"type": "resolve", "item": "i1"}
    )
    assert acts(records)[-1] == "withdrawn"
    assert records[-1]["queue"] == "vip"
    assert summary["still_waiting_count"] == 0


def test_a_roster_without_shifts_and_presence_is_noted(folder: Path) -> None:
    _, summary = run(folder, I1, roster="agents: {mei: {skills: {refunds: 3}}}")
    assert summary["notes"] == ["`mei` has no shifts and no presence line: offline throughout"]


def test_units_given_later_leave_skills_as_they_were(folder: Path) -> None:
    more = {"type": "agent_skills", "agent": "mei", "units": 60}
    refund = {**I1, "facts": {"message": {"text": "refund"}}}
    records, _ = run(folder, *MEI, more, refund)
    offered = next(record for record in records if record["act"] == "offered")
    assert (offered["winner"]["of"], offered["winner"]["skills"]) == (60, {"refunds": 3})
