"""The contract suite itself: a good channel is certified, each sin is found by its own check."""

import asyncio
import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from router import Capabilities, Channel, ChannelContext, ChannelType, Confirms, FollowsThread, TextLimits
from router import errors as failures
from router.errors import MalformedMessage, PluginContractError, UnknownOutcome
from router.messages import (
    Author,
    Block,
    Confirmation,
    Evidence,
    EvidenceKind,
    Identity,
    InboundEvent,
    OutboundAttempt,
    RawInbound,
    Receipt,
    Role,
    SendOutcome,
    ThreadEvent,
)
from router.testing import ChannelContract, certify, make_raw
from router.testing.certificate import Verdict
from router.testing.checks.capability import CLAIMS_OF, claims_of


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    provider: Any = None
    key_env: str = "POSTCARD_KEY"


class Loose(BaseModel):
    provider: Any = None
    key_env: str = "POSTCARD_KEY"


class Postcards(Channel[Settings], Confirms, FollowsThread):
    """Postcards in JSON: `{"id", "from", "text"}`; the provider is an object in the settings."""

    def decode(self, raw: RawInbound) -> Sequence[InboundEvent]:
        try:
            card = json.loads(raw.raw)
            text, sender, card_id = str(card["text"]), str(card["from"]), str(card["id"])
        except (ValueError, LookupError, TypeError, RecursionError):
            raise MalformedMessage("no postcard") from None
        return [self.event(text, sender, card_id, str(card.get("to", sender)))]

    def event(self, text: str, sender: str, card_id: str, thread: str) -> InboundEvent:
        return InboundEvent(
            external_id=card_id,
            author=Author(role=Role.CUSTOMER, identities=[Identity(kind="name", value=sender)]),
            blocks=[Block(text=text)],
            evidence=[Evidence(kind=EvidenceKind.THREAD, value=thread)],
        )

    def key(self, raw: RawInbound) -> str:
        return raw.dedupe_key

    async def take(self, raw: RawInbound) -> str:
        await self.ctx.accept([replace(raw, dedupe_key=self.key(raw))])
        return "thanks"

    async def send(self, attempt: OutboundAttempt) -> Receipt:
        await self.ctx.sending(attempt.attempt_id)
        await asyncio.sleep(0)
        self.settings.provider.post(attempt)
        return Receipt(outcome=SendOutcome.ACCEPTED)

    async def confirm(self, attempt: OutboundAttempt) -> Confirmation:
        there = self.settings.provider.has(attempt.outgoing_ref)
        return Confirmation.FOUND if there else Confirmation.NOT_FOUND

    async def thread_changed(self, thread: str, event: ThreadEvent) -> None:
        pass


class Post:
    """The simulated provider: keeps one card for each id."""

    settings_model: type[BaseModel] = Settings

    def __init__(self) -> None:
        self.cards: dict[str, bytes] = {}
        self.next = ""

    def settings(self) -> BaseModel:
        return self.settings_model(provider=self)

    def samples(self) -> list[RawInbound]:
        cards = [{"id": str(number), "from": "ann", "text": f"card {number}"} for number in range(3)]
        return [make_raw(json.dumps(card).encode(), key=str(card["id"])) for card in cards]

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def deliver(self, channel: Any, raw: RawInbound) -> str:
        return str(await channel.take(raw))

    def post(self, attempt: OutboundAttempt) -> None:
        error, self.next = self.next, ""
        if error == "UnknownOutcome":
            self.cards[attempt.outgoing_ref] = b"?"
        if error:
            raise getattr(failures, error)("no")
        text = attempt.blocks[0].text if attempt.blocks else ""
        card = {"id": attempt.outgoing_ref, "from": "shop", "to": attempt.thread, "text": text}
        card["token"] = attempt.reply_token
        self.cards[attempt.outgoing_ref] = json.dumps(card).encode()

    def has(self, ref: str) -> bool:
        return ref in self.cards

    def sent(self) -> list[bytes]:
        return list(self.cards.values())

    def fail_next(self, error: str) -> None:
        self.next = error

    def errors(self) -> list[str]:
        return ["Retryable", "RateLimited", "AuthInvalid", "UnknownOutcome"]

    def echo(self) -> RawInbound:
        return make_raw(self.sent()[-1])


GOOD = ChannelType(
    id="postcards",
    title="Postcards",
    settings=Settings,
    capabilities=Capabilities(
        channel_class="email",
        text=TextLimits(max=500),
        reply_token=True,
        marks_sending=True,
        idempotent_send=True,
    ),
    factory=Postcards,
    simulator=Post,
    shares_loop=True,
)


