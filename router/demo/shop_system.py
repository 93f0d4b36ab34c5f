"""The demo shop's own system over HTTP, and the source of context that asks it for the desk and for rules.

In: who placed which order. Out: orders as JSON by order or buyer, and the cards an agent reads. It is asked
as any shop's system would be, so it serves as an example of a `ContextProvider`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from aiohttp import ClientError, web
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from router.demo.forms import news
from router.demo.shop_orders import Order
from router.errors import Retryable
from router.orders import ContextCard, ContextKind, ContextProvider, ContextProviderType, ContextQuery
from router.sources import ContextSource

PATH = "/demo/shop-system/orders"
MOST_BUYERS = 40

_ORDERS = TypeAdapter(list[Order])

Buyer: TypeAlias = tuple[str, str]
"""The account somebody writes to, and how he is known there."""


class ShopSystem:
    """Keeps who placed which order: the same address at two accounts is two buyers."""

    def __init__(self, orders: Sequence[Order]) -> None:
        self.orders: Mapping[str, Order] = {order.id: order for order in orders}
        self._placed: dict[Buyer, list[str]] = {}

    def place(self, order_id: str, account: str, buyer: str) -> None:
        """Note that a buyer placed an order; an unknown order is nobody's."""
        if order_id in self.orders:
            placed = self._placed.setdefault((account, buyer), [])
            if order_id not in placed:
                placed.append(order_id)

    def routes(self) -> list[web.AbstractRouteDef]:
        """List the routes."""
        return [web.get(PATH, self.find)]

    async def find(self, request: web.Request) -> web.Response:
        """Give one order, or those of a buyer, newest first."""
        account, order_id = request.query.get("account", ""), request.query.get("order", "")
        if order_id:
            found = [self.orders[order_id]] if order_id in self.orders else []
        else:
            buyers = request.query.getall("buyer", [])[:MOST_BUYERS]
            ids = dict.fromkeys(one for buyer in buyers for one in self._placed.get((account, buyer), ()))
            found = sorted((self.orders[one] for one in ids), key=lambda order: order.days_ago)
        return news([order.model_dump(mode="json") for order in found])


class ShopSettings(BaseModel):
    """Where the shop's system is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str


class ShopOrders(ContextProvider):
    """Asks the shop's system."""

    def __init__(self, name: str, settings: ShopSettings) -> None:
        self._url = settings.url

    async def look_up(self, query: ContextQuery) -> Sequence[ContextCard]:
        """Ask for an order, else for the newest of the customer."""
        asked = [("account", query.account), ("order", query.order_id)]
        asked += [("buyer", identity.value) for identity in query.identities]
        try:
            async with self.http.get(self._url + PATH, params=asked) as answer:
                orders = _ORDERS.validate_json(await answer.read())
        except (ClientError, ValidationError) as error:
            raise Retryable(f"the shop's system did not answer: {error}", code="shop") from None
        write = _WRITERS[query.kind]
        return [card for order in orders[: query.limit] for card in write(order, self.clock.now())]


def shop_source(url: str) -> ContextSource:
    """Give the source as the router opens it."""
    return ContextSource(
        name="shop-system",
        kind=SHOP_SYSTEM,
        settings=ShopSettings(url=url),
        accounts=frozenset(),
        facts="identity",
    )


def _order_cards(order: Order, now: datetime) -> list[ContextCard]:
    return [
        ContextCard(
            kind=ContextKind.ORDERS,
            id=order.id,
            title=order.title,
            status=order.status,
            stage=order.stage,
            amount=order.amount,
            currency=order.currency,
            at=now - timedelta(days=order.days_ago),
            order_id=order.id,
        )
    ]


def _parcel_cards(order: Order, now: datetime) -> list[ContextCard]:
    if not order.tracking:
        return []
    fields: dict[str, Any] = {str(number): step for number, step in enumerate(order.steps, 1)}
    return [
        ContextCard(
            kind=ContextKind.LOGISTICS,
            id=order.tracking,
            title=order.title,
            status=order.steps[-1],
            at=now - timedelta(days=max(0, order.days_ago - len(order.steps))),
            order_id=order.id,
            fields=fields,
        )
    ]


def _refund_cards(order: Order, now: datetime) -> list[ContextCard]:
    if order.refund is None:
        return []
    return [
        ContextCard(
            kind=ContextKind.REFUNDS,
            id=f"R-{order.id}",
            title=order.refund.reason,
            status=order.refund.status,
            amount=order.refund.amount,
            currency=order.currency,
            order_id=order.id,
        )
    ]


_WRITERS: Mapping[ContextKind, Callable[[Order, datetime], list[ContextCard]]] = {
    ContextKind.ORDERS: _order_cards,
    ContextKind.LOGISTICS: _parcel_cards,
    ContextKind.REFUNDS: _refund_cards,
}

SHOP_SYSTEM = ContextProviderType(
    id="demo_shop",
    title="Kettle & Leaf",
    settings=ShopSettings,
    kinds=frozenset(_WRITERS),
    factory=ShopOrders,
)
