"""The supervisor with what comes in by stream and pull, and with the services beside the accounts."""

import asyncio
import threading
from dataclasses import replace

import pytest

from router import (
    Channel,
    HealthState,
    Signal,
)
from router.clock import SystemClock
from router.config import Account, FailedAccount
from router.errors import (
    NotFound,
    PluginError,
)
from router.messages import InboundEvent, RawInbound
from router.testing.channels import NullSettings
from router.testing.factories import make_raw
from router.testing.memory import MemoryStore
from tests.unit.supervised import (
    MAILBOX,
    CountingStore,
    Watcher,
    null,
    supervise,
)


@pytest.mark.parametrize("shares_loop", [True, False])
async def test_sources_accept_on_the_cores_loop_and_signals_ring(shares_loop: bool):
    watcher, store = Watcher(), CountingStore()
    kind = replace(MAILBOX, shares_loop=shares_loop)
    account = Account(name="box", channel_type=kind, settings=NullSettings())
    async with supervise(account, watcher=watcher, store=store) as supervisor:
        assert await store.until(2) == ["pulled first", "streamed"]
        supervisor.ring("box", Signal(hint="bell"))
        assert await store.until(3) == ["pulled bell", "pulled first", "streamed"]
        assert list(supervisor.open_channels("mailbox")) == (["box"] if shares_loop else [])
    assert store.threads == {threading.get_ident()}
    assert await store.cursor("box") == 2
    assert list(supervisor.open_channels("mailbox")) == []


async def test_store_away_is_trouble_of_the_store_and_not_a_crash():
    watcher, store = Watcher(), CountingStore()
    for _ in range(8):
        store.fail_accept_next()
    account = Account(name="box", channel_type=MAILBOX, settings=NullSettings())
    async with supervise(account, watcher=watcher, store=store):
        assert await store.until(2) == ["pulled first", "streamed"]
        await watcher.until("box", HealthState.OK)
    assert HealthState.FAILED not in {health.state for _, health in watcher.told}


async def test_account_without_its_plugin_is_failed_and_says_why():
    watcher = Watcher()
    failed = FailedAccount(name="fax", cause="its plugin fax failed to load: no libfax")
    async with supervise(failed, null(), watcher=watcher) as supervisor:
        await watcher.until("good", HealthState.OK)
        assert supervisor.health()["fax"].state is HealthState.FAILED
        with pytest.raises(PluginError, match="no libfax"):
            supervisor.channel("fax")
        with pytest.raises(NotFound, match="no account 'nobody'"):
            supervisor.channel("nobody")


async def test_service_that_crashes_is_run_again():
    runs, again = [], asyncio.Event()

    async def outbox() -> None:
        runs.append(1)
        if len(runs) < 8:
            raise RuntimeError("bug")
        again.set()
        await asyncio.Event().wait()

    async with supervise(null(), watcher=Watcher(), services={"outbox": outbox}):
        await asyncio.wait_for(again.wait(), 60)


async def test_services_run_until_every_channel_has_closed():
    order: list[str] = []

    class Closing(Channel[NullSettings]):
        def decode(self, raw: RawInbound) -> list[InboundEvent]:
            return []

        async def close(self) -> None:
            await self.ctx.accept([make_raw(b"last words")])
            order.append("closed")

    async def filing() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            order.append("filing ended")

    kind, watcher, store = replace(MAILBOX, factory=Closing), Watcher(), MemoryStore(clock=SystemClock())
    account = Account(name="box", channel_type=kind, settings=NullSettings())
    async with supervise(account, watcher=watcher, store=store, services={"filing": filing}):
        await watcher.until("box", HealthState.OK)
    assert order == ["closed", "filing ended"]
    assert [item.raw.raw for item in store.accepted] == [b"last words"]
