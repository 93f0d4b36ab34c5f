"""Keep one account alive from the core's side; in: an account and an operator's wishes, out: its health.

Lives on the core's loop. The channel itself lives in an `AccountLife`, there or in a thread of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from random import Random
from typing import Any, NoReturn, TypeVar

from router.accounts.context import AccountContext, Core
from router.accounts.judgement import Limits
from router.accounts.life import AccountLife
from router.accounts.loops import ChannelLoop, OwnThread, SharedLoop
from router.capabilities import Health, HealthState
from router.channel import AnyChannel, Signal
from router.clock import Clock
from router.config import Account
from router.errors import AuthInvalid, Retryable
from router.watchdog import Watchdog

T = TypeVar("T")

_log = logging.getLogger(__name__)
_PARKED = frozenset({HealthState.AUTH_NEEDED, HealthState.FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every account of one supervisor shares."""

    intake: Core
    clock: Clock
    public_url: str
    random: Random
    limits: Limits
    watchdog: Watchdog
    on_health: Callable[[str, Health], None]


class KeptAccount:
    """One account, its present life and its health."""

    def __init__(self, account: Account, surroundings: Surroundings) -> None:
        self.account = account
        self._in = surroundings
        self._told = asyncio.Event()
        self._paused = False
        self._lag_cause = ""
        self._health = Health(state=HealthState.STARTING, since=surroundings.clock.now())
        self._life: AccountLife | None = None
        self._place: ChannelLoop | None = None
        self._context: AccountContext | None = None

    @property
    def health(self) -> Health:
        """How the account is doing; a held loop shows as degraded."""
        if self._lag_cause and self._health.state in (HealthState.OK, HealthState.STARTING):
            return replace(self._health, state=HealthState.DEGRADED, cause=self._lag_cause)
        return self._health

    @property
    def clock(self) -> Clock:
        """The router's clock."""
        return self._in.clock

    @property
    def limits(self) -> Limits:
        """The account's time limits."""
        return self._in.limits

    @property
    def open_channel(self) -> AnyChannel | None:
        """The channel object while it is open; only code on its own loop may touch it."""
        return self._life.channel if self._life else None

    async def keep(self) -> None:
        """Run until cancelled."""
        while True:
            self._told.clear()
            if self._paused:
                self._take(Health(state=HealthState.PAUSED, cause="paused by an operator"))
            else:
                await self._live()
            await self._told.wait()

    def restart(self) -> None:
        """Close the channel and open a new one, also a failed or paused one."""
        self._paused = False
        self._told.set()

    def pause(self) -> None:
        """Close the channel until `restart`."""
        self._paused = True
        self._told.set()

    def ring(self, signal: Signal) -> None:
        """Wake the account's pull source."""
        if self._life is not None and self._place is not None:
            life = self._life
            self._place.post(lambda: life.ring(signal))

    def set_lag(self, cause: str) -> None:
        """Note that this account holds a loop; an empty cause ends it."""
        self._lag_cause = cause
        self._in.on_health(self.account.name, self.health)

    async def call(self, act: Callable[[AnyChannel], Coroutine[Any, Any, T]], limit_s: float) -> T:
        """Call a method of the open channel where it lives; raises TimeoutError past the limit."""
        life, place = self._life, self._place
        if life is None or place is None or life.channel is None:
            self._refuse()
        # The inner limit answers first; the outer one holds when that loop is blocked.
        return await place.call(life.perform(act, limit_s), limit_s + self._in.limits.spare_s)

    def was_marked(self, attempt_id: str) -> bool:
        """Tell whether the channel marked this attempt as being sent, and forget it."""
        return self._context.was_marked(attempt_id) if self._context else False

    def give_up(self, attempt_id: str) -> None:
        """Keep a send that was cut off before its mark from leaving later."""
        if self._context is not None:
            self._context.give_up(attempt_id)

    def _refuse(self) -> NoReturn:
        health = self._health
        message = f"the account {self.account.name} is {health.state.value}: {health.cause or 'not open'}"
        if health.state is HealthState.AUTH_NEEDED:
            raise AuthInvalid(message, code="auth_needed")
        wait_s = (health.next_try - self._in.clock.now()).total_seconds() if health.next_try else None
        raise Retryable(message, code="not_open", retry_after_s=max(wait_s, 0.0) if wait_s else None)

    async def _live(self) -> None:
        shares = self.account.channel_type.shares_loop
        name = self.account.name
        place: ChannelLoop = SharedLoop() if shares else OwnThread(name)
        life, context = self._begin(asyncio.get_running_loop())
        self._life, self._place, self._context = life, place, context
        ends: list[asyncio.Task[Any]] = []
        # The start as well: a channel may be open before this loop hears that its thread runs.
        try:
            await place.start(lambda: life.run(context))
            if not shares:
                self._in.watchdog.watch(name, place.loop, place.thread_id)
            ends = [asyncio.create_task(place.ended()), asyncio.create_task(self._told.wait())]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
            self._in.watchdog.unwatch(name)
            await self._stop(place, context)
        if not self._told.is_set() and self._health.state not in _PARKED:
            self._take(Health(state=HealthState.FAILED, cause="its loop crashed, see the log"))

    def _begin(self, core: asyncio.AbstractEventLoop) -> tuple[AccountLife, AccountContext]:
        """Build a life and its context; what an abandoned life still says is not heard."""

        def tell(health: Health) -> None:
            with contextlib.suppress(RuntimeError):
                core.call_soon_threadsafe(self._take_from, life, health)

        life = AccountLife(self.account, limits=self._in.limits, random=self._in.random, tell=tell)
        context = AccountContext(
            self.account.name,
            intake=self._in.intake,
            clock=self._in.clock,
            public_url=self._in.public_url,
            core=core,
            on_health=life.say,
            on_signal=life.ring,
        )
        return life, context

    async def _stop(self, place: ChannelLoop, context: AccountContext) -> None:
        stopped = await place.stop(self._in.limits.close_s + 2 * self._in.limits.spare_s)
        context.revoke()
        # One turn of the loop, so that what the life told last is taken before it is forgotten.
        await asyncio.sleep(0)
        self._life = self._place = None
        if not stopped:
            _log.error(
                "channel did not stop and is left behind",
                extra={"account": self.account.name, "channel": self.account.channel_type.id},
            )

    def _take_from(self, life: AccountLife, health: Health) -> None:
        if self._life is life:
            self._take(health)

    def _take(self, health: Health) -> None:
        if replace(health, since=self._health.since) == self._health:
            return
        changed = health.state is not self._health.state
        since = self._in.clock.now() if changed else self._health.since
        self._health = replace(health, since=since)
        if changed:
            good = health.state in (HealthState.STARTING, HealthState.OK, HealthState.PAUSED)
            _log.log(
                logging.INFO if good else logging.WARNING,
                "account %s is %s %s",
                self.account.name,
                health.state.value,
                health.cause,
                extra={"account": self.account.name, "state": health.state.value},
            )
        self._in.on_health(self.account.name, self.health)
