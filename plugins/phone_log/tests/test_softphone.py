"""The softphone's control socket: recorded frames become calls, and numbers are dialled."""

from __future__ import annotations

import asyncio
import json
from functools import reduce

import pytest
from router_phone_log.lines.channel import PhoneLineChannel
from router_phone_log.lines.wires import BrokenWire, NetstringWire
from router_phone_log.settings import PhoneLineSettings

from router.calls import Call, CallDirection, CallOutcome, merge_calls
from router.errors import Permanent
from router.threads import Action, ActionKind

from .softphone_server import SoftphoneServer, netstring, softphone
from .watching import facts, up, watched


def phone_to(server: SoftphoneServer, **changes: object) -> PhoneLineChannel:
    settings = {"port": server.port, "timeout_s": 60, **changes}
    return PhoneLineChannel(
        "desk-1", PhoneLineSettings(region="CN", zone="Asia/Shanghai", softphone=settings)
    )


async def told(phone: PhoneLineChannel, server: SoftphoneServer, *events: dict[str, object]) -> None:
    assert phone.line is not None
    await up(phone)
    count = phone.line.taken
    await server.send(*(netstring(event) for event in events))
    await phone.line.until_taken(count + len(events))


def event(kind: str, **changes: object) -> dict[str, object]:
    return {
        "event": True,
        "type": kind,
        "class": "call",
        "accountaor": "sip:agent@127.0.0.1:5070",
        "direction": "incoming",
        "peeruri": "sip:13800138000@127.0.0.1:5083",
        "id": "call-1",
        "param": "",
        **changes,
    }


def merged(found: list[Call]) -> dict[str, Call]:
    keys = dict.fromkeys(fact.key for fact in found)
    return {key: reduce(merge_calls, [fact for fact in found if fact.key == key]) for key in keys}


async def test_the_recorded_calls_are_answered_dialled_and_missed(telephony, expected):
    lines = (telephony / "softphone-events.jsonl").read_text().splitlines()
    async with softphone() as server:
        phone = phone_to(server)
        async with watched(phone) as context:
            await told(phone, server, *(json.loads(line) for line in lines))
            calls = merged(facts(context))
    wanted = expected["softphone-events.jsonl"]
    assert list(calls) == [one["key"] for one in wanted]
    for one in wanted:
        call = calls[str(one["key"])]
        assert (call.direction, call.outcome) == (one["direction"], one["outcome"])
    assert calls["1-31564@127.0.0.1"].customer_e164 == "+8613800138000"


@pytest.mark.parametrize(
    ("direction", "param", "outcome"),
    [
        ("incoming", "Connection reset by peer", CallOutcome.MISSED),
        ("incoming", "Rejected by user", CallOutcome.REJECTED),
        ("outgoing", "486 Busy Here", CallOutcome.BUSY),
        ("outgoing", "603 Decline", CallOutcome.REJECTED),
        ("outgoing", "404 Not Found", CallOutcome.FAILED),
        ("outgoing", "408 Request Timeout", CallOutcome.MISSED),
    ],
)
async def test_a_call_nobody_took_ends_as_its_last_word_says(direction, param, outcome):
    async with softphone() as server:
        phone = phone_to(server)
        async with watched(phone) as context:
            begun = "CALL_INCOMING" if direction == "incoming" else "CALL_RINGING"
            await told(
                phone,
                server,
                event(begun, direction=direction),
                event("CALL_CLOSED", direction=direction, param=param),
            )
            assert facts(context)[-1].outcome is outcome


async def test_a_caller_without_a_number_is_known_by_name_whatever_his_port():
    async with softphone() as server:
        phone = phone_to(server)
        async with watched(phone) as context:
            for number, port in ((1, 5081), (2, 5099)):
                peer = f"sip:alice@192.0.2.7:{port}"
                await told(phone, server, event("CALL_INCOMING", id=f"call-{number}", peeruri=peer))
            events = [one for item in context.accepted for one in item.events]
    assert [one.author.identities[0].value for one in events] == ["alice", "alice"]


async def test_what_is_no_call_is_not_stored():
    async with softphone() as server:
        phone = phone_to(server)
        async with watched(phone) as context:
            await told(
                phone,
                server,
                {"event": True, "type": "REGISTER_OK", "class": "register"},
                event("CALL_LOCAL_SDP"),
                event("CALL_INCOMING", id=""),
            )
            assert context.accepted == []


async def test_a_call_back_is_dialled_and_its_call_names_the_attempt():
    outgoing = {"direction": "outgoing", "peeruri": "sip:13900139000@pbx.example"}
    async with softphone() as server:
        phone = phone_to(server, originate=True, dial="sip:{number}@pbx.example")
        async with watched(phone) as context:
            await up(phone)
            await phone.act(Action(kind=ActionKind.ORIGINATE, ref="task-9", recipient="+8613900139000"))
            await told(
                phone,
                server,
                event("CALL_RINGING", **outgoing),
                event("CALL_ESTABLISHED", **outgoing),
                event("CALL_CLOSED", **outgoing),
                event("CALL_RINGING", **{**outgoing, "id": "call-2"}),
            )
            *called, other = facts(context)
    assert [(one["command"], one["params"]) for one in server.commands] == [
        ("dial", "sip:13900139000@pbx.example")
    ]
    assert {one.attempt_ref for one in called} == {"task-9"}
    assert (called[-1].outcome, called[-1].direction) == (CallOutcome.ANSWERED, CallDirection.OUTBOUND)
    assert other.attempt_ref == ""


async def test_a_refused_dial_gives_the_softphones_words():
    async with softphone() as server:
        server.answer = {"ok": False, "data": "could not find UA"}
        phone = phone_to(server, originate=True)
        async with watched(phone):
            await up(phone)
            with pytest.raises(Permanent, match="could not find UA"):
                await phone.act(Action(kind=ActionKind.ORIGINATE, ref="x", recipient="+8613900139000"))


@pytest.mark.parametrize("sent", [b"abc:{},", b"99999999:", b"2:{}x", b"x" * 70_000])
async def test_what_is_no_netstring_ends_the_connection(sent):
    reader = asyncio.StreamReader(limit=64 * 1024)
    reader.feed_data(sent)
    reader.feed_eof()
    with pytest.raises((BrokenWire, EOFError)):
        await NetstringWire().read(reader)
