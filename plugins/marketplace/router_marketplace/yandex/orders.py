"""Read the platform's orders for the agent; in: its JSON, out: cards. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from router.messages import JsonObject, JsonValue
from router.orders import ContextCard, ContextKind
from router_marketplace.yandex.messages import moment, number, part

STAGES = {
    "PLACING": "pre_sale",
    "RESERVED": "pre_sale",
    "UNPAID": "pre_sale",
    "PENDING": "in_sale",
    "PROCESSING": "in_sale",
    "DELIVERY": "in_sale",
    "PICKUP": "in_sale",
    "DELIVERED": "after_sale",
    "CANCELLED": "after_sale",
    "PARTIALLY_RETURNED": "after_sale",
    "RETURNED": "after_sale",
}
KINDS = frozenset({ContextKind.ORDERS, ContextKind.LOGISTICS})


def card_of(order: JsonObject, kind: ContextKind) -> ContextCard:
    """Read one order as a card about itself, or about where it is."""
    id, status = number(order["orderId"]), str(order["status"])
    amount, currency = _price(order)
    logistics = kind is ContextKind.LOGISTICS
    return ContextCard(
        kind=kind,
        id=id,
        title=_delivery_title(order) if logistics else _goods(order),
        status=f"{status} ({order['substatus']})" if order.get("substatus") else status,
        stage=STAGES.get(status, ""),
        amount="" if logistics else amount,
        currency="" if logistics else currency,
        at=moment(order["creationDate"]),
        order_id=id,
        fields=_delivery(order) if logistics else _terms(order),
    )


def _goods(order: JsonObject) -> str:
    named = [f"{item.get('offerName', '')} × {item.get('count', 1)}" for item in _objects(order.get("items"))]
    return "; ".join(named)[:300] or "Order"


def _terms(order: JsonObject) -> Mapping[str, JsonValue]:
    names = ("paymentType", "paymentMethod", "programType", "notes", "cancelRequested", "fake")
    return {name: order[name] for name in names if order.get(name) not in (None, "", False)}


def _price(order: JsonObject) -> tuple[str, str]:
    paid = part(part(order, "prices"), "payment")
    value = paid.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "", ""
    return f"{value:.2f}", str(paid.get("currencyId", ""))


def _delivery_title(order: JsonObject) -> str:
    delivery = part(order, "delivery")
    return " ".join(str(delivery[name]) for name in ("type", "serviceName") if delivery.get(name))


def _delivery(order: JsonObject) -> Mapping[str, JsonValue]:
    delivery = part(order, "delivery")
    dates, shipment = part(delivery, "dates"), part(delivery, "shipment")
    tracks = [str(track["trackCode"]) for track in _objects(delivery.get("tracks")) if "trackCode" in track]
    told: dict[str, JsonValue] = {name: dates[name] for name in ("fromDate", "toDate") if name in dates}
    if "shipmentDate" in shipment:
        told["shipmentDate"] = shipment["shipmentDate"]
    if tracks:
        told["trackCodes"] = tracks
    return told


def _objects(value: JsonValue) -> Sequence[JsonObject]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list | tuple) else ()
