"""What the core calls instead of a channel; in: the channel's own methods, out: answers within a limit.

Hides on which loop the channel lives, holds its promises for it (a time limit, no unknown exception, no
garbage), and tells "it may have left" from "it certainly did not".
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from functools import cached_property
from socket import gaierror
from typing import Any, TypeVar

from router.accounts.judgement import cause_of
from router.accounts.kept import KeptAccount
from router.capabilities import Health
from router.channel import (
    AnyChannel,
    ChannelType,
    Confirms,
    FollowsThread,
    HttpReply,
    HttpRequest,
    ManualSource,
    PushSource,
    ShowsTyping,
)
from router.errors import (
    InboundError,
    NotFound,
    PluginContractError,
    Retryable,
    SendError,
    StoreUnavailable,
    UnknownOutcome,
)
from router.messages import (
    AcceptResult,
    Confirmation,
    JsonObject,
    OutboundAttempt,
    Receipt,
    ThreadEvent,
)

T = TypeVar("T")

_log = logging.getLogger(__name__)
# Nothing can have been written where no connection was made.
_NEVER_CONNECTED = (ConnectionRefusedError, gaierror)


class RunningChannel:
    """One account as the rest of the core sees it, open or not."""

    def __init__(self, kept: KeptAccount) -> None:
        self._kept = kept

    @property
    def account(self) -> str:
        """Name of the account."""
        return self._kept.account.name

    @property
    def channel_type(self) -> ChannelType:
        """The kind of channel."""
        return self._kept.account.channel_type

    @property
    def health(self) -> Health:
        """How the account is doing."""
        return self._kept.health

    async def send(self, attempt: OutboundAttempt) -> Receipt:
        """Hand one message to the provider; raises only SendError classes."""
        begun = False

        async def act(channel: AnyChannel) -> Receipt:
            nonlocal begun
            begun = True
            return await channel.send(attempt)

        try:
            receipt = await self._kept.call(act, self._kept.limits.send_s)
            if not isinstance(receipt, Receipt):
                raise PluginContractError(f"send returned {receipt!r:.80}, not a Receipt")
        except SendError:
            raise
        except Exception as error:
            _log.error("send failed outside the contract", exc_info=error, extra={"account": self.account})
            doubtful = begun and not isinstance(error, _NEVER_CONNECTED) and self._may_have_left(attempt)
            if not doubtful:
                self._kept.give_up(attempt.attempt_id)
            kind = UnknownOutcome if doubtful else Retryable
            raise kind(cause_of(error), code="plugin", public_text="The channel did not answer.") from error
        else:
            return receipt
        finally:
            self._kept.was_marked(attempt.attempt_id)

    async def confirm(self, attempt: OutboundAttempt) -> Confirmation:
        """Ask the provider whether a doubtful attempt arrived; UNSURE whenever that cannot be known."""
        if not issubclass(self._class, Confirms):
            return Confirmation.UNSURE
        try:
            answer = await self._kept.call(_confirm(attempt), self._kept.limits.confirm_s)
        except Exception as error:
            _log.warning("confirm failed: %s", cause_of(error), extra={"account": self.account})
            return Confirmation.UNSURE
        return answer if isinstance(answer, Confirmation) else Confirmation.UNSURE

    async def handle_http(self, request: HttpRequest) -> HttpReply:
        """Let the channel answer its provider.

        Raises InboundRejected (401), StoreUnavailable (503, also past the bound the provider sets or while
        the account is not open), MalformedMessage (400), NotFound (404) and PluginContractError (500).
        """
        if not issubclass(self._class, PushSource):
            raise NotFound(f"the account {self.account} takes no calls")
        reply = await self._taking_in(_handle_http(request), self._answer_limit_s)
        if not isinstance(reply, HttpReply):
            raise PluginContractError(f"handle_http returned {reply!r:.80}, not an HttpReply")
        return reply

    async def submit(self, form: JsonObject) -> AcceptResult:
        """Take one form filled in by an agent; errors as for `handle_http`."""
        if not issubclass(self._class, ManualSource):
            raise NotFound(f"nothing is entered by hand for the account {self.account}")
        return await self._taking_in(_submit(form), self._kept.limits.http_s)

    async def thread_changed(self, thread: str, event: ThreadEvent) -> None:
        """Tell a channel that shows live threads of a new entry; only a wake-up, so failures are logged."""
        if not issubclass(self._class, FollowsThread):
            return
        try:
            await self._kept.call(_thread_changed(thread, event), self._kept.limits.http_s)
        except Exception as error:
            _log.debug("thread_changed failed: %s", cause_of(error), extra={"account": self.account})

    async def show_typing(self, thread: str, name: str) -> None:
        """Show the customer that `name` is writing, where the channel can; failures are logged."""
        if not issubclass(self._class, ShowsTyping):
            return
        try:
            await self._kept.call(_show_typing(thread, name), self._kept.limits.http_s)
        except Exception as error:
            _log.debug("show_typing failed: %s", cause_of(error), extra={"account": self.account})

    def form_schema(self) -> JsonObject:
        """Give the JSON Schema of the form for entries by hand."""
        channel = self._unopened
        if not isinstance(channel, ManualSource):
            raise NotFound(f"nothing is entered by hand for the account {self.account}")
        return channel.form_schema()

    def outgoing_ref(self, message_id: str) -> str:
        """Give the id a message will carry outside; pure."""
        return self._unopened.outgoing_ref(message_id)

    @cached_property
    def _unopened(self) -> AnyChannel:
        """A channel object that is never opened, for the pure methods."""
        return self.channel_type.factory(self.account, self._kept.account.settings)

    @property
    def _class(self) -> type[AnyChannel]:
        return type(self._unopened)

    def _may_have_left(self, attempt: OutboundAttempt) -> bool:
        capabilities = self.channel_type.capabilities
        if capabilities.marks_sending:
            return self._kept.was_marked(attempt.attempt_id)
        return not capabilities.idempotent_send

    @property
    def _answer_limit_s(self) -> float:
        """How long a provider waits: past its declared bound an answer is heard by nobody."""
        terms = self.channel_type.capabilities.push
        limit_s = self._kept.limits.http_s
        return limit_s if terms is None else min(limit_s, terms.ack_within_ms / 1000)

    async def _taking_in(self, act: Callable[[AnyChannel], Coroutine[Any, Any, T]], limit_s: float) -> T:
        try:
            return await self._kept.call(act, limit_s)
        except InboundError:
            raise
        except (TimeoutError, SendError) as error:
            raise StoreUnavailable(f"{self.account}: {cause_of(error)}") from error
        except Exception as error:
            raise PluginContractError(f"{self.account}: {cause_of(error)}") from error


def _confirm(attempt: OutboundAttempt) -> Callable[[Any], Coroutine[Any, Any, Confirmation]]:
    return lambda channel: channel.confirm(attempt)


def _handle_http(request: HttpRequest) -> Callable[[Any], Coroutine[Any, Any, HttpReply]]:
    return lambda channel: channel.handle_http(request)


def _submit(form: JsonObject) -> Callable[[Any], Coroutine[Any, Any, AcceptResult]]:
    return lambda channel: channel.submit(form)


def _thread_changed(thread: str, event: ThreadEvent) -> Callable[[Any], Coroutine[Any, Any, None]]:
    return lambda channel: channel.thread_changed(thread, event)


def _show_typing(thread: str, name: str) -> Callable[[Any], Coroutine[Any, Any, None]]:
    return lambda channel: channel.show_typing(thread, name)
