"""A seller at a simulated Amazon, for the contract suite; nothing comes in, and only templates go out."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count

from router.capabilities import StartRule
from router.channel import AnyChannel
from router.messages import OutboundAttempt, RawInbound
from router.testing import Fault, cut_after_commit, rate_limited, refused, server_error
from router.threads import TemplateUse
from router_marketplace.amazon.facts import FACTS
from router_marketplace.amazon.settings import AmazonSettings
from router_marketplace.simulators.fake_amazon import (
    CLIENT_ID,
    EXPIRED,
    INVALID,
    MARKETPLACE,
    ORDER,
    REFRESH,
    SECRET,
    SEND,
    FakeAmazon,
)

_VARIABLES = {"OMNIROUTER_SIMULATED_AMAZON_SECRET": SECRET, "OMNIROUTER_SIMULATED_AMAZON_REFRESH": REFRESH}
DENIED = {"code": "Unauthorized", "message": "Access to requested resource is denied.", "details": ""}
NOT_NOW = {"code": "InvalidInput", "message": "This message is not available for this order", "details": ""}


def said(status: int, error: Mapping[str, str]) -> Fault:
    """Refuse in Amazon's envelope."""
    return refused(status, json.dumps({"errors": [error]}).encode())


REFUSALS: Mapping[str, Callable[[], Fault]] = {
    "Retryable": lambda: server_error(503),
    "RateLimited": lambda: rate_limited(7),
    "AuthExpired": lambda: said(403, EXPIRED),
    "AuthInvalid": lambda: said(403, DENIED),
    "NotAllowedNow": lambda: said(403, NOT_NOW),
    "ContentRejected": lambda: said(400, INVALID),
    "RecipientGone": lambda: said(404, {"code": "NotFound", "message": "No such order"}),
    "Permanent": lambda: said(409, {"code": "Conflict", "message": "In conflict"}),
    "UnknownOutcome": cut_after_commit,
}


class AmazonSimulator:
    """A seller with one order, for which Amazon permits every kind of message."""

    def __init__(self) -> None:
        self.fake = FakeAmazon()
        self._turns = count()

    def settings(self) -> AmazonSettings:
        """Give settings of the seller."""
        os.environ.update(_VARIABLES)
        secret, refresh = _VARIABLES
        return AmazonSettings(
            marketplace_id=MARKETPLACE,
            region="na",
            client_id=CLIENT_ID,
            client_secret_env=secret,
            refresh_token_env=refresh,
            companion_of=("support",),
            api_url=self.fake.url,
            auth_url=f"{self.fake.url}/token",
        )

    def samples(self) -> Sequence[RawInbound]:
        """Give none: buyers write by mail."""
        return ()

    async def start(self) -> None:
        """Open Amazon."""
        await self.fake.start()

    async def stop(self) -> None:
        """Close it."""
        await self.fake.stop()

    async def deliver(self, channel: AnyChannel, raw: RawInbound) -> str:
        """Refuse: there is no door."""
        raise LookupError("nothing comes in by Amazon's interface")

    def sent(self) -> Sequence[bytes]:
        """Give the texts of what arrived from the seller."""
        return [message.text.encode() for message in self.fake.sent_by_shop()]

    def fail_next(self, error: str) -> None:
        """Let the next message fail as a class of `router.errors`."""
        self.fake.fail_with(REFUSALS[error](), f"POST {SEND}")

    def errors(self) -> Sequence[str]:
        """Name those classes."""
        return tuple(REFUSALS)

    def expire_token(self) -> None:
        """Let the token in use run out."""
        self.fake.expire_tokens()

    @property
    def tokens_issued(self) -> int:
        """Count the tokens given out."""
        return self.fake.tokens_issued

    def in_template(self, attempt: OutboundAttempt) -> OutboundAttempt:
        """Put the words into a kind of message with room for them, in turn: each kind has its own limit."""
        text = "\n".join(block.text for block in attempt.blocks)
        wide = [name for name, facts in FACTS.messages.items() if len(text) <= facts.max_chars]
        name = wide[next(self._turns) % len(wide)]
        use = TemplateUse(id=f"messages:{name}", language="en-US", variables={"text": text})
        return replace(attempt, thread=ORDER, template=use)

    def start_attempt(self, rule: StartRule, attempt: OutboundAttempt) -> OutboundAttempt:
        """Begin with the order."""
        return replace(attempt, thread=ORDER)
