"""The channel kind `yandex_market`: what it can do, and its account object."""

from __future__ import annotations

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
from router_marketplace.channel import MarketplaceChannel
from router_marketplace.more import LooksUp, Renews
from router_marketplace.yandex.adapter import FACTS, YandexAdapter
from router_marketplace.yandex.orders import KINDS
from router_marketplace.yandex.settings import YandexSettings

CAPABILITIES = Capabilities(
    channel_class="marketplace",
    text=TextLimits(max=FACTS.text.max, unit=TextUnit(FACTS.text.unit)),
    marks_sending=True,
    joins_open_episode=False,
    thread_kinds=frozenset({"order", "return", "direct", "dispute"}),
    start_rules=(StartRule(who="shop", needs="order"), StartRule(who="shop", needs="return")),
    events=frozenset({"thread_state"}),
    identity_kinds=frozenset({"yandex_public_id", "yandex_chat"}),
    limits=tuple(
        RateLimit(scope=one.scope, count=one.count, per_s=one.per_s) for one in FACTS.budgets["send"]
    ),
    push=PushTerms(ack_within_ms=FACTS.push.ack_within_ms, signed=FACTS.push.signed),
    poll=PollTerms(min_interval_s=FACTS.poll.interval_s, overlap_s=FACTS.poll.overlap_s),
    ordering=Ordering.SORTED,
    context_kinds=KINDS,
    requires=frozenset({"public_url", "tls"}),
)


class YandexChannel(MarketplaceChannel[YandexSettings], Renews, LooksUp):
    """One business of a seller's cabinet."""

    adapter_class = YandexAdapter
