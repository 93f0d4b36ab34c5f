"""Order notes on their way into a shop, and what the desk is shown of it and of orders."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import ClientSession
from pydantic import BaseModel
from sqlalchemy import insert, update

from router import (
    ContextCard,
    ContextKind,
    ContextProvider,
    ContextProviderType,
    ContextQuery,
    Memo,
    NoteColour,
    NoteKind,
    NoteLimits,
    NoteTarget,
    NoteTargetType,
)
from router import note_lane as lane_limits
from router.context import ContextRoom
from router.errors import AuthInvalid, ContentRejected, RateLimited, RecipientGone, Retryable, UnknownOutcome
from router.note_lane import NoteLane
from router.order_notes import OrderNotes
from router.sources import ContextSource, FailedSource, NoteBook, Sources
from router.storage import schema as t
from tests.web.conftest import Start
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


async def test_note_is_kept_at_once_and_then_stands_in_the_shop_among_foreign_lines(shop_anywhere: Shop):
    slate = Slate()
    slate.put("请发顺丰")
    async with desk(shop_anywhere, slate) as here:
        await here.add()
        assert await here.states() == [("queued", "")]
        await here.write()
        assert await here.states() == [("written", "")]
        assert here.changed == [here.conversation, here.conversation]
    # 09:00 in London is the same day in Shanghai; the colour is that of after-sale
    assert slate.memos["X-1"] == Memo(text="请发顺丰\n换货--Mei--2026-11-02", colour=NoteColour.BLUE)


async def test_day_in_a_note_is_that_of_the_shop(shop: Shop):
    slate = Slate()
    async with desk(shop, slate) as here:
        shop.clock.at = shop.clock.at.replace(hour=20)
        await here.add()
        await here.write()
    assert slate.memos["X-1"].text == "换货--Mei--2026-11-03"


async def test_several_notes_of_one_order_are_one_write(shop: Shop):
    slate = Slate()
    async with desk(shop, slate) as here:
        await here.add("one", kind=NoteKind.PRE_SALE)
        await here.add("two")
        await here.write()
        assert await here.states() == [("written", "")] * 2
    assert slate.writes == [("X-1", "one--Mei--2026-11-02\ntwo--Mei--2026-11-02")]


async def test_same_note_twice_is_one_note(shop: Shop):
    slate = Slate()
    async with desk(shop, slate) as here:
        assert await here.add() == await here.add()
        await here.write()
        assert await here.states() == [("written", "")]


async def test_writer_who_overwrites_ours_is_found_and_both_notes_stand_there(shop: Shop):
    slate = Slate(after_write=[lambda shop: shop.put("somebody else")])
    async with desk(shop, slate) as here:
        await here.add()
        await here.write()
        assert await here.states() == [("written", "")]
    assert slate.memos["X-1"].text == "somebody else\n换货--Mei--2026-11-02"


async def test_endless_fight_over_a_note_is_given_up_for_now_and_said(shop: Shop):
    slate = Slate(after_write=[lambda shop: shop.put("mine alone")] * 20)
    async with desk(shop, slate) as here:
        await here.add()
        await here.write()
        assert await here.states() == [("queued", "the note of this order is overwritten again and again")]
    assert len(slate.writes) == 4
    assert slate.memos["X-1"].text == "mine alone"


async def test_write_that_was_cut_off_after_it_arrived_is_found_and_not_repeated(shop: Shop):
    slate = Slate(cut_after_commit=[UnknownOutcome("cut")])
    async with desk(shop, slate) as here:
        await here.add()
        await here.write()
        assert await here.states() == [("written", "")]
    assert len(slate.writes) == 1


async def test_write_that_was_cut_off_before_it_arrived_is_made_again(shop: Shop):
    slate = Slate(on_write=[UnknownOutcome("cut")])
    async with desk(shop, slate) as here:
        await here.add()
        await here.write()
        assert await here.states() == [("written", "")]
    assert slate.memos["X-1"].text == "换货--Mei--2026-11-02"


async def test_doubt_stays_doubt_while_the_shop_cannot_be_read_and_ends_when_it_can(shop: Shop):
    slate = Slate(cut_after_commit=[UnknownOutcome("cut")])
    slate.after_write = [lambda shop: shop.on_read.append(Retryable("away"))]
    async with desk(shop, slate) as here:
        await here.add()
        await here.write()
        assert await here.states() == [("unknown", "away")]
        shop.clock.at = shop.clock.at.replace(hour=10)
        await here.write()
        assert await here.states() == [("written", "")]
    assert len(slate.writes) == 1


async def test_busy_shop_is_tried_again_later_and_not_before(shop: Shop):
    slate = Slate(on_read=[Retryable("busy")])
    async with desk(shop, slate) as here:
        await here.add()
        await here.write()
        assert await here.states() == [("queued", "busy")]
        shop.clock.at = shop.clock.at.replace(second=4)
        await here.write()
        assert slate.writes == []
        shop.clock.at = shop.clock.at.replace(second=6)
        await here.write()
    assert len(slate.writes) == 1


async def test_limit_of_the_shop_quietens_the_whole_book(shop: Shop):
    slate = Slate(
        memos={"X-1": Memo(text=""), "X-2": Memo(text="")}, on_read=[RateLimited("slow", retry_after_s=60)]
    )
    async with desk(shop, slate) as here:
        await here.add()
        await here.write()
        await here.add(order="X-2")
        await here.write()
        assert slate.writes == []
        shop.clock.at = shop.clock.at.replace(minute=1, second=1)
        await here.write()
    assert sorted(order for order, _ in slate.writes) == ["X-1", "X-2"]


async def test_shop_that_stays_away_fails_in_the_end_and_a_person_can_try_again(shop: Shop):
    slate = Slate(on_read=[Retryable("away")] * lane_limits.MAX_TRIES)
    async with desk(shop, slate) as here:
        note = await here.add()
        for hour in range(lane_limits.MAX_TRIES):
            shop.clock.at = shop.clock.at.replace(hour=10 + hour)
            await here.write()
        assert await here.states() == [("failed", "away")]
        await here.notes.retry(note)
        await here.write()
        assert await here.states() == [("written", "")]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (AuthInvalid("x", public_text="the shop refuses the key"), "the shop refuses the key"),
        (ContentRejected("x", public_text="a forbidden word"), "a forbidden word"),
        (ValueError("token=abc"), "its plugin failed, see the log"),
    ],
)
async def test_refusal_keeps_the_note_here_and_says_why(shop: Shop, error: Exception, said: str):
    slate = Slate(on_read=[error])
    async with desk(shop, slate) as here:
        await here.add()
        await here.write()
        assert await here.states() == [("failed", said)]


async def test_full_note_is_refused_with_by_how_much_and_loses_nothing(shop: Shop):
    slate = Slate()
    slate.put("x" * 60)
    async with desk(shop, slate, max=70) as here:
        await here.add()
        await here.write()
        ((state, detail),) = await here.states()
        assert (state, "would have 80 of at most 70" in detail) == ("failed", True)
        with pytest.raises(ContentRejected, match="of at most 70 characters"):
            await here.add("r" * 60)
    assert slate.memos["X-1"].text == "x" * 60


async def test_note_on_an_order_the_shop_does_not_know_says_so(shop: Shop):
    async with desk(shop, Slate(memos={})) as here:
        await here.add()
        await here.write()
        assert await here.states() == [("failed", "the shop does not know this order")]


async def test_orders_are_written_beside_each_other_and_each_by_one_at_a_time(shop: Shop):
    slate = Slate(memos={f"X-{n}": Memo(text="") for n in range(10)}, meet=asyncio.Barrier(2))
    async with desk(shop, slate) as here:
        for n in range(10):
            await here.add(order=f"X-{n}")
        await here.write()
        assert await here.states() == [("written", "")] * 10
    assert 2 <= slate.together <= lane_limits.ORDERS_AT_ONCE
    assert len(slate.writes) == 10


async def test_note_waiting_when_the_router_ends_is_written_by_the_next_run(shop_anywhere: Shop):
    slate = Slate(meet=asyncio.Barrier(2))
    async with desk(shop_anywhere, slate) as here:
        await here.add()
        writing = asyncio.create_task(here.write())
        assert slate.meet is not None
        await slate.reached.wait()
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        assert await here.states() == [("queued", "")]
        slate.meet = None
        await here.again().write()
        assert await here.states() == [("written", "")]


async def test_a_running_room_writes_what_is_added(shop: Shop):
    slate = Slate()
    async with desk(shop, slate) as here:
        written = asyncio.Event()
        slate.after_write.append(lambda shop: written.set())
        running = asyncio.create_task(here.notes.run())
        try:
            await here.add()
            await written.wait()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


# --- the desk -------------------------------------------------------------------------------------


class Ledger(ContextProvider):
    async def look_up(self, query: ContextQuery) -> Sequence[ContextCard]:
        if query.kind is ContextKind.STOCK:
            raise Retryable("x", public_text="the store room is closed")
        who = query.order_id or query.identities[0].value
        return [ContextCard(kind=query.kind, id="X-1", title=f"Order of {who}", fields={"n": 2})]


def sources(slate: Slate) -> Sources:
    kind = ContextProviderType(
        id="ledger",
        title="Ledger",
        settings=Nothing,
        kinds=frozenset({ContextKind.ORDERS, ContextKind.STOCK}),
        factory=lambda name, settings: Ledger(),
    )
    own = ContextSource(name="shop", kind=kind, settings=Nothing(), accounts=frozenset(), facts="order")
    return Sources(context=[own], notes=[book(slate)])


@pytest.fixture
async def served(shop: Shop, start: Start) -> AsyncIterator[Any]:
    own = sources(Slate())
    context = ContextRoom(own, shop.clock, shop.channels)
    notes = OrderNotes(shop.store, shop.clock, own, lambda conversation_id: None)
    shop.services = replace(shop.services, context=context, order_notes=notes)
    async with context.opened():
        yield await start()


async def test_desk_reads_orders_asks_sources_and_adds_a_note(shop: Shop, served: Any):
    headers = await shop.token("mei")
    conversation = await shop.add_conversation()

    def named(conn: Any) -> None:
        row = {"conversation_id": conversation, "order_id": "X-1", "seen_at": shop.clock.now()}
        conn.execute(insert(t.conversation_order).values(row))

    await shop.store.write(named)
    at = f"/api/v1/conversations/{conversation}"
    async with served.get(f"{at}/orders", headers=headers) as response:
        seen = await response.json()
    assert (seen["orders"], seen["kinds"]) == (["X-1"], ["orders", "stock"])
    assert seen["shop"] == {"name": "main", "title": "Slate shop", "max": 500, "problem": ""}
    async with served.get(f"{at}/context?order=X-1", headers=headers) as response:
        (answer,) = (await response.json())["answers"]
    assert (answer["title"], answer["cards"][0]["title"]) == ("Ledger", "Order of X-1")
    async with served.get(f"{at}/context?kind=stock", headers=headers) as response:
        (answer,) = (await response.json())["answers"]
    assert (answer["state"], answer["problem"]) == ("failed", "the store room is closed")
    wanted = {"order_id": "X-1", "kind": "pre_sale", "reason": "赠品"}
    async with served.post(f"{at}/order-notes", json=wanted, headers=headers) as response:
        note = await response.json()
        assert response.status == 201
    assert (note["text"], note["state"], note["shop"]) == ("赠品--Mei--2026-11-02", "queued", "main")
    async with served.get(f"{at}/orders", headers=headers) as response:
        assert (await response.json())["notes"] == [note]


async def test_unproven_second_address_is_not_asked_with(shop: Shop, served: Any):
    headers = await shop.token("mei")
    conversation = await shop.add_conversation()
    async with served.get(f"/api/v1/conversations/{conversation}/context", headers=headers) as response:
        (answer,) = (await response.json())["answers"]
    assert answer["cards"][0]["title"].startswith("Order of customer")


async def test_note_is_retried_only_when_it_failed(shop: Shop, served: Any):
    headers = await shop.token("mei")
    conversation = await shop.add_conversation()
    wanted = {"order_id": "X-1", "kind": "other", "reason": "gift"}
    async with served.post(
        f"/api/v1/conversations/{conversation}/order-notes", json=wanted, headers=headers
    ) as response:
        note = await response.json()
    again = f"/api/v1/order-notes/{note['id']}/retry"
    async with served.post(again, json={}, headers=headers) as response:
        assert (response.status, (await response.json())["code"]) == (409, "stale_version")
    await shop.store.write(
        lambda conn: conn.execute(update(t.order_note).values(state="failed", next_try_at=None))
    )
    async with served.post(again, json={}, headers=headers) as response:
        assert (await response.json())["state"] == "queued"
    async with served.post("/api/v1/order-notes/nobody/retry", json={}, headers=headers) as response:
        assert response.status == 404


async def test_refused_note_names_what_is_wrong(shop: Shop, served: Any):
    headers = await shop.token("mei")
    conversation = await shop.add_conversation()
    wanted = {"order_id": "X-1", "kind": "other", "reason": " -- "}
    async with served.post(
        f"/api/v1/conversations/{conversation}/order-notes", json=wanted, headers=headers
    ) as response:
        assert (response.status, (await response.json())["detail"][:7]) == (422, "reason:")


async def test_without_a_shop_a_note_is_kept_here_alone(shop: Shop):
    notes = OrderNotes(shop.store, shop.clock, Sources(), lambda conversation_id: None)
    assert notes.shop("support") is None
    conversation = await shop.add_conversation()
    how: dict[str, Any] = {"account": "support", "order_id": "P-9", "kind": NoteKind.OTHER, "author": "Mei"}
    await notes.add(conversation, shop.agents["mei"], reason="call first", **how)
    async with shop.store.reading() as connection:
        row = (await connection.execute(t.order_note.select())).one()
    assert (row.state, row.next_try_at, row.book) == ("local", None, "")


async def test_book_whose_plugin_did_not_load_keeps_notes_for_later_and_says_why(shop: Shop):
    gone = FailedSource(section="notes", name="main", cause="no chalk", accounts=frozenset({"support"}))
    notes = OrderNotes(shop.store, shop.clock, Sources(failed=[gone]), lambda conversation_id: None)
    found = notes.shop("support")
    assert found is not None
    assert found.problem == "no chalk"
    slate = Slate()
    async with desk(shop, slate) as here:
        await replace(here, notes=notes).add()
        assert await here.states() == [("queued", "")]
        await here.write()
        assert await here.states() == [("written", "")]
