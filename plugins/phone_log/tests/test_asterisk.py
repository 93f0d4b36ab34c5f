"""The manager interface, over real sockets: events become calls, and calls are placed."""

from __future__ import annotations

import asyncio
from functools import reduce

import pytest
from router_phone_log.lines.channel import PhoneLineChannel
from router_phone_log.lines.simulated_asterisk import SECRET, USER, SimulatedAsterisk, asterisk
from router_phone_log.settings import PhoneLineSettings

from router.calls import CallDirection, CallOutcome, CallState, merge_calls
from router.errors import AuthInvalid, NotAllowedNow, Permanent, Retryable, UnknownOutcome
from router.messages import SendOutcome
from router.testing import MemoryContext
from router.threads import Action, ActionKind

from .watching import facts, up, watched


@pytest.fixture(autouse=True)
def secret_in_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMI_SECRET", SECRET)


def line_to(server: SimulatedAsterisk, **changes: object) -> PhoneLineChannel:
    settings = {"port": server.port, "user": USER, "secret_env": "AMI_SECRET", "timeout_s": 60, **changes}
    return PhoneLineChannel(
        "hotline", PhoneLineSettings(region="CN", zone="Asia/Shanghai", asterisk=settings)
    )


async def told(phone: PhoneLineChannel, server: SimulatedAsterisk, *blocks: str) -> None:
    assert phone.line is not None
    await up(phone)
    count = phone.line.taken
    for block in blocks:
        await server.send(block)
    await phone.line.until_taken(count + len(blocks))


def blocks_of(transcript: str) -> list[str]:
    return [block for block in transcript.replace("\r", "").split("\n\n") if block.strip()]


NEW = """Event: Newchannel
Channel: PJSIP/trunk-00000003
ChannelStateDesc: Ring
CallerIDNum: 13900139000
CallerIDName: Li
Context: from-trunk
Exten: 01012345678
Uniqueid: 1740976200.3
Linkedid: 1740976200.3
Timestamp: 1740976200.25"""
JOIN = """Event: QueueCallerJoin
Queue: aftersale
Channel: PJSIP/trunk-00000003
Uniqueid: 1740976200.3
Linkedid: 1740976200.3"""
LEG = """Event: Newchannel
Channel: PJSIP/4001-00000004
Context: from-internal
Uniqueid: 1740976200.4
Linkedid: 1740976200.3"""
RINGS = """Event: DialBegin
Channel: PJSIP/trunk-00000003
DestChannel: PJSIP/4001-00000004
Uniqueid: 1740976200.3
Linkedid: 1740976200.3"""
ANSWERS = """Event: DialEnd
Channel: PJSIP/trunk-00000003
DestChannel: PJSIP/4001-00000004
DialStatus: ANSWER
Uniqueid: 1740976200.3
Linkedid: 1740976200.3
Timestamp: 1740976212.25"""
LEG_ENDS = """Event: Hangup
Channel: PJSIP/4001-00000004
Uniqueid: 1740976200.4
Linkedid: 1740976200.3"""
ENDS = """Event: Hangup
Channel: PJSIP/trunk-00000003
Cause: 16
Cause-txt: Normal Clearing
Uniqueid: 1740976200.3
Linkedid: 1740976200.3
Timestamp: 1740976272.25"""


async def test_the_recorded_missed_call_rings_and_is_missed(telephony, expected):
    async with asterisk() as server:
        phone = line_to(server)
        async with watched(phone) as context:
            await told(phone, server, *blocks_of((telephony / "ami-missed-call.txt").read_text()))
            found = facts(context)
    [wanted] = expected["ami-missed-call.txt"]
    said = [str(fact.outcome or fact.state) for fact in found]
    assert list(dict.fromkeys(said)) == wanted["events"]
    call = reduce(merge_calls, found)
    assert (call.key, call.outcome, call.direction) == (wanted["key"], "missed", CallDirection.INBOUND)
    assert (call.ring_s, call.offered_to, call.agent) == (41, ("4001",), "")
    assert call.customer_e164 == "+8613900139000"


async def test_a_queue_call_is_answered_by_the_agent_who_took_it():
    async with asterisk() as server:
        phone = line_to(server)
        async with watched(phone) as context:
            await told(phone, server, NEW, JOIN, LEG, RINGS, ANSWERS, LEG_ENDS, ENDS)
            found = facts(context)
            events = [event for one in context.accepted for event in one.events]
    assert [fact.state for fact in found] == [
        CallState.RINGING, CallState.QUEUED, CallState.QUEUED, CallState.TALKING, CallState.ENDED,
    ]  # fmt: skip
    assert [fact.version for fact in found] == [1, 2, 3, 4, 5]
    last = found[-1]
    assert (last.outcome, last.agent, last.queue) == (CallOutcome.ANSWERED, "4001", "aftersale")
    assert (last.ring_s, last.talk_s, last.cause) == (12, 60, "Normal Clearing")
    assert (events[0].author.display, events[0].author.identities[0].value) == ("Li", "+8613900139000")


