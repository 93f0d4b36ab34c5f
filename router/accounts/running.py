"""What the core calls instead of a channel; in: the channel's own methods, out: answers within a limit.

Hides on which loop the channel lives, holds its promises for it (a time limit, no unknown exception, no
garbage), and tells "it may have left" from "it certainly did not".
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from functools import cached_property
from http import HTTPStatus
from socket import gaierror
from typing import Any, TypeVar

from router.abilities import (
    Accompanies,
    Acts,
    Downloads,
    GivesContext,
    ListsTemplates,
    MediaFile,
    Permits,
    Uploads,
)
from router.accounts.judgement import cause_of
from router.accounts.kept import KeptAccount
from router.accounts.refusals import Refusals
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
    ContentRejected,
    InboundError,
    InboundRejected,
    NotFound,
    Permanent,
    PluginContractError,
    RecipientGone,
    Retryable,
    SendError,
    StoreUnavailable,
    UnknownOutcome,
)
from router.legible import legible
from router.messages import (
    AcceptResult,
    Confirmation,
    JsonObject,
    OutboundAttempt,
    Receipt,
    ThreadEvent,
)
from router.model.refusals import RefusedCalls
from router.orders import ContextCard, ContextKind, ContextQuery
from router.threads import Action, Permission, Template

T = TypeVar("T")

_log = logging.getLogger(__name__)
MAX_DOWNLOAD_BYTES = 25_000_000
# Nothing can have been written where no connection was made.
_NEVER_CONNECTED = (ConnectionRefusedError, gaierror)


class RunningChannel:
    """One account as the rest of the core sees it, open or not."""

    def __init__(self, kept: KeptAccount) -> None:
        self._kept = kept
        self._refusals = Refusals(kept.account.name, kept.clock)

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

        def is_doubtful(begun: bool) -> bool:
            # Given up before the look: what is marked after it does not leave.
            self._kept.give_up(attempt.attempt_id)
            return begun and self._may_have_left(attempt)

        try:
            return await self._receipt_of("send", lambda channel: channel.send(attempt), is_doubtful)
        finally:
            self._kept.was_marked(attempt.attempt_id)

    async def act(self, action: Action) -> Receipt:
        """Let the channel do something at its provider; raises only SendError classes."""
        allowed = self.channel_type.capabilities.actions
        if action.kind not in allowed or not issubclass(self._class, Acts):
            raise Permanent(f"{self.account} cannot {action.kind}", code="no_such_act")
        return await self._receipt_of("act", lambda channel: channel.act(action), lambda begun: begun)

    async def _receipt_of(
        self,
        name: str,
        do: Callable[[Any], Coroutine[Any, Any, Receipt]],
        is_doubtful: Callable[[bool], bool],
    ) -> Receipt:
        """Let the channel do what may be done only once; `is_doubtful` is told whether it may have begun."""
        begun = given_up = False

        async def act(channel: AnyChannel) -> Receipt:
            # In this order, and the other way round below: one of two threads sees what the other has done.
            nonlocal begun
            begun = True
            if given_up:
                raise Retryable("nobody waits for this any more", code="given_up")
            return await do(channel)

        try:
            receipt = await self._kept.call(act, self._kept.limits.send_s)
            if not isinstance(receipt, Receipt):
                raise PluginContractError(f"{name} returned {receipt!r:.80}, not a Receipt")
        except SendError:
            raise
        except Exception as error:
            _log.error(
                "%s failed outside the contract", name, exc_info=error, extra={"account": self.account}
            )
            given_up = True
            doubtful = is_doubtful(begun and not isinstance(error, _NEVER_CONNECTED))
            kind = UnknownOutcome if doubtful else Retryable
            raise kind(cause_of(error), code="plugin", public_text="The channel did not answer.") from error
        return receipt

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

    async def permissions(self, thread: str) -> Permission | None:
        """Ask the provider whether a thread may be written to; None where it cannot be asked."""
        if not issubclass(self._class, Permits):
            return None
        return legible(await self._asked(_permissions(thread), Permission))

    async def list_templates(self, thread: str) -> Sequence[Template]:
        """Give the texts the provider allows in a thread now; none where it has no such thing."""
        if not issubclass(self._class, ListsTemplates):
            return ()
        found: Sequence[Any] = await self._asked(_list_templates(thread), (list, tuple))
        for each in found:
            if not isinstance(each, Template):
                raise Retryable(f"list_templates gave {each!r:.80}, not a Template", code="plugin")
        return legible(tuple(found))

    @property
    def accompanied(self) -> frozenset[str]:
        """The accounts in whose conversations its approved texts are offered."""
        channel = self._unopened
        return frozenset(channel.accompanied()) if isinstance(channel, Accompanies) else frozenset()

    async def download(self, fields: JsonObject) -> bytes:
        """Fetch a file of a customer that lies at the provider.

        Raises LookupError when there is none, and a SendError when the provider does not give it.
        """
        if not issubclass(self._class, Downloads):
            raise LookupError("this channel fetches no files")
        try:
            return bytes(await self._asked(_download(fields), bytes))
        except RecipientGone as error:
            raise LookupError(error.public_text) from error

    async def upload(self, file: MediaFile, chunks: AsyncIterator[bytes]) -> JsonObject:
        """Bring a file to the provider; raises SendError classes, UnknownOutcome never: no customer has it yet."""
        if not issubclass(self._class, Uploads):
            raise Permanent(f"{self.account} takes no files", code="no_files")
        try:
            return await self._asked(_upload(file, chunks), Mapping, self._kept.limits.send_s)
        except UnknownOutcome as error:
            raise Retryable(str(error), code=error.code, public_text=error.public_text) from error

    async def _asked(
        self,
        act: Callable[[AnyChannel], Coroutine[Any, Any, T]],
        kind: type | tuple[type, ...],
        limit_s: float | None = None,
    ) -> T:
        """Ask a channel something within a limit; raises only SendError classes."""
        try:
            answer = await self._kept.call(act, limit_s or self._kept.limits.http_s)
        except SendError:
            raise
        except Exception as error:
            text = "The channel did not answer."
            raise Retryable(cause_of(error), code="plugin", public_text=text) from error
        if not isinstance(answer, kind):
            raise Retryable(f"the channel answered {answer!r:.80}", code="plugin")
        return answer

    async def handle_http(self, request: HttpRequest) -> HttpReply:
        """Let the channel answer its provider.

        Raises InboundRejected (401), StoreUnavailable (503, also past the bound the provider sets or while
        the account is not open), MalformedMessage (400), NotFound (404) and PluginContractError (500).
        """
        if not issubclass(self._class, PushSource):
            raise NotFound(f"the account {self.account} takes no calls")
        try:
            reply = await self._taking_in(_handle_http(request), self._answer_limit_s)
        except InboundRejected as error:
            self._refusals.refused(error)
            raise
        if not isinstance(reply, HttpReply):
            raise PluginContractError(f"handle_http returned {reply!r:.80}, not an HttpReply")
        if reply.status < HTTPStatus.BAD_REQUEST:
            self._refusals.took()
        return reply

    @property
    def refused(self) -> Sequence[RefusedCalls]:
        """The calls that could not be verified."""
        return self._refusals.list()

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

    @property
    def context_kinds(self) -> frozenset[ContextKind]:
        """What the provider knows of orders and customers."""
        gives = issubclass(self._class, GivesContext)
        return self.channel_type.capabilities.context_kinds if gives else frozenset()

    async def look_up(self, query: ContextQuery) -> Sequence[ContextCard]:
        """Ask the provider for context; raises only SendError classes."""
        try:
            return await self._kept.call(_look_up(query), self._kept.limits.look_up_s)
        except SendError:
            raise
        except Exception as error:
            _log.warning("look_up failed: %s", cause_of(error), extra={"account": self.account})
            raise Retryable(cause_of(error), code="plugin", public_text="the channel gave none") from error

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


def _permissions(thread: str) -> Callable[[Any], Coroutine[Any, Any, Permission]]:
    return lambda channel: channel.permissions(thread)


def _list_templates(thread: str) -> Callable[[Any], Coroutine[Any, Any, Sequence[Template]]]:
    return lambda channel: channel.list_templates(thread)


def _download(fields: JsonObject) -> Callable[[Any], Coroutine[Any, Any, bytes]]:
    async def fetch(channel: Any) -> bytes:
        fetched = bytearray()
        async for chunk in channel.download(fields):
            fetched += chunk
            if len(fetched) > MAX_DOWNLOAD_BYTES:
                raise ContentRejected(
                    f"the file is larger than {MAX_DOWNLOAD_BYTES:,} bytes", code="too_large"
                )
        return bytes(fetched)

    return fetch


def _upload(
    file: MediaFile, chunks: AsyncIterator[bytes]
) -> Callable[[Any], Coroutine[Any, Any, JsonObject]]:
    return lambda channel: channel.upload(file, chunks)


def _handle_http(request: HttpRequest) -> Callable[[Any], Coroutine[Any, Any, HttpReply]]:
    return lambda channel: channel.handle_http(request)


def _submit(form: JsonObject) -> Callable[[Any], Coroutine[Any, Any, AcceptResult]]:
    return lambda channel: channel.submit(form)


def _look_up(query: ContextQuery) -> Callable[[Any], Coroutine[Any, Any, Sequence[ContextCard]]]:
    return lambda channel: channel.look_up(query)


def _thread_changed(thread: str, event: ThreadEvent) -> Callable[[Any], Coroutine[Any, Any, None]]:
    return lambda channel: channel.thread_changed(thread, event)


def _show_typing(thread: str, name: str) -> Callable[[Any], Coroutine[Any, Any, None]]:
    return lambda channel: channel.show_typing(thread, name)
