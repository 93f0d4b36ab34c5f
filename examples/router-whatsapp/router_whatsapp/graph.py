"""One number's calls to the Graph API; in: path and document, out: the answer's document, or a SendError.

Tells "certainly not sent" from "nobody knows". The token travels in a header only and stands in no error text.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
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

from router import ChannelContext
from router.errors import Permanent, RecipientGone, Retryable, SendError, UnknownOutcome
from router_whatsapp.facts import FACTS
from router_whatsapp.parsing import text_of
from router_whatsapp.refusals import refusal_of
from router_whatsapp.settings import WhatsAppSettings

MAX_ANSWER_BYTES = 8 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024
_CONNECT_S = 10.0
# What the Graph API says of an object that is not there any more.
_NO_OBJECT = "100"
# The description asks for a name with a version of three parts.
_PROGRAM = "router-whatsapp/1.0.0"

Before = Callable[[], Awaitable[None]]


class Graph:
    """Makes the calls of one open account."""

    def __init__(self, settings: WhatsAppSettings, ctx: ChannelContext, token: str) -> None:
        base = settings.api_url or FACTS.api_url
        self._base = f"{base.rstrip('/')}/{settings.api_version or FACTS.version}/"
        self._ctx = ctx
        self._headers = {"Authorization": f"Bearer {token}", "User-Agent": _PROGRAM}
        self._timeout = ClientTimeout(total=settings.timeout_s, connect=_CONNECT_S)

    async def get(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        """Ask for something; a lost answer is asked for again."""
        return await self._call("GET", URL(self._base + path).with_query(dict(query)), writes=False)

    async def post(
        self, path: str, document: Mapping[str, Any], before: Before | None = None
    ) -> dict[str, Any]:
        """Have something done once; `before` is awaited just before the first byte that could have an effect."""
        body = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
        if before is not None:
            await before()
        return await self._call("POST", URL(self._base + path), writes=True, body=body)

    async def upload(self, path: str, form: FormData) -> dict[str, Any]:
        """Bring a file up; one that came twice harms nobody."""
        return await self._call("POST", URL(self._base + path), writes=False, body=form)

    async def fetch(self, link: str) -> AsyncIterator[bytes]:
        """Fetch a file by the link the provider gave; raises RecipientGone when it is not there any more."""
        url = self._trusted(link)
        got_bytes = 0
        try:
            async with self._ctx.http.get(
                url, headers=self._headers, allow_redirects=False, timeout=ClientTimeout(sock_read=_CONNECT_S)
            ) as response:
                if response.status in (404, 410):
                    raise RecipientGone("WhatsApp has dropped the file", code=str(response.status))
                refusal = refusal_of(response.status, _lower(response), {}, writes=False)
                if refusal is not None:
                    raise refusal
                async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                    got_bytes += len(chunk)
                    if got_bytes > max(media.max_bytes for media in FACTS.media.values()):
                        raise Permanent("the file is larger than WhatsApp's own limit", code="too_large")
                    yield chunk
        except (ClientError, TimeoutError, OSError) as error:
            raise _trouble(Retryable, error) from None

    def _trusted(self, link: str) -> URL:
        """Give a link the token may travel to: the provider's own hosts, encrypted, or the very API's."""
        try:
            url = URL(link)
            is_the_api = url.origin() == URL(self._base).origin()
        except ValueError:
            raise Permanent("WhatsApp gave no usable link to the file", code="media_link") from None
        host = url.host or ""
        is_theirs = any(host == one or host.endswith(f".{one}") for one in FACTS.media_hosts)
        if not is_the_api and not (url.scheme == "https" and is_theirs):
            raise Permanent(f"the file lies at an unknown host {host[:100]!r}", code="media_link")
        return url

    async def _call(
        self, method: str, url: URL, *, writes: bool, body: bytes | FormData | None = None
    ) -> dict[str, Any]:
        typed = {"Content-Type": "application/json"} if isinstance(body, bytes) else {}
        try:
            async with self._ctx.http.request(
                method,
                url,
                data=body,
                headers={**self._headers, **typed},
                allow_redirects=False,
                timeout=self._timeout,
            ) as response:
                status, headers = response.status, _lower(response)
                document = _document(status, await _read(response))
        except (ClientConnectorError, ConnectionTimeoutError) as error:
            # Nothing can have been written where no connection was made.
            raise _trouble(Retryable, error) from None
        except (ClientError, TimeoutError, OSError, _Unreadable) as error:
            raise _trouble(UnknownOutcome if writes else Retryable, error) from None
        refusal = refusal_of(status, headers, document, writes=writes)
        if refusal is not None:
            raise refusal
        return document


def is_missing(error: SendError) -> bool:
    """Tell whether the API says that there is no such object."""
    return error.code == _NO_OBJECT


def link_of(document: Mapping[str, Any]) -> str:
    """Give the link in an answer about a file."""
    return text_of(document.get("url"))


class _Unreadable(Exception):
    """The answer is too long or no JSON."""


async def _read(response: ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        content += chunk
        if len(content) > MAX_ANSWER_BYTES:
            raise _Unreadable
    return bytes(content)


def _document(status: int, content: bytes) -> dict[str, Any]:
    """Read a JSON object; an error page of a proxy has none, and its status says enough."""
    try:
        document = json.loads(content) if content.strip() else {}
        if isinstance(document, dict):
            return document
    except (ValueError, RecursionError):
        pass
    if status >= 300:
        return {}
    raise _Unreadable


def _lower(response: ClientResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _trouble(kind: type[SendError], error: Exception) -> SendError:
    """Name the trouble by its class alone: its text may hold the link to a file."""
    return kind(
        f"WhatsApp did not answer ({type(error).__name__})",
        code="network",
        public_text="WhatsApp did not answer.",
    )
