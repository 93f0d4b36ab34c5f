"""Abilities that some platforms have: each is one class to derive a platform's channel from.

In: calls of the core. Out: the adapter's answers, by way of the account's exchange.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from router.abilities import GivesContext, RenewsAccess
from router.orders import ContextCard, ContextQuery
from router_marketplace.adapter import Adapter
from router_marketplace.exchange import Exchange


class _Part:
    """What the channel gives its abilities."""

    adapter: Adapter[Any]
    exchange: Exchange


class Renews(_Part, RenewsAccess):
    """Its token runs out."""

    async def renew_access(self) -> None:
        """Get and keep a new token; raises AuthInvalid when there is none to be had."""
        await self.exchange.renew()


class LooksUp(_Part, GivesContext):
    """It knows orders."""

    async def look_up(self, query: ContextQuery) -> Sequence[ContextCard]:
        """Ask; what the platform cannot be asked has no answer."""
        call = self.adapter.look_up(query)
        return [] if call is None else self.adapter.cards(query, await self.exchange.make(call))
