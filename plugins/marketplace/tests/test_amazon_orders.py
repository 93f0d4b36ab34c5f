"""Orders at Amazon, looked up by number beside a buyer's mail: the sandbox case of Amazon's own model, and trouble."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from router_marketplace import router_context_providers
from router_marketplace.amazon.orders import AmazonOrders
from router_marketplace.amazon.settings import AmazonAccess
from router_marketplace.simulators.amazon import AmazonSimulator
from router_marketplace.simulators.fake_amazon import ORDERS, FakeAmazon

from router.errors import RateLimited, Retryable
from router.messages import Identity
from router.orders import ContextCard, ContextKind, ContextQuery
from router.testing import FakeClock, rate_limited, server_error

SAID: dict[str, Any] = json.loads(
    (Path(__file__).parent / "fixtures/amazon/order.json").read_text(encoding="utf-8")
)
NUMBER = SAID["order"]["AmazonOrderId"]
ROOT = Path(__file__).parents[3]
MODEL = (
    Path(os.environ.get("OMNIROUTER_SHARED", ROOT.parent / "shared")) / "specs/amazon-sp-api/ordersV0.json"
)
GET = f"GET {ORDERS}"


@dataclass
class Shop:
    """An open source of orders at a fake Amazon."""

    amazon: FakeAmazon
    orders: AmazonOrders
    clock: FakeClock

    async def look_up(self, kind: str = "orders", number: str = NUMBER) -> list[ContextCard]:
        return list(await self.orders.look_up(ContextQuery(kind=ContextKind(kind), order_id=number)))

    def change(self, **fields: object) -> None:
        self.amazon.orders[NUMBER]["order"] |= fields


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    simulator = AmazonSimulator()
    await simulator.start()
    simulator.fake.orders[NUMBER] = deepcopy(SAID)
    known = simulator.settings().model_dump(exclude={"marketplace_id", "companion_of"})
    clock = FakeClock()
    (kind,) = router_context_providers()
    async with ClientSession() as http:
        orders = kind.factory("amazon-orders", AmazonAccess.model_validate(known))
        await orders.open(http, clock)
        yield Shop(simulator.fake, orders, clock)
    await simulator.stop()


def test_recorded_order_is_the_sandbox_case_of_amazons_model():
    if not MODEL.is_file():
        pytest.skip("no ../shared folder here; set OMNIROUTER_SHARED to compare with Amazon's model")
    paths = json.loads(MODEL.read_text(encoding="utf-8"))["paths"]
    for name, rest in (("order", ""), ("items", "/orderItems")):
        told = paths[f"/orders/v0/orders/{{orderId}}{rest}"]["get"]["responses"]["200"]["x-amzn-api-sandbox"]
        payload = dict(told["static"][0]["response"]["payload"])
        payload.pop("DefaultShipFromLocationAddress", None)
        assert SAID[name] == payload


async def test_order_shows_its_goods_total_and_that_the_buyer_wants_to_cancel(shop: Shop):
    (card,) = await shop.look_up()
    assert (card.id, card.order_id, card.status, card.stage) == (NUMBER, NUMBER, "Unshipped", "in_sale")
    assert (card.title, card.amount, card.currency) == ("B00551Q3CS [Card Book] × 1", "11.01", "USD")
    assert card.at == datetime(1970, 1, 19, 3, 58, 30, tzinfo=UTC)
    assert card.fields == {
        "FulfillmentChannel": "MFN",
        "SalesChannel": "Amazon.com",
        "OrderType": "StandardOrder",
        "PaymentMethod": "Other",
        "BuyerRequestedCancel": "Found cheaper somewhere else.",
        "Item 1": "NABetaASINB00551Q3CS 10.00 USD",
    }


async def test_parcel_shows_when_it_leaves_and_comes_and_how_much_has_left(shop: Shop):
    (card,) = await shop.look_up("logistics")
    assert (card.title, card.amount) == ("Std US D2D Dom", "")
    assert card.fields["LatestDeliveryDate"] == "1970-01-19T04:15:17Z"
    assert (card.fields["NumberOfItemsShipped"], card.fields["NumberOfItemsUnshipped"]) == (0, 1)


@pytest.mark.parametrize(
    ("status", "days", "easy_ship", "stage"),
    [
        ("Pending", 1, "", "pre_sale"),
        ("Shipped", 1, "", "in_sale"),
        ("Shipped", -1, "", "after_sale"),
        ("Shipped", 1, "Delivered", "after_sale"),
        ("Shipped", 1, "OutForDelivery", "in_sale"),
        ("Canceled", 1, "", "after_sale"),
        ("Beamed", 1, "", ""),
    ],
)
async def test_stage_follows_state_parcel_and_promised_day(
    shop: Shop, status: str, days: int, easy_ship: str, stage: str
):
    due = shop.clock.now() + timedelta(days=days)
    shop.change(OrderStatus=status, LatestDeliveryDate=due.isoformat(), EasyShipShipmentStatus=easy_ship)
    (card,) = await shop.look_up()
    assert (card.status, card.stage) == (status, stage)


async def test_nothing_is_asked_without_a_number_of_amazons(shop: Shop):
    buyer = Identity(kind="relay", value="k3j9x2@marketplace.amazon.com")
    for number in ("", "1001", f"{NUMBER}/../x", f"{NUMBER}\n"):
        assert await shop.look_up(number=number) == []
    query = ContextQuery(kind=ContextKind.ORDERS, identities=[buyer])
    assert await shop.orders.look_up(query) == []
    assert await shop.look_up("refunds") == []
    assert shop.amazon.http.calls == []


async def test_order_of_somebody_else_is_unknown(shop: Shop):
    assert await shop.look_up(number="123-1234567-7654321") == []


async def test_token_that_ran_out_is_renewed_once_and_the_order_shown(shop: Shop):
    await shop.look_up()
    shop.amazon.expire_tokens()
    assert len(await shop.look_up()) == 1
    assert shop.amazon.tokens_issued == 2


async def test_trouble_is_told_as_what_it_is(shop: Shop):
    shop.amazon.fail_with(rate_limited(7.0), GET)
    with pytest.raises(RateLimited) as limited:
        await shop.look_up()
    assert limited.value.retry_after_s == 7
    shop.amazon.fail_with(server_error(), GET)
    with pytest.raises(Retryable):
        await shop.look_up()


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"AmazonOrderId": 7, "OrderTotal": "11", "PurchaseDate": "soon", "OrderStatus": None},
        {"AmazonOrderId": NUMBER, "OrderTotal": {"Amount": 11}, "PurchaseDate": "2026-01-01"},
        {"AmazonOrderId": NUMBER, "NumberOfItemsShipped": "many", "LatestDeliveryDate": []},
    ],
)
async def test_order_in_another_shape_than_published_raises_nothing(shop: Shop, document: dict[str, Any]):
    shop.amazon.orders[NUMBER] = {"order": document, "items": {"OrderItems": [None, {"Title": 1}, "x"]}}
    for kind in ("orders", "logistics"):
        assert len(await shop.look_up(kind)) == bool(document)
