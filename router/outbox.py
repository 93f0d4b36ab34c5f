"""Room 8, the mail room: bring every queued message to its own channel, once, and say what became of it.

In: outbox rows committed with their messages. Out: attempts through the channel of the account the
customer wrote to, each settled in the store. Nothing is sent twice silently: an attempt that may have
reached the peer is asked about (`confirm`) or left to a person as `unknown`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from router.attempts import attempt_of
from router.capabilities import Capabilities
from router.channel import ChannelType
from router.clock import Clock
from router.crash import crash_point
from router.errors import (
    AuthExpired,
    AuthInvalid,
    NotAllowedNow,
    RateLimited,
    RecipientGone,
    Retryable,
    SendError,
    StoreUnavailable,
    UnknownOutcome,
)
from router.legible import legible
from router.messages import (
    Confirmation,
    DeliveryState,
    OutboundAttempt,
    Receipt,
)
from router.pauses import RECIPIENT, THREAD, Part, Paused, Pauses, bounded_s, bounded_until, part_of
from router.storage.deliveries import Claimed, Settlement, claim_due, settle, settle_interrupted
from router.storage.due_sends import Unless, next_try_at, postpone
from router.storage.pauses import StoredPause, pauses_left
from router.storage.sending_times import thread_times
from router.storage.store import Store
from router.windows import judge

log = logging.getLogger(__name__)

BACKOFF_S = (5.0, 30.0, 120.0, 600.0, 1_800.0, 3_600.0)
GIVE_UP_AFTER = timedelta(hours=24)
AUTH_RETRY_S = 300.0
AT_ONCE = 8
STORE_RETRY_S = 1.0
TOLD_AFTER = timedelta(seconds=30)
"""How long a provider's limit lasts before agents are told of all it holds back."""


Ready = Callable[[OutboundAttempt, Capabilities], Awaitable[OutboundAttempt]]


async def as_it_is(attempt: OutboundAttempt, can: Capabilities) -> OutboundAttempt:
    """Send an attempt as the store has it."""
    return attempt


class Doors(Protocol):
    """What the mail room needs of the running channels."""

    def kind(self, account: str) -> ChannelType:
        """Give the kind of an account's channel."""
        ...

    def is_open(self, account: str) -> bool:
        """Say whether the account can send now."""
        ...

    async def send(self, attempt: OutboundAttempt) -> Receipt:
        """Send through the account's channel; raises a SendError, never anything else."""
        ...

    async def confirm(self, attempt: OutboundAttempt) -> Confirmation:
        """Ask the provider about a doubtful attempt; UNSURE where it cannot be asked."""
        ...


@dataclass(slots=True)
class _Lane:
    """The sending side of one account."""

    wake: asyncio.Event
    pauses: Pauses


