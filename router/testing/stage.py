"""Set the stage of a contract check; in: a channel type, out: open channels against simulated providers.

A channel is opened and its sources run as the supervisor does it, on the check's own event loop.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from router.channel import AnyChannel, ChannelType, Pulled, PullSource, Simulator, StreamSource
from router.errors import InboundError, SendError
from router.messages import (
    AnsweredMessage,
    Block,
    EventKind,
    EvidenceKind,
    InboundEvent,
    OutboundAttempt,
    RawInbound,
    Receipt,
)
from router.testing.factories import make_attempt
from router.testing.memory import MemoryContext, MemoryStore
from router.testing.simulators import EchoSimulator, TemplateSimulator

_NOTED = (
    "stream",
    "pull",
    "handle_http",
    "submit",
    "confirm",
    "thread_changed",
    "show_typing",
    "permissions",
    "act",
    "list_templates",
    "renew_access",
    "upload",
    "look_up",
)
_FIRST_REST_S, _RETRY_S = 0.001, 0.02
_REST_OF_COST = 4
WIRE_S = 2.0
STEP_S = 30.0
_LAST = "The last of all."


class NotDeclared(Exception):
    """The check does not apply: the channel does not claim what it proves."""


class NotRun(Exception):
    """The check applies, but it cannot be run here; the text says what is missing."""


@dataclass(slots=True, kw_only=True)
class Scene:
    """One open channel with its context and its provider; `used` gets the names of methods that are called."""

    channel: AnyChannel
    context: MemoryContext
    simulator: Simulator
    used: set[str] = field(default_factory=set)
    sends: int = 0

    async def deliver(self, raw: RawInbound) -> str:
        """Bring a sample in through the real door; within a bound."""
        async with asyncio.timeout(STEP_S):
            return await self.simulator.deliver(self.channel, raw)

    async def arrived(self, count: int, within_s: float = WIRE_S) -> Sequence[bytes]:
        """Give what the provider received, waiting for a number of messages to cross the wire."""
        await _look_until(lambda: len(self.simulator.sent()) >= count, within_s)
        return self.simulator.sent()

    async def arrived_in_all(self, before: int, within_s: float = WIRE_S) -> Sequence[bytes]:
        """Give all that arrived after the first so many, and one message more, sent now, behind it.

        The wire keeps the order; where that one cannot be told by its words, the whole time is waited for.
        """
        await self.channel.send(await self.attempt(_LAST))
        await self.arrived(before + 1)
        await _look_until(lambda: any(_LAST.encode() in one for one in self._since(before)), within_s)
        arrived = self._since(before)
        others = [one for one in arrived if _LAST.encode() not in one]
        return others if len(others) < len(arrived) else arrived[:-1]

    def _since(self, before: int) -> Sequence[bytes]:
        return self.simulator.sent()[before:]

    async def stored(self, count: int) -> int:
        """Count what this account's store holds, waiting for so many items: a pull may still be at work."""
        await _look_until(lambda: len(self.context.accepted) >= count, WIRE_S)
        return len(self.context.accepted)

    def came_back(self) -> Sequence[InboundEvent]:
        """Read what we sent last as the provider brings it back; nothing where it does not."""
        if not isinstance(self.simulator, EchoSimulator):
            return []
        return [one for one in self.channel.decode(self.simulator.echo()) if one.kind is EventKind.MESSAGE]

    async def attempt(
        self, text: str = "We are looking into it.", blocks: Sequence[Block] | None = None
    ) -> OutboundAttempt:
        """Build a reply to the first sample's author, bringing that sample in first if need be."""
        event = await self.first_event()
        self.sends += 1
        message_id = f"{self.channel.account}-message-{self.sends}"
        identity = next(iter(event.author.identities), None) if event else None
        threads = [one.value for one in event.evidence if one.kind is EvidenceKind.THREAD] if event else []
        attempt = make_attempt(
            text,
            message_id=message_id,
            account=self.channel.account,
            recipient=identity.value if identity else "customer-1",
            thread=threads[0] if threads else "",
            blocks=blocks,
            outgoing_ref=self.channel.outgoing_ref(message_id),
            reply_token="contract-token-5f2a",
            seq=self.sends + 1,
            answers=AnsweredMessage(external_id=event.external_id, provider_data=event.provider_data)
            if event
            else None,
        )
        return _in_template(self.simulator, attempt)

    async def first_event(self) -> InboundEvent | None:
        """Give what the first sample says, bringing it in if need be; None without samples."""
        samples = self.simulator.samples()
        if not samples:
            return None
        if not self.context.accepted:
            await self.deliver(samples[0])
        accepted = self.context.accepted
        return accepted[0].events[0] if accepted and accepted[0].events else None


async def _look_until(is_so: Callable[[], bool], within_s: float) -> None:
    """Look until something is so, at most so often as an idle machine can in that time: simulators ring no bell.

    Rests are added up and not seconds, so that a machine that stands still takes no patience away.
    """
    rest_s, rested_s = _FIRST_REST_S, 0.0
    while not is_so() and rested_s < within_s:
        await asyncio.sleep(rest_s)
        rested_s += rest_s
        rest_s = min(2 * rest_s, _RETRY_S)


