"""The supervisor with channels that behave and channels that do not."""

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import count

import pytest

from router import (
    Capabilities,
    Channel,
    ChannelContext,
    HealthState,
)
from router.clock import SystemClock
from router.config import Account
from router.errors import (
    AuthInvalid,
    PluginContractError,
    Retryable,
    StoreUnavailable,
    UnknownOutcome,
)
from router.messages import InboundEvent, RawInbound, SendOutcome
from router.testing.channels import EVIL_TYPE, NullSettings
from router.testing.factories import make_attempt
from router.testing.memory import MemoryStore
from tests.unit.supervised import (
    FAST,
    MAILBOX,
    REQUEST,
    Watcher,
    evil,
    null,
    shared,
    supervise,
)

SOON = replace(FAST, send_s=0.2, http_s=0.2, spare_s=0.1)
"""Limits for calls that never answer."""


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
    limits = replace(FAST, open_s=0.3) if misdeed == "hang" else FAST
    async with supervise(
        place(evil(**{where: misdeed})), null(), watcher=watcher, limits=limits
    ) as supervisor:
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
    watcher, store = Watcher(), MemoryStore(clock=SystemClock())
    account = evil(on_send=misdeed, mark_first=marked)
    async with supervise(account, watcher=watcher, store=store, limits=SOON) as supervisor:
        await watcher.until("evil", HealthState.OK)
        for number in count(1):
            with pytest.raises((Retryable, UnknownOutcome)) as refused:
                await supervisor.channel("evil").send(make_attempt(number=number))
            # On a busy machine a send is given up before its thread gets to it; then it is tried again.
            if store.marked or not marked:
                break
        assert refused.type is error
        account.settings.release.set()  # type: ignore[attr-defined]


async def test_send_that_never_began_in_a_blocked_thread_is_retryable_though_it_marks_nothing():
    kind = replace(EVIL_TYPE, capabilities=Capabilities(channel_class="email"))
    account = replace(evil(on_send="block"), channel_type=kind)
    watcher = Watcher()
    async with supervise(account, watcher=watcher, limits=SOON) as supervisor:
        await watcher.until("evil", HealthState.OK)
        channel, settings = supervisor.channel("evil"), account.settings
        while not settings.begun.is_set():  # type: ignore[attr-defined]
            first, second = await asyncio.gather(
                channel.send(make_attempt()), channel.send(make_attempt(number=2)), return_exceptions=True
            )
        assert {type(first), type(second)} == {UnknownOutcome, Retryable}
        settings.release.set()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("misdeed", "error"),
    [("hang", StoreUnavailable), ("block", StoreUnavailable), ("raise", PluginContractError)],
)
async def test_provider_call_outside_the_contract_gets_an_answer(misdeed: str, error: type[Exception]):
    watcher, account = Watcher(), evil(on_http=misdeed)
    async with supervise(account, watcher=watcher, limits=SOON) as supervisor:
        await watcher.until("evil", HealthState.OK)
        with pytest.raises(error):
            await supervisor.channel("evil").handle_http(REQUEST)
        account.settings.release.set()  # type: ignore[attr-defined]


@pytest.mark.parametrize("misdeed", ["block", "swallow", "hang"])
async def test_channel_that_does_not_close_is_left_behind_and_named(
    misdeed: str, caplog: pytest.LogCaptureFixture
):
    watcher, account = Watcher(), evil(on_close=misdeed)
    # One that hangs is cancelled in its own thread, for which there is time; the others never end by themselves.
    limits = replace(FAST, close_s=0.1) if misdeed == "hang" else replace(FAST, close_s=0.1, spare_s=0.1)
    async with supervise(account, watcher=watcher, limits=limits):
        await watcher.until("evil", HealthState.OK)
    left = [thread for thread in threading.enumerate() if thread.name == "account-evil"]
    account.settings.release.set()  # type: ignore[attr-defined]
    for thread in left:
        thread.join()
    named = [record.__dict__.get("account") for record in caplog.records if "left behind" in record.message]
    assert named == ([] if misdeed == "hang" else ["evil"])


async def test_account_told_to_end_while_its_thread_starts_is_closed():
    opened, closed = threading.Event(), threading.Event()

    class Quick(Channel[NullSettings]):
        def decode(self, raw: RawInbound) -> list[InboundEvent]:
            return []

        async def open(self, ctx: ChannelContext) -> None:
            opened.set()

        async def close(self) -> None:
            closed.set()

    kind = replace(MAILBOX, factory=Quick)
    account = Account(name="box", channel_type=kind, settings=NullSettings())
    async with supervise(account, watcher=Watcher()):
        await asyncio.sleep(0)
        # The core's loop stands here, so the channel is open before the core has heard that its thread runs.
        assert opened.wait(60)
    assert closed.is_set()


async def test_blocked_thread_is_named_with_its_stack_and_harms_nobody(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    watcher, account = Watcher(), evil(on_stream="block", block_s=300.0)
    async with supervise(account, null(), watcher=watcher) as supervisor:
        degraded = await watcher.until("evil", HealthState.DEGRADED)
        assert "held its event loop" in degraded.cause
        await watcher.until("good", HealthState.OK)
        await supervisor.channel("good").send(make_attempt())
        account.settings.release.set()  # type: ignore[attr-defined]
        await watcher.until("evil", HealthState.OK)
    # Loops a busy machine holds are told of as well, and are nobody's.
    (line,) = [
        record for record in caplog.records if record.__dict__.get("plugin") and "held for" in record.message
    ]
    assert line.__dict__["plugin"] == "evil"
    assert "self.settings.release.wait" in line.message


async def test_channel_blocking_the_routers_own_loop_is_named_though_others_share_it(
    caplog: pytest.LogCaptureFixture,
):
    watcher, account = Watcher(), shared(evil(on_send="block", block_s=300.0))

    class ReleasesOnceNamed(logging.Handler):
        """Lets the loop go on as soon as the watchdog, from its own thread, has named who holds it."""

        def emit(self, record: logging.LogRecord) -> None:
            if record.__dict__.get("plugin") == "evil":
                account.settings.release.set()  # type: ignore[attr-defined]

    named = ReleasesOnceNamed()
    logging.getLogger("router.watchdog").addHandler(named)
    try:
        async with supervise(account, null(), watcher=watcher) as supervisor:
            await watcher.until("evil", HealthState.OK)
            await supervisor.channel("evil").send(make_attempt())
            await watcher.until("evil", HealthState.DEGRADED)
            assert HealthState.DEGRADED not in {h.state for name, h in watcher.told if name == "good"}
    finally:
        logging.getLogger("router.watchdog").removeHandler(named)
    found = [record.__dict__["plugin"] for record in caplog.records if "held for" in record.message]
    # Loops a busy machine holds are told of as well, and are nobody's.
    assert [plugin for plugin in found if plugin] == ["evil"]
