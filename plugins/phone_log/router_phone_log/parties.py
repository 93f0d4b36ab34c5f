"""Who called whom: caller and callee as written in, the customer and the shop's side of the call out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from router.calls import CallDirection, NumberKind
from router_phone_log.numbers import Number, Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """Who called: the customer, and the shop's side of the call."""

    direction: CallDirection
    customer: Number
    shop: Number

    @property
    def agent(self) -> str:
        """Give the extension on the shop's side, empty when the shop's side is a public number."""
        return self.shop.short if self.shop.kind is NumberKind.INTERNAL else ""


class NumberFields(TypedDict):
    """The fields of a `Call` that its customer's number fills."""

    direction: CallDirection
    customer_raw: str
    customer_e164: str
    extension: str
    number_kind: NumberKind
    dialled: str


def parties_of(numbers: Numbers, caller: str, callee: str, stated: CallDirection | None = None) -> Parties:
    """Say who is the customer; numbers inside the shop decide, what the source states where they do not.

    That a call came in, or stayed inside, is believed as stated: a line may show a short number. A call said
    to go out may still end inside.
    """
    source, target = numbers.read(caller), numbers.read(callee)
    is_from_inside, is_to_inside = numbers.is_inside(source), numbers.is_inside(target)
    direction: CallDirection
    if stated is CallDirection.INBOUND or stated is CallDirection.INTERNAL:
        direction = stated
    elif is_from_inside and is_to_inside:
        direction = CallDirection.INTERNAL
    elif is_from_inside != is_to_inside:
        direction = CallDirection.OUTBOUND if is_from_inside else CallDirection.INBOUND
    else:
        direction = stated or CallDirection.INBOUND
    if direction is CallDirection.OUTBOUND:
        return Parties(direction=direction, customer=target, shop=source)
    return Parties(direction=direction, customer=source, shop=target)


def number_fields(parties: Parties, dialled: str) -> NumberFields:
    """Give what the numbers of a call fill in."""
    customer = parties.customer
    return NumberFields(
        direction=parties.direction,
        # An address changes with every call (its port), the name in it does not.
        customer_raw=customer.raw if customer.e164 else customer.short or customer.raw,
        customer_e164=customer.e164,
        extension=customer.extension,
        number_kind=customer.kind,
        dialled=dialled.strip(),
    )
