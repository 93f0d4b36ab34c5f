"""Part of contract check 8: calls that pretend to be the provider's are refused, and fast."""

from __future__ import annotations

import random
import time
from dataclasses import replace

from router.channel import HttpRequest, PushSource
from router.errors import InboundError
from router.messages import RawInbound
from router.testing.simulators import SignedSimulator
from router.testing.stage import Scene, Stage

_LIMIT_S = 1.0
_CHANGES = 12
_HUGE_BYTES = 1024 * 1024


async def refuse_forged_calls(scene: Scene, stage: Stage, sample: RawInbound) -> None:
    """Call without a signature, with bytes changed and at a wrong time: nothing is taken in."""
    terms = stage.channel_type.capabilities.push
    if terms is not None and not terms.signed:
        return
    bare = HttpRequest(method="POST", path="/", query={}, headers={}, body=sample.raw, remote="203.0.113.9")
    await _refused(scene, bare, "a call without a signature")
    await _refused(scene, replace(bare, body=b"[" * _HUGE_BYTES), "a huge call without a signature")
    if not isinstance(scene.simulator, SignedSimulator):
        return
    good = scene.simulator.signed(sample)
    chance = random.Random(8)
    for _ in range(_CHANGES if good.body else 0):
        at = chance.randrange(len(good.body))
        body = good.body[:at] + bytes([good.body[at] ^ 1]) + good.body[at + 1 :]
        await _refused(scene, replace(good, body=body), f"a signed call with byte {at} changed")
    stale = scene.simulator.stale(sample)
    if stale is not None:
        await _refused(scene, stale, "a call signed at a wrong time")
    assert await _status(scene, good) < 400, "a rightly signed call was refused"
    stage.seen.add("push: signed")


async def _refused(scene: Scene, request: HttpRequest, what: str) -> None:
    before, began_s = len(scene.context.accepted), time.process_time()
    status = await _status(scene, request)
    took_s = time.process_time() - began_s
    assert status >= 400, f"{what} was answered {status}"
    assert len(scene.context.accepted) == before, f"{what} was accepted"
    assert took_s < _LIMIT_S, f"refusing {what} took {took_s:.1f} s"


async def _status(scene: Scene, request: HttpRequest) -> int:
    assert isinstance(scene.channel, PushSource)
    try:
        return (await scene.channel.handle_http(request)).status
    except InboundError:
        return 401
