"""What the contract suite needs of every simulated platform; each adds its own words.

In: recorded messages. Out: the same at a fake that remembers, brought in by a push and read back by a pull.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from router.channel import AnyChannel, HttpRequest, Signal
from router.messages import RawInbound
from router.testing import FakeClock, Fault, StatefulFake
from router_marketplace.channel import MarketplaceChannel

FakeT = TypeVar("FakeT", bound=StatefulFake)


class MarketSimulator(ABC, Generic[FakeT]):
    """One shop at a simulated platform.

    `send_route` is the call that sends, `refusals` what the platform says for each class of error.
    """

    send_route: str
    refusals: Mapping[str, Callable[[], Fault]]

    def __init__(self, fake: FakeT) -> None:
        self.fake = fake

    @property
    def url(self) -> str:
        """Where the simulated platform listens."""
        return self.fake.url

    def settings(self) -> BaseModel:
        """Give settings of the shop."""
        return self.settings_behind(self.fake.url)

    @abstractmethod
    def settings_behind(self, url: str) -> BaseModel:
        """Give settings that reach the platform through this address."""

    @abstractmethod
    def samples(self) -> Sequence[RawInbound]:
        """Give recorded messages; the first is a customer's."""

    @abstractmethod
    def place(self, raw: RawInbound) -> None:
        """Let the platform have a recorded message, unless it has it already."""

    @abstractmethod
    def push_of(self, raw: RawInbound) -> HttpRequest:
        """Give the push for it."""

    async def start(self) -> None:
        """Open the platform."""
        await self.fake.start()

    async def stop(self) -> None:
        """Close it."""
        await self.fake.stop()

    async def deliver(self, channel: AnyChannel, raw: RawInbound) -> str:
        """Push, and let the channel read what the push rang for; give the answer to the push."""
        if not isinstance(channel, MarketplaceChannel):
            raise TypeError(f"{type(channel).__name__} is no marketplace channel")
        if isinstance(channel.ctx.clock, FakeClock):
            # Signatures carry the time: both sides live in the same.
            self.fake.clock = channel.ctx.clock
        self.place(raw)
        reply = await channel.handle_http(self.push_of(raw))
        await channel.pull(Signal())
        return f"{reply.status}"

    def sent(self) -> Sequence[bytes]:
        """Give the texts of what arrived from the shop."""
        return [message.text.encode() for message in self.fake.sent_by_shop()]

    def fail_next(self, error: str) -> None:
        """Let the next send fail as a class of `router.errors`."""
        self.fake.fail_with(self.refusals[error](), self.send_route)

    def errors(self) -> Sequence[str]:
        """Name those classes."""
        return tuple(self.refusals)


def pushed(body: bytes, *, path: str = "/", headers: Mapping[str, Any] | None = None) -> HttpRequest:
    """Give a push as the door hands it on, called from this machine."""
    return HttpRequest(
        method="POST", path=path, query={}, headers=headers or {}, body=body, remote="127.0.0.1"
    )


def spec_path(name: str) -> Path:
    """Name a description of a platform's interface; only a checkout has them, so it may not be there."""
    return Path(__file__).resolve().parents[2] / "tests" / "fixtures" / "specs" / name