async def _prove_nothing(number: int) -> None:
    raise NotRun(f"test {number} is not at hand")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A channel type and where its simulated provider comes from.

    `seen` collects what the checks saw at work, in the words of `checks/capability.py`; `prove` runs another
    check of the same stage unless its number is among those `done`. `long` asks for the long form of a check.
    """

    channel_type: ChannelType
    make_simulator: Callable[[], Simulator]
    long: bool = False
    seen: set[str] = field(default_factory=set)
    prove: Callable[[int], Awaitable[None]] = _prove_nothing
    done: set[int] = field(default_factory=set)

    @asynccontextmanager
    async def provider(self) -> AsyncIterator[Simulator]:
        """Run a simulated provider."""
        simulator = self.make_simulator()
        await simulator.start()
        try:
            yield simulator
        finally:
            await simulator.stop()

    @asynccontextmanager
    async def scene(
        self, account: str = "account-1", store: MemoryStore | None = None
    ) -> AsyncIterator[Scene]:
        """Open a channel against a provider of its own."""
        async with self.provider() as simulator, self.opened(simulator, account, store) as scene:
            yield scene

    @asynccontextmanager
    async def opened(
        self,
        simulator: Simulator,
        account: str = "account-1",
        store: MemoryStore | None = None,
        settings: BaseModel | None = None,
        *,
        pulls: bool = True,
    ) -> AsyncIterator[Scene]:
        """Open a channel against a running provider and run its sources; `pulls` False leaves pulling to you."""
        scene = self.built(simulator, account, store, settings)
        sources: list[asyncio.Task[None]] = []
        try:
            async with asyncio.timeout(STEP_S):
                await scene.channel.open(scene.context)
            sources = [asyncio.ensure_future(run) for run in _sources(scene.channel, pulls)]
            yield scene
        finally:
            for source in sources:
                source.cancel()
            if sources:
                _, stuck = await asyncio.wait(sources, timeout=STEP_S)
                assert not stuck, f"a source did not end within {STEP_S:.0f} s of its cancellation"
            try:
                async with asyncio.timeout(STEP_S):
                    await scene.channel.close()
            finally:
                await scene.context.close_http()

    def built(
        self,
        simulator: Simulator,
        account: str,
        store: MemoryStore | None = None,
        settings: BaseModel | None = None,
    ) -> Scene:
        """Build a channel without opening it."""
        channel = self.channel_type.factory(account, settings or simulator.settings())
        context = MemoryContext(account, store=store)
        context.store.know(channel)
        scene = Scene(channel=channel, context=context, simulator=simulator, used=self.seen)
        if isinstance(simulator, TemplateSimulator):
            # Also for what comes by the outbox, which knows only what an agent wrote.
            setattr(channel, "send", _templated(channel.send, simulator))  # noqa: B010 - a method
        for name in _NOTED:
            if hasattr(channel, name):
                setattr(channel, name, _noting(getattr(channel, name), name, scene.used))
        return scene


def _in_template(simulator: Simulator, attempt: OutboundAttempt) -> OutboundAttempt:
    if attempt.template is None and isinstance(simulator, TemplateSimulator):
        return simulator.in_template(attempt)
    return attempt


def _templated(
    send: Callable[[OutboundAttempt], Awaitable[Receipt]], simulator: Simulator
) -> Callable[[OutboundAttempt], Awaitable[Receipt]]:
    async def send_in_template(attempt: OutboundAttempt) -> Receipt:
        return await send(_in_template(simulator, attempt))

    return send_in_template


def _noting(
    method: Callable[..., Awaitable[Any]], name: str, used: set[str]
) -> Callable[..., Awaitable[Any]]:
    async def noted(*arguments: Any) -> Any:
        used.add(name)
        return await method(*arguments)

    return noted


def _sources(channel: AnyChannel, pulls: bool) -> list[Any]:
    runs = []
    if isinstance(channel, StreamSource):
        runs.append(_again(channel.stream))
    if pulls and isinstance(channel, PullSource):
        runs.append(_again(channel.pull))
    return runs


async def _again(source: Callable[[], Awaitable[object]]) -> None:
    """Run a source over and over; faults of store and provider are what a supervisor retries too."""
    rest_s = _RETRY_S
    while True:
        began_s = time.thread_time()
        rest_s = min(2 * rest_s, _RETRY_S)
        with suppress(InboundError, SendError, OSError):
            found = await source()
            # More follows what was found more often than not.
            rest_s = _FIRST_REST_S if isinstance(found, Pulled) and found.items else rest_s
        # A sweep that costs much and brings nothing new must not take the time of what a check is about.
        await asyncio.sleep(max(rest_s, _REST_OF_COST * (time.thread_time() - began_s)))
