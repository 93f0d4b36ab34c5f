"""Contract check 22: every declared capability is exercised, and a shared loop is never held."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from router.channel import Confirms, FollowsThread, ManualSource, PullSource, PushSource, StreamSource
from router.messages import Block, BlockKind, EventKind
from router.testing.stage import Scene, Stage
from router.watchdog import Hold, Watchdog

_HOLD_LIMIT_S = 0.1


async def check_claims(stage: Stage) -> None:
    """Every declared capability is exercised here, or the check fails."""
    for left in range(2, -1, -1):
        async with _longest_hold() as hold, stage.scene() as scene:
            proven = await _tour(scene, stage)
        # A busy machine holds the loop now and then; a channel that blocks does so every time.
        if not stage.channel_type.shares_loop or hold.longest_s < _HOLD_LIMIT_S:
            proven.add("shares_loop")
            break
        assert left, f"the loop was held for {hold.longest_s * 1000:.0f} ms, limit 100 ms: {hold.stack}"
    missing = sorted(_claims(stage, scene) - proven)
    assert not missing, f"declared, but nothing here exercised it: {', '.join(missing)}"


def _claims(stage: Stage, scene: Scene) -> set[str]:
    capabilities = stage.channel_type.capabilities
    flags = ("inbound", "outbound", "reply_token", "marks_sending", "idempotent_send")
    claims = {flag for flag in flags if getattr(capabilities, flag)}
    sources = {
        StreamSource: "stream",
        PullSource: "pull",
        PushSource: "handle_http",
        ManualSource: "submit",
        Confirms: "confirm",
        FollowsThread: "thread_changed",
    }
    claims |= {name for base, name in sources.items() if isinstance(scene.channel, base)}
    if capabilities.outbound:
        claims |= {f"blocks: {kind}" for kind in capabilities.blocks} | {"text limit"}
    if capabilities.receipts != "none":
        claims.add("receipts")
    return claims


async def _tour(scene: Scene, stage: Stage) -> set[str]:
    """Use everything the channel has; give what could be seen to work."""
    proven: set[str] = set()
    for raw in scene.simulator.samples():
        await scene.deliver(raw)
    if scene.context.accepted:
        proven.add("inbound")
    if stage.channel_type.capabilities.outbound:
        proven |= await _tour_of_sending(scene, stage)
    entry = scene.context.store.thread_of(scene.channel.account)
    if isinstance(scene.channel, FollowsThread) and entry is not None:
        await scene.channel.thread_changed(*entry)
    if isinstance(scene.channel, Confirms):
        await scene.channel.confirm(await scene.attempt())
    events = [event for item in scene.context.accepted for event in item.events]
    if scene.context.store.reports or any(
        event.kind is EventKind.RECEIPT or event.report for event in events
    ):
        proven.add("receipts")
    return proven | scene.used


async def _tour_of_sending(scene: Scene, stage: Stage) -> set[str]:
    capabilities = stage.channel_type.capabilities
    attempt = await scene.attempt()
    before = len(scene.simulator.sent())
    await scene.channel.send(attempt)
    sent = await scene.arrived(before + 1)
    proven = {"outbound"} if len(sent) > before else set()
    if attempt.attempt_id in scene.context.store.marked:
        proven.add("marks_sending")
    if any(attempt.reply_token.encode() in each for each in sent):
        proven.add("reply_token")
    if capabilities.idempotent_send:
        await scene.channel.send(attempt)
        assert len(scene.simulator.sent()) == len(sent), "one attempt sent twice arrived twice"
        proven.add("idempotent_send")
    for kind in sorted(capabilities.blocks):
        block = Block(kind=BlockKind(kind), text="a", fields={"url": "https://shop.example/a.png"})
        await scene.channel.send(await scene.attempt(blocks=[block]))
        proven.add(f"blocks: {kind}")
    await scene.channel.send(await scene.attempt("x" * capabilities.text.max))
    proven.add("text limit")
    return proven


class _Longest:
    """The longest time this loop was seen held, and by what."""

    def __init__(self) -> None:
        self.longest_s = 0.0
        self.stack = ""

    def note(self, hold: Hold) -> None:
        if hold.lasted_s > self.longest_s:
            self.longest_s = hold.lasted_s
        self.stack = hold.stack or self.stack


@asynccontextmanager
async def _longest_hold() -> AsyncIterator[_Longest]:
    longest = _Longest()
    with Watchdog(longest.note, {}, period_s=0.02, limit_s=_HOLD_LIMIT_S) as watchdog:
        watchdog.watch("check", asyncio.get_running_loop(), threading.get_ident())
        yield longest
        watchdog.unwatch("check")
