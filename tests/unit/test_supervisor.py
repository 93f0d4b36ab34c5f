"""The supervisor with channels that behave and channels that do not."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest

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
from router.config import Account, AnyAccount, FailedAccount
from router.errors import (
    AuthInvalid,
    NotFound,
    PluginContractError,
    PluginError,
    Retryable,
    StoreUnavailable,
    UnknownOutcome,
)
from router.messages import InboundEvent, RawInbound, SendOutcome
from router.supervisor import Supervisor
from router.testing.channels import EVIL_TYPE, NULL_TYPE, EvilSettings, NullSettings
from router.testing.factories import make_attempt, make_raw
from router.testing.memory import MemoryStore

FAST = Limits(
    open_s=0.3,
    close_s=0.2,
    pull_s=0.3,
    send_s=0.2,
    http_s=0.2,
    spare_s=0.1,
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
            await asyncio.wait_for(self._news.wait(), 10)


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


async def test_every_account_opens_and_sends():
    watcher = Watcher()
    async with supervise(evil(), null(), watcher=watcher) as supervisor:
        for name in ("evil", "good"):
            await watcher.until(name, HealthState.OK)
            receipt = await supervisor.channel(name).send(make_attempt())
            assert receipt.outcome is SendOutcome.ACCEPTED


@pytest.mark.parametrize(
    ("where", "misdeed", "state", "cause"),
    [
        ("on_open", "refuse", HealthState.AUTH_NEEDED, "AuthInvalid: the password is wrong"),
        ("on_pull", "refuse", HealthState.AUTH_NEEDED, "AuthInvalid: the password is wrong"),
        ("on_stream", "refuse", HealthState.AUTH_NEEDED, "AuthInvalid: the password is wrong"),
        ("on_open", "misconfigured", HealthState.FAILED, "ConfigError: the port is taken"),
        ("on_open", "raise", HealthState.FAILED, "5 crashes in a row"),
        ("on_stream", "raise", HealthState.FAILED, "5 crashes in a row"),
        ("on_pull", "garbage", HealthState.FAILED, "pull returned 'garbage', not Pulled"),
        ("on_pull", "exit", HealthState.FAILED, "tried to end the process (exit 3)"),
        ("on_open", "offline", HealthState.DOWN, "Retryable: the provider is away"),
        ("on_open", "hang", HealthState.DOWN, "TimeoutError: no answer within 0.3 s"),
        ("on_stream", "return", HealthState.DOWN, "the stream ended"),
    ],
)
@pytest.mark.parametrize("place", [shared, lambda account: account], ids=["shared loop", "own thread"])
async def test_misdeed_ends_in_its_state_and_the_neighbour_is_well(
    where: str, misdeed: str, state: HealthState, cause: str, place: Callable[[Account], Account]
):
    watcher = Watcher()
    async with supervise(place(evil(**{where: misdeed})), null(), watcher=watcher) as supervisor:
        health = await watcher.until("evil", state)
        assert cause in health.cause
        assert (health.next_try is not None) == (state is HealthState.DOWN)
        await watcher.until("good", HealthState.OK)
        await supervisor.channel("good").send(make_attempt())


async def test_provider_away_for_long_is_retried_for_ever():
    watcher = Watcher()
    async with supervise(evil(on_open="offline"), watcher=watcher):
        await watcher.until("evil", HealthState.DOWN, times=12)
        assert HealthState.FAILED not in {health.state for _, health in watcher.told}


async def test_failed_account_runs_again_when_told():
    watcher = Watcher()
    async with supervise(evil(on_open="raise"), watcher=watcher) as supervisor:
        await watcher.until("evil", HealthState.FAILED)
        supervisor.restart("evil")
        await watcher.until("evil", HealthState.FAILED, times=2)


async def test_paused_account_is_closed_until_restart():
    watcher = Watcher()
    async with supervise(evil(), watcher=watcher) as supervisor:
        await watcher.until("evil", HealthState.OK)
        supervisor.pause("evil")
        await watcher.until("evil", HealthState.PAUSED)
        with pytest.raises(Retryable, match="evil is paused"):
            await supervisor.channel("evil").send(make_attempt())
        supervisor.restart("evil")
        await watcher.until("evil", HealthState.OK, times=2)


async def test_refused_send_parks_the_account_and_holds_later_sends():
    watcher = Watcher()
    async with supervise(evil(on_send="refuse"), watcher=watcher) as supervisor:
        await watcher.until("evil", HealthState.OK)
        for _ in range(2):
            with pytest.raises(AuthInvalid):
                await supervisor.channel("evil").send(make_attempt())
            await watcher.until("evil", HealthState.AUTH_NEEDED)


@pytest.mark.parametrize("misdeed", ["hang", "block", "swallow", "raise", "garbage", "exit"])
@pytest.mark.parametrize(("marked", "error"), [(True, UnknownOutcome), (False, Retryable)])
async def test_send_outside_the_contract_is_doubtful_only_once_marked(
    misdeed: str, marked: bool, error: type[Exception]
):
    watcher, settings = Watcher(), {"on_send": misdeed, "mark_first": marked}
    account = evil(**settings)
    async with supervise(account, watcher=watcher) as supervisor:
        await watcher.until("evil", HealthState.OK)
        with pytest.raises(error):
            await supervisor.channel("evil").send(make_attempt())
        account.settings.release.set()  # type: ignore[attr-defined]


async def test_send_that_never_began_in_a_blocked_thread_is_retryable_though_it_marks_nothing():
    kind = replace(EVIL_TYPE, capabilities=Capabilities(channel_class="email"))
    account = replace(evil(on_send="block"), channel_type=kind)
    watcher = Watcher()
    async with supervise(account, watcher=watcher) as supervisor:
        await watcher.until("evil", HealthState.OK)
        channel = supervisor.channel("evil")
        first, second = await asyncio.gather(
            channel.send(make_attempt()), channel.send(make_attempt(number=2)), return_exceptions=True
        )
        assert {type(first), type(second)} == {UnknownOutcome, Retryable}
        account.settings.release.set()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("misdeed", "error"),
    [("hang", StoreUnavailable), ("block", StoreUnavailable), ("raise", PluginContractError)],
)
async def test_provider_call_outside_the_contract_gets_an_answer(misdeed: str, error: type[Exception]):
    watcher, account = Watcher(), evil(on_http=misdeed)
    async with supervise(account, watcher=watcher) as supervisor:
        await watcher.until("evil", HealthState.OK)
        with pytest.raises(error):
            await supervisor.channel("evil").handle_http(REQUEST)
        account.settings.release.set()  # type: ignore[attr-defined]


@pytest.mark.parametrize("misdeed", ["block", "swallow", "hang"])
async def test_channel_that_does_not_close_is_left_behind_and_named(
    misdeed: str, caplog: pytest.LogCaptureFixture
):
    watcher, account = Watcher(), evil(on_close=misdeed)
    async with supervise(account, null(), watcher=watcher, limits=replace(FAST, close_s=0.1)):
        await watcher.until("evil", HealthState.OK)
        began_s = time.monotonic()
    assert time.monotonic() - began_s < 5
    account.settings.release.set()  # type: ignore[attr-defined]
    named = [record.__dict__.get("account") for record in caplog.records if "left behind" in record.message]
    assert named == ([] if misdeed == "hang" else ["evil"])


async def test_blocked_thread_is_named_with_its_stack_and_harms_nobody(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    watcher, account = Watcher(), evil(on_stream="block")
    async with supervise(account, null(), watcher=watcher) as supervisor:
        began_s = time.monotonic()
        degraded = await watcher.until("evil", HealthState.DEGRADED)
        assert time.monotonic() - began_s < 2
        assert "held its event loop" in degraded.cause
        await watcher.until("good", HealthState.OK)
        await supervisor.channel("good").send(make_attempt())
        account.settings.release.set()  # type: ignore[attr-defined]
        await watcher.until("evil", HealthState.OK)
    (line,) = [record for record in caplog.records if "held for" in record.message]
    assert line.__dict__["plugin"] == "evil"
    assert "self.settings.release.wait" in line.message


async def test_channel_blocking_the_routers_own_loop_is_named_though_others_share_it(
    caplog: pytest.LogCaptureFixture,
):
    watcher, account = Watcher(), shared(evil(on_send="block", block_s=0.6))
    async with supervise(account, null(), watcher=watcher, limits=replace(FAST, send_s=5)) as supervisor:
        await watcher.until("evil", HealthState.OK)
        await supervisor.channel("evil").send(make_attempt())
        await watcher.until("evil", HealthState.DEGRADED)
        assert HealthState.DEGRADED not in {h.state for name, h in watcher.told if name == "good"}
    assert [record.__dict__["plugin"] for record in caplog.records if "held for" in record.message] == [
        "evil"
    ]


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
            await asyncio.wait_for(self.news.wait(), 10)
        return sorted(item.raw.raw.decode() for item in self.accepted)


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
        await asyncio.wait_for(again.wait(), 5)


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
