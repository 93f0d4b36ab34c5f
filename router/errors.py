"""The whole error hierarchy: what went wrong, and whether trying again can help.

The first sentence of a class docstring is its default message, so that `raise OfferExpired` already
reads as a sentence. A duplicate is a return value, never an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime


class RouterError(Exception):
    """Something in the router went wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or _first_sentence(type(self).__doc__))


class ConfigError(RouterError):
    """The configuration cannot be used.

    `path` names the place (`omnirouter.yaml:12:3 accounts.support.smtp.port`), `hint` the remedy.
    """

    def __init__(self, message: str, *, path: str = "", hint: str = "") -> None:
        self.path = path
        self.hint = hint
        text = f"{path}: {message}" if path else message
        if hint:
            text += " " if text.endswith((".", "!", "?", "\n")) else ". "
        super().__init__(text + hint)


class PluginError(RouterError):
    """A plugin cannot be used; the other plugins run on."""

    def __init__(self, message: str, *, plugin: str = "", distribution: str = "") -> None:
        self.plugin = plugin
        self.distribution = distribution
        super().__init__(message)


class PluginLoadError(PluginError):
    """A plugin failed to import or to register."""


class PluginContractError(PluginError):
    """A plugin broke the channel contract."""


class InboundError(RouterError):
    """An inbound item was not taken in as it came."""


class StoreUnavailable(InboundError):
    """The store cannot commit at the moment; nothing was accepted, try again later.

    Sources answer with their protocol's temporary failure (SMTP 451, HTTP 503 with Retry-After).
    """

    def __init__(self, message: str | None = None, *, retry_after_s: int = 5) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message)


class MalformedMessage(InboundError):
    """The raw bytes cannot be understood; they are quarantined and never retried by themselves.

    `code` is a short stable word for the reason (`too_deep`, `no_sender`).
    """

    def __init__(self, message: str, *, code: str = "malformed") -> None:
        self.code = code
        super().__init__(message)


class InboundRejected(InboundError):
    """The sender could not be verified (bad signature, replay, stale clock).

    Operators see how many calls were refused and the message, whoever called sees neither: let it say what to
    check, and nothing of what the call held. `code` is a short word for the reason: `signature`, `stale`,
    `sender`, or the channel's own.
    """

    def __init__(self, message: str | None = None, *, code: str = "signature") -> None:
        self.code = code
        super().__init__(message)


class RoutingError(RouterError):
    """A routing act is not possible."""


class OfferExpired(RoutingError):
    """The offer is no longer open."""


class CapacityExceeded(RoutingError):
    """The agent has no capacity left for this work."""


class NotPermitted(RoutingError):
    """The agent does not serve the queue of this work."""


class StaleVersion(RoutingError):
    """The claim is not held by this agent any more; reload and look who has it."""


class NotFound(RoutingError):
    """There is no such object, or it is not visible to this agent."""


class SendError(RouterError):
    """A message could not be handed to the provider.

    `code` is the provider's own code or a short word, `public_text` what an agent may read.
    Subclasses decide what the outbox does; nothing else does. `scope` is what a limit counts (account,
    thread, recipient), `until` when the refusal ends, `alternatives` what an agent can do instead (template,
    call_back, or a channel), `part` the place in the message that was refused.
    """

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str = "",
        public_text: str = "",
        retry_after_s: float | None = None,
        scope: str = "account",
        until: datetime | None = None,
        alternatives: Sequence[str] = (),
        part: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.public_text = public_text or str(self)
        self.retry_after_s = retry_after_s
        self.scope = scope
        self.until = until
        self.alternatives = tuple(alternatives)
        self.part = part


class Retryable(SendError):
    """The provider is busy or unreachable; back off and try again with the same key."""


class RateLimited(SendError):
    """The provider asks to slow down; only this account pauses, its order is kept."""


class AuthExpired(SendError):
    """The access token is out of date; refresh once, retry once."""


class AuthInvalid(SendError):
    """The account's credentials are refused; an admin has to act, no retry."""


class NotAllowedNow(SendError):
    """The provider does not allow this message now (window closed, blocked, opted out)."""


class ContentRejected(SendError):
    """The provider refuses this content; it goes back to its author."""


class RecipientGone(SendError):
    """The recipient cannot be reached at this address any more."""


class Permanent(SendError):
    """The provider refused for good."""


class UnknownOutcome(SendError):
    """The connection was cut after the message was written; it may or may not have arrived."""


def _first_sentence(doc: str | None) -> str:
    """Give the first line of a docstring without its final full stop."""
    return (doc or "").strip().split("\n", 1)[0].rstrip(".")
