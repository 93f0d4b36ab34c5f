"""One account's traffic with its platform; in: a `Call`, out: an `Answer` that is no refusal, or a SendError.

Signs, keeps the limits, keeps a renewed token, and tells "certainly not sent" from "nobody knows". No error
text carries a URL, as some platforms take tokens and signatures in it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientTimeout,
    ConnectionTimeoutError,
    FormData,
)
from yarl import URL

from router.channel import ChannelContext
from router.errors import (
    AuthExpired,
    AuthInvalid,
    Permanent,
    Retryable,
    SendError,
    StoreUnavailable,
    UnknownOutcome,
)
from router.messages import JsonObject
from router_marketplace.adapter import Adapter
from router_marketplace.calls import Access, Answer, Call
from router_marketplace.pace import Pace

MAX_ANSWER_BYTES = 8 * 1024 * 1024
_ACCESS = "access"

Before = Callable[[], Awaitable[None]]


class Exchange:
    """Makes the calls of one open account."""

    def __init__(self, adapter: Adapter[Any], ctx: ChannelContext) -> None:
        self._adapter = adapter
        self._ctx = ctx
        self._pace = Pace(adapter.facts.budgets)
        self._at_once = asyncio.Semaphore(adapter.facts.poll.at_once)
        self._is_kept = True
        self.access = Access()

    async def open(self) -> None:
        """Read the secrets, and the token of an earlier run if it has been renewed since."""
        self.access = self._adapter.first_access()
        kept = await self._ctx.get(_ACCESS)
        if isinstance(kept, dict) and kept.get("first") == _fingerprint(self.access):
            self.access = Access(
                keys=self.access.keys,
                token=str(kept["token"]),
                refresh_token=str(kept["refresh_token"]),
            )

    async def make(self, call: Call, *, thread: str = "", before: Before | None = None) -> Answer:
        """Make a call; `before` is awaited just before the first byte that could have an effect."""
        if not self._is_kept:
            await self._keep()
        self._pace.take(call.budget, thread, self._ctx.clock.monotonic())
        try:
            return await self._judged(call, before)
        except UnicodeEncodeError as error:
            # Only while it is written, so nothing has left.
            raise Permanent("the call holds text that no encoding carries", code="text") from error

    async def renew(self) -> None:
        """Get a new token and keep it; the core sees to it that this runs once at a time."""
        old = self.access
        try:
            answer = await self._judged(self._adapter.renewal(old), None)
        except AuthExpired as error:
            raise AuthInvalid("the platform gives no new token", code=error.code) from error
        self.access = self._adapter.renewed(old, answer, self._ctx.clock.now())
        self._is_kept = False
        await self._keep()

    async def _keep(self) -> None:
        """Store the new token; while the store is away it serves from memory and is stored later.

        Many platforms take the old refresh token away, so losing the new one would lock the account out.
        """
        first = _fingerprint(self._adapter.first_access())
        value = {"first": first, "token": self.access.token, "refresh_token": self.access.refresh_token}
        try:
            await self._ctx.put(_ACCESS, value)
            self._is_kept = True
        except StoreUnavailable:
            self._ctx.log.warning("the renewed access could not be stored yet")

    async def _judged(self, call: Call, before: Before | None) -> Answer:
        """Make a call once and raise what the adapter takes the answer for."""
        async with self._at_once:
            # Signed only now: a signature carries the time, and waiting for a turn takes some.
            signed = self._adapter.sign(call, self.access, self._ctx.clock.now())
            if before is not None:
                await before()
            answer = await self._answered(signed)
        error = self._adapter.refusal(call, answer, self._ctx.clock.now())
        if error is not None:
            raise error
        return answer

    async def _answered(self, call: Call) -> Answer:
        try:
            async with self._ctx.http.request(
                call.method,
                self._url(call),
                data=_body(call),
                headers=_headers(call),
                allow_redirects=False,
                timeout=ClientTimeout(total=self._adapter.settings.timeout_s, connect=10.0),
            ) as response:
                return await _read(response)
        except (ClientConnectorError, ConnectionTimeoutError) as error:
            # Nothing can have been written where no connection was made.
            raise _trouble(Retryable, error) from None
        except (ClientError, TimeoutError, OSError, _Unreadable) as error:
            raise _trouble(UnknownOutcome if call.writes else Retryable, error) from None

    def _url(self, call: Call) -> URL:
        settings = self._adapter.settings
        base = call.url or (settings.api_url or self._adapter.facts.api_url).rstrip("/") + call.path
        return URL(base).update_query(dict(call.query)) if call.query else URL(base)


class _Unreadable(Exception):
    """The answer is too long or no JSON."""


async def _read(response: ClientResponse) -> Answer:
    content = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        content += chunk
        if len(content) > MAX_ANSWER_BYTES:
            raise _Unreadable
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(status=response.status, headers=headers, document=_document(response, bytes(content)))


def _document(response: ClientResponse, content: bytes) -> JsonObject:
    """Read a JSON object; an error page of a proxy has none, and its status says enough."""
    try:
        document = json.loads(content) if content.strip() else {}
        if isinstance(document, dict):
            return document
    except (ValueError, RecursionError):
        pass
    if response.status >= 300:
        return {}
    raise _Unreadable


def _headers(call: Call) -> dict[str, str]:
    typed = {"Content-Type": call.content_type} if call.content_type and call.file is None else {}
    return {**typed, **call.headers}


def _body(call: Call) -> bytes | FormData | None:
    if call.file is None:
        return call.body or None
    # As browsers do: percent signs in a name would be shown to the buyer, control characters end the header.
    form = FormData(quote_fields=False)
    form.add_field(
        call.file.part,
        call.file.content,
        filename="".join(letter for letter in call.file.name if letter.isprintable()),
        content_type=call.file.content_type,
    )
    return form


def _trouble(kind: type[SendError], error: Exception) -> SendError:
    """Name the trouble by its class alone: its text may hold a signed URL."""
    return kind(
        f"the platform did not answer ({type(error).__name__})",
        code="network",
        public_text="The platform did not answer.",
    )


def _fingerprint(access: Access) -> str:
    """Tell whether the secrets in the environment are still those a kept token came from."""
    told = f"{access.token}\n{access.refresh_token}".encode()
    return hashlib.blake2b(told, digest_size=16).hexdigest()
