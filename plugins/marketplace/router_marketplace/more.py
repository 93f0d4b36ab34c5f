"""Abilities that some platforms have: each is one class to derive a platform's channel from.

In: calls of the core. Out: the adapter's answers, by way of the account's exchange.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from router.abilities import Acts, GivesContext, RenewsAccess
from router.errors import NotAllowedNow
from router.messages import Receipt, SendOutcome
from router.orders import ContextCard, ContextQuery
from router.threads import Action, ActionKind
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


class MarksAndRecalls(_Part, Acts):
    """It marks threads as read, and takes messages back."""

    async def act(self, action: Action) -> Receipt:
        """Do it; raises NotAllowedNow for what this platform has not."""
        if action.kind is ActionKind.READ:
            call = self.adapter.mark_read(action.thread, action.target)
        elif action.kind is ActionKind.RECALL:
            call = self.adapter.recall(action.thread, action.target)
        else:
            call = None
        if call is None:
            raise NotAllowedNow(f"{action.kind} is nothing this platform offers", code="no_action")
        await self.exchange.make(call, thread=action.thread)
        return Receipt(outcome=SendOutcome.ACCEPTED, remote_ref=action.target)
