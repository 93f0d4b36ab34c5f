"""Room 2, intake: store raw items durably, then have them read and filed.

In: raw items from sources, through `accept`. Out: decoded items to the filing room, and to quarantine
what cannot be read. `accept` answers only after the commit; everything later happens to stored items and
is resumed after a crash from the first item that is not filed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from sqlalchemy import ColumnElement, select

from router.backlog import Backlog, Waiting
from router.channel import ChannelType
from router.clock import Clock
from router.decoding import Decoder, Events
from router.errors import MalformedMessage, StoreUnavailable
from router.filing import FilingRoom
from router.ids import new_id
from router.messages import AcceptOutcome, AcceptResult, JsonValue, RawInbound
from router.model.filing import Decoded
from router.storage.inbound import (
    Delivery,
    begin_attempt,
    raw_items,
    raw_of,
    release,
    set_aside,
    store_deliveries,
)
from router.storage.schema import channel_account, raw_inbound
from router.storage.store import Store
from router.unbroken import Unbroken

T = TypeVar("T")

log = logging.getLogger(__name__)

BATCH_ITEMS = 64
HEAVY_AT_ONCE = 2
MAX_ATTEMPTS = 5
RETRY_S = 1.0
TURN_BYTES = 4_096
"""How much is read before others on the loop have a turn: a mail, or some short messages."""


LookUpOrders = Callable[[Sequence[Decoded]], Awaitable[Sequence[Decoded]]]


async def as_they_are(items: Sequence[Decoded]) -> Sequence[Decoded]:
    """Know no orders."""
    return items


class Intake:
    """Accepts for every account, has items read and brings them to the filing room.

    `look_up_orders` adds what is known of the orders that items are about, quickly or not at all.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        decoder: Decoder,
        kinds: Callable[[str], ChannelType],
        filing: FilingRoom,
        look_up_orders: LookUpOrders = as_they_are,
    ) -> None:
        self._store = store
        self._clock = clock
        self._decoder = decoder
        self._kinds = kinds
        self._filing = filing
        self._look_up_orders = look_up_orders
        self._backlog = Backlog()
        self._unbroken = Unbroken()
        self._heavy_turns = asyncio.Semaphore(HEAVY_AT_ONCE)

    async def accept(
        self, account: str, items: Sequence[RawInbound], cursor: JsonValue = None
    ) -> list[AcceptResult]:
        """Store `items` and `cursor` in one synced commit; see `ChannelContext.accept`.

        Waits first while too much is still unread, so that a flood slows its sender down.
        """
        await self._backlog.wait_for_room()
        named = [(new_id(), item) for item in items]
        delivery = Delivery(account=account, items=named, cursor=cursor, at=self._clock.now())
        return await self._unbroken.run(self._store_and_line_up(delivery))

    async def _store_and_line_up(self, delivery: Delivery) -> list[AcceptResult]:
        results = await self._store.write_each(store_deliveries, delivery)
        for (inbound_id, raw), result in zip(delivery.items, results, strict=True):
            if result.outcome is AcceptOutcome.ACCEPTED:
                self._filing.expect(inbound_id)
                self._backlog.put(Waiting(inbound_id, delivery.account, raw))
        return results

    async def cursor(self, account: str) -> JsonValue:
        """Give the cursor last committed for an account."""
        async with self._store.reading() as connection:
            statement = select(channel_account.c.cursor).where(channel_account.c.account == account)
            cursor: JsonValue = (await connection.execute(statement)).scalar()
            return cursor

    async def rerun(self, inbound_id: str) -> str:
        """Read a quarantined item once more; give `filed`, `quarantined` or `not_quarantined`."""
        if not await self._store.write(release, inbound_id):
            return "not_quarantined"
        for waiting in await self._unfiled(raw_inbound.c.id == inbound_id):
            await self._read([waiting], apart=True)
        async with self._store.reading() as connection:
            statement = select(raw_inbound.c.state).where(raw_inbound.c.id == inbound_id)
            return str((await connection.execute(statement)).scalar_one())

    async def recover(self) -> None:
        """File what an earlier run accepted; suspects are read apart. Once, before anything is accepted."""
        while left := await self._unfiled(raw_inbound.c.state == "accepted"):
            log.info("resuming %d unfiled items", len(left))
            await self._store.write(begin_attempt, [waiting.inbound_id for waiting in left])
            for waiting in left:
                if waiting.attempts >= MAX_ATTEMPTS:
                    poison = MalformedMessage("five tries ended with the process", code="poison")
                    await self._quarantine(waiting, poison)
                else:
                    await self._read([waiting], apart=waiting.attempts > 0 or self._is_heavy(waiting))

    async def run(self) -> None:
        """Read and file what is accepted, oldest first, until cancelled."""
        async with asyncio.TaskGroup() as heavy:
            while True:
                batch = await self._backlog.take(BATCH_ITEMS)
                light = [waiting for waiting in batch if not self._is_heavy(waiting)]
                for waiting in batch:
                    if self._is_heavy(waiting):
                        heavy.create_task(self._read_heavy(waiting))
                if light:
                    await self._read(light, apart=False)
                    self._backlog.done(light)

    async def _read_heavy(self, waiting: Waiting) -> None:
        """Read a large item beside the others, a few at a time."""
        async with self._heavy_turns:
            await self._read([waiting], apart=True)
        self._backlog.done([waiting])

    def _is_heavy(self, waiting: Waiting) -> bool:
        return self._decoder.is_heavy(waiting.account, waiting.raw)

    async def _unfiled(self, which: ColumnElement[bool]) -> list[Waiting]:
        statement = raw_items().where(which).order_by(raw_inbound.c.id).limit(BATCH_ITEMS)
        async with self._store.reading() as connection:
            rows = (await connection.execute(statement)).all()
        return [Waiting(row.id, row.account, raw_of(row), row.attempts) for row in rows]

    async def _read(self, batch: Sequence[Waiting], *, apart: bool) -> None:
        """Decode a batch and file it; an item that cannot be read goes to quarantine alone."""
        decoded: list[Decoded] = []
        sources = {waiting.inbound_id: waiting for waiting in batch}
        read_bytes = 0
        for waiting in batch:
            try:
                if apart:
                    events = await self._decoder.decode_apart(waiting.account, waiting.raw)
                else:
                    events = self._decoder.decode(waiting.account, waiting.raw)
                    read_bytes += len(waiting.raw.raw)
                    if read_bytes > TURN_BYTES:
                        read_bytes = 0
                        await asyncio.sleep(0)
                decoded.append(self._decoded(waiting, events))
            except MalformedMessage as error:
                await self._quarantine(waiting, error)
        if not decoded:
            return
        # Here the store's one writer does not wait for it, and messages still are filed in their order.
        known = await self._look_up_orders(decoded)
        for item, cause in await self._until_stored(lambda: self._filing.file(known)):
            log.error("filing failed", exc_info=cause, extra={"inbound_id": item.inbound_id})
            bug = MalformedMessage(f"filing failed: {cause!r}", code="filing_bug")
            await self._quarantine(sources[item.inbound_id], bug)

    def _decoded(self, waiting: Waiting, events: Events) -> Decoded:
        kind = self._kinds(waiting.account)
        return Decoded(
            inbound_id=waiting.inbound_id,
            account=waiting.account,
            channel=kind.id,
            channel_class=kind.capabilities.channel_class,
            joins_open_episode=kind.capabilities.joins_open_episode,
            received_at=waiting.raw.received_at,
            events=events,
        )

    async def _quarantine(self, waiting: Waiting, error: MalformedMessage) -> None:
        log.warning(
            "item of %s quarantined: %s",
            waiting.account,
            error.code,
            extra={"account": waiting.account, "inbound_id": waiting.inbound_id, "code": error.code},
        )
        await self._until_stored(
            lambda: self._store.write(
                set_aside, waiting.inbound_id, error.code, str(error), self._clock.now()
            )
        )
        self._filing.dropped(waiting.inbound_id)

    async def _until_stored(self, act: Callable[[], Awaitable[T]]) -> T:
        """Repeat an act on accepted items until the store takes it."""
        while True:
            try:
                return await act()
            except StoreUnavailable:
                await asyncio.sleep(RETRY_S)
