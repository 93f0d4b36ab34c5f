"""What one account's channel is handed; in: calls from whatever loop it runs on, out: calls on the core's.

`Core` is all the supervisor needs of the core.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol, TypeVar

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar

from router.capabilities import Health
from router.channel import Signal
from router.clock import Clock
from router.errors import PluginContractError, Retryable, StoreUnavailable
from router.legible import legible
from router.messages import (
    AcceptResult,
    DeliveryReport,
    FileContent,
    FiledMessage,
    JsonValue,
    RawInbound,
    ThreadEvent,
)

T = TypeVar("T")

HTTP_LIMIT = ClientTimeout(total=30.0, connect=10.0)


class Core(Protocol):
    """The core as seen from an account; every method runs on the core's loop. See `ChannelContext`."""

    async def accept(
        self, account: str, items: Sequence[RawInbound], cursor: JsonValue
    ) -> list[AcceptResult]:
        """Store raw items durably, and the cursor with them if it is not None."""
        ...

    async def filed(self, inbound_id: str) -> Sequence[FiledMessage]:
        """Wait until the accepted item has been filed."""
        ...

    async def cursor(self, account: str) -> JsonValue:
        """Give the cursor committed last."""
        ...

    async def report(self, account: str, report: DeliveryReport) -> None:
        """Record what the outside world says about an outbound message."""
        ...

    async def sending(self, attempt_id: str) -> None:
        """Record that from now on the peer may have got this message."""
        ...

    async def thread_events(self, account: str, thread: str, after_seq: int, limit: int) -> list[ThreadEvent]:
        """Read what the customer of this provider thread may see."""
        ...

    async def file(self, account: str, id: str, thread: str) -> FileContent:
        """Read a file that a message of the account carries. LookupError if there is none."""
        ...

    async def customer_typing(self, account: str, thread: str) -> None:
        """Tell agents that the customer of this provider thread is writing."""
        ...

    async def get(self, account: str, key: str) -> JsonValue:
        """Read one value of the account's own store."""
        ...

    async def put(self, account: str, key: str, value: JsonValue) -> None:
        """Write one value of the account's own store."""
        ...


class AccountContext:
    """The `ChannelContext` of one account; after `revoke` it takes nothing any more."""

    def __init__(
        self,
        account: str,
        *,
        intake: Core,
        clock: Clock,
        public_url: str,
        core: asyncio.AbstractEventLoop,
        on_health: Callable[[Health], None],
        on_signal: Callable[[Signal], None],
    ) -> None:
        self._account = account
        self._intake = intake
        self._clock = clock
        self._public_url = public_url
        self._core = core
        self._on_health = on_health
        self._on_signal = on_signal
        self._http: ClientSession | None = None
        self._revoked = False
        self._marked: set[str] = set()
        self._given_up: set[str] = set()
        self._log = logging.getLogger(f"router.channel.{account}")

    @property
    def account(self) -> str:
        """Name of the account in the configuration."""
        return self._account

    @property
    def clock(self) -> Clock:
        """The router's clock."""
        return self._clock

    @property
    def log(self) -> logging.Logger:
        """A logger that names the account."""
        return self._log

    @property
    def public_url(self) -> str:
        """Where the outside world reaches this router, without a final slash."""
        return self._public_url

    @property
    def http(self) -> ClientSession:
        """The account's own pooled HTTP client, made on the account's loop when first asked for."""
        if self._http is None:
            self._http = ClientSession(timeout=HTTP_LIMIT, cookie_jar=DummyCookieJar())
        return self._http

    async def close_http(self) -> None:
        """Close the HTTP client; once the channel has closed."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    def ring(self, signal: Signal) -> None:
        """Wake this account's `pull` at once."""
        if not self._revoked:
            self._on_signal(signal)

    async def accept(self, items: Sequence[RawInbound], cursor: JsonValue = None) -> list[AcceptResult]:
        """Store raw items durably; see `ChannelContext.accept`."""
        if not all(isinstance(item, RawInbound) for item in items):
            raise PluginContractError("accept takes RawInbound items only")
        return await self._on_core(lambda: self._intake.accept(self._account, items, cursor))

    async def filed(self, inbound_id: str) -> Sequence[FiledMessage]:
        """Wait until the accepted item has been filed."""
        return await self._on_core(lambda: self._intake.filed(inbound_id))

    async def cursor(self) -> JsonValue:
        """Give the cursor last committed by `accept`, or None."""
        return await self._on_core(lambda: self._intake.cursor(self._account))

    async def report(self, report: DeliveryReport) -> None:
        """Record what the outside world says about an outbound message."""
        await self._on_core(lambda: self._intake.report(self._account, report))

    async def sending(self, attempt_id: str) -> None:
        """Record that from now on the peer may have got this message."""
        self._refuse_if_given_up(attempt_id)
        await self._on_core(lambda: self._intake.sending(attempt_id))
        self._marked.add(attempt_id)
        # Once more: it may have been given up while the core was told, by somebody who saw no mark.
        self._refuse_if_given_up(attempt_id)

    def _refuse_if_given_up(self, attempt_id: str) -> None:
        if attempt_id in self._given_up:
            raise Retryable("this attempt has been given up", code="given_up")

    async def thread_events(self, thread: str, after_seq: int = 0, limit: int = 200) -> list[ThreadEvent]:
        """Read what the customer of this provider thread may see, in order of `seq`."""
        return await self._on_core(
            lambda: self._intake.thread_events(self._account, thread, after_seq, limit)
        )

    async def file(self, id: str, thread: str = "") -> FileContent:
        """Read a file that a message of this account carries; see `ChannelContext.file`."""
        return await self._on_core(lambda: self._intake.file(self._account, id, thread))

    async def customer_typing(self, thread: str) -> None:
        """Tell agents that the customer of this provider thread is writing."""
        await self._on_core(lambda: self._intake.customer_typing(self._account, thread))

    async def get(self, key: str) -> JsonValue:
        """Read one value of this account's own small store; None if absent."""
        return await self._on_core(lambda: self._intake.get(self._account, key))

    async def put(self, key: str, value: JsonValue) -> None:
        """Write one value of this account's own small store, durably."""
        await self._on_core(lambda: self._intake.put(self._account, key, value))

    def set_health(self, health: Health) -> None:
        """Tell operators how this account is doing."""
        if not isinstance(health, Health):
            raise PluginContractError("set_health takes a Health")
        if not self._revoked:
            self._on_health(legible(health))

    def was_marked(self, attempt_id: str) -> bool:
        """Tell whether `sending` was called for this attempt, and forget it."""
        marked = attempt_id in self._marked
        self._marked.discard(attempt_id)
        return marked

    def give_up(self, attempt_id: str) -> None:
        """Refuse to let this attempt leave any more: the core has been told that it did not."""
        self._given_up.add(attempt_id)

    def revoke(self) -> None:
        """Refuse everything from now on: the channel was given up and may wake later."""
        self._revoked = True

    async def _on_core(self, call: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if self._revoked:
            raise StoreUnavailable(f"the account {self._account} has been stopped")
        if asyncio.get_running_loop() is self._core:
            return await call()
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(call(), self._core))
