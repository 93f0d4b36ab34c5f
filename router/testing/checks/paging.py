"""Contract check 7: pages, their boundaries, and messages with one time stamp."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from router.channel import PullSource
from router.errors import InboundError, SendError
from router.testing.simulators import PagedSimulator
from router.testing.stage import STEP_S, NotDeclared, NotRun, Scene, Stage

_PULLS_IN_VAIN = 8
_PULLS_AFTERWARDS = 3


async def check_pages(stage: Stage) -> None:
    """Two pages and one message, then one more page of the same time: each arrives once and in order."""
    async with stage.provider() as simulator, stage.opened(simulator, pulls=False) as scene:
        if not isinstance(scene.channel, PullSource):
            raise NotDeclared("it asks nobody page by page")
        if not isinstance(scene.simulator, PagedSimulator):
            raise NotRun("its simulator has no `page_size` and `crowd(count)`")
        size = scene.simulator.page_size
        wanted = list(scene.simulator.crowd(2 * size + 1))
        await _pull_until(scene, wanted[:size])
        # The store goes away in the middle, and the pages change between two of them.
        scene.context.store.fail_accept_next()
        wanted += scene.simulator.crowd(size)
        await _pull_until(scene, wanted)
        for _ in range(_PULLS_AFTERWARDS):
            await scene.channel.pull()
        _once_and_in_order(scene, wanted)
        terms = stage.channel_type.capabilities.poll
        if terms is not None:
            kept = scene.channel.poll_interval_s >= terms.min_interval_s
            assert kept, f"it asks every {scene.channel.poll_interval_s} s, declared {terms.min_interval_s} s"
        stage.seen.add("poll")


def _texts(scene: Scene) -> list[str]:
    """Give what each event says: its texts, or the customer's number of a call."""
    said = []
    for event in (event for item in scene.context.accepted for event in item.events):
        words = {block.text for block in event.blocks}
        if event.call is not None:
            words |= {event.call.customer_raw, event.call.customer_e164}
        said += sorted(words)
    return said


async def _pull_until(scene: Scene, wanted: Sequence[str]) -> None:
    """Pull in turn until all is there, or until pulling again and again brings nothing more."""
    assert isinstance(scene.channel, PullSource)
    in_vain = 0
    while in_vain < _PULLS_IN_VAIN and not set(wanted) <= set(_texts(scene)):
        before = len(scene.context.accepted)
        with suppress(InboundError, SendError):
            await _pull(scene.channel)
        in_vain = 0 if len(scene.context.accepted) > before else in_vain + 1
    missing = [text for text in wanted if text not in _texts(scene)]
    assert not missing, f"{len(missing)} of {len(wanted)} messages never came, the first is {missing[0]!r}"


async def _pull(channel: PullSource) -> None:
    try:
        async with asyncio.timeout(STEP_S):
            await channel.pull()
    except TimeoutError as error:
        raise AssertionError(
            f"one pull took longer than {STEP_S:.0f} s; where the provider holds the call until there is"
            " something, let the simulator's settings ask it not to"
        ) from error


def _once_and_in_order(scene: Scene, wanted: Sequence[str]) -> None:
    twice = [text for text, times in Counter(wanted).items() if times > 1]
    assert not twice, f"the simulator's `crowd` gave {twice[0]!r} twice; no two of its texts may be alike"
    came = [text for text in _texts(scene) if text in set(wanted)]
    doubled = [text for text, times in Counter(came).items() if times > 1]
    assert not doubled, f"{len(doubled)} messages were accepted twice, the first is {doubled[0]!r}"
    assert len(came) == len(wanted), f"{len(wanted)} messages came as {len(came)}"
    first_page = [text for text in came if text in set(wanted[: len(wanted) // 2])]
    in_order = first_page == [text for text in wanted if text in set(first_page)]
    assert in_order, "messages of one time stamp came in another order than the provider's"
