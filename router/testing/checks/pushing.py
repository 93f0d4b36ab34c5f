"""Contract check 9: the provider gets its answer in time though the store is slow."""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import AsyncExitStack

from router.capabilities import PushTerms
from router.channel import PushSource
from router.messages import RawInbound
from router.testing.simulators import SignedSimulator
from router.testing.stage import NotDeclared, NotRun, Scene, Stage
from router.testing.starvation import starved_s

_SLOWEST_STORE_S = 0.2
_TRIES = 4


async def check_ack(stage: Stage) -> None:
    """Every sample is acknowledged within the declared bound while each commit takes half of it."""
    terms = stage.channel_type.capabilities.push
    if terms is None:
        raise NotDeclared("no provider calls it, or none that waits for a bound")
    bound_s, slowest_s = terms.ack_within_ms / 1000, math.inf
    # A busy machine answers late now and then; a channel that does too much first is late every time.
    for _ in range(_TRIES):
        slowest_s = min(slowest_s, await _slowest(stage, terms, bound_s))
        if slowest_s < bound_s:
            break
    assert slowest_s < bound_s, f"the answer took {slowest_s * 1000:.0f} ms, declared {bound_s * 1000:.0f}"
    stage.seen.update({"push: ack"}, {"push: empty_body"} if terms.empty_body else ())


async def _slowest(stage: Stage, terms: PushTerms, bound_s: float) -> float:
    """Bring every sample to a channel that has seen none, and give how long the longest answer took."""
    async with AsyncExitStack() as opened:
        first = await opened.enter_async_context(stage.scene())
        if not isinstance(first.channel, PushSource):
            raise NotDeclared("no provider calls it, or none that waits for a bound")
        if not isinstance(first.simulator, SignedSimulator):
            raise NotRun("its simulator has no `signed(raw)`")
        samples = first.simulator.samples()
        # Each sample has a scene of its own, so that the commits are waited for at one time.
        others = [stage.scene(f"account-{number}") for number in range(2, len(samples) + 1)]
        scenes = [first, *[await opened.enter_async_context(scene) for scene in others]]
        for scene in scenes:
            scene.context.store.delay_s = min(bound_s / 2, _SLOWEST_STORE_S)
        pushes = [_push(scene, raw) for scene, raw in zip(scenes, samples, strict=False)]
        answers = await asyncio.gather(*pushes)
    if terms.empty_body:
        for _, body in answers:
            assert body == b"", f"the provider wants an empty answer and got {body[:60]!r}"
    return max((took_s for took_s, _ in answers), default=0.0)


async def _push(scene: Scene, raw: RawInbound) -> tuple[float, bytes]:
    assert isinstance(scene.channel, PushSource)
    assert isinstance(scene.simulator, SignedSimulator)
    call = scene.simulator.signed(raw)
    began_s, starved_before_s = time.perf_counter(), starved_s()
    reply = await scene.channel.handle_http(call)
    took_s = time.perf_counter() - began_s - (starved_s() - starved_before_s)
    assert reply.status < 400, f"a rightly signed call was answered {reply.status}"
    return took_s, reply.body
