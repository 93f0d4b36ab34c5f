"""From an agent's note to a platform's memo and back: the lane, the target and a gateway that remembers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from aiohttp import ClientSession
from router_marketplace.notes.pinduoduo import PINDUODUO
from router_marketplace.notes.taobao import TAOBAO
from router_marketplace.simulators.fake_notes import (
    KEY,
    ROUTE,
    SECRET,
    TOKEN,
    FakeGateway,
    FakePinduoduo,
    FakeTaobao,
    Order,
)

from router.note_lane import NoteLane
from router.order_notes import OrderNotes
from router.orders import NoteKind
from router.sources import NoteBook, Sources
from router.storage import schema as t
from router.storage.store import Store
from router.testing import FakeClock, Fault, cut_after_commit, cut_before_commit
from tests.web.shop import START, Shop, opened_shop


@dataclass
class Desk:
    """One conversation about one order of a platform."""

    shop: Shop
    platform: FakeGateway
    notes: OrderNotes
    lane: NoteLane
    conversation: str
    http: ClientSession

    async def add(self, reason: str, kind: NoteKind = NoteKind.AFTER_SALE) -> None:
        await self.notes.add(
            self.conversation,
            self.shop.agents["mei"],
            account="support",
            order_id="4101",
            kind=kind,
            reason=reason,
            author="小美",
        )

    async def write(self, after_s: int = 0) -> list[str]:
        self.shop.clock.at = START.replace(second=after_s)
        while await self.lane.write_due(self.http):
            pass
        async with self.shop.store.reading() as connection:
            rows = await connection.execute(t.order_note.select().order_by(t.order_note.c.id))
            return [row.state for row in rows]


@pytest.fixture(params=["taobao", "pinduoduo"])
async def desk(
    request: pytest.FixtureRequest, ready_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    monkeypatch.setenv("NOTES_SECRET", SECRET)
    monkeypatch.setenv("NOTES_TOKEN", TOKEN)
    is_taobao = request.param == "taobao"
    async with _served(
        FakeTaobao(FakeClock(START)) if is_taobao else FakePinduoduo(FakeClock(START))
    ) as platform:
        kind = TAOBAO if is_taobao else PINDUODUO
        own = {"app_key": KEY} if is_taobao else {"client_id": KEY}
        settings = kind.settings.model_validate(
            {**own, "secret_env": "NOTES_SECRET", "token_env": "NOTES_TOKEN", "api_url": platform.url}
        )
        book = NoteBook(name="main", kind=kind, settings=settings, accounts=frozenset(), zone="Asia/Shanghai")
        async with Store.open(ready_url, durable=False) as store, ClientSession() as http:
            shop = await opened_shop(store)
            notes = OrderNotes(store, shop.clock, Sources(notes=[book]), lambda conversation_id: None)
            lane = NoteLane(book, store, shop.clock, lambda conversation_id: None)
            yield Desk(shop, platform, notes, lane, await shop.add_conversation(), http)


@asynccontextmanager
async def _served(platform: FakeGateway) -> AsyncIterator[FakeGateway]:
    await platform.start()
    try:
        yield platform
    finally:
        await platform.stop()


async def test_notes_of_both_desks_stand_in_the_shop_below_what_others_wrote(desk: Desk):
    desk.platform.orders["4101"] = Order(text="请发顺丰", flag="2")
    await desk.add("赠品", NoteKind.PRE_SALE)
    await desk.add("换货")
    assert await desk.write() == ["written", "written"]
    order = desk.platform.orders["4101"]
    assert order.text == "请发顺丰\n赠品--小美--2026-11-02\n换货--小美--2026-11-02"
    assert order.flag == "4"
    assert len(desk.platform.writes) == 1


@pytest.mark.parametrize("cut", [cut_after_commit(), cut_before_commit()], ids=lambda fault: fault.name)
async def test_write_that_was_cut_off_stands_there_once(desk: Desk, cut: Fault):
    def next_write_is_cut(order: Order) -> None:
        order.text = "overwritten"
        desk.platform.server.fail_next(Fault(name="read"), ROUTE)
        desk.platform.server.fail_next(cut, ROUTE)

    desk.platform.after_write.append(next_write_is_cut)
    await desk.add("换货")
    assert await desk.write() == ["written"]
    assert desk.platform.orders["4101"].text == "overwritten\n换货--小美--2026-11-02"
    assert len(desk.platform.writes) == 2


async def test_foreign_writer_after_ours_is_found_and_both_stay(desk: Desk):
    def takes_over(order: Order) -> None:
        order.text = "客户要发票"

    desk.platform.after_write.append(takes_over)
    await desk.add("换货")
    assert await desk.write() == ["written"]
    assert desk.platform.orders["4101"].text == "客户要发票\n换货--小美--2026-11-02"


async def test_flow_limit_waits_and_then_writes(desk: Desk):
    is_taobao = isinstance(desk.platform, FakeTaobao)
    code = {"code": 7} if is_taobao else {"error_code": 70031}
    desk.platform.refusals.append({**code, "sub_msg": "This ban will last for 9 more seconds"})
    await desk.add("换货")
    assert await desk.write() == ["queued"]
    assert await desk.write(after_s=4) == ["queued"]
    assert await desk.write(after_s=11) == ["written"]


async def test_expired_session_keeps_the_note_here_and_asks_for_a_person(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("NOTES_TOKEN", "old")
    await desk.add("换货")
    assert await desk.write() == ["failed"]
    assert desk.platform.writes == []


async def test_note_too_long_for_the_shop_is_refused_and_nothing_is_lost(desk: Desk):
    full = "顺" * (330 if isinstance(desk.platform, FakeTaobao) else 295)
    desk.platform.orders["4101"].text = full
    await desk.add("换货")
    assert await desk.write() == ["failed"]
    assert desk.platform.orders["4101"].text == full


async def test_of_two_notes_at_once_the_one_that_fits_is_written(desk: Desk):
    is_taobao = isinstance(desk.platform, FakeTaobao)
    full = "顺" * (300 if is_taobao else 260)
    desk.platform.orders["4101"].text = full
    await desk.add("换货" * 30)
    await desk.add("退款")
    assert await desk.write() == ["failed", "written"]
    assert desk.platform.orders["4101"].text == f"{full}\n退款--小美--2026-11-02"


async def test_shop_that_drops_signs_and_escapes_others_gets_a_note_once(desk: Desk):
    def as_shops_keep_it(order: Order) -> None:
        order.text = order.text.replace("😟", "").replace("&", "&amp;")

    desk.platform.after_write.extend([as_shops_keep_it] * 4)
    await desk.add("换货😟 A&B")
    assert await desk.write() == ["written"]
    assert desk.platform.orders["4101"].text == "换货 A&amp;B--小美--2026-11-02"
