"""The demo's own systems: orders by buyer over HTTP, the phone's records, and who plays the platforms."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from router.clock import SystemClock
from router.demo.marketplace import Marketplace
from router.demo.note_shops import NoteShops
from router.demo.phone import SECRET_VARIABLE, Phone
from router.demo.shop_orders import load_orders
from router.demo.shop_pages import STATIC, render_marketplace, render_shop_orders
from router.demo.shop_system import ShopOrders, ShopSettings, ShopSystem
from router.errors import Retryable
from router.messages import Identity, Proof
from router.orders import ContextKind, ContextQuery
from router.playing import PlaysChats
from router.plugin_host import PluginHost


@pytest.fixture
async def shop() -> AsyncIterator[tuple[ShopSystem, ShopOrders]]:
    """A shop's system on loopback, and the source that asks it."""
    system = ShopSystem(load_orders())
    app = web.Application()
    app.add_routes(system.routes())
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as http:
        source = ShopOrders("shop", ShopSettings(url=f"http://127.0.0.1:{runner.addresses[0][1]}"))
        await source.open(http, SystemClock())
        yield system, source
    await runner.cleanup()


def asked(
    account: str, buyer: str, kind: ContextKind = ContextKind.ORDERS, order_id: str = ""
) -> ContextQuery:
    identity = Identity(kind="chat", value=buyer, proof=Proof.CHANNEL)
    return ContextQuery(kind=kind, account=account, identities=(identity,), order_id=order_id)


async def test_equal_buyers_of_two_accounts_have_their_own_orders(shop):
    system, source = shop
    system.place("1007", "north", "17")
    system.place("1004", "north", "17")
    system.place("1019", "south", "17")
    system.place("9999", "south", "17")
    assert [card.id for card in await source.look_up(asked("north", "17"))] == ["1004", "1007"]
    assert [card.id for card in await source.look_up(asked("south", "17"))] == ["1019"]
    assert await source.look_up(asked("south", "18")) == []


async def test_order_named_is_found_with_parcel_and_refund_only_where_there_is_one(shop):
    _, source = shop
    found = {
        kind: await source.look_up(asked("north", "17", kind, "1019"))
        for kind in (ContextKind.ORDERS, ContextKind.LOGISTICS, ContextKind.REFUNDS)
    }
    assert [card.status for cards in found.values() for card in cards] == [
        "Delivered",
        "Delivered",
        "Paid out",
    ]
    assert await source.look_up(asked("north", "17", ContextKind.REFUNDS, "1004")) == []
    assert await source.look_up(asked("north", "17", ContextKind.LOGISTICS, "1022")) == []


async def test_shop_that_is_away_is_said_to_be_away():
    source = ShopOrders("shop", ShopSettings(url="http://127.0.0.1:9"))
    async with aiohttp.ClientSession() as http:
        await source.open(http, SystemClock())
        with pytest.raises(Retryable):
            await source.look_up(asked("north", "17"))


async def test_phone_writes_rows_as_asterisk_does_and_takes_its_secret_back(tmp_path: Path, monkeypatch):
    monkeypatch.delenv(SECRET_VARIABLE, raising=False)
    phone = Phone(tmp_path, SystemClock(), "http://127.0.0.1:9")
    await phone.open()
    await phone.tell("missed", "13900139000", "file")
    await phone.tell("voicemail", "13900139000", "file")
    await phone.tell("called_back", "13900139000", "file")
    await phone.close()
    rows = list(csv.reader(phone.file.read_text().splitlines()))
    assert [len(row) for row in rows] == [18] * 3
    assert [(row[1], row[2], row[14]) for row in rows] == [
        ("13900139000", "4001", "NO ANSWER"),
        ("13900139000", "4001", "ANSWERED"),
        ("4001", "13900139000", "ANSWERED"),
    ]
    assert rows[1][7] == "VoiceMail"
    with pytest.raises(KeyError):
        monkeypatch.delenv(SECRET_VARIABLE)


def test_every_installed_kind_that_can_be_played_takes_part_and_the_first_twice():
    plugins = PluginHost.load()
    playable = [
        kind.id
        for kind in plugins.channel_types.values()
        if kind.simulator is not None and isinstance(kind.simulator(), PlaysChats)
    ]
    shops = Marketplace(plugins, SystemClock()).shops.values()
    assert sorted(shop.channel for shop in shops) == sorted([min(playable), *playable])
    targets = {kind.id for kind in plugins.note_targets.values() if kind.simulator is not None}
    assert {one.target for one in NoteShops(plugins, []).shops} == targets != set()


def test_orders_are_written_as_texts_and_name_pictures_that_are_there():
    orders = load_orders()
    assert all((STATIC / f"{order.image}.svg").is_file() for order in orders)
    odd = [orders[0].model_copy(update={"title": "<b>x</b>"})]
    assert "<b>x" not in render_shop_orders(odd) + render_marketplace({"a": "<b>x</b>"}, odd)
