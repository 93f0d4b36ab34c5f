"""A channel that can do everything the contract knows, against a fake that remembers: pushes, pages, tokens, files."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientError, web
from pydantic import BaseModel, ConfigDict

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
from router.testing import FakeMessage, Handler, HookDoor, Push, Pusher, StatefulFake, faults, json_answer
from router.threads import Action, ActionKind, Audience, Permission, Template, TemplateVariable

SECRET = b"parcel-secret"
AT = datetime.fromisoformat("2026-03-02T09:00:00+00:00")
DAY_S = 86_400.0
WINDOW = timedelta(minutes=5)
MOST = 500
ROLES = {"customer": Role.CUSTOMER, "shop": Role.SHOP}


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    url: str = "http://127.0.0.1"
    key_env: str = "PARCELS_KEY"


def sign(body: bytes, at: str) -> str:
    return hmac.new(SECRET, at.encode() + body, hashlib.sha256).hexdigest()


def item(raw: bytes, dedupe_key: str) -> RawInbound:
    return RawInbound(dedupe_key=dedupe_key, raw=raw, received_at=AT)


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
                sort_key=f"{number:012}",
                target=str(said.get("target", "")),
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
        said = json.loads(request.body)
        if "receipt" in said:
            report = DeliveryReport(outgoing_ref=said["receipt"], state=DeliveryState(said["state"]), at=AT)
            await self.ctx.report(report)
        else:
            await self.ctx.accept([item(request.body, said["id"])])
        return HttpReply(body=b"")

    async def pull(self, signal: Signal | None = None) -> Pulled:
        cursor = await self.ctx.cursor()
        after = cursor if isinstance(cursor, int) else 0
        page = json.loads(await self.call("GET", f"/messages?after={after}"))
        items = [item(json.dumps(each).encode(), each["id"]) for each in page["messages"]]
        await self.ctx.accept(items, cursor=page["next"])
        return Pulled(items=len(items), more=page["more"])

    async def send(self, attempt: OutboundAttempt) -> Receipt:
        text = "\n".join(block.text for block in attempt.blocks)
        kind = attempt.blocks[0].kind.value if attempt.blocks else "text"
        body = {"thread": attempt.thread, "text": text, "kind": kind, "key": attempt.outgoing_ref}
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


class FakeParcels(StatefulFake):
    """The provider."""

    def routes(self) -> Iterable[tuple[str, str, Handler]]:
        yield "POST", "/messages", self.post
        yield "GET", "/messages", self.list_messages
        yield "GET", "/keys/{key}", self.known
        yield "POST", "/token", self.token
        yield "POST", "/acts", self.act
        yield "GET", "/files/{file}", self.file

    def refused(self, request: web.Request) -> web.Response | None:
        good = self.token_is_good(request.headers.get("Authorization", ""))
        return None if good else json_answer({}, status=401)

    async def post(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if len(body["text"].encode("utf-16-le")) // 2 > MOST:
            return json_answer({}, status=422)
        refused = self.refused(request)
        return refused or json_answer({"id": self.commit(**_named(body)).id})

    async def list_messages(self, request: web.Request) -> web.StreamResponse:
        page = self.page(after=int(request.query["after"]), limit=3)
        messages = [wire(one) for one in page.messages if one.author.role == "customer"]
        answer = {"messages": messages, "next": page.next_after, "more": page.more}
        return self.refused(request) or json_answer(answer)

    async def known(self, request: web.Request) -> web.StreamResponse:
        return json_answer({"there": request.match_info["key"] in {one.key for one in self.messages}})

    async def token(self, request: web.Request) -> web.StreamResponse:
        return json_answer({"token": self.issue_token()})

    async def act(self, request: web.Request) -> web.StreamResponse:
        return self.refused(request) or json_answer({})

    async def file(self, request: web.Request) -> web.StreamResponse:
        return web.Response(body=b"\x89PNG")


def _named(body: dict[str, str]) -> dict[str, str]:
    return {"thread_id": body["thread"]} | {name: body[name] for name in ("text", "kind", "key")}


def wire(message: FakeMessage) -> dict[str, object]:
    return {
        "id": message.key or message.id,
        "number": message.number,
        "thread": message.thread,
        "from": message.author.id,
        "role": message.author.role,
        "text": message.text,
        "kind": message.kind,
    }


class ParcelSimulator:
    """The provider as the contract suite drives it, over its own door and its own web server."""

    page_size = 3
    _ERRORS = {
        "Retryable": lambda: faults.server_error(503),
        "RateLimited": lambda: faults.rate_limited(7),
        "AuthExpired": lambda: faults.token_expired(),
        "AuthInvalid": lambda: faults.refused(403, b"{}"),
        "ContentRejected": lambda: faults.refused(422, b"{}"),
        "UnknownOutcome": lambda: faults.cut_after_commit(),
    }

    def __init__(self) -> None:
        self.fake = FakeParcels()
        self.door = HookDoor()
        self.pusher = Pusher(self.door)
        self.crowds = 0

    def settings(self) -> Settings:
        return Settings(url=self.fake.url)

    def sample(self, number: int, text: str, kind: str = "text", **more: str) -> RawInbound:
        said = {
            "id": f"s{number}",
            "number": number,
            "thread": "t1",
            "from": "ann",
            "text": text,
            "kind": kind,
        }
        return item(json.dumps(said | more).encode(), f"s{number}")

    def samples(self) -> list[RawInbound]:
        return [
            self.sample(1, "Where is my parcel number 1001?"),
            self.sample(2, "A picture", "image", file="f1"),
            self.sample(3, "", "recall", target="s1"),
        ]

    async def start(self) -> None:
        await self.fake.start()
        await self.door.start()
        await self.pusher.start()

    async def stop(self) -> None:
        await self.pusher.stop()
        await self.door.stop()
        await self.fake.stop()

    def push(self, body: bytes, at: datetime = AT) -> Push:
        stamp = at.isoformat()
        return Push(body=body, headers={"X-At": stamp, "X-Sign": sign(body, stamp)})

    async def deliver(self, channel: Any, raw: RawInbound) -> str:
        self.door.serve(channel)
        return str(await self.pusher.push(channel.account, self.push(raw.raw)))

    def signed(self, raw: RawInbound, at: datetime = AT) -> HttpRequest:
        push = self.push(raw.raw, at)
        return HttpRequest(
            method="POST", path="/", query={}, headers=push.headers, body=push.body, remote="127.0.0.1"
        )

    def stale(self, raw: RawInbound) -> HttpRequest:
        return self.signed(raw, AT - timedelta(hours=1))

    def sent(self) -> list[bytes]:
        return [one.text.encode() for one in self.fake.sent_by_shop()]

    def fail_next(self, error: str) -> None:
        self.fake.fail_with(self._ERRORS[error](), "POST /messages")

    def errors(self) -> list[str]:
        return list(self._ERRORS)

    def echo(self) -> RawInbound:
        message = self.fake.sent_by_shop()[-1]
        return item(json.dumps(wire(message)).encode(), message.id)

    def crowd(self, count: int) -> list[str]:
        self.crowds += 1
        texts = [f"crowd {self.crowds} message {number}" for number in range(count)]
        for text in texts:
            self.fake.customer_says("t1", text)
        return texts

    def expire_token(self) -> None:
        self.fake.expire_tokens()

    @property
    def tokens_issued(self) -> int:
        return self.fake.tokens_issued

    def unknown_kind(self) -> RawInbound:
        return self.sample(9, "hologram", "hologram")

    def fresh(self, number: int) -> RawInbound:
        return self.sample(1000 + number, f"fresh {number}")

    def forget(self) -> None:
        self.fake.forget()

    async def receipt(self, channel: Any, attempt: OutboundAttempt, state: DeliveryState) -> None:
        body = json.dumps({"receipt": attempt.outgoing_ref, "state": state}).encode()
        self.door.serve(channel)
        await self.pusher.push(channel.account, self.push(body))

    def sample_in(self, thread_kind: str) -> RawInbound:
        return self.sample(20, thread_kind)

    def start_attempt(self, rule: StartRule, attempt: OutboundAttempt) -> OutboundAttempt:
        return replace(attempt, thread=f"new-{rule.needs}", answers=None)


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

FIXTURES = Path(__file__).parent / "fixtures"
