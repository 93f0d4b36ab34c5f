"""A real softphone: a missed, an answered and an outgoing call, with baresip and sipp."""

from __future__ import annotations

import asyncio
from functools import reduce

import pytest
from router_phone_log.lines.channel import PhoneLineChannel
from router_phone_log.settings import PhoneLineSettings

from router.calls import Call, CallDirection, CallOutcome, CallState, merge_calls
from router.testing import MemoryContext
from router.testing.loopback import free_ports
from router.threads import Action, ActionKind

from .conftest import FIXTURES
from .real_softphone import Softphone, baresip, listening, sipp
from .watching import facts, up, watched

pytestmark = pytest.mark.services


def phone_to(real: Softphone, **changes: object) -> PhoneLineChannel:
    settings = {"port": real.control_port, **changes}
    return PhoneLineChannel(
        "desk-1", PhoneLineSettings(region="CN", zone="Asia/Shanghai", softphone=settings)
    )


async def ended(phone: PhoneLineChannel, context: MemoryContext) -> Call:
    """Wait until a call has ended; give what is known of it."""
    assert phone.line is not None
    async with asyncio.timeout(60):
        while not (found := facts(context)) or found[-1].state is not CallState.ENDED:
            await phone.line.until_taken(phone.line.taken + 1)
    return reduce(merge_calls, found)


async def test_a_caller_who_gives_up_has_been_missed(tmp_path):
    async with baresip(tmp_path / "phone", answers=False) as real:
        phone = phone_to(real)
        async with watched(phone) as context:
            await up(phone)
            scenario = str(FIXTURES / "sipp-missed-call.xml")
            caller = await sipp(tmp_path, "-sf", scenario, f"127.0.0.1:{real.sip_port}")
            call = await ended(phone, context)
            assert await caller.wait() == 0
    assert (call.direction, call.outcome) == (CallDirection.INBOUND, CallOutcome.MISSED)
    assert (call.customer_e164, call.talk_s) == ("+8613800138000", 0)


async def test_a_caller_who_is_answered_has_talked(tmp_path):
    async with baresip(tmp_path / "phone", answers=True) as real:
        phone = phone_to(real)
        async with watched(phone) as context:
            await up(phone)
            caller = await sipp(
                tmp_path, "-sn", "uac", "-s", "agent", "-d", "500", f"127.0.0.1:{real.sip_port}"
            )
            call = await ended(phone, context)
            assert await caller.wait() == 0
    assert (call.direction, call.outcome) == (CallDirection.INBOUND, CallOutcome.ANSWERED)
    assert call.answered_at is not None


async def test_a_call_back_is_placed_and_its_record_names_the_attempt(tmp_path):
    [port] = free_ports(1)
    async with baresip(tmp_path / "phone", answers=False) as real:
        phone = phone_to(real, originate=True, dial=f"sip:{{number}}@127.0.0.1:{port}")
        customer = await sipp(tmp_path, "-sn", "uas", "-p", str(port))
        await listening(port)
        async with watched(phone) as context:
            await up(phone)
            action = Action(kind=ActionKind.ORIGINATE, ref="task-5", recipient="+8613800138000")
            await phone.act(action)
            assert phone.line is not None
            async with asyncio.timeout(60):
                while not (found := facts(context)) or found[-1].state is not CallState.TALKING:
                    await phone.line.until_taken(phone.line.taken + 1)
            await phone.line.connection.ask({"command": "hangup"})
            call = await ended(phone, context)
            assert await customer.wait() == 0
    assert (call.direction, call.outcome) == (CallDirection.OUTBOUND, CallOutcome.ANSWERED)
    assert (call.attempt_ref, call.customer_e164) == ("task-5", "+8613800138000")
