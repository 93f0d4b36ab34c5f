"""Order notes on their way into a shop, where others write too."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from router import Memo, NoteColour, NoteKind
from router import note_lane as lane_limits
from router.errors import AuthInvalid, ContentRejected, RateLimited, Retryable, UnknownOutcome
from router.order_notes import OrderNotes
from router.sources import FailedSource, Sources
from router.storage import schema as t
from tests.web.shop import Shop
from tests.web.slate import Slate, desk


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
