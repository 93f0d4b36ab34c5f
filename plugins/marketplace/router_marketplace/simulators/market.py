"""What the contract suite needs of every simulated platform; each adds its own words.

In: recorded messages. Out: the same at a fake that remembers, brought in by a push and read back by a pull. A
second fake, `record`, writes the samples down, so that the shop's own begins empty.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from router.channel import AnyChannel, HttpRequest, Signal
from router.messages import RawInbound
from router.testing import FakeClock, FakeMessage, Fault, StatefulFake
from router_marketplace.channel import MarketplaceChannel

FakeT = TypeVar("FakeT", bound=StatefulFake)


class MarketSimulator(ABC, Generic[FakeT]):
    """One shop at a simulated platform.

    `send_route` is the call that sends, `refusals` what the platform says for each class of error, `spec_name`
    the file that describes its interface.
    """

    send_route: str
    spec_name: str
    refusals: Mapping[str, Callable[[], Fault]]

    def __init__(self, fake: FakeT, record: FakeT) -> None:
        self.fake = fake
        self.record = record
        self.placed: dict[str, FakeMessage] = {}
        self._samples = self.first_messages()
        self._crowds = 0

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
    def first_messages(self) -> Sequence[RawInbound]:
        """Let people write at `record` and give what the channel stores of it; the first is a customer's."""

    @abstractmethod
    def recorded(self, fake: FakeT, message: FakeMessage) -> RawInbound:
        """Write a message of a fake down as the channel stores it."""

    @abstractmethod
    def say_in_crowd(self, text: str) -> None:
        """Let the buyer of `crowd` write."""

    @abstractmethod
    def place(self, raw: RawInbound) -> None:
        """Let the platform have a recorded message, unless it has it already."""

    @abstractmethod
    def push_of(self, raw: RawInbound) -> HttpRequest:
        """Give the push for it."""

    def samples(self) -> Sequence[RawInbound]:
        """Give recorded messages of every sort."""
        return self._samples

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

    def echo(self) -> RawInbound:
        """Give what the shop sent last."""
        return self.recorded(self.fake, self.fake.sent_by_shop()[-1])

    def signed(self, raw: RawInbound) -> HttpRequest:
        """Give a sample as the push the platform would make."""
        self.place(raw)
        return self.push_of(raw)

    def stale(self, raw: RawInbound) -> HttpRequest | None:
        """Give none: no platform here signs a push with its time, and a late one is one that came again."""
        return None

    def forget(self) -> None:
        """Drop what both platforms have kept; numbers go on."""
        for platform in (self.fake, self.record):
            platform.forget()
        self.placed.clear()

    def expire_token(self) -> None:
        """Let the token run out."""
        self.fake.expire_tokens()

    @property
    def tokens_issued(self) -> int:
        """Count the tokens given out."""
        return self.fake.tokens_issued

    def crowd(self, count: int) -> Sequence[str]:
        """Let one buyer write many messages within one tick of the platform's clock."""
        self._crowds += 1
        texts = [f"crowd {self._crowds} message {number}" for number in range(count)]
        for text in texts:
            self.say_in_crowd(text)
        return texts

    def spec(self) -> Path:
        """Name the description of the platform's interface; only a checkout has it."""
        return Path(__file__).resolve().parents[2] / "tests" / "fixtures" / "specs" / self.spec_name


def pushed(body: bytes, *, path: str = "/", headers: Mapping[str, Any] | None = None) -> HttpRequest:
    """Give a push as the door hands it on, called from this machine."""
    return HttpRequest(
        method="POST", path=path, query={}, headers=headers or {}, body=body, remote="127.0.0.1"
    )
