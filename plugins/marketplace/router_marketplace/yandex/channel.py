"""The channel kind `yandex_market`: what it can do, and its account object."""

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
from router.channel import ChannelContext
from router.errors import ContentRejected
from router.messages import Block, BlockKind, JsonObject, OutboundAttempt
from router_marketplace.calls import Call
from router_marketplace.channel import MarketplaceChannel
from router_marketplace.more import LooksUp, Renews
from router_marketplace.staging import KEPT_FOR, StagedFiles
from router_marketplace.yandex.adapter import FACTS, YandexAdapter
from router_marketplace.yandex.orders import KINDS
from router_marketplace.yandex.settings import YandexSettings

KEPT_S = KEPT_FOR.total_seconds()
PICTURES = frozenset(kind for kind in FACTS.file_types if kind.startswith("image/"))

CAPABILITIES = Capabilities(
    channel_class="marketplace",
    text=TextLimits(max=FACTS.text.max, unit=TextUnit(FACTS.text.unit)),
    blocks=frozenset({"text", "image", "file"}),
    media={
        "image": MediaLimits(types=PICTURES, max_bytes=FACTS.max_file_bytes, via="upload", expires_s=KEPT_S),
        "file": MediaLimits(
            types=frozenset(FACTS.file_types), max_bytes=FACTS.max_file_bytes, via="upload", expires_s=KEPT_S
        ),
    },
    marks_sending=True,
    joins_open_episode=False,
    thread_kinds=frozenset({"order", "return", "direct"}),
    start_rules=(StartRule(who="shop", needs="order"), StartRule(who="shop", needs="return")),
    events=frozenset({"thread_state"}),
    identity_kinds=frozenset({"yandex_public_id", "yandex_chat"}),
    limits=tuple(
        RateLimit(scope=one.scope, count=one.count, per_s=one.per_s) for one in FACTS.budgets["send"]
    ),
    push=PushTerms(ack_within_ms=FACTS.push.ack_within_ms, signed=FACTS.push.signed),
    poll=PollTerms(min_interval_s=FACTS.poll.interval_s),
    ordering=Ordering.SORTED,
    context_kinds=KINDS,
    requires=frozenset({"public_url", "tls"}),
)


class YandexChannel(MarketplaceChannel[YandexSettings], Renews, LooksUp, Uploads):
    """One business of a seller's cabinet."""

    adapter_class = YandexAdapter

    async def open(self, ctx: ChannelContext) -> None:
        """Get ready; files wait for their message here, as the platform takes both at once."""
        await super().open(ctx)
        self._files = StagedFiles(ctx, part="file", max_bytes=FACTS.max_file_bytes, endings=FACTS.file_types)

    async def upload(self, file: MediaFile, chunks: AsyncIterator[bytes]) -> JsonObject:
        """Keep a file for the message that takes it along; give what its block needs to name it."""
        return await self._files.put(file, chunks)

    async def composed(self, thread: str, attempt: OutboundAttempt) -> Call:
        """Build the call for a text, or for one file."""
        [first, *more] = attempt.blocks or [Block()]
        if first.kind not in (BlockKind.FILE, BlockKind.IMAGE):
            return await super().composed(thread, attempt)
        if more:
            raise ContentRejected("a file goes by itself here", code="kind", part="blocks")
        return YandexAdapter(self.settings).compose_file(thread, await self._files.get(first.fields))
