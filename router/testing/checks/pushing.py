"""Contract check 9: the provider gets its answer in time though the store is slow."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack

from router.channel import PushSource
from router.messages import RawInbound
from router.testing.simulators import SignedSimulator
from router.testing.stage import NotDeclared, NotRun, Scene, Stage

_SLOWEST_STORE_S = 0.2


async def check_ack(stage: Stage) -> None:
    """Every sample is acknowledged within the declared bound while each commit takes half of it."""
    terms = stage.channel_type.capabilities.push
    async with AsyncExitStack() as opened:
        first = await opened.enter_async_context(stage.scene())
        if terms is None or not isinstance(first.channel, PushSource):
            raise NotDeclared("no provider calls it, or none that waits for a bound")
        if not isinstance(first.simulator, SignedSimulator):
            raise NotRun("its simulator has no `signed(raw)`")
        samples = first.simulator.samples()
        # Each sample has a scene of its own, so that the commits are waited for at one time.
        others = [stage.scene(f"account-{number}") for number in range(2, len(samples) + 1)]
        scenes = [first, *[await opened.enter_async_context(scene) for scene in others]]
        bound_s = terms.ack_within_ms / 1000
        for scene in scenes:
            scene.context.store.delay_s = min(bound_s / 2, _SLOWEST_STORE_S)
        pushes = [_push(scene, raw) for scene, raw in zip(scenes, samples, strict=False)]
        for took_s, body in await asyncio.gather(*pushes):
            assert took_s < bound_s, f"the answer took {took_s * 1000:.0f} ms, declared {bound_s * 1000:.0f}"
            if terms.empty_body:
                assert body == b"", f"the provider wants an empty answer and got {body[:60]!r}"
        stage.seen.update({"push: ack"}, {"push: empty_body"} if terms.empty_body else ())


async def _push(scene: Scene, raw: RawInbound) -> tuple[float, bytes]:
    assert isinstance(scene.channel, PushSource)
    assert isinstance(scene.simulator, SignedSimulator)
    call = scene.simulator.signed(raw)
    began_s = time.perf_counter()
    reply = await scene.channel.handle_http(call)
    took_s = time.perf_counter() - began_s
    assert reply.status < 400, f"a rightly signed call was answered {reply.status}"
    return took_s, reply.body
