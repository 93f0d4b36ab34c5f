"""A channel that does nothing and one that does everything wrong, for tests of what surrounds channels."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from router.capabilities import Capabilities
from router.channel import (
    Channel,
    ChannelContext,
    ChannelType,
    HttpReply,
    HttpRequest,
    Pulled,
    PullSource,
    PushSource,
    Signal,
    StreamSource,
)
from router.errors import (
    AuthInvalid,
    ConfigError,
    MalformedMessage,
    Retryable,
)
from router.messages import InboundEvent, OutboundAttempt, RawInbound, Receipt, SendOutcome
from router.testing.factories import make_event

Misdeed: TypeAlias = Literal[
    "none",
    "raise",
    "refuse",
    "offline",
    "misconfigured",
    "exit",
    "block",
    "hang",
    "swallow",
    "garbage",
    "return",
]


class NullSettings(BaseModel):
    """Nothing to set."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class NullChannel(Channel[NullSettings]):
    """Takes every reply and forgets it."""

    def decode(self, raw: RawInbound) -> list[InboundEvent]:
        """Read UTF-8 text."""
        try:
            return [make_event(raw.raw.decode("utf-8"))]
        except UnicodeDecodeError:
            raise MalformedMessage("not UTF-8", code="charset") from None

    async def send(self, attempt: OutboundAttempt) -> Receipt:
        """Forget the message."""
        return Receipt(outcome=SendOutcome.ACCEPTED, remote_ref=attempt.outgoing_ref)


class EvilSettings(BaseModel):
    """Which misdeed to do where; `block_s` bounds a blocking call so that a test can end.

    `begun` is set once a call blocks; setting `release` lets every blocking call go on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    on_open: Misdeed = "none"
    on_close: Misdeed = "none"
    on_stream: Misdeed = "none"
    on_pull: Misdeed = "none"
    on_send: Misdeed = "none"
    on_http: Misdeed = "none"
    mark_first: bool = False
    block_s: float = 30.0
    begun: threading.Event = Field(default_factory=threading.Event, repr=False)
    release: threading.Event = Field(default_factory=threading.Event, repr=False)


class EvilChannel(Channel[EvilSettings], StreamSource, PullSource, PushSource):
    """Raises, blocks, never returns, ignores its cancellation, or gives garbage, as told."""

    poll_interval_s = 0.01

    def decode(self, raw: RawInbound) -> list[InboundEvent]:
        """Read anything."""
        return [make_event(raw.raw.decode("utf-8", "replace"))]

    async def open(self, ctx: ChannelContext) -> None:
        """Open, or misbehave."""
        self.ctx = ctx
        await self._do(self.settings.on_open)

    async def close(self) -> None:
        """Close, or misbehave."""
        await self._do(self.settings.on_close)

    async def stream(self) -> None:
        """Stream nothing, or misbehave."""
        await self._do(self.settings.on_stream)
        if self.settings.on_stream != "return":
            await asyncio.Event().wait()

    async def pull(self, signal: Signal | None = None) -> Pulled:
        """Pull nothing, or misbehave."""
        garbage: Any = await self._do(self.settings.on_pull)
        return Pulled() if garbage is None else garbage

    async def handle_http(self, request: HttpRequest) -> HttpReply:
        """Answer, or misbehave."""
        garbage: Any = await self._do(self.settings.on_http)
        return HttpReply() if garbage is None else garbage

    async def send(self, attempt: OutboundAttempt) -> Receipt:
        """Take the message, or misbehave."""
        if self.settings.mark_first:
            await self.ctx.sending(attempt.attempt_id)
        garbage: Any = await self._do(self.settings.on_send)
        if garbage is not None:
            return garbage  # type: ignore[no-any-return]
        return Receipt(outcome=SendOutcome.ACCEPTED)

    async def _do(self, misdeed: Misdeed) -> object:
        error = _error(misdeed)
        if error is not None:
            raise error
        if misdeed == "exit":
            raise SystemExit(3)
        if misdeed == "block":
            self.settings.begun.set()
            self.settings.release.wait(self.settings.block_s)
        if misdeed == "hang":
            await asyncio.Event().wait()
        while misdeed == "swallow" and not self.settings.release.is_set():
            try:
                await asyncio.sleep(0.05)
            except asyncio.CancelledError:
                continue
        return "garbage" if misdeed == "garbage" else None


def _error(misdeed: Misdeed) -> Exception | None:
    match misdeed:
        case "raise":
            return RuntimeError("evil")
        case "refuse":
            return AuthInvalid("the password is wrong")
        case "offline":
            return Retryable("the provider is away")
        case "misconfigured":
            return ConfigError("the port is taken")
    return None


NULL_TYPE = ChannelType(
    id="null",
    title="Null",
    settings=NullSettings,
    capabilities=Capabilities(channel_class="email", inbound=False),
    factory=NullChannel,
    shares_loop=True,
)

EVIL_TYPE = ChannelType(
    id="evil",
    title="Evil",
    settings=EvilSettings,
    capabilities=Capabilities(channel_class="email", marks_sending=True),
    factory=EvilChannel,
)
