"""The whole contract over a channel that declares everything, and each sin found by its own test."""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from router import ChannelType, HttpReply, HttpRequest
from router.capabilities import MediaLimits, Ordering, PushTerms
from router.messages import (
    InboundEvent,
    RawInbound,
)
from router.testing import certify
from router.testing.certificate import Verdict
from router.testing.certifying import run_check, stage_for
from router.testing.checks.capability import METHOD_OF, claims_of
from router.testing.checks.capability import test_of as number_of
from router.testing.register import check_of
from tests.contract.parcel_sins import (
    AcceptsLater,
    ActsNot,
    ActsOnNothing,
    ActsOnPaper,
    CallsItChat,
    Chatty,
    CutsMarks,
    CutsTexts,
    DoesTheWorkFirst,
    DropsWhatItDoesNotKnow,
    FindsEverything,
    ForgetsTheBoundary,
    HidesTheLimit,
    IgnoresTheTime,
    KeepsOnlyTheHeadline,
    KeepsTheHeaders,
    KeepsTheOldToken,
    KeysByArrival,
    MissesTheRecalls,
    MixesThreads,
    MovesTheCursorFirst,
    NumbersTheBytes,
    ReadsBeforeItVerifies,
    ReadsNoFile,
    RecallsAnother,
    RemembersEverything,
    RenewsByItself,
    SendsAgain,
    SendsElsewhere,
    SendsNoPictures,
    SendsNoTemplate,
    StoresItsOwnWords,
    TakesAnyFile,
    TakesTheFirst,
    TellsEverybody,
    TellsTheLog,
    TripsOverDepth,
    TripsOverHalves,
    TripsOverNul,
)
from tests.contract.parcels import EVERYTHING, PARCELS, Parcels
from tests.contract.parcels_provider import ParcelSimulator


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


SINS = {
    "skips the first of a page": (ForgetsTheBoundary, 7, "messages never came"),
    "moves the cursor before the commit": (MovesTheCursorFirst, 7, "messages never came"),
    "keys pages by arrival": (KeysByArrival, 7, "accepted twice"),
    "takes in before it verifies": (ReadsBeforeItVerifies, 8, "a call without a signature was accepted"),
    "takes any signature": (IgnoresTheTime, 8, "a call without a signature was answered 200"),
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
    "calls every thread a chat": (
        CallsItChat,
        22,
        "context['thread_kind'] is 'chat' in a thread of the declared kind dispute",
    ),
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


def finding(kind: ChannelType, number: int) -> str:
    """Give what a test finds after those before it have seen what is theirs to see, as in the whole run."""
    stage = stage_for(kind)
    claims = [each for some in claims_of(kind.capabilities).values() for each in some]
    stage.seen.update(claim for claim in [*claims, *METHOD_OF.values()] if number_of(claim) != number)
    with pytest.raises(AssertionError) as found:
        run_check(check_of(number), stage)
    return str(found.value)


@pytest.mark.parametrize(("factory", "number", "detail"), SINS.values(), ids=SINS.keys())
def test_sin_is_found_by_its_test(factory: Any, number: int, detail: str):
    assert detail in finding(replace(PARCELS, factory=factory), number)


class RemembersTheLast(Parcels):
    """Keeps more of the last calls than any test allows to be left behind, and never more than that."""

    async def handle_http(self, request: HttpRequest) -> HttpReply:
        last = self.__dict__.setdefault("last", deque(maxlen=80))
        last.append(request.body * 30)
        return await super().handle_http(request)


def test_memory_of_a_fixed_size_is_no_growth():
    run_check(check_of(23), stage_for(replace(PARCELS, factory=RemembersTheLast)))


def test_late_answer_is_found_by_its_test():
    in_a_hurry = declaring(push=PushTerms(ack_within_ms=50))
    assert "the answer took" in finding(replace(in_a_hurry, factory=DoesTheWorkFirst), 9)


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
}


@pytest.mark.parametrize(("kind", "number", "verdict", "detail"), BOASTS.values(), ids=BOASTS.keys())
def test_boast_is_told_apart_from_what_is_proven(
    kind: ChannelType, number: int, verdict: Verdict, detail: str
):
    (result,) = certify(kind, only={number}).results
    assert (result.verdict, detail in result.detail) == (verdict, True), result


UNHEARD_OF = {
    "typing": (declaring(typing="loud"), "typing is 'loud'"),
    "receipts": (declaring(receipts="maybe"), "receipts is 'maybe'"),
    "requires": (declaring(requires=frozenset({"luck"})), "requires ['luck']"),
    "thread": (
        declaring(thread_kinds=EVERYTHING.thread_kinds | {"auction"}),
        "knows no thread of the declared kind auction",
    ),
    "acts": (replace(PARCELS, simulator=Shy), "actions: read (give the simulator `acted()`)"),
    "dense": (
        replace(declaring(ordering=Ordering.DENSE), factory=SkipsNumbers),
        "dense keys count up by one, without gaps",
    ),
}


@pytest.mark.parametrize(("kind", "detail"), UNHEARD_OF.values(), ids=UNHEARD_OF.keys())
def test_claim_of_the_tour_that_is_not_so_is_told(kind: ChannelType, detail: str):
    assert detail in finding(kind, 22)


HOLLOW = {
    "a kind of thread": (
        declaring(thread_kinds=EVERYTHING.thread_kinds | {"auction"}),
        "knows no thread of the declared kind auction",
    ),
    "acts": (replace(PARCELS, simulator=Shy), "actions: read (give the simulator `acted()`)"),
    "density": (
        replace(declaring(ordering=Ordering.DENSE), factory=SkipsNumbers),
        "dense keys count up by one, without gaps",
    ),
}


@pytest.mark.parametrize(("kind", "detail"), HOLLOW.values(), ids=HOLLOW.keys())
def test_claim_without_proof_is_told(kind: ChannelType, detail: str):
    assert detail in finding(kind, 22)
