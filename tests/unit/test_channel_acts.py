"""What a channel does at its provider besides sending: bounded, and never worse than a known error."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from pydantic import BaseModel

from router import Action, ActionKind, Acts, Capabilities, Channel, ChannelType
from router.accounts.running import RunningChannel
from router.errors import NotAllowedNow, Permanent, Retryable, SendError, UnknownOutcome
from router.messages import InboundEvent, RawInbound, Receipt, SendOutcome
from tests.unit.supervised import FAST
from tests.unit.test_provider_files import running

CALL = Action(kind=ActionKind.ORIGINATE, ref="a1", recipient="+442079460018", agent="4001")


class Settings(BaseModel):
    """Nothing to set."""


class Phone(Channel[Settings], Acts):
    """Calls lines that behave as their name says."""

    def decode(self, raw: RawInbound) -> Sequence[InboundEvent]:
        return []

    async def act(self, action: Action) -> Receipt:
        match action.agent:
            case "engaged":
                raise NotAllowedNow("the line is engaged")
            case "broken":
                raise ZeroDivisionError("boom")
            case "refused":
                raise ConnectionRefusedError
            case "silent":
                await asyncio.Event().wait()
            case "garbled":
                return "ok"  # type: ignore[return-value]
        return Receipt(outcome=SendOutcome.ACCEPTED, remote_ref=action.ref)


def phone(*acts: ActionKind) -> ChannelType:
    """Describe a phone that declares these acts."""
    return ChannelType(
        id="phone",
        title="Phone",
        settings=Settings,
        capabilities=Capabilities(channel_class="phone", actions=frozenset(acts)),
        factory=Phone,
        # On one loop a call has begun before its limit can pass, however slow the machine.
        shares_loop=True,
    )


async def ask(channel: RunningChannel, line: str) -> Receipt | SendError:
    try:
        return await channel.act(replace(CALL, agent=line))
    except SendError as error:
        return error


async def test_an_act_gives_its_receipt_or_a_known_error_and_never_hangs() -> None:
    async with running(phone(ActionKind.ORIGINATE), Settings(), replace(FAST, send_s=0.2)) as channel:
        answers = {
            line: await ask(channel, line)
            for line in ("4001", "engaged", "broken", "refused", "silent", "garbled")
        }
    assert answers["4001"] == Receipt(outcome=SendOutcome.ACCEPTED, remote_ref="a1")
    kinds = {line: type(answer) for line, answer in answers.items() if line != "4001"}
    assert kinds == {
        "engaged": NotAllowedNow,
        "broken": UnknownOutcome,
        # nothing can have rung where no connection was made
        "refused": Retryable,
        "silent": UnknownOutcome,
        "garbled": UnknownOutcome,
    }


async def test_an_act_that_is_not_declared_is_never_asked_for() -> None:
    async with running(phone(), Settings()) as channel:
        with pytest.raises(Permanent, match="shop cannot originate"):
            await channel.act(CALL)
