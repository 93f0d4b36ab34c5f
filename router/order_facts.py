"""What rules may know of the order a message is about, looked up between reading and filing it.

In: decoded items. Out: the same with one `OrderFacts` for each event, within a hard limit and before anything
is written; what is not known by then is empty, and the decision record says why.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from math import isfinite

from router.context import ContextRoom
from router.context_source import Source
from router.errors import SendError
from router.messages import EventKind, InboundEvent, Proof, Role
from router.model.filing import Decoded, OrderFacts, OrderLookup
from router.orders import ContextCard, ContextKind, ContextQuery

MAX_ORDER_ID_CHARS = 100

_DEMANDS = (EventKind.MESSAGE, EventKind.CALL)


class OrderFactsRoom:
    """Looks orders up for triage; one slow source rests after three misses and costs nothing meanwhile."""

    def __init__(self, context: ContextRoom) -> None:
        self._context = context
        self._limit_s = context.patience.facts_s

    async def look_up(self, items: Sequence[Decoded]) -> Sequence[Decoded]:
        """Give the items with what is known of their orders; all are asked about at once."""
        asked = {
            place: queries
            for place, item in enumerate(items)
            if any(queries := [self._query(item.account, event) for event in item.events])
        }
        if not asked:
            return items
        found = await asyncio.gather(*(self._all_facts(queries) for queries in asked.values()))
        known = dict(zip(asked, found, strict=True))
        return [
            replace(item, orders=known[place]) if place in known else item for place, item in enumerate(items)
        ]

    async def _all_facts(self, queries: Sequence[ContextQuery | None]) -> tuple[OrderFacts, ...]:
        return tuple(await asyncio.gather(*(self._facts(query) for query in queries)))

    def _query(self, account: str, event: InboundEvent) -> ContextQuery | None:
        """Make the question about an event; None where there is nobody to ask."""
        query = _query(account, event)
        return query if query is not None and self._sources(query) else None

    async def _facts(self, query: ContextQuery | None) -> OrderFacts:
        if query is None:
            return OrderFacts()
        answers = await asyncio.gather(*(self._cards(source, query) for source in self._sources(query)))
        found = [card for cards in answers if cards for card in cards]
        for card in found:
            if not query.order_id or query.order_id in (card.id, card.order_id):
                return _facts_in(card)
        missed = any(cards is None for cards in answers)
        return OrderFacts(id=query.order_id, lookup=OrderLookup.NO_ANSWER if missed else OrderLookup.UNKNOWN)

    def _sources(self, query: ContextQuery) -> Sequence[Source]:
        return self._context.serving(query, ("order", "identity") if query.order_id else ("identity",))

    async def _cards(self, source: Source, query: ContextQuery) -> Sequence[ContextCard] | None:
        """Give a source's cards; None when it did not answer in time."""
        if source.rests:
            return None
        try:
            cards = await source.cards(query, self._limit_s)
        except (TimeoutError, SendError) as error:
            source.was_slow(isinstance(error, TimeoutError))
            return None
        source.was_slow(False)
        return cards


def _query(account: str, event: InboundEvent) -> ContextQuery | None:
    """Make the question about an event; None for one that triage will not see.

    Only proven addresses are asked for: whoever forges one must not get the priority of its owner's order.
    """
    if event.kind not in _DEMANDS or event.author.role is not Role.CUSTOMER or not event.visible:
        return None
    named = event.context.get("order_id")
    order_id = named.strip()[:MAX_ORDER_ID_CHARS] if isinstance(named, str) else ""
    proven = tuple(each for each in event.author.identities if each.proof is not Proof.UNVERIFIED)
    if not order_id and not proven:
        return None
    return ContextQuery(
        kind=ContextKind.ORDERS, account=account, identities=proven, order_id=order_id, limit=1
    )


def _facts_in(card: ContextCard) -> OrderFacts:
    return OrderFacts(
        id=card.order_id or card.id,
        stage=card.stage,
        status=card.status,
        value=_value(card.amount),
        lookup=OrderLookup.FOUND,
    )


def _value(amount: str) -> float:
    try:
        value = float(amount or 0)
    except ValueError:
        return 0.0
    return value if isfinite(value) else 0.0
