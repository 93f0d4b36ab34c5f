"""Rooms 3 to 5 in one commit: file a batch, triage what it opened, put the work into its queue.

In: decoded items from intake. Out, after the commit: what became of each item, for the rooms and screens
that wait for it. Conversation, message and work item appear together or not at all.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from router.call_backs import CallBacks
from router.call_filing import CallFiling, callers
from router.clock import Clock
from router.crash import crash_point
from router.demand import customer_of
from router.ids import new_id
from router.messages import FiledMessage
from router.model.call_shelf import CallShelf
from router.model.calls import CallBackTerms
from router.model.filing import Decoded, Filed, Opened, PointKey, Row, own_pointer, pointing, reference_digest
from router.placing import OTHER_CHANNEL_WINDOW
from router.stated import proving
from router.storage.attempts import see_call
from router.storage.call_books import load_books
from router.storage.call_saving import save_calls
from router.storage.calls import load_calls
from router.storage.deliveries import apply_reports
from router.storage.echoes import settle_echoes
from router.storage.filing import (
    load_call_places,
    load_shelf,
    load_wholes_elsewhere,
    prefer_last_claimants,
    save_shelf,
)
from router.storage.inbound import mark_filed
from router.storage.orders import note_orders
from router.storage.recognising import keep_stated, load_elsewhere, recognise
from router.storage.schema import message, raw_inbound
from router.storage.store import Store
from router.storage.tasks import save_tasks
from router.storage.threads import load_threads, save_threads
from router.thread_news import wanted_of

REMEMBERED = 10_000

Triage = Callable[[Opened, Decoded], Row]
Failures = Sequence[tuple[Decoded, Exception]]
After = Callable[[Sequence[Filed]], None]


DEFAULT_TERMS = CallBackTerms()


class FilingRoom:
    """Files batches; `triage` turns an opened episode into a work item's row, `after` wakes others."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        triage: Triage,
        after: After,
        terms: CallBackTerms = DEFAULT_TERMS,
        window: timedelta = OTHER_CHANNEL_WINDOW,
    ) -> None:
        self._store = store
        self._clock = clock
        self._triage = triage
        self._after = after
        self._terms = terms
        self._window = window
        self._results: OrderedDict[str, tuple[FiledMessage, ...]] = OrderedDict()
        self._expected: set[str] = set()
        self._waiting: dict[str, list[asyncio.Future[tuple[FiledMessage, ...]]]] = {}

    async def file(self, items: Sequence[Decoded]) -> Failures:
        """Commit a batch; give the items that could not be filed, with the error."""
        crash_point("K5")
        results = await self._store.write_all(self._file_batch, items)
        failures = []
        filed = []
        for item, result in zip(items, results, strict=True):
            if isinstance(result, Filed):
                filed.append(result)
                self._settle(result.inbound_id, _filed_messages(result))
            elif isinstance(result, Exception):
                failures.append((item, result))
        self._after(filed)
        return failures

    async def filed(self, inbound_id: str) -> tuple[FiledMessage, ...]:
        """Wait until an accepted item has been filed; empty when it went to quarantine."""
        if inbound_id in self._results:
            return self._results[inbound_id]
        future: asyncio.Future[tuple[FiledMessage, ...]] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(inbound_id, []).append(future)
        if inbound_id not in self._expected:
            await self._look_up(inbound_id)
        return await future

    def expect(self, inbound_id: str) -> None:
        """Note that an item has been accepted and will be filed or dropped by this run."""
        self._expected.add(inbound_id)

    def dropped(self, inbound_id: str) -> None:
        """Tell those who wait that the item went to quarantine."""
        self._settle(inbound_id, ())

    async def _look_up(self, inbound_id: str) -> None:
        """Settle from the store what an earlier run, or a moment ago, has filed."""
        async with self._store.reading() as connection:
            statement = select(raw_inbound.c.state).where(raw_inbound.c.id == inbound_id)
            state = (await connection.execute(statement)).scalar()
            if state == "accepted":
                return
            rows = await connection.execute(
                select(message).where(message.c.inbound_id == inbound_id).order_by(message.c.id)
            )
            self._settle(inbound_id, tuple(_filed_message(dict(row)) for row in rows.mappings()))

    def _settle(self, inbound_id: str, messages: tuple[FiledMessage, ...]) -> None:
        self._expected.discard(inbound_id)
        self._results[inbound_id] = messages
        if len(self._results) > REMEMBERED:
            self._results.popitem(last=False)
        for future in self._waiting.pop(inbound_id, ()):
            if not future.done():
                future.set_result(messages)

    def _file_batch(self, connection: Connection, items: Sequence[Decoded]) -> list[Filed]:
        facts = [(item.account, event.call) for item in items for event in item.events if event.call]
        calls = load_calls(connection, facts) if facts else CallShelf()
        now = self._clock.now()
        kin = recognise(connection, proving(items), now)
        shelf = load_shelf(connection, {*_points(items), *callers(facts, calls)}, _digests(items))
        shelf.kin = kin
        load_elsewhere(connection, shelf)
        load_wholes_elsewhere(connection, shelf)
        load_threads(connection, shelf, wanted_of(items, shelf), now)
        if facts:
            load_call_places(connection, shelf, [one.conversation_id for one in calls.calls.values()])
        filing = CallFiling(shelf, calls, new_id, self._window)
        filed = [filing.file(item) for item in items]
        if calls.touched:
            load_books(connection, calls, self._terms.window)
            CallBacks(filing, calls, self._terms, new_id, now).plan()
        returning: dict[str, str] = {}
        for item, result in zip(items, filed, strict=True):
            for opened in result.opened:
                row = self._triage(opened, item)
                shelf.add("work_item", row)
                result.work_items.append(row)
                if opened.reopened or opened.point.returning:
                    returning[opened.conversation.id] = opened.point.contact_id
        prefer_last_claimants(connection, shelf.new.get("work_item", []), returning)
        save_shelf(connection, shelf)
        note_orders(connection, shelf.new.get("conversation_order", []))
        save_threads(connection, shelf)
        keep_stated(connection, shelf)
        if facts:
            self._save_calls(connection, calls, filed, now)
        for result in filed:
            # an echo tells under what id the provider's reports name our message
            result.delivered = settle_echoes(connection, result.echoes)
            result.delivered += apply_reports(connection, result.account, result.reports)
        mark_filed(connection, [(result.inbound_id, result.outcome) for result in filed], now)
        return filed

    def _save_calls(
        self, connection: Connection, calls: CallShelf, filed: Sequence[Filed], now: datetime
    ) -> None:
        save_calls(connection, calls)
        ended = save_tasks(connection, calls, self._terms, now)
        for result in filed:
            result.ended += ended.get(result.inbound_id, ())
        for stored in calls.calls.values():
            work = see_call(connection, stored, now) if stored.new or stored.changed else None
            if work is not None:
                filed[-1].ended.append(work)


def _points(items: Sequence[Decoded]) -> set[PointKey]:
    """Give the contact points events name."""
    return {
        PointKey.of(item.account, customer)
        for item in items
        for event in item.events
        if (customer := customer_of(event)) is not None
    }


def _digests(items: Sequence[Decoded]) -> set[bytes]:
    """Give what the evidence of events points with."""
    return {
        reference_digest(item.account, evidence)
        for item in items
        for event in item.events
        for evidence in (*pointing(event), own_pointer(event))
        if evidence is not None
    }


def _filed_messages(result: Filed) -> tuple[FiledMessage, ...]:
    """Give the messages an item became, or what it added to."""
    rows = {row["id"]: row for row in (*(row for row, _ in result.messages), *result.updated)}
    return tuple(_filed_message({**row, "inbound_id": result.inbound_id}) for row in rows.values())


def _filed_message(row: dict[str, Any]) -> FiledMessage:
    return FiledMessage(
        inbound_id=row["inbound_id"],
        conversation_id=row["strand_id"],
        message_id=row["id"],
        seq=row["seq"] or 0,
        at=row["created_at"],
    )
