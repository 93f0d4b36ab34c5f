"""A channel that can do everything the contract knows, against a fake that remembers: pushes, pages, tokens, files."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from aiohttp import ClientError

from router import (
    Channel,
    ChannelType,
    Confirms,
    HttpReply,
    HttpRequest,
    Pulled,
    PullSource,
    PushSource,
    Signal,
)
from router import errors as failures
from router.abilities import (
    Acts,
    Downloads,
    GivesContext,
    ListsTemplates,
    MediaFile,
    Permits,
    RenewsAccess,
    Uploads,
)
from router.capabilities import (
    Capabilities,
    MediaLimits,
    Ordering,
    PollTerms,
    PushTerms,
    RateLimit,
    SendRule,
    StartRule,
    TextLimits,
    TextUnit,
)
from router.errors import (
    AuthExpired,
    AuthInvalid,
    ContentRejected,
    InboundRejected,
    MalformedMessage,
    RateLimited,
    Retryable,
    UnknownOutcome,
)
from router.messages import (
    Author,
    Block,
    BlockKind,
    Confirmation,
    DeliveryReport,
    DeliveryState,
    EventKind,
    Evidence,
    EvidenceKind,
    Identity,
    InboundEvent,
    JsonObject,
    OutboundAttempt,
    RawInbound,
    Receipt,
    Role,
    SendOutcome,
)
from router.orders import ContextCard, ContextKind, ContextQuery
from router.threads import Action, ActionKind, Audience, Permission, Template, TemplateVariable
from tests.contract.parcels_provider import AT, MOST, ParcelSimulator, Settings, item, sign

DAY_S = 86_400.0
WINDOW = timedelta(minutes=5)
ROLES = {"customer": Role.CUSTOMER, "shop": Role.SHOP}


class Parcels(
    Channel[Settings],
    PushSource,
    PullSource,
    Confirms,
    RenewsAccess,
    Permits,
    Acts,
    ListsTemplates,
    Uploads,
    Downloads,
    GivesContext,
):
    """Everything as it should be; sins override one method each."""

    poll_interval_s = 60.0
    token = ""

    def decode(self, raw: RawInbound) -> Sequence[InboundEvent]:
        try:
            said = json.loads(raw.raw)
            thread, number, sender = str(said["thread"]), int(said["number"]), str(said["from"])
            text, kind, role = str(said["text"]), str(said["kind"]), ROLES[said.get("role", "customer")]
        except (ValueError, LookupError, TypeError, RecursionError):
            raise MalformedMessage("no parcel message") from None
        return [
            InboundEvent(
                kind=EventKind.RECALL if kind == "recall" else EventKind.MESSAGE,
                external_id=str(said.get("id", "")),
                occurred_at=AT,
                author=Author(role=role, identities=[Identity(kind="buyer", value=sender)]),
                blocks=[self.block(kind, text, said)],
                evidence=[Evidence(kind=EvidenceKind.THREAD, value=thread)],
                context={"thread_kind": said.get("about", "chat")},
                sort_key=f"{number:012}",
                target=str(said.get("target", "")),
                audience=frozenset(Audience(one) for one in said.get("readers", ("customer",))),
            )
        ]

    def block(self, kind: str, text: str, said: JsonObject) -> Block:
        if kind in ("text", "recall"):
            return Block(text=text)
        if kind == "image":
            return Block(kind=BlockKind.IMAGE, text=text, fields={"file": said.get("file", "")})
        return Block(kind=BlockKind.UNSUPPORTED, text=text, fields={"platform_kind": kind})

    async def handle_http(self, request: HttpRequest) -> HttpReply:
        at = request.headers.get("X-At", "")
        good = hmac.compare_digest(sign(request.body, at), request.headers.get("X-Sign", ""))
        if not good or abs(datetime.fromisoformat(at) - AT) > WINDOW:
            raise InboundRejected
        try:
            said = json.loads(request.body)
        except (ValueError, RecursionError):
            said = {"id": hashlib.sha256(request.body).hexdigest()}
        if "receipt" in said:
            report = DeliveryReport(outgoing_ref=said["receipt"], state=DeliveryState(said["state"]), at=AT)
            await self.ctx.report(report)
        elif "messages" in said:
            await self.ctx.accept(self.items(said["messages"]))
        else:
            await self.ctx.accept([item(request.body, said["id"])])
        return HttpReply(body=b"")

    def items(self, messages: Sequence[dict[str, Any]]) -> list[RawInbound]:
        return [item(json.dumps(each).encode(), each["id"]) for each in messages]

    async def pull(self, signal: Signal | None = None) -> Pulled:
        cursor = await self.ctx.cursor()
        after = cursor if isinstance(cursor, int) else 0
        page = json.loads(await self.call("GET", f"/messages?after={after}"))
        items = self.items(page["messages"])
        await self.ctx.accept(items, cursor=page["next"])
        return Pulled(items=len(items), more=page["more"])

    async def send(self, attempt: OutboundAttempt) -> Receipt:
        text = "\n".join(block.text for block in attempt.blocks)
        kind = attempt.blocks[0].kind.value if attempt.blocks else "text"
        body = {"thread": attempt.thread, "text": text, "kind": kind, "key": attempt.outgoing_ref}
        body["readers"] = sorted(attempt.audience)
        if attempt.template:
            body |= {"kind": "template", "text": attempt.template.id}
        await self.ctx.sending(attempt.attempt_id)
        answer = json.loads(await self.call("POST", "/messages", body))
        return Receipt(outcome=SendOutcome.ACCEPTED, remote_ref=answer["id"])

    async def call(self, method: str, path: str, body: object = None) -> bytes:
        headers = {"Authorization": f"Bearer {self.token}"}
        try:
            async with self.ctx.http.request(
                method, self.settings.url + path, json=body, headers=headers
            ) as answer:
                content = await answer.read()
        except ClientError as error:
            raise UnknownOutcome(str(error)) from error
        if answer.status == 200:
            return content
        raise self.error(answer.status, answer.headers.get("Retry-After"))

    def error(self, status: int, retry_after: str | None) -> failures.SendError:
        if status == 429:
            return RateLimited("too many", retry_after_s=float(retry_after) if retry_after else None)
        kinds = {401: AuthExpired, 403: AuthInvalid, 422: ContentRejected}
        return kinds.get(status, Retryable)(f"status {status}", code=str(status))

    async def confirm(self, attempt: OutboundAttempt) -> Confirmation:
        there = json.loads(await self.call("GET", f"/keys/{attempt.outgoing_ref}"))["there"]
        return Confirmation.FOUND if there else Confirmation.NOT_FOUND

    async def renew_access(self) -> None:
        async with self.ctx.http.post(f"{self.settings.url}/token") as answer:
            self.token = (await answer.json())["token"]

    async def open(self, ctx: Any) -> None:
        await super().open(ctx)
        await self.renew_access()

    async def permissions(self, thread: str) -> Permission:
        return Permission(allowed=True)

    async def act(self, action: Action) -> Receipt:
        await self.call("POST", "/acts", {"kind": action.kind, "target": action.target})
        return Receipt(outcome=SendOutcome.ACCEPTED)

    async def list_templates(self, thread: str) -> Sequence[Template]:
        return [
            Template(id="hello", title="Hello", body="Hi {name}", variables=[TemplateVariable(name="name")])
        ]

    async def upload(self, file: MediaFile, chunks: AsyncIterator[bytes]) -> JsonObject:
        if file.size_bytes > MOST * 1000:
            raise ContentRejected("too large")
        return {"file": str(sum([len(chunk) async for chunk in chunks]))}

    async def download(self, fields: JsonObject) -> AsyncIterator[bytes]:  # type: ignore[override]
        yield await self.call("GET", f"/files/{fields['file']}")

    async def look_up(self, query: ContextQuery) -> Sequence[ContextCard]:
        return [ContextCard(kind=query.kind, id="1001", title=query.identities[0].value)]


EVERYTHING = Capabilities(
    channel_class="marketplace",
    text=TextLimits(max=MOST, unit=TextUnit.UTF16),
    blocks=frozenset({"text", "image"}),
    receipts="read",
    marks_sending=True,
    idempotent_send=True,
    thread_kinds=frozenset({"chat", "dispute"}),
    start_rules=[StartRule(who="customer"), StartRule(who="shop", needs="order")],
    send_rules=[
        SendRule(opened_by="customer_message", lasts_s=DAY_S, max_sends=2, kinds=frozenset({"text"}))
    ],
    media={"image": MediaLimits(types=frozenset({"image/png"}), max_bytes=MOST * 1000, via="upload")},
    templates="remote",
    events=frozenset({"recall"}),
    actions=frozenset({ActionKind.READ, ActionKind.RECALL}),
    audiences=frozenset({Audience.CUSTOMER, Audience.MEDIATOR}),
    identity_kinds=frozenset({"buyer"}),
    limits=[RateLimit(scope="account", count=50, per_s=1)],
    push=PushTerms(ack_within_ms=1000, empty_body=True),
    poll=PollTerms(min_interval_s=30),
    ordering=Ordering.SORTED,
    context_kinds=frozenset({ContextKind.ORDERS}),
    requires=frozenset({"public_url"}),
)

PARCELS = ChannelType(
    id="parcels",
    title="Parcels",
    settings=Settings,
    capabilities=EVERYTHING,
    factory=Parcels,
    simulator=ParcelSimulator,
    shares_loop=True,
)
