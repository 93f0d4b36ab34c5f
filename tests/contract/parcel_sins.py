"""Channels of the parcel service that do one thing wrong each, for the contract suite to find."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

from router import HttpReply, HttpRequest, Pulled, Signal
from router.errors import InboundRejected, Retryable
from router.messages import (
    Block,
    BlockKind,
    Confirmation,
    EventKind,
    Evidence,
    EvidenceKind,
    InboundEvent,
    JsonObject,
    OutboundAttempt,
    RawInbound,
    Receipt,
    SendOutcome,
)
from tests.contract.parcels import EVERYTHING, Parcels
from tests.contract.parcels_provider import item


class ForgetsTheBoundary(Parcels):
    async def pull(self, signal: Signal | None = None) -> Pulled:
        cursor = await self.ctx.cursor()
        if isinstance(cursor, int) and cursor % 3 == 0:
            cursor += 1
        page = json.loads(await self.call("GET", f"/messages?after={cursor or 0}"))
        items = [item(json.dumps(each).encode(), each["id"]) for each in page["messages"]]
        await self.ctx.accept(items, cursor=page["next"])
        return Pulled(items=len(items), more=page["more"])


class MovesTheCursorFirst(Parcels):
    async def pull(self, signal: Signal | None = None) -> Pulled:
        cursor = await self.ctx.get("cursor")
        page = json.loads(await self.call("GET", f"/messages?after={cursor or 0}"))
        await self.ctx.put("cursor", page["next"])
        await self.ctx.accept([item(json.dumps(each).encode(), each["id"]) for each in page["messages"]])
        return Pulled(more=page["more"])


class KeysByArrival(Parcels):
    pulls = 0

    async def pull(self, signal: Signal | None = None) -> Pulled:
        self.pulls += 1
        cursor = await self.ctx.cursor()
        overlap = max(cursor - 1, 0) if isinstance(cursor, int) else 0
        page = json.loads(await self.call("GET", f"/messages?after={overlap}"))
        raws = [item(json.dumps(each).encode(), f"{each['id']}-{self.pulls}") for each in page["messages"]]
        await self.ctx.accept(raws, cursor=page["next"])
        return Pulled()


class ReadsBeforeItVerifies(Parcels):
    async def handle_http(self, request: HttpRequest) -> HttpReply:
        try:
            return await super().handle_http(request)
        finally:
            await self.ctx.accept([item(request.body, "unverified")])


class IgnoresTheTime(Parcels):
    async def handle_http(self, request: HttpRequest) -> HttpReply:
        await self.ctx.accept([item(request.body, request.headers.get("X-At", ""))])
        return HttpReply()


class DoesTheWorkFirst(Parcels):
    async def handle_http(self, request: HttpRequest) -> HttpReply:
        for _ in range(2):
            await self.ctx.put("busy", 1)
            await super().handle_http(request)
            await self.ctx.accept([item(b"more", f"more-{id(object())}")])
        return HttpReply()


class Chatty(Parcels):
    async def handle_http(self, request: HttpRequest) -> HttpReply:
        return replace(await super().handle_http(request), body=b'{"ok": true}')


class RenewsByItself(Parcels):
    async def send(self, attempt: OutboundAttempt) -> Receipt:
        await self.renew_access()
        return await super().send(attempt)


class KeepsTheOldToken(Parcels):
    opened = False

    async def renew_access(self) -> None:
        if not self.opened:
            await super().renew_access()
        self.opened = True


class HidesTheLimit(Parcels):
    async def send(self, attempt: OutboundAttempt) -> Receipt:
        for _ in range(2):
            try:
                return await super().send(attempt)
            except Retryable:
                raise
            except Exception:
                await asyncio.sleep(0)
        raise Retryable("tried twice")


class SendsNoPictures(Parcels):
    async def send(self, attempt: OutboundAttempt) -> Receipt:
        if any(block.kind is BlockKind.IMAGE for block in attempt.blocks):
            raise Retryable("pictures do not work")
        return await super().send(attempt)


class TakesAnyFile(Parcels):
    async def upload(self, file: Any, chunks: AsyncIterator[bytes]) -> JsonObject:
        return {"file": str(sum([len(chunk) async for chunk in chunks]))}


class DropsWhatItDoesNotKnow(Parcels):
    def decode(self, raw: RawInbound) -> Sequence[InboundEvent]:
        return [
            event
            for event in super().decode(raw)
            if not any(block.kind is BlockKind.UNSUPPORTED for block in event.blocks)
        ]


class KeepsOnlyTheHeadline(Parcels):
    def block(self, kind: str, text: str, said: JsonObject) -> Block:
        block = super().block(kind, text, said)
        if block.kind is BlockKind.UNSUPPORTED:
            return replace(block, fields={"platform_kind": "other"})
        return block


class StoresItsOwnWords(Parcels):
    async def handle_http(self, request: HttpRequest) -> HttpReply:
        said = json.loads(request.body)
        await self.ctx.accept([item(json.dumps(said | {"text": "…"}).encode(), said["id"])])
        return HttpReply()


class KeepsTheHeaders(Parcels):
    async def handle_http(self, request: HttpRequest) -> HttpReply:
        said = json.loads(request.body)
        raw = replace(item(request.body, said["id"]), envelope={"Authorization": "Bearer abc"})
        await self.ctx.accept([raw])
        return HttpReply()


class TellsTheLog(Parcels):
    async def handle_http(self, request: HttpRequest) -> HttpReply:
        self.ctx.log.debug("got %s", json.loads(request.body).get("text"))
        return await super().handle_http(request)


class AcceptsLater(Parcels):
    """Answers first and stores on a task of its own, which closing drops."""

    async def handle_http(self, request: HttpRequest) -> HttpReply:
        said = json.loads(request.body)
        self.later = asyncio.ensure_future(self.ctx.accept([item(request.body, said["id"])]))
        await asyncio.sleep(0)
        return HttpReply()

    async def close(self) -> None:
        self.later.cancel()


class RemembersEverything(Parcels):
    async def handle_http(self, request: HttpRequest) -> HttpReply:
        seen = self.__dict__.setdefault("seen", [])
        seen.append(request.body * 30)
        return await super().handle_http(request)


class MissesTheRecalls(Parcels):
    def decode(self, raw: RawInbound) -> Sequence[InboundEvent]:
        return [replace(event, kind=EventKind.MESSAGE) for event in super().decode(raw)]


class ActsNot(Parcels):
    async def act(self, action: Any) -> Receipt:
        raise Retryable("not today")


class ActsOnPaper(Parcels):
    """Gives a receipt for acts nobody is asked for."""

    async def act(self, action: Any) -> Receipt:
        return Receipt(outcome=SendOutcome.ACCEPTED)


class ActsOnNothing(Parcels):
    async def act(self, action: Any) -> Receipt:
        return await super().act(replace(action, target="another"))


class RecallsAnother(Parcels):
    def decode(self, raw: RawInbound) -> Sequence[InboundEvent]:
        return [replace(one, target=one.target and "another") for one in super().decode(raw)]


class MixesThreads(Parcels):
    def decode(self, raw: RawInbound) -> Sequence[InboundEvent]:
        one_thread = [Evidence(kind=EvidenceKind.THREAD, value="t1")]
        return [replace(event, evidence=one_thread) for event in super().decode(raw)]


class CallsItChat(Parcels):
    def decode(self, raw: RawInbound) -> Sequence[InboundEvent]:
        return [replace(event, context={"thread_kind": "chat"}) for event in super().decode(raw)]


class NumbersTheBytes(Parcels):
    """Knows a repetition by its bytes, which are others the second time."""

    async def handle_http(self, request: HttpRequest) -> HttpReply:
        await self.ctx.accept([item(request.body, str(hash(request.body)))])
        return HttpReply()


class TakesTheFirst(Parcels):
    """Stores one message of a call, however many it carries."""

    async def handle_http(self, request: HttpRequest) -> HttpReply:
        first = json.loads(request.body).get("messages", [])[:1]
        await self.ctx.accept(self.items(first))
        return HttpReply() if first else await super().handle_http(request)


class TripsOverHalves(Parcels):
    def block(self, kind: str, text: str, said: JsonObject) -> Block:
        return super().block(kind, text.encode().decode(), said)


class TripsOverNul(Parcels):
    async def handle_http(self, request: HttpRequest) -> HttpReply:
        if "\\u0000" in request.body.decode():
            raise InboundRejected
        return await super().handle_http(request)


class TripsOverDepth(Parcels):
    async def handle_http(self, request: HttpRequest) -> HttpReply:
        reply = await super().handle_http(request)
        json.loads(request.body)
        return reply


class CutsMarks(Parcels):
    """Stores what it made of the text, not what came."""

    async def handle_http(self, request: HttpRequest) -> HttpReply:
        cut = request.body.replace(b"kept-bidi", b"")
        await self.ctx.accept([item(cut, json.loads(cut)["id"])])
        return HttpReply()


class TellsEverybody(Parcels):
    async def send(self, attempt: Any) -> Receipt:
        return await super().send(replace(attempt, audience=EVERYBODY))


class SendsAgain(Parcels):
    """Gives each try another key, so that the provider cannot know it again."""

    async def send(self, attempt: Any) -> Receipt:
        self.tries = getattr(self, "tries", 0) + 1
        return await super().send(replace(attempt, outgoing_ref=f"{attempt.outgoing_ref}-{self.tries}"))


class FindsEverything(Parcels):
    async def confirm(self, attempt: OutboundAttempt) -> Confirmation:
        return Confirmation.FOUND


class SendsElsewhere(Parcels):
    async def send(self, attempt: OutboundAttempt) -> Receipt:
        return await super().send(replace(attempt, thread="another"))


class SendsNoTemplate(Parcels):
    async def send(self, attempt: OutboundAttempt) -> Receipt:
        return await super().send(replace(attempt, template=None))


class CutsTexts(Parcels):
    async def send(self, attempt: OutboundAttempt) -> Receipt:
        blocks = [replace(block, text=block.text[:100]) for block in attempt.blocks]
        return await super().send(replace(attempt, blocks=blocks))


class ReadsNoFile(Parcels):
    async def upload(self, file: Any, chunks: Any) -> JsonObject:
        return {"file": "0"} if file.size_bytes < 1000 else await super().upload(file, chunks)


EVERYBODY = EVERYTHING.audiences
