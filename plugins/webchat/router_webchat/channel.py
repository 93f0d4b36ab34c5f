"""The webchat channel of one site: settings and a context in, open chats out."""

from __future__ import annotations

import secrets

from router import Capabilities, Health, HealthState, MediaLimits, TextLimits, TextUnit
from router.channel import Channel, ChannelContext, FollowsThread, ShowsTyping
from router.messages import (
    InboundEvent,
    OutboundAttempt,
    RawInbound,
    Receipt,
    Role,
    SendOutcome,
    ThreadEvent,
)
from router_webchat import codec
from router_webchat.frames import TEXT_BYTES
from router_webchat.hub import Hub
from router_webchat.settings import WebchatSettings, origin_of

FILE_BYTES = 10_000_000
SHOWN_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What a widget shows as a picture; everything else is offered for saving."""

CAPABILITIES = Capabilities(
    channel_class="chat",
    text=TextLimits(max=TEXT_BYTES, unit=TextUnit.BYTES),
    blocks=frozenset({"text", "image", "file"}),
    media={
        "image": MediaLimits(types=SHOWN_TYPES, max_bytes=FILE_BYTES, via="link"),
        "file": MediaLimits(types=frozenset(), max_bytes=FILE_BYTES, via="link"),
    },
    receipts="read",
    typing="both",
    idempotent_send=True,
)


class WebchatChannel(Channel[WebchatSettings], FollowsThread, ShowsTyping):
    """One site: its visitors come in through the web routes of `routes.py`."""

    hub: Hub | None = None

    async def open(self, ctx: ChannelContext) -> None:
        """Start taking visitors in."""
        await super().open(ctx)
        epoch = await ctx.get("epoch")
        if not isinstance(epoch, str):
            epoch = secrets.token_hex(8)
            await ctx.put("epoch", epoch)
        self.hub = Hub(ctx, self.settings, epoch)
        ctx.set_health(Health(state=HealthState.OK, since=ctx.clock.now()))

    async def close(self) -> None:
        """Send every visitor away with a time to come back at."""
        if self.hub is not None:
            await self.hub.close()

    async def health(self) -> Health:
        """Say whether visitors are taken in."""
        is_open = self.hub is not None and not self.hub.is_closing
        return Health(state=HealthState.OK if is_open else HealthState.DOWN)

    @property
    def own_origin(self) -> str:
        """Origin of the frame this router serves."""
        return origin_of(self.ctx.public_url)

    def decode(self, raw: RawInbound) -> list[InboundEvent]:
        """Read a stored frame."""
        return codec.decode(raw)

    async def send(self, attempt: OutboundAttempt) -> Receipt:
        """Show a reply in the visitor's open tabs.

        The thread it stands in is durable: a visitor who is away gets it on return, so this is always
        accepted, may be repeated, and DELIVERED is reported when a client says so.
        """
        event = ThreadEvent(
            seq=attempt.seq,
            id=attempt.message_id,
            at=attempt.created_at,
            kind="message",
            role=Role.BOT if attempt.automatic else Role.AGENT,
            author_name=attempt.author_name,
            blocks=attempt.blocks,
            outgoing_ref=attempt.outgoing_ref,
        )
        await self.thread_changed(attempt.thread or attempt.recipient, event)
        return Receipt(outcome=SendOutcome.ACCEPTED, remote_ref=attempt.outgoing_ref)

    async def thread_changed(self, thread: str, event: ThreadEvent) -> None:
        """Show one new entry in the visitor's open tabs."""
        if self.hub is not None:
            await self.hub.show(thread, event)

    async def show_typing(self, thread: str, name: str) -> None:
        """Show that an agent is writing."""
        if self.hub is not None:
            await self.hub.show_typing(thread, name)
