"""A shop whose order notes stand on a slate, and a conversation whose orders have notes there."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import ClientSession
from pydantic import BaseModel

from router import Memo, NoteColour, NoteKind, NoteLimits, NoteTarget, NoteTargetType
from router.errors import RecipientGone
from router.note_lane import NoteLane
from router.order_notes import OrderNotes
from router.sources import NoteBook, Sources
from router.storage import schema as t
from tests.web.shop import Shop


class Nothing(BaseModel):
    """No settings."""


@dataclass
class Slate:
    """A shop's order notes: one text each, which a write replaces.

    `on_read` and `on_write` are errors or acts that come at the next calls, in turn; an act after which the
    write is still done is put in `before_write`.
    """

    memos: dict[str, Memo] = field(default_factory=lambda: {"X-1": Memo(text="")})
    on_read: list[Exception] = field(default_factory=list)
    on_write: list[Exception] = field(default_factory=list)
    cut_after_commit: list[Exception] = field(default_factory=list)
    after_write: list[Callable[["Slate"], None]] = field(default_factory=list)
    writes: list[tuple[str, str]] = field(default_factory=list)
    meet: asyncio.Barrier | None = None
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    inside: int = 0
    together: int = 0

    def put(self, text: str) -> None:
        self.memos["X-1"] = Memo(text=text, colour=NoteColour.YELLOW)


class SlateTarget(NoteTarget):
    """Reads and writes a slate."""

    def __init__(self, slate: Slate) -> None:
        self.slate = slate

    async def read(self, order_id: str) -> Memo:
        if self.slate.on_read:
            raise self.slate.on_read.pop(0)
        if order_id not in self.slate.memos:
            raise RecipientGone("no such order", public_text="the shop does not know this order")
        return self.slate.memos[order_id]

    async def write(self, order_id: str, memo: Memo) -> None:
        slate = self.slate
        slate.inside += 1
        slate.reached.set()
        slate.together = max(slate.together, slate.inside)
        try:
            if slate.meet is not None:
                await slate.meet.wait()
            if slate.on_write:
                raise slate.on_write.pop(0)
            slate.memos[order_id] = memo
            slate.writes.append((order_id, memo.text))
            if slate.after_write:
                slate.after_write.pop(0)(slate)
            if slate.cut_after_commit:
                raise slate.cut_after_commit.pop(0)
        finally:
            slate.inside -= 1


def book(slate: Slate, **limits: Any) -> NoteBook:
    kind = NoteTargetType(
        id="slate",
        title="Slate shop",
        settings=Nothing,
        limits=NoteLimits(**{"max": 500} | limits),
        factory=lambda name, settings: SlateTarget(slate),
    )
    return NoteBook(name="main", kind=kind, settings=Nothing(), accounts=frozenset(), zone="Asia/Shanghai")


@dataclass
class Desk:
    """A conversation whose orders have notes in a slate."""

    shop: Shop
    slate: Slate
    notes: OrderNotes
    lane: NoteLane
    conversation: str
    http: ClientSession
    changed: list[str]

    async def add(
        self, reason: str = "换货", order: str = "X-1", kind: NoteKind = NoteKind.AFTER_SALE
    ) -> str:
        return await self.notes.add(
            self.conversation,
            self.shop.agents["mei"],
            account="support",
            order_id=order,
            kind=kind,
            reason=reason,
            author="Mei",
        )

    async def write(self) -> None:
        while await self.lane.write_due(self.http):
            pass

    async def states(self) -> list[tuple[str, str]]:
        async with self.shop.store.reading() as connection:
            rows = await connection.execute(t.order_note.select().order_by(t.order_note.c.id))
            return [(row.state, row.detail) for row in rows]

    def again(self, slate: Slate | None = None) -> "Desk":
        """Give the desk after a restart: nothing but the store is left."""
        lane = NoteLane(book(slate or self.slate), self.shop.store, self.shop.clock, self.changed.append)
        return replace(self, lane=lane)


@asynccontextmanager
async def desk(shop: Shop, slate: Slate, **limits: Any) -> AsyncIterator[Desk]:
    changed: list[str] = []
    own = book(slate, **limits)
    notes = OrderNotes(shop.store, shop.clock, Sources(notes=[own]), changed.append)
    lane = NoteLane(own, shop.store, shop.clock, changed.append)
    conversation = await shop.add_conversation()
    async with ClientSession() as http:
        yield Desk(shop, slate, notes, lane, conversation, http, changed)
