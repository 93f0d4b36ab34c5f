"""The channel kind `lazada`: what it can do, and its account object."""

from __future__ import annotations

from router.abilities import Acts, RenewsAccess
from router.capabilities import (
    Capabilities,
    Ordering,
    PollTerms,
    PushTerms,
    RateLimit,
    StartRule,
    TextLimits,
    TextUnit,
)
from router.messages import Receipt
from router.threads import Action, ActionKind
from router_marketplace.channel import MarketplaceChannel
from router_marketplace.lazada.adapter import LazadaAdapter
from router_marketplace.lazada.decode import BUYER_ID, CHAT_ID
from router_marketplace.lazada.facts import FACTS
from router_marketplace.lazada.settings import LazadaSettings

CAPABILITIES = Capabilities(
    channel_class="marketplace",
    text=TextLimits(max=FACTS.text.max, unit=TextUnit(FACTS.text.unit)),
    blocks=frozenset({"text", "image", "video", "product_card", "order_card", "coupon_card"}),
    receipts="read",
    marks_sending=True,
    joins_open_episode=False,
    start_rules=(StartRule(who="shop", needs="order", max_age_s=FACTS.rules.open_order_s),),
    events=frozenset({"recall", "receipt", "system"}),
    actions=frozenset({ActionKind.READ, ActionKind.RECALL}),
    identity_kinds=frozenset({CHAT_ID, BUYER_ID}),
    limits=tuple(
        RateLimit(scope=one.scope, count=one.count, per_s=one.per_s) for one in FACTS.budgets["send"]
    ),
    push=PushTerms(ack_within_ms=FACTS.push.ack_within_ms, signed=True),
    poll=PollTerms(min_interval_s=FACTS.poll.interval_s, overlap_s=FACTS.poll.overlap_s),
    ordering=Ordering.SORTED,
    requires=frozenset({"public_url", "tls"}),
)


class LazadaChannel(MarketplaceChannel[LazadaSettings], RenewsAccess, Acts):
    """One seller."""

    adapter_class = LazadaAdapter

    async def renew_access(self) -> None:
        """Get a new pair of tokens."""
        await self.exchange.renew()

    async def act(self, action: Action) -> Receipt:
        """Mark a session as read, or take a message back."""
        return await self.perform(action)
