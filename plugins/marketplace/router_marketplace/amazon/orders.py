"""Orders as Amazon's interface tells of them; in: an order's number, out: cards about it and about its parcel.

Buyers are known here by their mail alias only, so nothing is found without a number. Names, addresses and gifts
are restricted and neither asked for nor shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from aiohttp import ClientSession

from router.clock import Clock
from router.errors import AuthExpired, RecipientGone
from router.messages import JsonValue
from router.orders import ContextCard, ContextKind, ContextProvider, ContextProviderType, ContextQuery
from router_marketplace.amazon.client import AmazonClient
from router_marketplace.amazon.facts import FACTS
from router_marketplace.amazon.settings import AmazonAccess
from router_marketplace.facts import Budget
from router_marketplace.parsing import object_of, objects, text_of, whole

KINDS = frozenset({ContextKind.ORDERS, ContextKind.LOGISTICS})
PATH = "/orders/v0/orders/{}"
_NUMBER = re.compile(FACTS.orders.number)
_TERMS = ("FulfillmentChannel", "SalesChannel", "OrderType", "PaymentMethod", "ReplacedOrderId")
_PARCEL = (
    "FulfillmentChannel", "EarliestShipDate", "LatestShipDate", "EarliestDeliveryDate", "LatestDeliveryDate",
    "EasyShipShipmentStatus",
)  # fmt: skip


class AmazonOrders(ContextProvider):
    """One seller's orders."""

    def __init__(self, name: str, settings: AmazonAccess) -> None:
        self._settings = settings

    async def open(self, http: ClientSession, clock: Clock) -> None:
        """Get ready; the first question fetches a token."""
        await super().open(http, clock)
        budget = Budget(count=FACTS.orders.burst, per_s=FACTS.orders.per_s)
        self._client = AmazonClient(self._settings, http, clock, budget=budget, query={})

    async def look_up(self, query: ContextQuery) -> Sequence[ContextCard]:
        """Answer about the order that is named; nothing for another number, or one Amazon does not know."""
        if query.kind not in KINDS or not _NUMBER.fullmatch(query.order_id):
            return []
        path = PATH.format(query.order_id)
        try:
            order = await self._ask(path, "order")
            items = await self._ask(f"{path}/orderItems", "items")
        except RecipientGone:
            return []
        listed = objects(items.get("OrderItems"))
        return [card_of(order, listed, query.kind, self.clock.now())] if order else []

    async def _ask(self, path: str, operation: str) -> Mapping[str, Any]:
        """Ask once, and once more with a new token when this one has run out."""
        try:
            answer, _ = await self._client.ask("GET", path, operation)
        except AuthExpired:
            await self._client.renew()
            answer, _ = await self._client.ask("GET", path, operation)
        return object_of(answer.get("payload"))


def card_of(
    order: Mapping[str, Any], items: Sequence[Mapping[str, Any]], kind: ContextKind, now: datetime
) -> ContextCard:
    """Read an order as a card about itself, or about its parcel."""
    number, status = text_of(order.get("AmazonOrderId")), text_of(order.get("OrderStatus"))
    logistics, total = kind is ContextKind.LOGISTICS, object_of(order.get("OrderTotal"))
    return ContextCard(
        kind=kind,
        id=number,
        title=text_of(order.get("ShipServiceLevel")) if logistics else _goods(items),
        status=status,
        stage=_stage(order, status, now),
        amount="" if logistics else text_of(total.get("Amount")),
        currency="" if logistics else text_of(total.get("CurrencyCode")),
        at=_moment(order.get("PurchaseDate")),
        order_id=number,
        fields=_parcel(order) if logistics else _terms(order, items),
    )


def _goods(items: Sequence[Mapping[str, Any]]) -> str:
    named = [
        f"{text_of(item.get('Title')) or text_of(item.get('SellerSKU'))} × {_count(item)}" for item in items
    ]
    return "; ".join(named)[:300] or "Order"


def _count(item: Mapping[str, Any]) -> int:
    return whole(item.get("QuantityOrdered")) or 1


def _stage(order: Mapping[str, Any], status: str, now: datetime) -> str:
    """Say whether the sale is over: what was shipped has come when Amazon says so, or its time is up."""
    due_at = _moment(order.get("LatestDeliveryDate"))
    has_come = text_of(order.get("EasyShipShipmentStatus")) in FACTS.orders.delivered
    if status == "Shipped" and (has_come or (due_at is not None and due_at < now)):
        return "after_sale"
    return FACTS.orders.stages.get(status, "")


def _terms(order: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> Mapping[str, JsonValue]:
    told: dict[str, JsonValue] = {name: text_of(order[name]) for name in _TERMS if text_of(order.get(name))}
    asked = [object_of(item.get("BuyerRequestedCancel")) for item in items]
    reasons = [one for one in asked if text_of(one.get("IsBuyerRequestedCancel")).lower() == "true"]
    if reasons:
        told["BuyerRequestedCancel"] = text_of(reasons[0].get("BuyerCancelReason")) or "true"
    for number, item in enumerate(items, 1):
        price = object_of(item.get("ItemPrice"))
        words = (
            text_of(item.get("SellerSKU")),
            text_of(price.get("Amount")),
            text_of(price.get("CurrencyCode")),
        )
        told[f"Item {number}"] = " ".join(word for word in words if word)
    return told


def _parcel(order: Mapping[str, Any]) -> Mapping[str, JsonValue]:
    told: dict[str, JsonValue] = {name: text_of(order[name]) for name in _PARCEL if text_of(order.get(name))}
    for name in ("NumberOfItemsShipped", "NumberOfItemsUnshipped"):
        count = whole(order.get(name))
        if count is not None:
            told[name] = count
    return told


def _moment(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(text_of(value))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


AMAZON_ORDERS = ContextProviderType(
    id="amazon_orders", title="Amazon orders", settings=AmazonAccess, kinds=KINDS, factory=AmazonOrders
)
