"""Order notes of agents: kept here first, then brought to their shop.

In: a note on an order of a conversation. Out: its id once it is stored; how far it has come in the shop stands
beside it. Which shop holds the orders of an account says the section `notes:`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from zoneinfo import ZoneInfo

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar

from router.clock import Clock
from router.errors import ContentRejected
from router.ids import new_id
from router.model.order_notes import check_fits, tidy
from router.model.order_views import NoteShop
from router.note_lane import NoteLane
from router.orders import NoteKind, OrderNote
from router.sources import Sources
from router.storage.orders import NewNote, add_note, try_again
from router.storage.store import Store

_HTTP_LIMIT = ClientTimeout(total=30)


class OrderNotes:
    """Adds notes and brings them to their shops; `changed` hears of conversations whose notes have changed."""

    def __init__(self, store: Store, clock: Clock, sources: Sources, changed: Callable[[str], None]) -> None:
        self._store = store
        self._clock = clock
        self._changed = changed
        self._lanes = {book.name: NoteLane(book, store, clock, changed) for book in sources.notes}
        self._silent = [each for each in sources.failed if each.section == "notes"]

    def book(self, account: str) -> str:
        """Name the book that holds the notes on an account's orders; empty if there is none."""
        tables = [(lane.book.name, lane.book.accounts) for lane in self._lanes.values()]
        tables += [(each.name, each.accounts) for each in self._silent]
        named = (name for name, accounts in tables if account in accounts)
        return next(named, next((name for name, accounts in tables if not accounts), ""))

    def shop(self, account: str) -> NoteShop | None:
        """Say which shop takes the notes on an account's orders."""
        book = self.book(account)
        lane = self._lanes.get(book)
        if lane is not None:
            return NoteShop(name=book, title=lane.book.kind.title, max=lane.book.kind.limits.max)
        causes = (each.cause for each in self._silent if each.name == book)
        return NoteShop(name=book, title=book, problem=next(causes, "")) if book else None

    async def add(
        self,
        conversation_id: str,
        agent_id: str,
        *,
        account: str,
        order_id: str,
        kind: NoteKind,
        reason: str,
        author: str,
    ) -> str:
        """Keep a note of today and have it brought to the shop; give its id.

        Raises ContentRejected for one that cannot stand in the shop, NotFound without the conversation.
        """
        now = self._clock.now()
        book = self.book(account)
        lane = self._lanes.get(book)
        on = now.astimezone(ZoneInfo(lane.book.zone if lane is not None else "UTC")).date()
        note = OrderNote(order_id=order_id.strip(), kind=kind, reason=reason, author=author, on=on)
        new = NewNote(
            id=new_id(),
            conversation_id=conversation_id,
            book=book,
            note=_checked(note, lane),
            agent_id=agent_id,
            at=now,
        )
        note_id = await self._store.write(add_note, new)
        self._ring(book, conversation_id)
        return note_id

    async def retry(self, note_id: str) -> None:
        """Bring a note to its shop once more. Raises NotFound, StaleVersion if that is not called for."""
        self._ring(*await self._store.write(try_again, note_id, self._clock.now()))

    async def run(self) -> None:
        """Bring what is due to the shops until cancelled; what an earlier run left is due as well."""
        async with (
            ClientSession(timeout=_HTTP_LIMIT, cookie_jar=DummyCookieJar()) as http,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(asyncio.Event().wait())
            for lane in self._lanes.values():
                group.create_task(lane.run(http))

    def _ring(self, book: str, conversation_id: str) -> None:
        if book in self._lanes:
            self._lanes[book].ring()
        self._changed(conversation_id)


def _checked(note: OrderNote, lane: NoteLane | None) -> OrderNote:
    if not note.order_id or not note.order_id.isprintable():
        raise ContentRejected("order_id: name the order", code="note", part="order_id")
    try:
        checked = tidy(note)
        if lane is not None:
            check_fits(checked, lane.book.kind.limits)
    except ValueError as error:
        raise ContentRejected(str(error), code="note") from None
    return checked
