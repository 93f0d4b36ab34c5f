"""Bring order notes into one shop: read what stands there, merge, write, read back.

In: notes that are due. Out: their state, stored after every try. One coroutine writes an order at a time,
everything due of it at once. What was cut off is simply done again, because writing begins with reading.

A shop's note is one text that a write replaces, so what somebody else puts there between our reading and our
writing is lost, and no shop offers a condition against it; the gap is one round trip. What somebody else
overwrites after us is found by reading back, and put there again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from aiohttp import ClientSession

from router.clock import Clock
from router.errors import AuthExpired, RateLimited, Retryable, SendError, UnknownOutcome
from router.legible import legible
from router.model.order_notes import NoteTooLong, merge, missing
from router.orders import Memo, NoteTarget, OrderNote
from router.pauses import bounded_s
from router.sources import NoteBook
from router.storage.orders import (
    FAILED,
    QUEUED,
    UNKNOWN,
    WRITTEN,
    DueNote,
    NoteResult,
    due_notes,
    due_orders,
    next_due_at,
    settle_notes,
)
from router.storage.store import Store

T = TypeVar("T")

log = logging.getLogger(__name__)

ORDERS_AT_ONCE = 4
ROUNDS = 4
CALL_S = 15.0
MAX_TRIES = 8
FIRST_DELAY_S = 5.0
LONGEST_DELAY_S = 600.0
IDLE_S = 3600.0
DETAIL_CHARS = 300

_PASSES = (Retryable, RateLimited, AuthExpired, UnknownOutcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusal:
    """Why a try did not succeed; `may_be_there`: the shop may have the notes all the same."""

    detail: str
    may_be_there: bool
    passes: bool = False
    is_too_long: bool = False
    retry_after_s: float | None = None


class NoteLane:
    """One shop: its target, its doorbell, and until when it wants quiet."""

    def __init__(self, book: NoteBook, store: Store, clock: Clock, changed: Callable[[str], None]) -> None:
        self.book = book
        self._store = store
        self._clock = clock
        self._changed = changed
        self._bell = asyncio.Event()
        self._target: NoteTarget | None = None
        self._quiet_until: datetime | None = None

    def ring(self) -> None:
        """Say that something is due."""
        self._bell.set()

    async def run(self, http: ClientSession) -> None:
        """Write what is due until cancelled."""
        while True:
            self._bell.clear()
            if not await self.write_due(http):
                try:
                    async with asyncio.timeout(await self._rest_s()):
                        await self._bell.wait()
                except TimeoutError:
                    continue

    async def write_due(self, http: ClientSession) -> bool:
        """Write the notes of some orders; say whether there were any."""
        now = self._clock.now()
        if self._quiet_until is not None and now < self._quiet_until:
            return False
        async with self._store.reading() as connection:
            orders = await connection.run_sync(due_orders, self.book.name, now, ORDERS_AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for order_id in orders:
                group.create_task(self._write_order(order_id, http))
        return bool(orders)

    async def _rest_s(self) -> float:
        now = self._clock.now()
        async with self._store.reading() as connection:
            due_at = await connection.run_sync(next_due_at, self.book.name)
        if due_at is None:
            return IDLE_S
        wake_at = max(due_at, self._quiet_until or due_at)
        return min(max((wake_at - now).total_seconds(), 0.05), IDLE_S)

    async def _write_order(self, order_id: str, http: ClientSession) -> None:
        async with self._store.reading() as connection:
            due = await connection.run_sync(due_notes, self.book.name, order_id)
        refusal = await self._bring(order_id, [each.note for each in due], http)
        refusals = [refusal] * len(due)
        if refusal is not None and refusal.is_too_long and len(due) > 1:
            # One that does not fit must not keep out the others.
            refusals = [await self._bring(order_id, [each.note], http) for each in due]
        for each, its_own in zip(due, refusals, strict=True):
            await self._store.write(settle_notes, self._result(each, its_own))
        for conversation_id in dict.fromkeys(each.conversation_id for each in due):
            self._changed(conversation_id)

    async def _bring(self, order_id: str, notes: Sequence[OrderNote], http: ClientSession) -> _Refusal | None:
        """Bring notes to the shop; None when reading back has shown every one of them."""
        in_doubt = False
        try:
            target = await self._opened(http)
            for number in range(ROUNDS + 1):
                memo = await _within(target.read(order_id))
                if not (left := missing(memo, notes)):
                    return None
                if number == ROUNDS:
                    break
                merged = self._merged(memo, left)
                in_doubt = True
                try:
                    await _within(target.write(order_id, merged))
                except (UnknownOutcome, TimeoutError):
                    # Reading tells what became of it.
                    continue
                except SendError:
                    in_doubt = False
                    raise
        except Exception as error:
            return self._refusal(error, in_doubt)
        return _Refusal(
            detail="the note of this order is overwritten again and again", may_be_there=False, passes=True
        )

    def _merged(self, memo: Memo, left: Sequence[OrderNote]) -> Memo:
        limits = self.book.kind.limits
        whole = merge(memo, left, limits)
        return whole if limits.overwrites else merge(Memo(text=""), left, limits)

    async def _opened(self, http: ClientSession) -> NoteTarget:
        if self._target is None:
            target = self.book.kind.factory(self.book.name, self.book.settings)
            await target.open(http, self._clock)
            self._target = target
        return self._target

    def _refusal(self, error: Exception, in_doubt: bool) -> _Refusal:
        if isinstance(error, NoteTooLong):
            return _Refusal(detail=str(error), may_be_there=False, is_too_long=True)
        if isinstance(error, RateLimited):
            wait_s = bounded_s(error.retry_after_s) or FIRST_DELAY_S
            self._quiet_until = self._clock.now() + timedelta(seconds=wait_s)
        if isinstance(error, SendError):
            return _Refusal(
                detail=error.public_text,
                may_be_there=in_doubt,
                passes=isinstance(error, _PASSES),
                retry_after_s=bounded_s(error.retry_after_s),
            )
        if isinstance(error, TimeoutError | OSError):
            return _Refusal(detail="the shop did not answer", may_be_there=in_doubt, passes=True)
        log.error("note target %s failed", self.book.name, exc_info=error)
        return _Refusal(detail="its plugin failed, see the log", may_be_there=in_doubt)

    def _result(self, due: DueNote, refusal: _Refusal | None) -> NoteResult:
        now = self._clock.now()
        if refusal is None:
            return NoteResult(ids=[due.id], state=WRITTEN, detail="", at=now)
        again = refusal.passes and due.tries + 1 < MAX_TRIES
        given_up = QUEUED if again else FAILED
        state = UNKNOWN if refusal.may_be_there else given_up
        delay_s = min(FIRST_DELAY_S * 2.0**due.tries, LONGEST_DELAY_S)
        wait = timedelta(seconds=max(delay_s, min(refusal.retry_after_s or 0.0, LONGEST_DELAY_S)))
        return NoteResult(
            ids=[due.id],
            state=state,
            detail=legible(refusal.detail[:DETAIL_CHARS]),
            at=now,
            next_try_at=now + wait if again else None,
        )


async def _within(act: Awaitable[T]) -> T:
    async with asyncio.timeout(CALL_S):
        return await act
