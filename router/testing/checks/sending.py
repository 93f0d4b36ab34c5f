"""Contract checks 12, 13 and 18: rate limits, tokens that run out, windows that close; in the real mail room."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from router.abilities import RenewsAccess
from router.accounts.renewal import Renewal
from router.channel import AnyChannel, ChannelType
from router.messages import DeliveryState, OutboundAttempt, Receipt
from router.testing.checks.outbound import need_outbound
from router.testing.fake_clock import FakeClock
from router.testing.mail_room import MailRoom
from router.testing.memory import MemoryStore
from router.testing.simulators import TokenSimulator
from router.testing.stage import NotDeclared, NotRun, Scene, Stage
from router.windows import CUSTOMER_MESSAGE

_TEXTS = ("part one", "part two", "part three")
_LONGER_THAN_ANY_LIMIT_S = 90_000.0
_SENDS_AT_ONCE, _FEWEST_AT_ONCE = 20, 2
_RENEWAL_S = 30.0
_GONE = (DeliveryState.ACCEPTED, DeliveryState.DELIVERED, DeliveryState.READ, DeliveryState.HELD)


async def check_rate_limit(stage: Stage) -> None:
    """One account is told to slow down: its replies wait and keep their order, the other's go out."""
    need_outbound(stage)
    clock = FakeClock()
    async with (
        stage.scene("shop-1", MemoryStore(clock=clock)) as one,
        stage.scene("shop-2", MemoryStore(clock=clock)) as two,
    ):
        if "RateLimited" not in one.simulator.errors():
            if stage.channel_type.capabilities.limits:
                raise NotRun('limits are declared, but its simulator cannot `fail_next("RateLimited")`')
            raise NotDeclared("its provider names no limit")
        async with MailRoom.open(_without_windows(stage.channel_type), one, two) as room:
            await _slowed_down(room, one, two, clock)
    stage.seen.add("limits")


def _without_windows(kind: ChannelType) -> ChannelType:
    """Give the kind without its send rules, which are another test's: here a day passes."""
    return replace(kind, capabilities=replace(kind.capabilities, send_rules=()))


async def _slowed_down(room: MailRoom, one: Scene, two: Scene, clock: FakeClock) -> None:
    before = len(one.simulator.sent())
    one.simulator.fail_next("RateLimited")
    slow = [(await room.reply(one, _TEXTS[0]))[0]]
    (row,) = await room.until(slow)
    assert row["state"] == DeliveryState.QUEUED, f"after a rate limit the reply is {row['state']}"
    slow += [(await room.reply(one, text))[0] for text in _TEXTS[1:]]
    free = [(await room.reply(two, text))[0] for text in _TEXTS]
    _all_gone(await room.until(free), "the other account's replies")
    assert len(one.simulator.sent()) == before, "a reply left while its account was told to slow down"
    # Limits may last until the next day; a quota that is spent is asked about once a day at most.
    clock.advance(min(_LONGER_THAN_ANY_LIMIT_S, 86_000.0))
    room.wake(one)
    # The first has had its refused attempt already; without this its old state might be taken for the new one.
    await room.until(slow[:1], attempts=2)
    _all_gone(await room.until(slow), "the replies that had waited")
    await _in_order(one, before)


async def _in_order(scene: Scene, before: int) -> None:
    sent = (await scene.arrived(before + len(_TEXTS)))[before:]
    found = [next((text for text in _TEXTS if text.encode() in each), "?") for each in sent]
    if "?" not in found:
        assert tuple(found) == _TEXTS, f"the replies arrived as {found}"
    assert len(sent) == len(_TEXTS), f"{len(_TEXTS)} replies arrived as {len(sent)}"


def _all_gone(rows: Sequence[Mapping[str, Any]], what: str) -> None:
    states = [row["state"] for row in rows]
    assert all(state in _GONE for state in states), f"{what} are {states}: {rows[-1]['detail']}"


async def check_token(stage: Stage) -> None:
    """The token runs out under many sends at once: it is renewed once, and every message arrives."""
    need_outbound(stage)
    async with stage.scene() as scene:
        if not isinstance(scene.channel, RenewsAccess):
            raise NotDeclared("its access does not run out")
        if not isinstance(scene.simulator, TokenSimulator):
            raise NotRun("its simulator has no `expire_token` and `tokens_issued`")
        await scene.channel.send(await scene.attempt())
        before, issued = len(scene.simulator.sent()), scene.simulator.tokens_issued
        count = _at_once(stage)
        attempts = [await scene.attempt(f"message {number}") for number in range(count)]
        renewal = Renewal(scene.channel, _RENEWAL_S)
        scene.simulator.expire_token()
        sends = [renewal.run(partial(_send, one)) for one in attempts]
        results = await asyncio.gather(*sends, return_exceptions=True)
        bad = [result for result in results if not isinstance(result, Receipt)]
        assert not bad, f"{len(bad)} of {count} sends did not survive the new token: {bad[0]!r}"
        renewed = scene.simulator.tokens_issued - issued
        assert renewed == 1, f"{count} sends renewed the token {renewed} times"
        arrived = len(await scene.arrived(before + count)) - before
        assert arrived == count, f"{count} messages arrived as {arrived}"


def _at_once(stage: Stage) -> int:
    """Give how many may go out at once, each twice, after one before them; limits are another test's."""
    allowed = [(limit.count - 1) // 2 for limit in stage.channel_type.capabilities.limits]
    return max(_FEWEST_AT_ONCE, min([_SENDS_AT_ONCE, *allowed]))


async def _send(attempt: OutboundAttempt, channel: AnyChannel) -> Receipt:
    return await channel.send(attempt)


async def check_windows(stage: Stage) -> None:
    """A window closes while replies wait: those are stopped before the provider hears of them."""
    need_outbound(stage)
    rules = [rule for rule in stage.channel_type.capabilities.send_rules if "text" in rule.kinds]
    if not rules:
        raise NotDeclared("it may always send")
    if any(rule.opened_by != CUSTOMER_MESSAGE for rule in rules):
        raise NotRun("a window opens by an event of the provider's own, which only the provider can judge")
    clock = FakeClock()
    lasts_s = max(rule.lasts_s for rule in rules)
    counts = [rule.max_sends for rule in rules]
    most = max(count for count in counts if count is not None) if None not in counts else None
    async with (
        stage.scene(store=MemoryStore(clock=clock)) as scene,
        MailRoom.open(stage.channel_type, scene) as room,
    ):
        opened_at = await room.opened_at(scene)
        clock.set_wall(opened_at + timedelta(seconds=lasts_s - 1))
        within = [(await room.reply(scene, f"within {number}"))[0] for number in range(most or 1)]
        _all_gone(await room.until(within), "replies inside the window")
        if most is not None:
            await _stopped(room, scene, "one too many")
        clock.advance(1)
        await _stopped(room, scene, "after the window")
    stage.seen.add("send_rules")


async def _stopped(room: MailRoom, scene: Scene, text: str) -> None:
    before = len(scene.simulator.sent())
    (row,) = await room.until(await room.reply(scene, text))
    assert row["state"] == DeliveryState.FAILED, f"the reply {text} is {row['state']}"
    assert len(scene.simulator.sent()) == before, f"the reply {text} reached the provider"
