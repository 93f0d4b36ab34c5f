"""Calls to the Selling Partner API; in: method, path and document, out: Amazon's document, or a SendError.

Keeps one access token, fetched with the seller's refresh token; keeps Amazon's limits before it has to say
so; tells "certainly not sent" from "nobody knows".
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
)

from router.clock import Clock
from router.errors import AuthInvalid, Retryable, SendError, UnknownOutcome
from router_marketplace.amazon.facts import FACTS
from router_marketplace.amazon.refusals import refusal_of
from router_marketplace.amazon.settings import AmazonAccess
from router_marketplace.facts import Budget
from router_marketplace.pace import Pace
from router_marketplace.parsing import text_of
from router_marketplace.settings import secret

MAX_ANSWER_BYTES = 1024 * 1024
_SPARE_S = 60.0

Before = Callable[[], Awaitable[None]]


class AmazonClient:
    """One seller's line to Amazon; each operation has its own `budget`, `query` goes with every call."""

    def __init__(
        self,
        settings: AmazonAccess,
        http: ClientSession,
        clock: Clock,
        *,
        budget: Budget,
        query: Mapping[str, str],
    ) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock
        self._query = query
        self._pace: dict[str, Pace] = defaultdict(lambda: Pace({"call": (budget,)}))
        self._token = ""
        self._token_until_s = 0.0
        self._turn = asyncio.Lock()

    async def renew(self) -> None:
        """Fetch a new access token; raises AuthInvalid when the seller has to allow it again."""
        async with self._turn:
            await self._fetch_token()

    async def ask(
        self,
        method: str,
        path: str,
        operation: str,
        document: Mapping[str, Any] | None = None,
        *,
        before: Before | None = None,
    ) -> tuple[Mapping[str, Any], str]:
        """Make a call; give the document and Amazon's id of the request. A POST counts as a message sent."""
        self._pace[operation].take("call", "", self._clock.monotonic())
        token = await self._current_token()
        if before is not None:
            await before()
        writes = method == "POST"
        headers = {"x-amz-access-token": token, "Content-Type": "application/json"}
        base = (self._settings.api_url or FACTS.hosts[self._settings.region]).rstrip("/")
        status, found, headers_back = await self._exchange(
            method,
            base + path,
            writes=writes,
            params=self._query,
            data=json.dumps(document, ensure_ascii=False).encode() if document is not None else None,
            headers=headers,
        )
        if status >= 300:
            raise refusal_of(status, found, headers_back, self._clock.now(), writes=writes)
        return found, headers_back.get("x-amzn-requestid", "")

    async def _current_token(self) -> str:
        async with self._turn:
            if self._clock.monotonic() >= self._token_until_s:
                await self._fetch_token()
            return self._token

    async def _fetch_token(self) -> None:
        settings = self._settings
        form = {
            "grant_type": "refresh_token",
            "refresh_token": secret(settings.refresh_token_env, "the seller's refresh token"),
            "client_id": settings.client_id,
            "client_secret": secret(settings.client_secret_env, "the application's secret"),
        }
        status, found, _ = await self._exchange(
            "POST", settings.auth_url or FACTS.auth_url, writes=False, data=form
        )
        token = text_of(found.get("access_token"))
        if status in (400, 401, 403):
            code = text_of(found.get("error")) or str(status)
            raise AuthInvalid(
                f"Amazon gives no access token ({code})",
                code=code,
                public_text="Amazon refuses the seller's access; it has to be allowed again.",
            )
        if status >= 300 or not token:
            raise _trouble(Retryable, f"status {status}")
        lasts = found.get("expires_in")
        lasts_s = float(lasts) if isinstance(lasts, int | float) else 3600.0
        self._token = token
        self._token_until_s = self._clock.monotonic() + max(lasts_s - _SPARE_S, 1.0)

    async def _exchange(
        self, method: str, url: str, *, writes: bool, **request: Any
    ) -> tuple[int, Mapping[str, Any], Mapping[str, str]]:
        try:
            async with self._http.request(
                method,
                url,
                allow_redirects=False,
                timeout=ClientTimeout(total=self._settings.timeout_s, connect=10.0),
                **request,
            ) as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                return response.status, await _document(response), headers
        except (ClientConnectorError, ConnectionTimeoutError) as error:
            # Nothing can have been written where no connection was made.
            raise _trouble(Retryable, type(error).__name__) from None
        except (ClientError, TimeoutError, OSError) as error:
            raise _trouble(UnknownOutcome if writes else Retryable, type(error).__name__) from None


async def _document(response: ClientResponse) -> Mapping[str, Any]:
    content = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        content += chunk
        if len(content) > MAX_ANSWER_BYTES:
            return {}
    try:
        document = json.loads(content) if content.strip() else {}
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _trouble(kind: type[SendError], cause: str) -> SendError:
    return kind(f"Amazon did not answer ({cause})", code="network", public_text="Amazon did not answer.")
