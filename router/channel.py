"""The channel contract, version 1: what a plugin provides and what it is handed.

A `ChannelType` describes a kind of channel and builds one `Channel` object per configured account.
Building opens nothing; `open` does. A channel adds exactly the source and capability base classes it
really has: `PushSource`, `PullSource`, `StreamSource`, `ManualSource`, `Confirms`, `FollowsThread`.
Inbound items never travel by return value: a source awaits `ChannelContext.accept`, and only when that
has returned does it answer the outside world (250, 2xx, ack frame, mailbox cursor).
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from aiohttp import ClientSession, web
from pydantic import BaseModel

from router.capabilities import Capabilities, Health, HealthState
from router.clock import Clock
from router.errors import Permanent
from router.messages import (
    AcceptResult,
    Confirmation,
    DeliveryReport,
    FileContent,
    FiledMessage,
    InboundEvent,
    JsonObject,
    JsonValue,
    OutboundAttempt,
    RawInbound,
    Receipt,
    ThreadEvent,
)

API_VERSION = 1

SettingsT = TypeVar("SettingsT", bound=BaseModel)


class ChannelContext(Protocol):
    """What the core hands to one account's channel; nothing else is shared."""

    @property
    def account(self) -> str:
        """Name of the account in the configuration."""
        ...

    @property
    def clock(self) -> Clock:
        """The router's clock; a channel uses no other."""
        ...

    @property
    def log(self) -> logging.Logger:
        """A logger that names the account."""
        ...

    @property
    def public_url(self) -> str:
        """Where the outside world reaches this router, without a final slash."""
        ...

    @property
    def http(self) -> ClientSession:
        """The account's own pooled HTTP client, without cookies; the core closes it after the channel."""
        ...

    def ring(self, signal: Signal) -> None:
        """Wake this account's `pull` at once; a doorbell may be lost, so the poll goes on beside it."""
        ...

    async def accept(self, items: Sequence[RawInbound], cursor: JsonValue = None) -> list[AcceptResult]:
        """Store raw items durably, and `cursor` with them in the same commit if it is not None.

        Returns one result per item, in order, only after a synced commit. Raises StoreUnavailable when
        nothing could be stored; then nothing was accepted and the source answers "try again".
        """
        ...

    async def filed(self, inbound_id: str) -> Sequence[FiledMessage]:
        """Wait until the accepted item has been filed; empty when it was quarantined or no message."""
        ...

    async def cursor(self) -> JsonValue:
        """Give the cursor last committed by `accept`, or None."""
        ...

    async def report(self, report: DeliveryReport) -> None:
        """Record what the outside world says about an outbound message. Idempotent."""
        ...

    async def sending(self, attempt_id: str) -> None:
        """Record that from now on the peer may have got this message (see `marks_sending`)."""
        ...

    async def thread_events(self, thread: str, after_seq: int = 0, limit: int = 200) -> list[ThreadEvent]:
        """Read what the customer of this provider thread may see, in order of `seq`."""
        ...

    async def file(self, id: str, thread: str = "") -> FileContent:
        """Read a file that a message of this account carries, of that provider thread alone if one is named.

        `id` stands in the field `attachment` of its block. Raises LookupError when there is none.
        """
        ...

    async def get(self, key: str) -> JsonValue:
        """Read one value of this account's own small store; None if absent."""
        ...

    async def put(self, key: str, value: JsonValue) -> None:
        """Write one value of this account's own small store, durably; None deletes it."""
        ...

    async def customer_typing(self, thread: str) -> None:
        """Tell agents that the customer of this provider thread is writing. Never stored."""
        ...

    def set_health(self, health: Health) -> None:
        """Tell operators how this account is doing; logged once on each change of state."""
        ...


class Channel(ABC, Generic[SettingsT]):
    """One configured account of a channel kind.

    The constructor opens nothing. `decode` and `attachment` are pure and may run in another process
    and before `open`.
    """

    def __init__(self, account: str, settings: SettingsT) -> None:
        self.account = account
        self.settings = settings

    @property
    def default_language(self) -> str:
        """The language customers are assumed to write where their words do not tell; empty: none. Pure."""
        return ""

    async def open(self, ctx: ChannelContext) -> None:
        """Connect, listen, start; keep `ctx`. An exception means: try again later, with back-off."""
        self.ctx = ctx

    async def close(self) -> None:
        """Stop taking in, finish what is in flight, release everything.

        Called once after `open`, also after one that failed or was cancelled half-way.
        """

    async def health(self) -> Health:
        """Say how this account is doing now."""
        return Health(state=HealthState.OK)

    @abstractmethod
    def decode(self, raw: RawInbound) -> Sequence[InboundEvent]:
        """Read a raw item. Pure and repeatable: no I/O, no clock, no state.

        Raises MalformedMessage when the bytes cannot become a message; they are then quarantined.
        An unknown kind of item is an event with an UNSUPPORTED block, never an exception.
        """

    def attachment(self, raw: RawInbound, part: str) -> bytes:
        """Give the bytes of one attachment that `decode` announced. Pure. LookupError if absent."""
        raise LookupError(part)

    def outgoing_ref(self, message_id: str) -> str:
        """Give the id a message will carry outside. Pure; the same on every attempt."""
        return message_id

    async def send(self, attempt: OutboundAttempt) -> Receipt:
        """Hand one message to the provider.

        Returns accepted, delivered or held; raises a SendError class for everything else, and
        UnknownOutcome when the message may have left but no answer was read.
        """
        raise Permanent(f"{type(self).__name__} sends nothing", code="no_send")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One provider call, size-limited and still raw: verify the signature before reading the body.

    `target` is path and query exactly as the request line had them, for signatures over the address: the
    address the provider called is `ChannelContext.public_url` and this.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    remote: str
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """What the provider is answered."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class PushSource(ABC):
    """The provider calls us at `/hooks/<account>/…`."""

    @abstractmethod
    async def handle_http(self, request: HttpRequest) -> HttpReply:
        """Verify, await `accept`, answer. Raises InboundRejected (401) or StoreUnavailable (503)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A doorbell: something happened at the provider; `hint` is the channel's own."""

    hint: JsonValue = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """Result of one pull: `more` asks to be called again at once."""

    items: int = 0
    more: bool = False


