"""The channel kind `lazada`: what it can do, and its account object."""

from __future__ import annotations

from router.capabilities import (
    Capabilities,
    Ordering,
    PollTerms,
    PushTerms,
    StartRule,
    TextLimits,
    TextUnit,
)
from router.threads import ActionKind
from router_marketplace.channel import MarketplaceChannel
from router_marketplace.lazada.adapter import LazadaAdapter
from router_marketplace.lazada.decode import BUYER_ID, CHAT_ID
from router_marketplace.lazada.facts import FACTS
from router_marketplace.lazada.settings import LazadaSettings
from router_marketplace.more import Does, Renews

CAPABILITIES = Capabilities(
    channel_class="marketplace",
    text=TextLimits(max=FACTS.text.max, unit=TextUnit(FACTS.text.unit)),
    blocks=frozenset({"text", "image", "video", "product_card", "order_card", "coupon_card"}),
    receipts="read",
    marks_sending=True,
    joins_open_episode=False,
    start_rules=(StartRule(who="shop", needs="order"),),
    events=frozenset({"recall", "system"}),
    actions=frozenset({ActionKind.READ, ActionKind.RECALL}),
    identity_kinds=frozenset({CHAT_ID, BUYER_ID}),
    push=PushTerms(ack_within_ms=FACTS.push.ack_within_ms, signed=True),
    poll=PollTerms(min_interval_s=FACTS.poll.interval_s),
    ordering=Ordering.SORTED,
    requires=frozenset({"public_url", "tls"}),
)


class LazadaChannel(MarketplaceChannel[LazadaSettings], Renews, Does):
    """One seller."""

    adapter_class = LazadaAdapter