async def test_a_record_of_a_leg_that_did_not_answer_does_not_undo_an_answer():
    record = """Event: Cdr
Source: 13900139000
Destination: 01012345678
DestinationContext: from-trunk
DestinationChannel: PJSIP/4002-00000005
StartTime: 2025-03-03 12:30:00
AnswerTime:
EndTime: 2025-03-03 12:30:12
Duration: 12
BillableSeconds: 0
Disposition: NO ANSWER
UniqueID: 1740976200.4"""
    async with asterisk() as server:
        phone = line_to(server)
        async with watched(phone) as context:
            await told(phone, server, NEW, LEG, RINGS, ANSWERS, ENDS, record)
            call = reduce(merge_calls, facts(context))
    assert (call.key, call.outcome, call.agent) == ("1740976200.3", CallOutcome.ANSWERED, "4001")


async def test_an_answer_before_a_restart_counts_for_the_end_after_it():
    async with asterisk() as server:
        context = MemoryContext("hotline")
        phone = line_to(server)
        async with watched(phone, context):
            await told(phone, server, NEW, LEG, RINGS, ANSWERS)
        server.hang_up()
        phone = line_to(server)
        async with watched(phone, context):
            await told(phone, server, ENDS)
    assert facts(context)[-1].outcome is CallOutcome.ANSWERED


async def test_a_call_that_ended_while_the_line_was_away_is_ended_on_return():
    async with asterisk() as server:
        phone = line_to(server)
        async with watched(phone) as context:
            await told(phone, server, NEW, RINGS)
            assert phone.line is not None
            count = phone.line.taken
            server.hang_up()
            await phone.line.until_taken(count + 1)
    assert server.logins == 2
    assert (facts(context)[-1].state, facts(context)[-1].outcome) == (CallState.ENDED, CallOutcome.MISSED)


async def test_a_call_that_is_still_up_on_return_goes_on():
    async with asterisk() as server:
        server.channels = ["1740976200.3"]
        phone = line_to(server)
        async with watched(phone) as context:
            await told(phone, server, NEW, RINGS)
            assert phone.line is not None
            count = phone.line.taken
            server.hang_up()
            await phone.line.until_taken(count + 2)
            assert facts(context)[-1].state is CallState.RINGING


async def test_events_wait_while_the_store_is_away_and_none_is_lost():
    async with asterisk() as server:
        phone = line_to(server)
        async with watched(phone) as context:
            context.fail_accept_next()
            context.store.lose_answer_next()
            await told(phone, server, NEW, RINGS, ENDS)
    assert [fact.state for fact in facts(context)] == [CallState.RINGING, CallState.RINGING, CallState.ENDED]


@pytest.mark.parametrize("login", ["md5", "plain"])
async def test_the_secret_crosses_the_wire_only_in_a_plain_login(login):
    async with asterisk() as server:
        async with watched(line_to(server, login=login)):
            await server.logged_in.wait()
        assert any(SECRET in str(action) for action in server.actions) == (login == "plain")


async def test_a_refused_login_asks_for_an_admin(monkeypatch):
    monkeypatch.setenv("AMI_SECRET", "old")
    async with asterisk() as server:
        phone = line_to(server)
        await phone.open(MemoryContext())
        with pytest.raises(AuthInvalid, match="Authentication failed"):
            await phone.stream()


async def test_a_silent_line_is_pinged():
    async with asterisk() as server, watched(line_to(server, ping_s=0.05)):
        async with asyncio.timeout(60):
            await server.pinged.wait()


async def test_another_service_on_the_port_is_named():
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    settings = {"port": server.sockets[0].getsockname()[1], "user": USER, "secret_env": "AMI_SECRET"}
    phone = PhoneLineChannel(
        "hotline", PhoneLineSettings(region="CN", zone="Asia/Shanghai", asterisk=settings)
    )
    await phone.open(MemoryContext())
    with pytest.raises(ConnectionError, match="no Asterisk Call Manager"):
        await phone.stream()
    server.close()
    await server.wait_closed()


CALL_BACK = Action(kind=ActionKind.ORIGINATE, ref="task-77", recipient="+8613900139000", agent="4001")


