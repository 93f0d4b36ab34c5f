"""The channel kind `whatsapp`: one object is one phone number.

In: webhooks, replies, files and acts. Out: items stored with their number, messages at the Cloud API.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from aiohttp import FormData

from router import (
    Action,
    ActionKind,
    Acts,
    Capabilities,
    Channel,
    ChannelContext,
    Downloads,
    Health,
    HealthState,
    HttpReply,
    HttpRequest,
    ListsTemplates,
    MediaFile,
    MediaLimits,
    PushSource,
    PushTerms,
    RateLimit,
    SendRule,
    Template,
    TextLimits,
    Uploads,
)
from router.errors import ContentRejected, Permanent, RecipientGone, SendError, UnknownOutcome
from router.messages import (
    BlockKind,
    InboundEvent,
    JsonObject,
    OutboundAttempt,
    RawInbound,
    Receipt,
    SendOutcome,
)
from router_whatsapp.compose import address_of, message_of
from router_whatsapp.decode import PHONE, USER, event_of
from router_whatsapp.facts import FACTS
from router_whatsapp.graph import Graph, is_missing, link_of
from router_whatsapp.parsing import object_of, objects, text_of
from router_whatsapp.settings import WhatsAppSettings, secret
from router_whatsapp.templates import template_of
from router_whatsapp.webhook import SIGNATURE, answer_challenge, header_of, take

_BLOCKS = frozenset({"text", "location", "contact", "choice", *FACTS.media})
_TEMPLATES_PER_PAGE = "100"
_MOST_PAGES = 20
_HELD = frozenset({"held_for_quality_assessment", "paused"})

CAPABILITIES = Capabilities(
    channel_class="chat",
    text=TextLimits(max=FACTS.limits.text_chars),
    blocks=_BLOCKS,
    receipts="read",
    marks_sending=True,
    send_rules=(SendRule(opened_by="customer_message", lasts_s=FACTS.limits.window_s, kinds=_BLOCKS),),
    media={
        kind: MediaLimits(
            types=media.types,
            max_bytes=media.max_bytes,
            via="upload",
            expires_s=FACTS.limits.media_expires_s,
        )
        for kind, media in FACTS.media.items()
    },
    templates="remote",
    events=frozenset({"receipt", "reaction", "system"}),
    actions=frozenset({ActionKind.READ, ActionKind.REACT}),
    identity_kinds=frozenset({PHONE, USER}),
    limits=(
        RateLimit(scope="account", count=FACTS.limits.throughput_per_s, per_s=1.0),
        RateLimit(scope="recipient", count=FACTS.limits.pair_burst, per_s=FACTS.limits.pair_burst_s),
    ),
    push=PushTerms(ack_within_ms=FACTS.limits.ack_within_ms, signed=True),
    requires=frozenset({"public_url", "tls"}),
)


class WhatsAppChannel(Channel[WhatsAppSettings], PushSource, Uploads, Downloads, ListsTemplates, Acts):
    """One business phone number."""

    app_secret: str
    verify_token: str

    def __init__(self, account: str, settings: WhatsAppSettings) -> None:
        super().__init__(account, settings)
        self._standing = Health(state=HealthState.OK)

    async def open(self, ctx: ChannelContext) -> None:
        """Read the secrets; the first call to the provider is the first message."""
        await super().open(ctx)
        settings = self.settings
        self.app_secret = secret(settings.app_secret_env, "the app's secret")
        self.verify_token = secret(settings.verify_token_env, "the webhook's verify token")
        self._graph = Graph(settings, ctx, secret(settings.access_token_env, "the access token"))

    async def health(self) -> Health:
        """Say how the account stands, as far as the provider has told since the start."""
        return self._standing

    def stand(self, health: Health) -> None:
        """Keep how the account stands with the provider, and tell operators."""
        self._standing = health
        self.ctx.set_health(health)

    # in

    async def handle_http(self, request: HttpRequest) -> HttpReply:
        """Answer the challenge of a new webhook, or store what one brings for this number."""
        if request.method == "GET":
            return answer_challenge(request.query, [self])
        return await take(request.body, header_of(request.headers, SIGNATURE), [self])

    def decode(self, raw: RawInbound) -> Sequence[InboundEvent]:
        """Read one message, echo or status."""
        return (event_of(raw),)

    # out

    async def send(self, attempt: OutboundAttempt) -> Receipt:
        """Send one message; what became of it comes by webhook."""
        document = message_of(attempt)
        answer = await self._graph.post(
            self._path("messages"), document, before=lambda: self.ctx.sending(attempt.attempt_id)
        )
        sent = next(iter(objects(answer.get("messages"))), {})
        number, status = text_of(sent.get("id")), text_of(sent.get("message_status"))
        if not number:
            raise UnknownOutcome("WhatsApp's answer names no message", code="no_id")
        outcome = SendOutcome.HELD if status in _HELD else SendOutcome.ACCEPTED
        return Receipt(outcome=outcome, remote_ref=number, detail=status)

    async def act(self, action: Action) -> Receipt:
        """Mark a message as read, or put a reaction on one (an empty one takes it back)."""
        document: dict[str, Any] = {"messaging_product": "whatsapp"}
        if not action.target:
            raise ContentRejected("name the message", code="no_target", part="target")
        if action.kind is ActionKind.READ:
            document |= {"status": "read", "message_id": action.target}
        elif action.kind is ActionKind.REACT:
            reaction = {"message_id": action.target, "emoji": action.text}
            to = address_of(action.recipient or action.thread)
            document |= {"recipient_type": "individual", **to, "type": "reaction", "reaction": reaction}
        else:
            raise Permanent(f"WhatsApp has no {action.kind.value}", code="no_action")
        await self._graph.post(self._path("messages"), document)
        return Receipt(outcome=SendOutcome.ACCEPTED, remote_ref=action.target)

    async def list_templates(self, thread: str) -> Sequence[Template]:
        """List the templates of the business account, all pages."""
        found: list[Template] = []
        query = {"limit": _TEMPLATES_PER_PAGE}
        for _ in range(_MOST_PAGES):
            path = f"{self.settings.business_account_id}/message_templates"
            page = await self._graph.get(path, query)
            found += filter(None, (template_of(one) for one in objects(page.get("data"))))
            paging = object_of(page.get("paging"))
            after = text_of(object_of(paging.get("cursors")).get("after"))
            if not after or not paging.get("next"):
                break
            query = {"limit": _TEMPLATES_PER_PAGE, "after": after}
        return found

    # files

    async def upload(self, file: MediaFile, chunks: AsyncIterator[bytes]) -> JsonObject:
        """Bring a file up; its id is good for thirty days."""
        limit = max(
            (one.max_bytes for one in FACTS.media.values() if file.content_type in one.types), default=0
        )
        if not limit:
            raise ContentRejected(f"WhatsApp takes no {file.content_type}", code="type", part="attachment")
        content = bytearray()
        if file.size_bytes <= limit:
            async for chunk in chunks:
                content += chunk
                if len(content) > limit:
                    break
        if max(file.size_bytes, len(content)) > limit:
            raise ContentRejected(
                f"the file has more than {limit} bytes", code="too_large", part="attachment"
            )
        answer = await self._graph.upload(self._path("media"), _form(file, bytes(content)))
        media_id = text_of(answer.get("id"))
        if not media_id:
            raise Permanent("WhatsApp's answer names no file", code="no_id")
        return {"media_id": media_id, "name": file.name, "content_type": file.content_type}

    async def download(self, fields: JsonObject) -> AsyncIterator[bytes]:
        """Fetch a customer's file: its link is asked for each time, as it is good for minutes only."""
        media_id = text_of(fields.get("attachment"))
        if not media_id.isalnum():
            raise RecipientGone("the block names no file at WhatsApp", code="no_file")
        try:
            answer = await self._graph.get(media_id, {"phone_number_id": self.settings.phone_number_id})
        except SendError as error:
            if is_missing(error):
                raise RecipientGone("WhatsApp has dropped the file", code=error.code) from error
            raise
        async for chunk in self._graph.fetch(link_of(answer)):
            yield chunk

    def _path(self, what: str) -> str:
        return f"{self.settings.phone_number_id}/{what}"


def _form(file: MediaFile, content: bytes) -> FormData:
    # As browsers do: percent signs in a name would be shown to the customer, control characters end the header.
    form = FormData(quote_fields=False)
    form.add_field("messaging_product", "whatsapp")
    form.add_field("type", file.content_type)
    name = "".join(letter for letter in file.name if letter.isprintable()).replace('"', "'") or BlockKind.FILE
    form.add_field("file", content, filename=name, content_type=file.content_type)
    return form
