"""Every file of recorded telephony becomes the calls its `expected.json` says."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from functools import reduce
from pathlib import Path
from urllib.parse import urlencode

import pytest

from router.calls import Call, CallOutcome, NumberKind, merge_calls
from router.messages import RawInbound

from .conftest import call_of, channel, item, opened

UNANSWERED = {
    CallOutcome.MISSED,
    CallOutcome.BUSY,
    CallOutcome.ABANDONED,
    CallOutcome.VOICEMAIL,
    CallOutcome.REJECTED,
}


def merged(facts: list[Call]) -> dict[str, Call]:
    by_key: dict[str, list[Call]] = {}
    for fact in facts:
        by_key.setdefault(fact.key, []).append(fact)
    return {key: reduce(merge_calls, one) for key, one in by_key.items()}


def check(call: Call, wanted: dict[str, object]) -> None:
    said = {
        "key": call.key,
        "direction": call.direction.value,
        "customer": call.customer_raw,
        "agent": call.agent or None,
        "outcome": call.outcome,
        "ring_s": call.ring_s,
        "talk_s": call.talk_s,
        "offered_to": list(call.offered_to),
        "recording": next((one.ref for one in call.recordings), None),
    }
    for name, value in wanted.items():
        if name == "started":
            assert call.started_at == datetime.fromisoformat(str(value))
        elif name == "task":
            is_asked_for = call.direction.value == "inbound" and call.outcome in UNANSWERED
            assert is_asked_for == (value == "call back")
            assert call.number_kind is NumberKind.PUBLIC
        elif name != "events":
            assert said[name] == value, name


async def imported(folder: Path, **changes: object) -> dict[str, Call]:
    phone = channel(**changes)
    async with opened(phone) as context:
        while (await phone.pull()).more:
            pass
        assert context.store.quarantined == []
        return merged([call_of(event) for one in context.accepted for event in one.events])


@pytest.mark.parametrize(
    ("name", "columns"), [("asterisk-master.csv", "asterisk-master"), ("3cx-cdr.csv", "3cx")]
)
async def test_a_recorded_file_becomes_its_calls(name, columns, telephony, expected, tmp_path):
    shutil.copy(telephony / name, tmp_path / name)
    calls = await imported(tmp_path, files=({"path": str(tmp_path / name), "map": columns},))
    assert list(calls) == [wanted["key"] for wanted in expected[name]]
    for wanted in expected[name]:
        check(calls[str(wanted["key"])], wanted)


def posted(telephony: Path, name: str) -> list[RawInbound]:
    value = json.loads((telephony / name).read_text())
    if name.startswith("twilio"):
        return [item(urlencode(form), source="twilio") for form in value["forms"]]
    source = "freeswitch" if name.startswith("freeswitch") else "ip-pbx"
    return [item(json.dumps(record), source=source) for record in value]


@pytest.mark.parametrize(
    "name", ["freeswitch-json-cdr.json", "twilio-status-callbacks.json", "ippbx-newcdr-push.json"]
)
def test_recorded_posts_become_their_calls_in_any_order(name, telephony, expected):
    phone = channel()
    posts = posted(telephony, name)
    for order in (posts, posts[::-1]):
        calls = merged([call_of(event) for post in order for event in phone.decode(post)])
        assert sorted(calls) == sorted(str(wanted["key"]) for wanted in expected[name])
        for wanted in expected[name]:
            check(calls[str(wanted["key"])], wanted)


async def test_kamailio_lines_join_to_one_missed_call(telephony, tmp_path):
    shutil.copy(telephony / "kamailio-acc.log", tmp_path / "acc.log")
    [call] = (
        await imported(tmp_path, files=({"path": str(tmp_path / "acc.log"), "map": "kamailio-acc"},))
    ).values()
    assert (call.key, call.outcome, call.customer_e164) == (
        "1-5410@127.0.0.1",
        CallOutcome.MISSED,
        "+8613800138000",
    )
