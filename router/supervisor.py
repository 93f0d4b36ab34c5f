"""Run every account and every service of the core; in: accounts, intake, services, out: running channels.

The one owner of long-lived tasks. Nothing an account or a service does stops another: an account restarts
by its own rules (`router.accounts`), a service that raises is logged and run again with growing delays.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from random import Random
from types import MappingProxyType, TracebackType

from router.accounts.context import Core
from router.accounts.judgement import FailureRecord, Limits
from router.accounts.kept import KeptAccount, Surroundings
from router.accounts.running import RunningChannel
from router.capabilities import Health, HealthState
from router.channel import AnyChannel, Signal
from router.clock import Clock
from router.config import Account, AnyAccount, FailedAccount
from router.errors import NotFound, PluginError, Retryable
from router.watchdog import Hold, Watchdog

_log = logging.getLogger(__name__)

CORE_LOOP = "core"

Service = Callable[[], Awaitable[None]]


def _ignore(account: str, health: Health) -> None:
    """Nobody wants to know."""


class Supervisor:
    """An async context manager: inside it everything runs, at its end everything has stopped."""

    def __init__(
        self,
        accounts: Sequence[AnyAccount],
        *,
        intake: Core,
        clock: Clock,
        public_url: str,
        random: Random,
        services: Mapping[str, Service] = MappingProxyType({}),
        on_health: Callable[[str, Health], None] = _ignore,
        limits: Limits | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._random = random
        self._clock = clock
        self._services = services
        self._on_health = on_health
        self._failed = {each.name: each.cause for each in accounts if isinstance(each, FailedAccount)}
        sound = [each for each in accounts if isinstance(each, Account)]
        self._watchdog = Watchdog(self._post_hold, _owners(sound))
        surroundings = Surroundings(
            intake=intake,
            clock=clock,
            public_url=public_url,
            random=random,
            limits=self._limits,
            watchdog=self._watchdog,
            on_health=on_health,
        )
        self._kept = {each.name: KeptAccount(each, surroundings) for each in sound}
        self._channels = {name: RunningChannel(kept) for name, kept in self._kept.items()}
        self._account_tasks: list[asyncio.Task[None]] = []
        self._service_tasks: list[asyncio.Task[None]] = []
        self._group = asyncio.TaskGroup()

    async def __aenter__(self) -> Supervisor:
        self._core = asyncio.get_running_loop()
        await self._group.__aenter__()
        self._watchdog.__enter__()
        self._watchdog.watch(CORE_LOOP, self._core, threading.get_ident())
        since = self._clock.now()
        for name, cause in self._failed.items():
            _log.error("account %s is failed: %s", name, cause, extra={"account": name})
            self._on_health(name, Health(state=HealthState.FAILED, cause=cause, since=since))
        self._service_tasks = [
            self._group.create_task(self._serve(name, run), name=name) for name, run in self._services.items()
        ]
        self._account_tasks = [
            self._group.create_task(kept.keep(), name=f"account {name}") for name, kept in self._kept.items()
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Accounts first: what they still take in while closing needs the services.
        await self.close_accounts()
        await _end(self._service_tasks)
        self._watchdog.__exit__(None, None, None)
        # What the body raised is the caller's own; only a cancellation may be the group's doing.
        if kind is not None and not issubclass(kind, asyncio.CancelledError):
            kind = error = trace = None
        await self._group.__aexit__(kind, error, trace)

    async def close_accounts(self) -> None:
        """Close every account for good; call it while the lines of web visitors still stand."""
        await _end(self._account_tasks)

    def channel(self, account: str) -> RunningChannel:
        """Give one account's channel.

        Raises NotFound for an unknown name and PluginError if its plugin did not load.
        """
        if account in self._failed:
            raise PluginError(f"the account {account} cannot run: {self._failed[account]}", plugin=account)
        if account not in self._channels:
            raise NotFound(f"there is no account {account!r:.80}")
        return self._channels[account]

    @property
    def channels(self) -> Mapping[str, RunningChannel]:
        """Every account that can run."""
        return MappingProxyType(self._channels)

    def open_channels(self, channel_type_id: str) -> Mapping[str, AnyChannel]:
        """Give a live view of the open channels of one kind, for its own web routes.

        Only kinds that share the router's loop are in it: objects of another loop must not be touched.
        """
        return _OpenChannels(
            {
                name: kept
                for name, kept in self._kept.items()
                if kept.account.channel_type.id == channel_type_id and kept.account.channel_type.shares_loop
            }
        )

    def health(self) -> Mapping[str, Health]:
        """Say how every account is doing, failed ones included."""
        failed = {name: Health(state=HealthState.FAILED, cause=cause) for name, cause in self._failed.items()}
        return {**failed, **{name: kept.health for name, kept in self._kept.items()}}

    def restart(self, account: str) -> None:
        """Close and open an account anew, also a failed, paused or refused one."""
        self._known(account).restart()

    def pause(self, account: str) -> None:
        """Close an account until `restart`."""
        self._known(account).pause()

    def ring(self, account: str, signal: Signal) -> None:
        """Wake an account's pull source now."""
        self._known(account).ring(signal)

    def _known(self, account: str) -> KeptAccount:
        if account not in self._kept:
            raise NotFound(f"there is no running account {account!r:.80}")
        return self._kept[account]

    async def _serve(self, name: str, run: Service) -> None:
        record = FailureRecord(limits=self._limits, random=self._random)
        while True:
            started_at_s = self._clock.monotonic()
            error: Exception = Retryable("it ended by itself")
            try:
                await run()
            except Exception as raised:
                error = raised
            now_s = self._clock.monotonic()
            if now_s - started_at_s > self._limits.crash_window_s:
                record.clear()
            delay_s = record.judge(error, now_s).delay_s or self._limits.longest_delay_s
            _log.error("service %s stopped, again in %.1f s", name, delay_s, exc_info=error)
            await asyncio.sleep(delay_s)

    def _post_hold(self, hold: Hold) -> None:
        try:
            self._core.call_soon_threadsafe(self._take_hold, hold)
        except RuntimeError:
            _log.debug("the core loop has ended")

    def _take_hold(self, hold: Hold) -> None:
        cause = "" if hold.over else f"held its event loop for more than {hold.lasted_s * 1000:.0f} ms"
        for name, kept in self._kept.items():
            own = hold.loop == name
            kind = kept.account.channel_type
            if own or (hold.loop == CORE_LOOP and kind.shares_loop and kind.id == hold.owner):
                kept.set_lag(cause)


class _OpenChannels(Mapping[str, AnyChannel]):
    """A live, read-only view: accounts come and go as they open and close."""

    def __init__(self, kept: Mapping[str, KeptAccount]) -> None:
        self._kept = kept

    def __getitem__(self, account: str) -> AnyChannel:
        channel = self._kept[account].open_channel
        if channel is None:
            raise KeyError(account)
        return channel

    def __iter__(self) -> Iterator[str]:
        return (name for name, kept in self._kept.items() if kept.open_channel is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _owners(accounts: Sequence[Account]) -> dict[object, str]:
    """Map channel classes, their modules and packages to the channel type, for the watchdog."""
    owners: dict[object, str] = {}
    for account in accounts:
        kind = account.channel_type
        for clue in (kind.factory, getattr(kind.factory, "__module__", ""), account.package):
            owners[clue] = kind.id
    owners.pop("", None)
    return owners


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
