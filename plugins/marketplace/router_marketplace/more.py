"""Abilities that some platforms have: each is one class to derive a platform's channel from.

In: calls of the core. Out: the adapter's answers, by way of the account's exchange.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from router.abilities import Acts, GivesContext, RenewsAccess
from router.errors import Permanent
from router.messages import Receipt, SendOutcome
from router.orders import ContextCard, ContextQuery
from router.threads import Action, ActionKind
from router_marketplace.adapter import Adapter
from router_marketplace.exchange import Exchange
from router_marketplace.reading import Reader


class _Part:
    """What the channel gives its abilities."""

    adapter: Adapter[Any]
    exchange: Exchange
    reader: Reader


class Renews(_Part, RenewsAccess):
    """Its token runs out."""

    async def renew_access(self) -> None:
        """Get and keep a new token; raises AuthInvalid when there is none to be had."""
        await self.exchange.renew()


class Does(_Part, Acts):
    """It can do what `Capabilities.actions` names."""

    async def act(self, action: Action) -> Receipt:
        """Mark a thread as read, or take a message back; raises NotAllowedNow when it is too late."""
        makers = {ActionKind.READ: self.adapter.mark_read, ActionKind.RECALL: self.adapter.recall}
        make = makers.get(action.kind)
        target = action.target or self.reader.progress.of(action.thread).item_id
        call = make(action.thread, target) if make and action.thread else None
        if call is None:
            raise Permanent(f"the platform has no {action.kind.value}", code="no_action")
        await self.exchange.make(call, thread=action.thread)
        return Receipt(outcome=SendOutcome.ACCEPTED, remote_ref=action.target)


class LooksUp(_Part, GivesContext):
    """It knows orders."""

    async def look_up(self, query: ContextQuery) -> Sequence[ContextCard]:
        """Ask about the order named, else about those the person has been seen writing about."""
        buyers = [identity.value for identity in query.identities]
        known = [order for buyer in buyers for order in self.reader.orders_of(buyer)]
        orders = [query.order_id] if query.order_id else known[: query.limit]
        call = self.adapter.look_up(query, orders) if orders else None
        return [] if call is None else self.adapter.cards(query, await self.exchange.make(call))
