"""The channel kind `tiktok_shop`: what it can do, and its account object."""

from __future__ import annotations

from collections.abc import AsyncIterator

from router.abilities import MediaFile, Uploads
from router.capabilities import (
    Capabilities,
    MediaLimits,
    Ordering,
    PollTerms,
    PushTerms,
    RateLimit,
    StartRule,
    TextLimits,
    TextUnit,
)
from router.errors import ContentRejected
from router.messages import JsonObject
from router.threads import ActionKind
from router_marketplace.calls import FilePart
from router_marketplace.channel import MarketplaceChannel
from router_marketplace.more import Does, Renews
from router_marketplace.tiktok.adapter import TiktokAdapter
from router_marketplace.tiktok.decode import CHAT_ID, ORDER_ID
from router_marketplace.tiktok.facts import FACTS
from router_marketplace.tiktok.settings import TiktokSettings

# No send rules: an order or a return opens a chat too, which only the platform knows (`can_send_message`).
CAPABILITIES = Capabilities(
    channel_class="marketplace",
    text=TextLimits(max=FACTS.text.max, unit=TextUnit(FACTS.text.unit)),
    blocks=frozenset({"text", "image", "product_card", "order_card", "coupon_card"}),
    marks_sending=True,
    joins_open_episode=False,
    start_rules=(
        StartRule(who="shop", needs="conversation"),
        StartRule(who="shop", needs="order"),
        StartRule(who="shop", needs="return"),
    ),
    media={
        "image": MediaLimits(types=FACTS.image.types, max_bytes=FACTS.image.max_bytes, via="upload"),
    },
    events=frozenset({"thread_state", "system", "assignment"}),
    actions=frozenset({ActionKind.READ}),
    identity_kinds=frozenset({CHAT_ID, ORDER_ID}),
    limits=tuple(
        RateLimit(scope=one.scope, count=one.count, per_s=one.per_s) for one in FACTS.budgets["send"]
    ),
    push=PushTerms(ack_within_ms=FACTS.push.ack_within_ms, empty_body=True, signed=True),
    poll=PollTerms(min_interval_s=FACTS.poll.interval_s),
    ordering=Ordering.SORTED,
    requires=frozenset({"public_url", "tls"}),
)


class TiktokChannel(MarketplaceChannel[TiktokSettings], Renews, Does, Uploads):
    """One shop."""

    adapter_class = TiktokAdapter

    async def upload(self, file: MediaFile, chunks: AsyncIterator[bytes]) -> JsonObject:
        """Bring a picture up; give what an IMAGE block needs to name it."""
        if file.content_type not in FACTS.image.types:
            kinds = ", ".join(sorted(FACTS.image.types))
            raise ContentRejected(
                f"TikTok Shop takes no {file.content_type}, only {kinds}", code="type", part="image"
            )
        _check_size(file.size_bytes)
        content = bytearray()
        async for chunk in chunks:
            content += chunk
            # What is announced and what comes may differ.
            _check_size(len(content))
        adapter = TiktokAdapter(self.settings)
        part = FilePart(part="data", name=file.name, content_type=file.content_type, content=bytes(content))
        return adapter.uploaded(await self.exchange.make(adapter.upload(part)))


def _check_size(size_bytes: int) -> None:
    if size_bytes > FACTS.image.max_bytes:
        raise ContentRejected(
            f"the picture has more than {FACTS.image.max_bytes} bytes", code="too_large", part="image"
        )
