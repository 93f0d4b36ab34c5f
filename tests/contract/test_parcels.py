"""The whole contract over a channel that declares everything, and each sin found by its own test."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from router import ChannelType, HttpReply, HttpRequest, Pulled, Signal
from router.capabilities import MediaLimits, Ordering, PushTerms
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
from router.testing import certify
from router.testing.certificate import Verdict
from tests.contract.parcels import EVERYTHING, PARCELS, Parcels
from tests.contract.parcels_provider import ParcelSimulator, item


def test_certificate_lists_every_capability_with_the_tests_that_saw_it():
    certificate = certify(PARCELS, plugin="parcels 1.0")
    assert certificate.passed, certificate.render()
    open_ones = {one.name for one in certificate.capabilities if one.verdict is Verdict.NOT_DECLARED}
    assert open_ones == {"reply_token", "typing"}
    told = certificate.to_json()
    assert (told["certified"], told["plugin"], len(told["tests"])) == (True, "parcels 1.0", 24)
    (push,) = [one for one in told["capabilities"] if one["name"] == "push"]
    assert (push["verdict"], push["tests"], push["missing"]) == ("PROVEN", [5, 8, 9], [])
    text = certificate.render()
    assert "PROVEN  send_rules          opened_by customer_message, lasts_s 86400.0, max_sends 2" in text


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
        for _ in range(4):
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

SINS = {
    "skips the first of a page": (ForgetsTheBoundary, 7, "messages never came"),
    "moves the cursor before the commit": (MovesTheCursorFirst, 7, "messages never came"),
    "keys pages by arrival": (KeysByArrival, 7, "accepted twice"),
    "takes in before it verifies": (ReadsBeforeItVerifies, 8, "a call without a signature was accepted"),
    "takes any signature": (IgnoresTheTime, 8, "a call without a signature was answered 200"),
    "answers late": (DoesTheWorkFirst, 9, "the answer took"),
    "answers with a body": (Chatty, 9, "wants an empty answer"),
    "hides a rate limit": (HidesTheLimit, 12, "after a rate limit the reply is accepted"),
    "renews with every send": (RenewsByItself, 13, "renewed the token"),
    "keeps the old token": (KeepsTheOldToken, 13, "did not survive the new token"),
    "cannot send what it declares": (SendsNoPictures, 14, "a block of the declared kind image was not sent"),
    "takes files of any size": (TakesAnyFile, 14, "one over the declared limit, was taken"),
    "drops unknown kinds": (DropsWhatItDoesNotKnow, 17, "was not kept"),
    "forgets which unknown kind": (KeepsOnlyTheHeadline, 17, "do not hold what the provider sent"),
    "stores its own words": (StoresItsOwnWords, 21, "say other things"),
    "stores credentials": (KeepsTheHeaders, 21, "keeps the header Authorization"),
    "logs what customers write": (TellsTheLog, 21, "the log tells"),
    "acknowledges before it stores": (AcceptsLater, 19, "were acknowledged"),
    "remembers everything": (RemembersEverything, 23, "left"),
    "declares events it never brings": (MissesTheRecalls, 22, "exercised it: events: recall"),
    "declares acts it cannot do": (ActsNot, 22, "not today"),
    "acts on paper only": (ActsOnPaper, 22, "the provider was asked for nothing"),
    "acts on another message": (ActsOnNothing, 22, "names neither message, thread nor recipient"),
    "takes back another message": (RecallsAnother, 22, "is about 'another', which is no sample"),
    "puts all threads into one": (MixesThreads, 22, "chat stand in one thread"),
    "knows repetitions by their bytes": (NumbersTheBytes, 5, "accepted as a new item"),
    "takes the first of a call": (TakesTheFirst, 5, "a call with 3 messages became 2 items"),
    "cannot read half a character": (TripsOverHalves, 21, "decode raised UnicodeEncodeError"),
    "refuses NUL": (TripsOverNul, 21, "a message with NUL in it"),
    "crashes on deep nesting": (TripsOverDepth, 21, "deep nesting ended with RecursionError"),
    "stores cleaned texts": (CutsMarks, 21, "was not stored with its bytes"),
    "tells everybody": (TellsEverybody, 22, "arrived like one to the customer alone"),
    "finds what was never sent": (FindsEverything, 22, "confirm found a message that was never sent"),
    "answers in another thread": (SendsElsewhere, 22, "came back in ['another']"),
    "sends words for a template": (SendsNoTemplate, 22, "arrived as plain text"),
    "cuts long texts": (CutsTexts, 15, "arrived 100 bytes"),
    "takes files unread": (ReadsNoFile, 14, "without reading it"),
    "sends again": (SendsAgain, 22, "arrived twice"),
}


@pytest.mark.parametrize(("factory", "number", "detail"), SINS.values(), ids=SINS.keys())
def test_sin_is_found_by_its_test(factory: Any, number: int, detail: str):
    (result,) = certify(replace(PARCELS, factory=factory), only={number}).results
    assert (result.verdict, detail in result.detail) == (Verdict.FAILED, True), result


def declaring(**more: Any) -> ChannelType:
    return replace(PARCELS, capabilities=replace(EVERYTHING, **more))


class SkipsNumbers(Parcels):
    def decode(self, raw: RawInbound) -> Sequence[InboundEvent]:
        return [replace(event, sort_key=f"{int(event.sort_key) * 2:012}") for event in super().decode(raw)]


class Shy(ParcelSimulator):
    """A simulator that lacks what some tests need."""

    crowd = expire_token = signed = signed_together = sample_in = acted = None  # type: ignore[assignment]


BOASTS = {
    "pages": (replace(PARCELS, simulator=Shy), 7, Verdict.NOT_RUN, "no `page_size` and `crowd(count)`"),
    "token": (replace(PARCELS, simulator=Shy), 13, Verdict.NOT_RUN, "no `expire_token`"),
    "push": (replace(PARCELS, simulator=Shy), 9, Verdict.NOT_RUN, "no `signed(raw)`"),
    "unseen": (replace(PARCELS, simulator=Shy), 22, Verdict.FAILED, "poll (give the simulator `page_size`"),
    "blocks": (
        declaring(blocks=frozenset({"text", "image", "video"})),
        14,
        Verdict.FAILED,
        "a video came back as ['unsupported']",
    ),
    "limit": (declaring(text=replace(EVERYTHING.text, max=501)), 15, Verdict.FAILED, "exactly 501"),
    "bound": (declaring(push=PushTerms(ack_within_ms=0)), 9, Verdict.FAILED, "declared 0"),
    "media": (
        declaring(media={"video": MediaLimits(types=frozenset(), max_bytes=9, via="upload")}),
        22,
        Verdict.FAILED,
        "media: video",
    ),
    "thread": (
        declaring(thread_kinds=EVERYTHING.thread_kinds | {"auction"}),
        22,
        Verdict.FAILED,
        "knows no thread of the declared kind auction",
    ),
    "acts": (
        replace(PARCELS, simulator=Shy),
        22,
        Verdict.FAILED,
        "actions: read (give the simulator `acted()`)",
    ),
    "dense": (
        replace(declaring(ordering=Ordering.DENSE), factory=SkipsNumbers),
        22,
        Verdict.FAILED,
        "dense keys count up by one, without gaps",
    ),
    "typing": (declaring(typing="loud"), 22, Verdict.FAILED, "typing is 'loud'"),
    "receipts": (declaring(receipts="maybe"), 22, Verdict.FAILED, "receipts is 'maybe'"),
    "requires": (declaring(requires=frozenset({"luck"})), 22, Verdict.FAILED, "requires ['luck']"),
}


@pytest.mark.parametrize(("kind", "number", "verdict", "detail"), BOASTS.values(), ids=BOASTS.keys())
def test_boast_is_told_apart_from_what_is_proven(
    kind: ChannelType, number: int, verdict: Verdict, detail: str
):
    (result,) = certify(kind, only={number}).results
    assert (result.verdict, detail in result.detail) == (verdict, True), result