class Outbox:
    """Sends for all accounts; `changed` gets (conversation, message) after each settled attempt.

    `ready` brings the files of an attempt to where its channel names them from, or raises a SendError.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        run_id: str,
        doors: Doors,
        changed: Callable[[Sequence[tuple[str, str]]], None],
        ready: Ready = as_it_is,
    ) -> None:
        self._ready = ready
        self._store = store
        self._clock = clock
        self._run_id = run_id
        self._doors = doors
        self._changed = changed
        self._lanes: dict[str, _Lane] = {}
        self._pauses: dict[str, Pauses] = {}

    async def recover(self) -> None:
        """Settle what an earlier run of the router left open, and keep its pauses. Once, before `run`."""
        unknown = await self._store.write(settle_interrupted, self._run_id, self._clock.now())
        if unknown:
            log.warning("messages with unknown outcome", extra={"messages": len(unknown)})
        async with self._store.reading() as connection:
            for left in await connection.run_sync(pauses_left, self._clock.now()):
                self._pauses_of(left.account).pause(left.part, left.until)

    def add_lane(self, account: str) -> None:
        """Get ready to send for an account."""
        self._lanes[account] = _Lane(asyncio.Event(), self._pauses_of(account))

    def _pauses_of(self, account: str) -> Pauses:
        return self._pauses.setdefault(account, Pauses())

    def wake(self, account: str) -> None:
        """Look at once whether the account has something to send."""
        if account in self._lanes:
            self._lanes[account].wake.set()

    async def run(self, account: str) -> None:
        """Send for one account until cancelled."""
        lane = self._lanes[account]
        while True:
            lane.wake.clear()
            try:
                sent = await self._send_due(account, lane)
                wait_s = 0.0 if sent else await self._seconds_to_next(account, lane)
            except StoreUnavailable:
                wait_s = STORE_RETRY_S
            if wait_s > 0:
                await _wait(lane.wake, wait_s)

    async def _send_due(self, account: str, lane: _Lane) -> int:
        now = self._clock.now()
        paused = lane.pauses.now(now)
        if not self._doors.is_open(account) or paused.until is not None:
            return 0
        can = self._doors.kind(account).capabilities
        # A send that may be repeated is never in doubt, so after a crash it is simply sent again.
        mark = not (can.marks_sending or can.idempotent_send)
        claimed = await self._store.write(_claim, account, self._run_id, now, mark, _unless(paused))
        await asyncio.gather(*(self._send(one, lane) for one in claimed))
        return len(claimed)

    async def _send(self, claimed: Claimed, lane: _Lane) -> None:
        crash_point("K14")
        refused: SendError | None = None
        can = self._doors.kind(claimed.row["account"]).capabilities
        try:
            attempt = attempt_of(claimed, can.blocks)
            await self._check_windows(claimed, attempt, can)
            attempt = await self._ready(attempt, can)
        except Exception as error:
            # Nothing has left yet, so whatever is wrong, it is safe to try again.
            refused = _before_sending(error)
            settlement = self._after_error(claimed, refused, lane)
        else:
            settlement, refused = await self._hand_over(claimed, attempt, lane)
        crash_point("K16")
        others = await self._keep(settlement)
        crash_point("K17")
        self._changed([(claimed.row["conversation_id"], settlement.message_id), *others])
        if isinstance(refused, RateLimited):
            await self._tell_others(claimed, refused, settlement)

    async def _hand_over(
        self, claimed: Claimed, attempt: OutboundAttempt, lane: _Lane
    ) -> tuple[Settlement, SendError | None]:
        """Send; give what became of it, and the refusal if there was one."""
        try:
            receipt = await self._doors.send(attempt)
            state = DeliveryState(receipt.outcome)
            settlement = self._settlement(
                claimed, state, state, detail=receipt.detail, remote_ref=receipt.remote_ref
            )
        except UnknownOutcome as error:
            return await self._after_unknown(claimed, attempt, error), None
        except SendError as error:
            return self._after_error(claimed, error, lane), error
        return settlement, None

    async def _tell_others(self, claimed: Claimed, error: RateLimited, settlement: Settlement) -> None:
        """Let agents know what else waits with a message, when that is for long."""
        until = settlement.next_try_at
        if until is None or until - settlement.at <= TOLD_AFTER:
            return
        part = part_of(error.scope, claimed.row)
        only = {
            THREAD: Unless(conversations=frozenset({part.key})),
            RECIPIENT: Unless(points=frozenset({part.key})),
        }.get(part.scope)
        account = claimed.row["account"]
        waiting = await self._store.write(postpone, account, only, until, settlement.detail)
        self._changed(waiting)

    async def _check_windows(self, claimed: Claimed, attempt: OutboundAttempt, can: Capabilities) -> None:
        """Raise NotAllowedNow when every send rule of the channel forbids this message now."""
        if not can.send_rules or attempt.template is not None:
            return
        async with self._store.reading() as connection:
            times = await connection.run_sync(thread_times, claimed.row)
        kinds = frozenset(block.kind.value for block in attempt.blocks)
        permission = judge(can.send_rules, times, self._clock.now(), kinds)
        if not permission.allowed:
            raise NotAllowedNow(
                permission.why,
                code="window_closed",
                alternatives=() if can.templates == "none" else ("template",),
            )

    async def _keep(self, settlement: Settlement) -> list[tuple[str, str]]:
        """Settle, however long the store takes: the peer has it, so forgetting is no way out.

        Gives (conversation, message) of the other messages this concerns.
        """
        while True:
            try:
                return await self._store.write(settle, settlement)
            except StoreUnavailable:
                await asyncio.sleep(STORE_RETRY_S)

    async def _after_unknown(
        self, claimed: Claimed, attempt: OutboundAttempt, error: UnknownOutcome
    ) -> Settlement:
        answer = await self._doors.confirm(attempt)
        if answer is Confirmation.FOUND:
            return self._settlement(claimed, DeliveryState.ACCEPTED, DeliveryState.ACCEPTED)
        if answer is Confirmation.NOT_FOUND:
            again = self._clock.now() + timedelta(seconds=BACKOFF_S[0])
            return self._settlement(
                claimed, DeliveryState.FAILED, DeliveryState.QUEUED, error=error, next_try_at=again
            )
        return self._settlement(claimed, DeliveryState.UNKNOWN, DeliveryState.UNKNOWN, error=error)

    def _after_error(self, claimed: Claimed, error: SendError, lane: _Lane) -> Settlement:
        now = self._clock.now()
        wait_s = _retry_s(error, claimed.number)
        if wait_s is None:
            return self._settlement(claimed, DeliveryState.FAILED, DeliveryState.FAILED, error=error)
        if now - claimed.row["created_at"] > GIVE_UP_AFTER:
            return self._settlement(claimed, DeliveryState.FAILED, DeliveryState.EXPIRED, error=error)
        again = max(now + timedelta(seconds=wait_s), bounded_until(error.until, now))
        pause = None
        if isinstance(error, AuthInvalid):
            lane.pauses.pause(Part(), again)
        elif isinstance(error, RateLimited):
            part = part_of(error.scope, claimed.row)
            lane.pauses.pause(part, again)
            pause = StoredPause(account=claimed.row["account"], part=part, until=again)
        return self._settlement(
            claimed, DeliveryState.FAILED, DeliveryState.QUEUED, error=error, next_try_at=again, pause=pause
        )

    def _settlement(
        self,
        claimed: Claimed,
        attempt_state: DeliveryState,
        message_state: DeliveryState,
        *,
        error: SendError | None = None,
        next_try_at: datetime | None = None,
        detail: str = "",
        remote_ref: str = "",
        pause: StoredPause | None = None,
    ) -> Settlement:
        settlement = Settlement(
            attempt_id=claimed.attempt_id,
            message_id=claimed.row["message_id"],
            attempt_state=attempt_state,
            message_state=message_state,
            at=self._clock.now(),
            next_try_at=next_try_at,
            error=type(error).__name__ if error else "",
            code=error.code if error else "",
            detail=error.public_text if error else detail,
            remote_ref=remote_ref,
            address_gone=isinstance(error, RecipientGone),
            pause=pause,
            refusal=_refusal(error) if error else None,
        )
        return legible(settlement)

    async def _seconds_to_next(self, account: str, lane: _Lane) -> float:
        """Give the time to the next due message; a wake-up comes earlier."""
        now = self._clock.now()
        paused = lane.pauses.now(now)
        async with self._store.reading() as connection:
            next_at = await connection.run_sync(next_try_at, account, _unless(paused))
        times = [at for at in (next_at, paused.ends_at) if at is not None]
        if not times:
            return BACKOFF_S[-1]
        due = max(min(times), paused.until) if paused.until else min(times)
        wait_s = (due - now).total_seconds()
        return float(max(wait_s, 0.0 if self._doors.is_open(account) else STORE_RETRY_S))


def _claim(
    connection: Any, account: str, run_id: str, now: datetime, mark: bool, but: Unless
) -> list[Claimed]:
    return claim_due(connection, account, run_id, now, AT_ONCE, mark=mark, but=but)


def _unless(paused: Paused) -> Unless:
    return Unless(conversations=paused.conversations, points=paused.points)


def _refusal(error: SendError) -> dict[str, object]:
    """Give what whoever wrote the message can do about it."""
    return {
        "error": type(error).__name__,
        "code": error.code,
        "part": error.part,
        "until": error.until.isoformat() if isinstance(error.until, datetime) else None,
        "alternatives": list(error.alternatives),
    }


def _retry_s(error: SendError, number: int) -> float | None:
    """Say how long to wait before the next try, or None when there must be none."""
    asked_s = bounded_s(error.retry_after_s)
    if isinstance(error, RateLimited) and asked_s is not None:
        return asked_s
    if isinstance(error, AuthInvalid):
        return AUTH_RETRY_S
    if isinstance(error, Retryable | RateLimited | AuthExpired):
        planned = BACKOFF_S[min(number, len(BACKOFF_S)) - 1]
        return max(planned, asked_s or 0.0)
    return None


def _before_sending(error: Exception) -> SendError:
    """Name what kept a message from being handed over."""
    if isinstance(error, SendError) and not isinstance(error, UnknownOutcome):
        return error
    log.error("a message could not be handed over", exc_info=error)
    return Retryable(str(error), code="not_begun", public_text="It could not be handed over, see the log.")


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
