"""The orders of the demo shop as its own system keeps them: `orders.yaml` in, checked orders out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from router.documents.reading import read_document

ORDERS = Path(__file__).parent / "orders.yaml"


class Refund(BaseModel):
    """Money on its way back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount: str
    status: str
    reason: str


class Order(BaseModel):
    """One order; `steps` is how far its parcel has come."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    image: str
    amount: str
    currency: str
    status: str
    stage: Literal["pre_sale", "in_sale", "after_sale"]
    days_ago: int
    steps: tuple[str, ...]
    tracking: str = ""
    refund: Refund | None = None


def load_orders() -> Sequence[Order]:
    """Read the orders."""
    found = read_document(ORDERS.read_text(encoding="utf-8"), source=str(ORDERS)).value
    if not isinstance(found, list):
        raise TypeError("orders.yaml is no list")
    return [Order.model_validate(one) for one in found]
