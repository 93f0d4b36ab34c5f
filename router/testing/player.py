"""Play recorded traffic into a channel; in: items and what networks do to them, out: answers or events.

    player = Player(read_traffic(Path("tests/fixtures/pushes")))
    answers = await player.duplicated().shuffled(7).play(channel, context)

The same player plays the same way every time. The context's clock is set to each item's own time first, so
that signatures of then are good.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from router.channel import AnyChannel, PushSource
from router.errors import InboundError, MalformedMessage, PluginContractError
from router.messages import InboundEvent
from router.testing.fake_clock import FakeClock
from router.testing.memory import MemoryContext
from router.testing.traffic import Recorded


@dataclass(frozen=True, slots=True)
class Player:
    """Recorded traffic, and the changed copies of it one asks for."""

    items: Sequence[Recorded]

    def duplicated(self, times: int = 2) -> Player:
        """Give every item so many times in a row."""
        return replace(self, items=[item for item in self.items for _ in range(times)])

    def shuffled(self, seed: int) -> Player:
        """Give the items in another order, which the seed alone decides."""
        items = list(self.items)
        random.Random(seed).shuffle(items)
        return replace(self, items=items)

    def split(self, parts: int) -> list[Player]:
        """Give so many players with consecutive parts, to do something in between (a restart, say)."""
        size = -(-len(self.items) // parts)
        return [
            replace(self, items=self.items[at : at + size]) for at in range(0, len(self.items), max(size, 1))
        ]

    async def play(self, channel: AnyChannel, context: MemoryContext) -> list[str]:
        """Bring every item in: calls through `handle_http`, raw items through `accept`.

        Gives what each was answered: a status, the outcome of accepting it, or the class that refused it.
        """
        answers = []
        for item in self.items:
            if isinstance(context.clock, FakeClock):
                context.clock.set_wall(item.received_at)
            try:
                answers.append(await _bring_in(item, channel, context))
            except InboundError as error:
                answers.append(type(error).__name__)
        return answers

    def decode(self, channel: AnyChannel) -> list[list[InboundEvent] | str]:
        """Decode every raw item; give its events, or the code of the reason it cannot be read."""
        decoded: list[list[InboundEvent] | str] = []
        for item in self.items:
            if item.raw is None:
                raise PluginContractError("a recorded call has to be played; only raw items are decoded")
            try:
                decoded.append(list(channel.decode(item.raw)))
            except MalformedMessage as error:
                decoded.append(error.code)
        return decoded


async def _bring_in(item: Recorded, channel: AnyChannel, context: MemoryContext) -> str:
    if item.raw is not None:
        (result,) = await context.accept([item.raw])
        return result.outcome.value
    if item.request is None or not isinstance(channel, PushSource):
        raise PluginContractError(f"{type(channel).__name__} takes no calls")
    reply = await channel.handle_http(item.request)
    return str(reply.status)
