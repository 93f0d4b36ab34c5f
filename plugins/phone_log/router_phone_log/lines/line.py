"""A live line, whatever it speaks: connects, turns events into stored facts, calls when told to.

In: messages of the line. Out: each of them stored as it came, together with what was known of its call.
"""

from __future__ import annotations

import asyncio
import hashlib
from abc import ABC, abstractmethod
from datetime import datetime
from typing import ClassVar

from router import Health, HealthState
from router.channel import ChannelContext
from router.errors import StoreUnavailable
from router.messages import JsonValue, RawInbound, Receipt
from router_phone_log.lines.calls import LineCall, line_call_of
from router_phone_log.lines.connection import LineConnection
from router_phone_log.lines.wires import Message

MOST_CALLS = 2000
_RETRY_S = (0.1, 0.2, 0.5, 1.0, 2.0)


class Line(ABC):
    """One line of one account."""

    source: ClassVar[str]
    greeting: ClassVar[bytes] = b""

    def __init__(self, ctx: ChannelContext, zone: str, connection: LineConnection, ping_s: float) -> None:
        self.ctx = ctx
        self.connection = connection
        self._zone = zone
        self._ping_s = ping_s
        self._calls: dict[str, LineCall] = {}
        self._taken = 0
        self._has_taken = asyncio.Condition()
        self.is_up = asyncio.Event()

    async def run(self) -> None:
        """Watch until cancelled; raises when the connection is lost, and may then be run again."""
        try:
            await self.connection.open(self.greeting)
            await self.greet()
            self.is_up.set()
            self.ctx.set_health(Health(state=HealthState.OK, since=self.ctx.clock.now()))
            while True:
                message = await self.connection.next_event(self._ping_s)
                if message is None:
                    await self.idle()
                    continue
                await self.take(message)
                async with self._has_taken:
                    self._taken += 1
                    self._has_taken.notify_all()
        finally:
            self.is_up.clear()
            await asyncio.shield(self.connection.close())

    @property
    def taken(self) -> int:
        """Count the messages that have been dealt with."""
        return self._taken

    async def until_taken(self, count: int) -> None:
        """Wait until so many messages have been dealt with: what they told is then stored."""
        async with self._has_taken:
            await self._has_taken.wait_for(lambda: self._taken >= count)

    @abstractmethod
    async def greet(self) -> None:
        """Log in, once connected."""

    @abstractmethod
    async def idle(self) -> None:
        """Make sure after a silence that the peer is there; raises when it is not."""

    @abstractmethod
    async def take(self, message: Message) -> None:
        """Deal with one message that is no answer."""

    @abstractmethod
    async def call(self, number: str, agent: str, ref: str) -> Receipt:
        """Call a number; the record of the call will carry `ref`."""

    async def known(self, key: str) -> LineCall | None:
        """Give what is known of a call, also from before a restart."""
        if key in self._calls:
            return self._calls[key]
        return line_call_of(await self.ctx.get(f"call {key}"))

    async def keep(self, call: LineCall) -> None:
        """Remember a call, durably until it has ended; of too many the one learned of longest ago is forgotten."""
        self._calls.pop(call.key, None)
        self._calls[call.key] = call
        await self.ctx.put(f"call {call.key}", call.to_json() if call.ended_at is None else None)
        while len(self._calls) > MOST_CALLS:
            await self.ctx.put(f"call {next(iter(self._calls))}", None)
            del self._calls[next(iter(self._calls))]

    def open_calls(self) -> list[LineCall]:
        """Give the calls whose end was not seen yet."""
        return [call for call in self._calls.values() if call.ended_at is None]

    async def store(self, raw: bytes, before: LineCall | None, after: LineCall, at: datetime) -> None:
        """Store an event with what was known before it; waits as long as the store is away.

        Nobody repeats an event, so it is held here, and the peer's next ones wait behind it.
        """
        await self.keep(after)
        envelope: dict[str, JsonValue] = {"source": self.source, "zone": self._zone}
        if before is not None:
            envelope["known"] = before.to_json()
        digest = hashlib.blake2b(raw, digest_size=20).hexdigest()
        item = RawInbound(
            dedupe_key=f"{self.source} {after.key} {digest}", raw=raw, received_at=at, envelope=envelope
        )
        tries = 0
        while True:
            try:
                await self.ctx.accept([item])
                return
            except StoreUnavailable:
                await asyncio.sleep(_RETRY_S[min(tries, len(_RETRY_S) - 1)])
                tries += 1