async def test_a_call_back_rings_the_agent_first_and_its_record_names_the_attempt():
    begun = "Event: Newchannel\nChannel: PJSIP/4001-0000000a\nUniqueid: task-77\nLinkedid: task-77"
    picks_up = (
        "Event: DialEnd\nDestChannel: PJSIP/4001-0000000a\nDestUniqueid: task-77\n"
        "DialStatus: ANSWER\nLinkedid: task-77"
    )
    answers = (
        "Event: DialEnd\nChannel: PJSIP/4001-0000000a\nDestChannel: PJSIP/trunk-0000000b\n"
        "DialStatus: ANSWER\nUniqueid: task-77\nLinkedid: task-77"
    )
    ends = "Event: Hangup\nCause: 16\nUniqueid: task-77\nLinkedid: task-77"
    async with asterisk() as server:
        phone = line_to(server, originate=True, caller_id="Shop <400>")
        async with watched(phone) as context:
            await up(phone)
            receipt = await phone.act(CALL_BACK)
            await told(phone, server, begun, picks_up, answers, ends)
            found = facts(context)
        [action] = [one for one in server.actions if one["Action"] == "Originate"]
    assert (receipt.outcome, receipt.remote_ref) == (SendOutcome.ACCEPTED, "task-77")
    assert (action["Channel"], action["Exten"], action["ChannelId"]) == (
        "PJSIP/4001",
        "13900139000",
        "task-77",
    )
    last = found[-1]
    assert (last.direction, last.attempt_ref, last.agent) == (CallDirection.OUTBOUND, "task-77", "4001")
    assert (last.outcome, last.customer_e164) == (CallOutcome.ANSWERED, "+8613900139000")


async def test_a_call_back_nobody_answered_is_missed_although_the_agent_picked_up():
    blocks = (
        "Event: Newchannel\nUniqueid: task-77\nLinkedid: task-77",
        "Event: DialEnd\nDestChannel: PJSIP/4001-0000000a\nDialStatus: ANSWER\nLinkedid: task-77",
        "Event: DialEnd\nDialStatus: NOANSWER\nUniqueid: task-77\nLinkedid: task-77",
        "Event: Hangup\nCause: 16\nUniqueid: task-77\nLinkedid: task-77",
    )
    async with asterisk() as server:
        phone = line_to(server, originate=True)
        async with watched(phone) as context:
            await up(phone)
            await phone.act(CALL_BACK)
            await told(phone, server, *blocks)
            assert facts(context)[-1].outcome is CallOutcome.MISSED


async def test_a_call_back_whose_channel_never_came_to_be_has_failed():
    answer = "Event: OriginateResponse\nActionID: task-77\nResponse: Failure\nReason: 0\nUniqueid: <null>"
    async with asterisk() as server:
        phone = line_to(server, originate=True)
        async with watched(phone) as context:
            await up(phone)
            await phone.act(CALL_BACK)
            await told(phone, server, answer)
            last = facts(context)[-1]
    assert (last.key, last.outcome, last.attempt_ref) == ("task-77", CallOutcome.FAILED, "task-77")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"recipient": "110"}, Permanent),
        ({"recipient": "anonymous"}, Permanent),
        ({"recipient": "4002"}, Permanent),
        ({"agent": "4001\r\nAction: Command"}, Permanent),
        ({"kind": ActionKind.RECALL}, Permanent),
    ],
)
async def test_what_must_not_be_called_is_not(change, error):
    async with asterisk() as server:
        phone = line_to(server, originate=True)
        async with watched(phone):
            await up(phone)
            values = {"kind": ActionKind.ORIGINATE, "recipient": "+8613900139000", "agent": "4001", **change}
            with pytest.raises(error):
                await phone.act(Action(ref="x", **values))
        assert not any(one["Action"] == "Originate" for one in server.actions)


async def test_an_account_that_may_not_call_says_so():
    async with asterisk() as server:
        phone = line_to(server)
        async with watched(phone):
            with pytest.raises(NotAllowedNow, match="set originate"):
                await phone.act(CALL_BACK)


async def test_a_refusal_a_lost_answer_and_a_lost_line_are_told_apart():
    async with asterisk() as server:
        phone = line_to(server, originate=True)
        with pytest.raises(Retryable, match="not open"):
            await phone.act(CALL_BACK)
        async with watched(phone):
            await up(phone)
            server.originate_answer = ("Error", "Extension does not exist.")
            with pytest.raises(Permanent, match="Extension does not exist"):
                await phone.act(CALL_BACK)
            server.hangs_up_on = "Originate"
            with pytest.raises(UnknownOutcome):
                await phone.act(CALL_BACK)
