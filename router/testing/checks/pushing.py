"""Contract check 9: the provider gets its answer in time though the store is slow."""

from __future__ import annotations

import time

from router.channel import PushSource
from router.messages import RawInbound
from router.testing.simulators import SignedSimulator
from router.testing.stage import NotDeclared, NotRun, Scene, Stage

_SLOWEST_STORE_S = 0.2


async def check_ack(stage: Stage) -> None:
    """Every sample is acknowledged within the declared bound while each commit takes half of it."""
    terms = stage.channel_type.capabilities.push
    async with stage.scene() as scene:
        if terms is None or not isinstance(scene.channel, PushSource):
            raise NotDeclared("no provider calls it, or none that waits for a bound")
        if not isinstance(scene.simulator, SignedSimulator):
            raise NotRun("its simulator has no `signed(raw)`")
        bound_s = terms.ack_within_ms / 1000
        scene.context.store.delay_s = min(bound_s / 2, _SLOWEST_STORE_S)
        for raw in scene.simulator.samples():
            took_s, body = await _push(scene, scene.simulator, raw)
            assert took_s < bound_s, f"the answer took {took_s * 1000:.0f} ms, declared {bound_s * 1000:.0f}"
            if terms.empty_body:
                assert body == b"", f"the provider wants an empty answer and got {body[:60]!r}"
        stage.seen.update({"push: ack"}, {"push: empty_body"} if terms.empty_body else ())


async def _push(scene: Scene, simulator: SignedSimulator, raw: RawInbound) -> tuple[float, bytes]:
    assert isinstance(scene.channel, PushSource)
    began_s = time.perf_counter()
    reply = await scene.channel.handle_http(simulator.signed(raw))
    took_s = time.perf_counter() - began_s
    assert reply.status < 400, f"a rightly signed call was answered {reply.status}"
    return took_s, reply.body
