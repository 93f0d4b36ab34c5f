"""The parcel service: a fake that remembers, and the simulator through which the contract suite drives it."""

import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from router import HttpRequest
from router.capabilities import StartRule
from router.messages import DeliveryState, OutboundAttempt, RawInbound
from router.testing import FakeMessage, HookDoor, Push, Pusher, Responder, StatefulFake, faults, json_answer

SECRET = b"parcel-secret"
AT = datetime.fromisoformat("2026-03-02T09:00:00+00:00")
MOST = 500


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    url: str = "http://127.0.0.1"
    key_env: str = "PARCELS_KEY"


def sign(body: bytes, at: str) -> str:
    return hmac.new(SECRET, at.encode() + body, hashlib.sha256).hexdigest()


def item(raw: bytes, dedupe_key: str) -> RawInbound:
    return RawInbound(dedupe_key=dedupe_key, raw=raw, received_at=AT)


class FakeParcels(StatefulFake):
    """The provider."""

    def routes(self) -> Iterable[tuple[str, str, Responder]]:
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


def _named(body: dict[str, Any]) -> dict[str, Any]:
    return {"thread_id": body["thread"]} | {name: body[name] for name in ("text", "kind", "key", "readers")}


def wire(message: FakeMessage) -> dict[str, object]:
    return {
        "id": message.key or message.id,
        "number": message.number,
        "thread": message.thread,
        "from": message.author.id,
        "role": message.author.role,
        "text": message.text,
        "kind": message.kind,
        "readers": message.fields.get("readers", ["customer"]),
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
        self.said = 0

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

    def signed_together(self, raws: Sequence[RawInbound]) -> HttpRequest:
        return self.signed(item(json.dumps({"messages": [json.loads(raw.raw) for raw in raws]}).encode(), ""))

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
        thread = {"chat": "t1", "dispute": "d7"}[thread_kind]
        return self.sample(20 + len(thread_kind), "Is it lost?", thread=thread, about=thread_kind)

    def acted(self) -> list[bytes]:
        return self.fake.http.asked("/acts")

    def saying(self, text: str) -> RawInbound:
        self.said += 1
        return self.sample(600 + self.said, text)

    def again(self, raw: RawInbound) -> RawInbound:
        return replace(raw, raw=json.dumps(json.loads(raw.raw) | {"redelivered": True}).encode())

    def start_attempt(self, rule: StartRule, attempt: OutboundAttempt) -> OutboundAttempt:
        return replace(attempt, thread=f"new-{rule.needs}", answers=None)