class PullSource(ABC):
    """We ask the provider from a cursor; the supervisor calls `pull` in turn, never twice at once."""

    poll_interval_s: float = 60.0

    @abstractmethod
    async def pull(self, signal: Signal | None = None) -> Pulled:
        """Fetch one page after the cursor and await `accept(items, cursor=next)`."""


class StreamSource(ABC):
    """A long-lived connection or listener of our own."""

    @abstractmethod
    async def stream(self) -> None:
        """Run until cancelled; returning or raising means the connection ended (back-off, again)."""


class ManualSource(ABC):
    """An agent enters items by hand."""

    @abstractmethod
    def form_schema(self) -> JsonObject:
        """Give the JSON Schema of the form the desk shows."""

    @abstractmethod
    async def submit(self, form: JsonObject) -> AcceptResult:
        """Take one filled form; raises MalformedMessage with the field's name when it is not valid."""


class Confirms(ABC):
    """The provider can be asked whether a doubtful attempt arrived."""

    @abstractmethod
    async def confirm(self, attempt: OutboundAttempt) -> Confirmation:
        """Ask; UNSURE leaves the attempt to a human."""


class FollowsThread(ABC):
    """The channel shows a live thread and wants to know of every new entry."""

    @abstractmethod
    async def thread_changed(self, thread: str, event: ThreadEvent) -> None:
        """Show one newly committed entry. A wake-up only: gaps are read with `thread_events`."""


class ShowsTyping(ABC):
    """The channel can show its customer that an agent is writing."""

    @abstractmethod
    async def show_typing(self, thread: str, name: str) -> None:
        """Show for a few seconds that `name` is writing. Never stored; may be dropped."""


AnyChannel = Channel[Any]

RouteResponder = Callable[[web.Request, Mapping[str, AnyChannel]], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRoute:
    """A web route of a channel kind; `handle` gets the open channels of its kind by account name.

    `path` is an aiohttp route template and must start with one of `ChannelType.route_prefixes`.
    """

    method: str
    path: str
    handle: RouteResponder


class Simulator(Protocol):
    """What the contract suite needs to drive a channel without the outside world.

    The suite opens the channel, runs its `stream` and calls its `pull` in turn (again soon, whatever
    `poll_interval_s` says) while `deliver` waits for the provider's acknowledgement.
    """

    def settings(self) -> BaseModel:
        """Give settings that work against the simulated provider."""
        ...

    def samples(self) -> Sequence[RawInbound]:
        """Give recorded raw items that decode into at least one event each; the first is a message."""
        ...

    async def start(self) -> None:
        """Start the simulated provider."""
        ...

    async def stop(self) -> None:
        """Stop it and release its ports."""
        ...

    async def deliver(self, channel: AnyChannel, raw: RawInbound) -> str:
        """Bring one sample in through the real door; give the acknowledgement the provider saw."""
        ...

    def sent(self) -> Sequence[bytes]:
        """Give what the provider received from us, oldest first."""
        ...

    def fail_next(self, error: str) -> None:
        """Make the next send fail as the named SendError class."""
        ...

    def errors(self) -> Sequence[str]:
        """Name the SendError classes `fail_next` can produce."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelType:
    """A kind of channel: static facts and a factory. Listing it opens nothing.

    `factory` is importable by name (a class, usually), so that decoding can run in another process.
    `shares_loop`: True = its coroutines run on the router's own loop and never hold it over 100 ms, which
    the contract suite checks; False = each account gets its own thread with its own event loop, so that a
    blocking call harms only itself. A kind with `routes` has to share the loop, as web requests live there.
    """

    id: str
    title: str
    settings: type[BaseModel]
    capabilities: Capabilities
    factory: Callable[[str, Any], AnyChannel]
    routes: Sequence[ChannelRoute] = ()
    route_prefixes: Sequence[str] = ()
    simulator: Callable[[], Simulator] | None = None
    shares_loop: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginDescriptor:
    """Who a plugin is; `api` is the contract version it was written for."""

    name: str
    version: str
    api: int = API_VERSION
    licence: str = ""