def test_good_channel_is_certified_with_what_it_declares():
    certificate = certify(GOOD)
    assert certificate.passed, certificate.render()
    ends = {
        verdict: [one.number for one in certificate.results if one.verdict is verdict] for verdict in Verdict
    }
    # The class lives in a test module, which no fresh interpreter can import: check 1 stays open.
    assert ends == {
        Verdict.PROVEN: [2, 3, 4, 5, 6, 8, 10, 11, 12, 14, 15, 16, 19, 20, 21, 22],
        Verdict.NOT_DECLARED: [7, 9, 13, 17, 18, 24],
        Verdict.NOT_RUN: [1, 23],
        Verdict.FAILED: [],
    }
    text = certificate.render()
    assert "postcards (Postcards): certified" in text
    assert "  PROVEN  text                max 500, unit chars  (test 15)\n" in text
    assert "not declared\n  receipts, start_rules, send_rules, media" in text


class AcknowledgesTooSoon(Postcards):
    async def take(self, raw: RawInbound) -> str:
        try:
            await self.ctx.accept([raw])
        except failures.StoreUnavailable:
            return "thanks"
        return "thanks"


class ForgetsWhatCame(Postcards):
    def key(self, raw: RawInbound) -> str:
        return f"{raw.dedupe_key}-{time.perf_counter_ns()}"


class Trips(Postcards):
    def decode(self, raw: RawInbound) -> Sequence[InboundEvent]:
        card = json.loads(raw.raw)
        return [self.event(card["text"], card["from"], card["id"], card["from"])]


class LeaksTasks(Postcards):
    # Held, so that they are there until their loop ends and not until some collection of garbage.
    leaked: list[asyncio.Future[Any]] = []

    async def open(self, ctx: ChannelContext) -> None:
        await super().open(ctx)
        self.leaked.append(asyncio.ensure_future(asyncio.Event().wait()))


class MisnamesErrors(Postcards):
    async def send(self, attempt: OutboundAttempt) -> Receipt:
        try:
            return await super().send(attempt)
        except failures.RateLimited as error:
            raise failures.Retryable(str(error)) from None


class SwallowsLostAnswers(Postcards):
    async def send(self, attempt: OutboundAttempt) -> Receipt:
        try:
            return await super().send(attempt)
        except UnknownOutcome:
            return Receipt(outcome=SendOutcome.ACCEPTED)


class MistakesItself(Postcards):
    def event(self, text: str, sender: str, card_id: str, thread: str) -> InboundEvent:
        return super().event(text, sender, f"card {card_id}", thread)


class NeverMarks(Postcards):
    async def send(self, attempt: OutboundAttempt) -> Receipt:
        self.settings.provider.post(attempt)
        return Receipt(outcome=SendOutcome.ACCEPTED)


class HoldsTheLoop(Postcards):
    async def send(self, attempt: OutboundAttempt) -> Receipt:
        if attempt.blocks[0].text.startswith("xxx"):
            time.sleep(0.2)  # noqa: ASYNC251 - the sin itself
        return await super().send(attempt)


class BreaksWhenCancelled(Postcards):
    busy = False

    async def send(self, attempt: OutboundAttempt) -> Receipt:
        if self.busy:
            raise failures.Retryable("busy for ever")
        self.busy = True
        receipt = await super().send(attempt)
        self.busy = False
        return receipt


class TellsItsKey(Postcards):
    async def take(self, raw: RawInbound) -> str:
        logging.getLogger("router_postcards").debug("key %s", "hunter2-of-the-post")
        return await super().take(raw)


class LoosePost(Post):
    settings_model = Loose


class SharedBox(Post):
    box: dict[str, bytes] = {}

    def __init__(self) -> None:
        super().__init__()
        self.cards = self.box


SINS = {
    "acknowledges before the commit": (AcknowledgesTooSoon, {}, 6, "though nothing had been stored"),
    "has no stable key": (ForgetsWhatCame, {}, 5, "accepted as a new item"),
    "decode raises anything": (Trips, {}, 8, "not MalformedMessage"),
    "leaks a task": (LeaksTasks, {}, 3, "grew from"),
    "raises the wrong class": (MisnamesErrors, {}, 10, "failed as RateLimited"),
    "hides a lost answer": (SwallowsLostAnswers, {}, 11, "yet send returned a receipt"),
    "takes itself for the customer": (MistakesItself, {}, 16, "looks like the customer's"),
    "claims a mark it never makes": (NeverMarks, {}, 22, "marks_sending"),
    "never marks a lost answer": (NeverMarks, {}, 11, "was not marked"),
    "holds the shared loop": (HoldsTheLoop, {}, 22, "the loop was held"),
    "is unusable after a cancellation": (BreaksWhenCancelled, {}, 4, "busy for ever"),
    "logs its secret": (TellsItsKey, {}, 2, "shows in the log"),
    "accepts unknown settings": (Postcards, {"settings": Loose, "simulator": LoosePost}, 2, "not frozen"),
    "mixes accounts": (Postcards, {"simulator": SharedBox}, 20, "left by the other account"),
}


