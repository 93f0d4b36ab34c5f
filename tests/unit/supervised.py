"""A supervisor with quick limits, what it tells, and a mailbox to keep; for tests of what it does."""

import asyncio
import threading
from dataclasses import replace
from random import Random
from typing import Any

from router import (
    Capabilities,
    Channel,
    ChannelType,
    Health,
    HealthState,
    HttpRequest,
    Pulled,
    PullSource,
    Signal,
    StreamSource,
)
from router.accounts.judgement import Limits
from router.clock import SystemClock
from router.config import Account, AnyAccount
from router.messages import InboundEvent, RawInbound
from router.supervisor import Supervisor
from router.testing.channels import EVIL_TYPE, NULL_TYPE, EvilSettings, NullSettings
from router.testing.factories import make_raw
from router.testing.memory import MemoryStore

# No limit that a busy machine could pass: whoever provokes one names it.
FAST = Limits(
    open_s=60.0,
    close_s=60.0,
    pull_s=60.0,
    send_s=60.0,
    http_s=60.0,
    look_up_s=60.0,
    spare_s=60.0,
    steady_s=0.02,
    first_delay_s=0.001,
    longest_delay_s=0.02,
)
REQUEST = HttpRequest(method="POST", path="/", query={}, headers={}, body=b"", remote="127.0.0.1")


class Watcher:
    """Remembers every health told and lets a test wait for one."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Health]] = []
        self._news = asyncio.Event()

    def __call__(self, account: str, health: Health) -> None:
        self.told.append((account, health))
        self._news.set()

    async def until(self, account: str, state: HealthState, times: int = 1) -> Health:
        while True:
            found = [health for name, health in self.told if name == account and health.state is state]
            if len(found) >= times:
                return found[-1]
            self._news.clear()
            await asyncio.wait_for(self._news.wait(), 60)


def evil(name: str = "evil", **settings: Any) -> Account:
    return Account(name=name, channel_type=EVIL_TYPE, settings=EvilSettings(**settings))


def null(name: str = "good") -> Account:
    return Account(name=name, channel_type=NULL_TYPE, settings=NullSettings())


def shared(account: Account) -> Account:
    return replace(account, channel_type=replace(account.channel_type, shares_loop=True))


def supervise(
    *accounts: AnyAccount,
    watcher: Watcher,
    store: MemoryStore | None = None,
    limits: Limits = FAST,
    **more: Any,
) -> Supervisor:
    return Supervisor(
        accounts,
        intake=store or MemoryStore(clock=SystemClock()),
        clock=SystemClock(),
        public_url="http://127.0.0.1",
        random=Random(1),
        on_health=watcher,
        limits=limits,
        **more,
    )


class Mailbox(Channel[NullSettings], StreamSource, PullSource):
    """Accepts one item from the stream and one more for each signal."""

    poll_interval_s = 3600.0

    def decode(self, raw: RawInbound) -> list[InboundEvent]:
        return []

    async def stream(self) -> None:
        await self.ctx.accept([make_raw(b"streamed")])
        await asyncio.Event().wait()

    async def pull(self, signal: Signal | None = None) -> Pulled:
        seen = await self.ctx.cursor() or 0
        assert isinstance(seen, int)
        hint = signal.hint if signal else "first"
        await self.ctx.accept([make_raw(f"pulled {hint}".encode())], cursor=seen + 1)
        await self.ctx.put("last", hint)
        return Pulled(items=1)


MAILBOX = ChannelType(
    id="mailbox",
    title="Mailbox",
    settings=NullSettings,
    capabilities=Capabilities(channel_class="email"),
    factory=Mailbox,
)


class CountingStore(MemoryStore):
    """Lets a test wait for a number of accepted items, and notes which thread asked."""

    def __init__(self) -> None:
        super().__init__(clock=SystemClock())
        self.threads: set[int] = set()
        self.news = asyncio.Event()

    async def accept(self, *arguments: Any) -> Any:
        self.threads.add(threading.get_ident())
        try:
            return await super().accept(*arguments)
        finally:
            self.news.set()

    async def until(self, count: int) -> list[str]:
        while len(self.accepted) < count:
            self.news.clear()
            await asyncio.wait_for(self.news.wait(), 60)
        return sorted(item.raw.raw.decode() for item in self.accepted)
