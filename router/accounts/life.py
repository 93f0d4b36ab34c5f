"""The life of one channel object after another; runs on the account's own loop.

In: an account, its context. Out: health, told on every change. Ends only when the account is parked
(credentials refused, crash loop) or when it is cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from random import Random
from typing import Any, NoReturn, TypeVar

from router.abilities import RenewsAccess
from router.accounts.bounded import bounded
from router.accounts.context import AccountContext
from router.accounts.judgement import FailureRecord, Limits, Verdict, cause_of
from router.accounts.renewal import Renewal
from router.capabilities import Health, HealthState
from router.channel import AnyChannel, Pulled, PullSource, Signal, StreamSource
from router.config import Account
from router.errors import AuthExpired, AuthInvalid, PluginContractError, Retryable

T = TypeVar("T")

_MOST_SIGNALS = 100


class Parked(Exception):
    """The account waits for an operator."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.cause)
        self.verdict = verdict


class AccountLife:
    """Opens the channel, runs its sources, judges what fails, closes it, begins again."""

    def __init__(
        self, account: Account, *, limits: Limits, random: Random, tell: Callable[[Health], None]
    ) -> None:
        self._account = account
        self._limits = limits
        self._random = random
        self._tell = tell
        self._said: Health | None = None
        self._troubles: dict[str, Health] = {}
        self._records: dict[str, FailureRecord] = {}
        self._signals: asyncio.Queue[Signal] = asyncio.Queue(_MOST_SIGNALS)
        self._halt: asyncio.Future[NoReturn] | None = None
        self.channel: AnyChannel | None = None
        self._renewal: Renewal | None = None

    async def run(self, context: AccountContext) -> None:
        """Live until parked or cancelled."""
        self._context = context
        while True:
            try:
                delay_s = await self._once()
            except Parked as parked:
                self._tell(Health(state=parked.verdict.state, cause=parked.verdict.cause))
                return
            await asyncio.sleep(delay_s)

    async def perform(self, act: Callable[[AnyChannel], Coroutine[Any, Any, T]], limit_s: float) -> T:
        """Call a method of the open channel; refused credentials park the account at once."""
        if self.channel is None or self._renewal is None:
            raise Retryable(f"the account {self._account.name} is not open", code="not_open")
        try:
            return await bounded(self._renewal.run(act), limit_s)
        except AuthInvalid as error:
            if self._halt is not None and not self._halt.done():
                self._halt.set_exception(Parked(self._record("send").judge(error, self._now_s())))
            raise

    def ring(self, signal: Signal) -> None:
        """Wake the pull source; a flood of signals is one pull, so the surplus is dropped."""
        if not self._signals.full():
            self._signals.put_nowait(signal)

    def say(self, health: Health) -> None:
        """Take what the channel itself says about its health; troubles we saw ourselves come first."""
        self._said = health
        if not self._troubles:
            self._tell(health)

    async def _once(self) -> float:
        self._said = None
        self._troubles.clear()
        self._tell(Health(state=HealthState.STARTING))
        channel: AnyChannel | None = None
        try:
            channel = self._account.channel_type.factory(self._account.name, self._account.settings)
            await bounded(channel.open(self._context), self._limits.open_s)
            self._record("open").clear()
            self.channel, self._renewal = channel, Renewal(channel, self._limits.send_s)
            if self._said is None and not isinstance(channel, PullSource):
                self._tell(Health(state=HealthState.OK))
            await self._run_sources(channel)
        except Parked:
            raise
        except Exception as error:
            return self._trouble("open", error)
        finally:
            self.channel = None
            if channel is not None:
                await self._close(channel)
        return 0.0

    async def _close(self, channel: AnyChannel) -> None:
        renewal, self._renewal = self._renewal, None
        try:
            if renewal is not None:
                await renewal.close(self._limits.close_s)
            await bounded(channel.close(), self._limits.close_s)
        except Exception as error:
            self._context.log.warning("channel did not close cleanly: %s", cause_of(error))
        finally:
            await self._context.close_http()

    async def _run_sources(self, channel: AnyChannel) -> None:
        self._halt = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.TaskGroup() as sources:
                if isinstance(channel, StreamSource):
                    sources.create_task(self._again("stream", lambda: self._stream(channel)))
                if isinstance(channel, PullSource):
                    sources.create_task(self._again("pull", lambda: self._pull(channel)))
                sources.create_task(_wait_for(self._halt))
        except BaseExceptionGroup as failed:
            parked = failed.subgroup(Parked)
            if parked is None:
                raise
            raise parked.exceptions[0] from None

    async def _again(self, source: str, once: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await once()
            except Exception as error:
                await asyncio.sleep(self._trouble(source, error))

    async def _stream(self, channel: StreamSource) -> None:
        loop = asyncio.get_running_loop()
        steady = loop.call_later(self._limits.steady_s, self._well, "stream")
        try:
            await bounded(channel.stream(), None)
        except AuthExpired:
            # Not retried here: a stream that runs for days may see its token end more than once.
            if self._renewal is None or not isinstance(channel, RenewsAccess):
                raise
            await self._renewal.renew(channel)
            raise Retryable("the access was renewed") from None
        finally:
            steady.cancel()
        raise Retryable("the stream ended")

    async def _pull(self, channel: PullSource) -> None:
        signal: Signal | None = None
        while True:
            pulled = await bounded(self._pulled(channel, signal), self._limits.pull_s)
            if not isinstance(pulled, Pulled):
                raise PluginContractError(f"pull returned {pulled!r:.80}, not Pulled")
            self._well("pull")
            # A channel that always has more must still let others have the loop.
            await asyncio.sleep(0)
            signal = None if pulled.more else await self._next_signal(channel.poll_interval_s)

    async def _pulled(self, channel: PullSource, signal: Signal | None) -> Pulled:
        if self._renewal is None:
            return await channel.pull(signal)
        return await self._renewal.run(lambda _: channel.pull(signal))

    async def _next_signal(self, within_s: float) -> Signal | None:
        try:
            async with asyncio.timeout(within_s):
                return await self._signals.get()
        except TimeoutError:
            return None

    def _trouble(self, source: str, error: Exception) -> float:
        """Record a failure; give the delay, or raise Parked."""
        verdict = self._record(source).judge(error, self._now_s())
        if verdict.delay_s is None:
            raise Parked(verdict)
        self._context.log.debug("%s failed", source, exc_info=error)
        next_try = self._context.clock.now() + timedelta(seconds=verdict.delay_s)
        self._troubles[source] = Health(state=verdict.state, cause=verdict.cause, next_try=next_try)
        self._tell(self._troubles[source])
        return verdict.delay_s

    def _well(self, source: str) -> None:
        self._record(source).clear()
        self._troubles.pop(source, None)
        other = next(iter(self._troubles.values()), None)
        self._tell(other or self._said or Health(state=HealthState.OK))

    def _record(self, source: str) -> FailureRecord:
        return self._records.setdefault(source, FailureRecord(limits=self._limits, random=self._random))

    def _now_s(self) -> float:
        return self._context.clock.monotonic()


async def _wait_for(halt: asyncio.Future[NoReturn]) -> None:
    await halt
