"""What a simulator may offer besides `router.channel.Simulator`; each opens one contract test more.

In: nothing but these protocols, which a simulator fulfils by having the methods. Out: what the contract
suite asks for. None of them has to be named or inherited; what a channel declares says which it needs, and
the certificate names the one that is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from pydantic import BaseModel

from router.capabilities import StartRule
from router.channel import AnyChannel, HttpRequest, Simulator
from router.messages import Block, DeliveryState, OutboundAttempt, RawInbound
from router.orders import ContextKind, ContextQuery
from router.threads import Action, ActionKind


@runtime_checkable
class EchoSimulator(Simulator, Protocol):
    """A provider that also brings our own messages back to us (test 16)."""

    def echo(self) -> RawInbound:
        """Give the message we sent last, as the provider would deliver it to us."""
        ...


@runtime_checkable
class PagedSimulator(Simulator, Protocol):
    """A provider that is asked page by page (test 7; every `PullSource` needs it)."""

    @property
    def page_size(self) -> int:
        """Say how many messages one page holds."""
        ...

    def crowd(self, count: int) -> Sequence[str]:
        """Put this many new messages of customers at the provider, all with the one same time stamp.

        The time is the same for every call. Gives their texts (of calls: the customers' numbers), oldest
        first; no two are alike.
        """
        ...


@runtime_checkable
class TokenSimulator(Simulator, Protocol):
    """A provider whose access tokens run out (test 13; every `RenewsAccess` needs it)."""

    def expire_token(self) -> None:
        """Let the token in use run out now; requests with it are refused as they would really be."""
        ...

    @property
    def tokens_issued(self) -> int:
        """Count the tokens given out so far."""
        ...


@runtime_checkable
class TemplateSimulator(Simulator, Protocol):
    """A provider that takes nothing but templates (every test that sends)."""

    def in_template(self, attempt: OutboundAttempt) -> OutboundAttempt:
        """Turn free words into a template this provider takes that carries them, in a thread it knows."""
        ...


@runtime_checkable
class SignedSimulator(Simulator, Protocol):
    """A provider that calls us (tests 8 and 9; needed where `push` is declared)."""

    def signed(self, raw: RawInbound) -> HttpRequest:
        """Give a sample as the call the provider would make, signed if it signs its calls."""
        ...

    def stale(self, raw: RawInbound) -> HttpRequest | None:
        """Give the same call, rightly signed at a time far off; None where the signature has no time."""
        ...


@runtime_checkable
class UnknownKindSimulator(Simulator, Protocol):
    """A provider that may send kinds of items nobody has heard of yet (test 17)."""

    def unknown_kind(self) -> RawInbound:
        """Give an item of a kind the plugin does not know, as the provider would deliver it."""
        ...


@runtime_checkable
class BatchSimulator(Simulator, Protocol):
    """A provider that calls us with several messages at once (test 5)."""

    def signed_together(self, raws: Sequence[RawInbound]) -> HttpRequest:
        """Give samples as one call the provider would make, signed if it signs its calls."""
        ...


@runtime_checkable
class RepeatingSimulator(Simulator, Protocol):
    """A provider whose repetitions are not byte for byte what came first (test 5)."""

    def again(self, raw: RawInbound) -> RawInbound:
        """Give a sample as the provider brings it a second time: a flag set, another number of the call."""
        ...


@runtime_checkable
class SayingSimulator(Simulator, Protocol):
    """A provider whose customers may write anything (test 21)."""

    def saying(self, text: str) -> RawInbound:
        """Give a new message of a customer with these words, half characters and NUL included."""
        ...


@runtime_checkable
class FreshSimulator(Simulator, Protocol):
    """A provider that never runs out of new messages (test 23 needs it)."""

    def fresh(self, number: int) -> RawInbound:
        """Give a message that differs from all samples and from every other number's."""
        ...

    def forget(self) -> None:
        """Drop what the provider has kept so far, so that only the channel's memory is measured."""
        ...


@runtime_checkable
class BlockSimulator(Simulator, Protocol):
    """A provider with its own demands on blocks (test 14)."""

    def block(self, kind: str) -> Block:
        """Give a block of a declared kind, filled in so that this provider takes it."""
        ...


@runtime_checkable
class ReceiptSimulator(Simulator, Protocol):
    """A provider that says later what became of a message (test 22, `receipts`)."""

    async def receipt(self, channel: AnyChannel, attempt: OutboundAttempt, state: DeliveryState) -> None:
        """Let the provider tell us that this message, which we sent, was delivered or read."""
        ...


@runtime_checkable
class ActingSimulator(Simulator, Protocol):
    """A provider with its own demands on what is done besides sending (test 22, `actions`)."""

    def action(self, kind: ActionKind, attempt: OutboundAttempt) -> Action:
        """Give an act this provider allows; `attempt` is a message we have sent."""
        ...


@runtime_checkable
class ActWatchingSimulator(Simulator, Protocol):
    """A provider that remembers what it was asked to do besides taking messages (test 22, `actions`)."""

    def acted(self) -> Sequence[bytes]:
        """Give what it was asked to do, in order and as it was asked: the ids it was given are in there."""
        ...


@runtime_checkable
class StartSimulator(Simulator, Protocol):
    """A provider where the shop may begin (test 22, `start_rules`)."""

    def start_attempt(self, rule: StartRule, attempt: OutboundAttempt) -> OutboundAttempt:
        """Turn an attempt into one that begins a thread on the ground this rule names."""
        ...


@runtime_checkable
class ThreadKindSimulator(Simulator, Protocol):
    """A provider with several kinds of threads (test 22, `thread_kinds`)."""

    def sample_in(self, thread_kind: str) -> RawInbound:
        """Give a message that stands in a thread of this declared kind."""
        ...


@runtime_checkable
class ContextSimulator(Simulator, Protocol):
    """A provider that knows orders (test 22, `context_kinds`; without it the samples' authors are asked for)."""

    def question(self, kind: ContextKind) -> ContextQuery:
        """Give a question of this kind that the provider has an answer to."""
        ...


@runtime_checkable
class TypingSimulator(Simulator, Protocol):
    """A provider that says when a customer is writing (test 22, `typing`)."""

    async def type(self, channel: AnyChannel, raw: RawInbound) -> None:
        """Let the author of this sample begin to write."""
        ...


@runtime_checkable
class SpecSimulator(Simulator, Protocol):
    """A provider with a published OpenAPI description (test 24)."""

    @property
    def url(self) -> str:
        """Where the simulated provider listens."""
        ...

    def spec(self) -> Path:
        """Name the OpenAPI file; one that is not there leaves the test open."""
        ...

    def settings_behind(self, url: str) -> BaseModel:
        """Give settings that reach the provider through this address instead of its own."""
        ...
