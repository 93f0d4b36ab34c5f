"""Contract checks 19 and 23: closing in the middle of work loses nothing, and long work fills no memory."""

from __future__ import annotations

import asyncio
import gc
import re
import tracemalloc
from collections.abc import Callable, Sequence
from typing import TypeVar

from router.channel import FollowsThread, PullSource, Simulator
from router.messages import RawInbound, Receipt
from router.testing.checks.inbound import need_inbound, samples_of
from router.testing.memory import Accepted, MemoryStore
from router.testing.simulators import FreshSimulator
from router.testing.stage import NotRun, Scene, Stage

T = TypeVar("T")

_SENDS = 3
_PATIENCE_S = 0.1
# Counted, so that a busy machine gives every side as many turns as an idle one.
_LOOKS, _LOOK_S = 25, 0.002
_REPLY = "A reply on its way out."
_SOAK_SHORT, _SOAK_LONG = 100, 5_000
_FORGET_EVERY = 50
_LAST_OF_ALL = 1_000_000
_GROWTH_BYTES, _GROWTH_BYTES_EACH = 120_000, 100
_CHANGING = re.compile(r"[0-9a-fA-F-]{6,}|\d+")


async def check_drain(stage: Stage) -> None:
    """Close while items come in and replies go out: what was acknowledged is stored, what was sent arrived."""
    need_inbound(stage)
    store = MemoryStore()
    async with stage.provider() as simulator:
        async with stage.opened(simulator, store=store) as scene:
            samples = samples_of(simulator)
            good = _shape(await scene.deliver(samples[0]))
            before = len(simulator.sent())
            sends = _SENDS if stage.channel_type.capabilities.outbound else 0
            attempts = [await scene.attempt(_REPLY) for _ in range(sends)]
            # Whoever answers now has not stored: closing comes before the commit ends.
            store.released = asyncio.Event()
            answers: list[str] = []
            coming = [
                asyncio.ensure_future(_bring_in(scene, raws, answers)) for raws in _lots(scene, samples)
            ]
            await _looks(lambda: bool(answers))
            going = [asyncio.ensure_future(scene.channel.send(each)) for each in attempts]
            await asyncio.sleep(0)
            ending = asyncio.ensure_future(_release_soon(store.released))
        await ending
        await _ended(coming)
        receipts = await _ended(going)
        stored = len(store.accepted)
        acknowledged = 1 + sum(_shape(one) == good for one in answers)
        assert stored >= acknowledged, f"{acknowledged} items were acknowledged, {stored} are stored"
        taken = sum(isinstance(one, Receipt) for one in receipts)
        if not isinstance(scene.channel, FollowsThread):
            # A live thread shows on the customer's return what it could not show before.
            arrived = len(await scene.arrived(before + taken)) - before
            assert arrived >= taken, f"{taken} replies had a receipt, {arrived} arrived"
        await _all_there(stage, simulator, store)


async def _all_there(stage: Stage, simulator: Simulator, store: MemoryStore) -> None:
    """Open again and bring everything once more: each sample is one item."""
    async with stage.opened(simulator, store=store) as again:
        samples = samples_of(simulator)
        for raw in samples:
            await again.deliver(raw)
        # A provider may tell us of our own messages too.
        own = sum(map(_is_ours, store.accepted))
        held = await again.stored(len(samples) + own) - own
    assert held == len(samples), f"{len(samples)} samples are {held} items after closing and opening again"


def _lots(scene: Scene, samples: list[RawInbound]) -> list[list[RawInbound]]:
    """Share out what comes in at one time: all of it, or one by one where a pull must not run twice at once."""
    rest = samples[1:]
    return [rest] if isinstance(scene.channel, PullSource) else [[raw] for raw in rest]


def _is_ours(item: Accepted) -> bool:
    return any(_REPLY in block.text for event in item.events for block in event.blocks)


async def _looks(is_so: Callable[[], bool]) -> None:
    """Give everybody many turns, until something is so."""
    for _ in range(_LOOKS):
        if is_so():
            break
        await asyncio.sleep(_LOOK_S)


async def _release_soon(released: asyncio.Event) -> None:
    await _looks(lambda: False)
    released.set()


async def _bring_in(scene: Scene, raws: list[RawInbound], answers: list[str]) -> None:
    for raw in raws:
        answers.append(await scene.deliver(raw))


async def _ended(tasks: Sequence[asyncio.Task[T]]) -> list[T | BaseException]:
    """Give how each ended; once no more end for a while, those left wait for a closed channel."""
    waiting = set(tasks)
    while waiting:
        ended, waiting = await asyncio.wait(waiting, timeout=_PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
        if not ended:
            break
    for each in waiting:
        each.cancel()
    return await asyncio.gather(*tasks, return_exceptions=True)


def _shape(answer: str) -> str:
    """Give an acknowledgement without what changes from one to the next."""
    return _CHANGING.sub("#", answer)


async def check_soak(stage: Stage) -> None:
    """Bring in event after event: memory does not grow with their number (10,000 in the long form)."""
    need_inbound(stage)
    rounds = _SOAK_LONG if stage.long else _SOAK_SHORT
    allowed = _GROWTH_BYTES + _GROWTH_BYTES_EACH * rounds
    async with stage.scene() as scene:
        if not isinstance(scene.simulator, FreshSimulator):
            raise NotRun("its simulator has no `fresh(number)` and `forget()`")
        # What was there before is left alone: looking through it for garbage takes longer than all events.
        gc.freeze()
        try:
            growth = await _growth(scene, scene.simulator, rounds, allowed)
        finally:
            gc.unfreeze()
    assert growth < allowed, f"{rounds} events left {growth // 1000} kB behind"


async def _growth(scene: Scene, simulator: FreshSimulator, rounds: int, allowed: int) -> int:
    """Give by how much memory grew, or, where that is little enough, the more that was made and is held."""
    settled = rounds + rounds // 10
    await _endless(scene, simulator, range(settled))
    (made,) = await _traced(scene, simulator, range(settled, 2 * rounds))
    if made < allowed:
        return made
    # Libraries keep some of what they met last (addresses with a cursor in them). Traced from the start, what
    # is replaced counts as gone; that takes three times as long as the events alone.
    begin, again = 2 * rounds, 2 * rounds + settled
    parts = range(begin, begin + rounds), range(begin + rounds, again), range(again, begin + 2 * rounds)
    _, before, after = await _traced(scene, simulator, *parts)
    return after - before


async def _traced(scene: Scene, simulator: FreshSimulator, *parts: range) -> list[int]:
    """Deliver events and trace them; give the memory in use after each part."""
    tracemalloc.start()
    try:
        return [await _endless(scene, simulator, part) for part in parts]
    finally:
        tracemalloc.stop()


async def _endless(scene: Scene, simulator: FreshSimulator, numbers: range) -> int:
    """Deliver events; give the memory in use once everything that may be dropped is dropped."""
    for number in numbers:
        before = len(scene.context.accepted)
        await scene.deliver(simulator.fresh(number))
        assert len(scene.context.accepted) > before, f"the fresh event {number} was not accepted"
        if number % _FORGET_EVERY == 0:
            simulator.forget()
            scene.context.store.forget()
    simulator.forget()
    # One more, so that what is dropped with the next event has been dropped.
    await scene.deliver(simulator.fresh(_LAST_OF_ALL + numbers.stop))
    scene.context.store.forget()
    scene.context.signals.clear()
    gc.collect()
    return tracemalloc.get_traced_memory()[0] if tracemalloc.is_tracing() else 0
