"""What a customer's event says of who he is: addresses it proves, addresses and orders it only states.

In: events as channels decode them. Out: keys and identities for filing to look up and to keep. Pure.

`identities[0]` is where the customer writes from; the others are what he, or his platform, says of him. An order
counts with the proof the channel gives it (`context.order_proof`), never with more than the event itself has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from router.demand import customer_of
from router.messages import Identity, InboundEvent, Proof, Role
from router.model.filing import Decoded, PointKey
from router.model.identity import SHARED_KINDS, is_proven, weaker

LONGEST = 320
"""Characters of an address or order number that are looked at; longer ones are no such thing."""


def proving(items: Iterable[Decoded]) -> Iterator[tuple[PointKey, Sequence[Identity]]]:
    """Give each author whose event proves an address that means the same everywhere."""
    for item in items:
        for event in item.events:
            customer = customer_of(event)
            shared = [one for one in told_by_customer(event) if _is_shared(one)]
            if customer is not None and shared:
                yield PointKey.of(item.account, customer), shared


def told_by_customer(event: InboundEvent) -> Sequence[Identity]:
    """Give who the author of an event is, if that is the customer."""
    return event.author.identities if event.author.role is Role.CUSTOMER else ()


def claims_of(event: InboundEvent) -> list[Identity]:
    """Give what a customer states of himself besides where he writes from."""
    return [one for one in told_by_customer(event)[1:] if 0 < len(one.value.strip()) <= LONGEST]


def own_proof(event: InboundEvent) -> Proof:
    """Give how well an event itself is proven to be from whom it names, whatever was proven of him before."""
    author = told_by_customer(event)
    return author[0].proof if author else Proof.UNVERIFIED


def order_of(item: Decoded, event: InboundEvent) -> tuple[str, str, Proof] | None:
    """Give the order an event is about as (scope, number, proof), None for none."""
    given = event.context.get("order_id")
    is_number = isinstance(given, int) and not isinstance(given, bool)
    order_id = str(given) if is_number or isinstance(given, str) else ""
    if not 0 < len(order_id) <= LONGEST or not told_by_customer(event):
        return None
    scope, told = event.context.get("order_scope"), event.context.get("order_proof")
    known = Proof(told) if told in tuple(Proof) else Proof.UNVERIFIED
    named = scope if isinstance(scope, str) and 0 < len(scope) <= 100 else item.account
    return named, order_id, weaker(known, own_proof(event))


def _is_shared(identity: Identity) -> bool:
    return identity.kind in SHARED_KINDS and is_proven(identity.proof)