@pytest.mark.parametrize(("factory", "changed", "number", "detail"), SINS.values(), ids=SINS.keys())
def test_sin_is_found_by_its_check(
    factory: Any, changed: dict[str, Any], number: int, detail: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("POSTCARD_KEY", "hunter2-of-the-post")
    certificate = certify(replace(GOOD, factory=factory, **changed), only={number})
    (result,) = certificate.results
    assert (result.verdict, detail in result.detail) == (Verdict.FAILED, True), certificate.render()
    assert not certificate.passed
    assert "NOT certified" in certificate.render()


class Stumbles(Post):
    """A simulator with a slip of the pen in it."""

    async def deliver(self, channel: Any, raw: RawInbound) -> str:
        return str(await channel.take(raw.dedupe_kye))  # type: ignore[attr-defined]


def test_crash_is_told_with_its_line_and_once_only():
    certificate = certify(replace(GOOD, simulator=Stumbles), only={5, 6, 10})
    told = "AttributeError: 'RawInbound' object has no attribute 'dedupe_kye'"
    assert certificate.results[0].detail.startswith(f"{told} (contract/test_certificate.py, line ")
    text = certificate.render()
    assert (text.count(told), text.count("the same as test 5")) == (1, 2), text
    assert "\n3 tests: 3 failed\n" in text


class NeverEnds(Post):
    async def deliver(self, channel: Any, raw: RawInbound) -> str:
        async with asyncio.timeout(0):
            await asyncio.Event().wait()
        return "thanks"


def test_waiting_in_vain_is_told_with_the_line_that_waits():
    (result,) = certify(replace(GOOD, simulator=NeverEnds), only={5}).results
    assert result.detail.startswith("nothing came within the time (contract/test_certificate.py, line ")


def test_claim_nothing_exercises_is_a_failure():
    boastful = replace(GOOD, capabilities=replace(GOOD.capabilities, receipts="read"))
    certificate = certify(boastful, only={22})
    assert certificate.results[0].detail.startswith(
        "declared, but nothing here exercised it: receipts: read (give the simulator"
    )
    missing = {one.name: one.missing for one in certificate.capabilities if one.missing}
    assert missing == {"receipts": ["receipts: read"]}


class SilentPost(Post):
    """Brings nothing of ours back."""

    echo = None  # type: ignore[assignment]


def test_picture_that_goes_out_as_its_words_is_no_picture():
    pictures = replace(GOOD.capabilities, blocks=frozenset({"text", "image"}))
    (result,) = certify(replace(GOOD, simulator=SilentPost, capabilities=pictures), only={14}).results
    assert result.verdict is Verdict.FAILED
    assert result.detail == "a block of the declared kind image arrived as its words alone"


def test_every_capability_there_is_has_its_claims():
    assert set(CLAIMS_OF) == {each.name for each in fields(Capabilities)}


def test_capability_the_kit_has_never_heard_of_is_a_claim_nothing_sees():
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Tomorrow(Capabilities):
        telepathy: bool = False

    assert claims_of(Tomorrow(channel_class="chat"))["telepathy"] == []
    assert claims_of(Tomorrow(channel_class="chat", telepathy=True))["telepathy"] == ["telepathy"]
    declared = replace(GOOD, capabilities=Tomorrow(channel_class="chat", telepathy=True))
    (result,) = certify(declared, only={22}).results
    assert (result.verdict, "telepathy" in result.detail) == (Verdict.FAILED, True)


def test_channel_without_a_simulator_cannot_be_certified():
    with pytest.raises(PluginContractError, match="gives no simulator"):
        certify(replace(GOOD, simulator=None))


def test_overriding_a_standard_test_is_refused():
    with pytest.raises(TypeError, match="overrides the contract's test_03"):

        class TestMine(ChannelContract):
            def test_03_opening_and_closing_leaks_nothing(self) -> None:
                pass


def test_overriding_a_standard_test_as_xfail_with_a_reason_is_allowed():
    class TestMine(ChannelContract):
        @pytest.mark.xfail(reason="the provider's library keeps a socket")
        def test_03_opening_and_closing_leaks_nothing(self) -> None:
            raise AssertionError

    assert TestMine.test_05_repeated_deliveries_count_once_in_order


class TestPostcards(ChannelContract):
    """The suite as plugin authors use it, without an installed entry point."""

    channel_type = GOOD
