"""The channel kind `amazon`: messages Amazon permits about an order, sent by its interface.

In: an order's number as the thread, and a chosen template. Out: what may be sent, and a receipt. Nothing comes
in here: buyers write by mail, through the relay of a mail account, and see these messages in the same place.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from router.abilities import Accompanies, RenewsAccess
from router.capabilities import Capabilities, RateLimit, StartRule, TextLimits
from router.channel import Channel, ChannelContext
from router.errors import ContentRejected, MalformedMessage, NotAllowedNow
from router.messages import InboundEvent, OutboundAttempt, RawInbound, Receipt, SendOutcome
from router.threads import Template
from router_marketplace.amazon.actions import (
    MESSAGES,
    SOLICITATIONS,
    actions_path,
    permitted,
    post_of,
    templates_of,
)
from router_marketplace.amazon.client import AmazonClient
from router_marketplace.amazon.facts import FACTS
from router_marketplace.amazon.settings import AmazonSettings
from router_marketplace.facts import Budget
from router_marketplace.parsing import object_of, text_of

CAPABILITIES = Capabilities(
    channel_class="marketplace",
    inbound=False,
    text=TextLimits(max=max(each.max_chars for each in FACTS.messages.values())),
    marks_sending=True,
    thread_kinds=frozenset({"order"}),
    start_rules=(StartRule(who="shop", needs="order"),),
    templates="remote",
    limits=(RateLimit(scope="account", count=FACTS.burst, per_s=FACTS.per_s),),
)


class AmazonChannel(Channel[AmazonSettings], Accompanies, RenewsAccess):
    """One seller on one marketplace; a thread is an order."""

    async def open(self, ctx: ChannelContext) -> None:
        """Keep the context; the first call fetches a token."""
        await super().open(ctx)
        self._client = AmazonClient(
            self.settings,
            ctx.http,
            ctx.clock,
            budget=Budget(count=FACTS.burst, per_s=FACTS.per_s),
            query={"marketplaceIds": self.settings.marketplace_id},
        )

    async def renew_access(self) -> None:
        """Fetch a new access token."""
        await self._client.renew()

    def decode(self, raw: RawInbound) -> Sequence[InboundEvent]:
        """Refuse: nothing comes in here."""
        raise MalformedMessage("nothing comes in by Amazon's interface", code="no_inbound")

    def accompanied(self) -> Collection[str]:
        """Name the mail accounts its buyers write to."""
        return self.settings.companion_of

    async def list_templates(self, thread: str) -> Sequence[Template]:
        """Ask Amazon what it permits for an order now, in the buyer's language."""
        messages, _ = await self._client.ask("GET", actions_path(MESSAGES, thread), "messages")
        requests, _ = await self._client.ask("GET", actions_path(SOLICITATIONS, thread), "solicitations")
        named = permitted(messages)
        language = await self._language(thread) if "attributes" in named else ""
        found = [
            *templates_of(MESSAGES, named, language),
            *templates_of(SOLICITATIONS, permitted(requests), language),
        ]
        return [each for each in found if not await self._was_sent(thread, each.id)]

    async def send(self, attempt: OutboundAttempt) -> Receipt:
        """Send one template; a request for a review leaves once for each order."""
        if attempt.template is None:
            raise ContentRejected("Amazon takes only its own kinds of messages here", code="no_template")
        order_id, use = attempt.thread, attempt.template
        post = post_of(order_id, use)
        if post.once and await self._was_sent(order_id, use.id):
            raise NotAllowedNow("this was sent for the order before", code="sent_before")

        async def mark() -> None:
            await self.ctx.sending(attempt.attempt_id)

        _, request_id = await self._client.ask(
            "POST", post.path, post.operation, post.document or {}, before=mark
        )
        if post.once:
            await self.ctx.put(_sent_key(order_id, use.id), attempt.message_id)
        return Receipt(outcome=SendOutcome.ACCEPTED, remote_ref=request_id)

    async def _language(self, order_id: str) -> str:
        found, _ = await self._client.ask(
            "GET", f"{actions_path(MESSAGES, order_id)}/attributes", "attributes"
        )
        return text_of(object_of(found.get("buyer")).get("locale"))

    async def _was_sent(self, order_id: str, template: str) -> bool:
        if not template.startswith(f"{SOLICITATIONS}:"):
            return False
        return await self.ctx.get(_sent_key(order_id, template)) is not None


def _sent_key(order_id: str, template: str) -> str:
    return f"sent {order_id} {template}"
