"""One call to a gateway of a Chinese platform; in: signed parameters, out: its answer, or a SendError.

Everything is in the body, so no address carries a signature or a token, and no error text either.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
)

from router.errors import RateLimited, Retryable, SendError, UnknownOutcome
from router_marketplace.notes.facts import NoteFacts
from router_marketplace.parsing import object_of, text_of

MAX_ANSWER_BYTES = 4 * 1024 * 1024
REST_S = 5.0

_BAN = re.compile(r"ban will last for (\d{1,5}) more second")


async def ask_gateway(
    http: ClientSession,
    url: str,
    params: Mapping[str, str],
    facts: NoteFacts,
    *,
    writes: bool,
    timeout_s: float,
) -> Mapping[str, Any]:
    """Post a form and give the answer's document; whatever is doubtful about a write is UnknownOutcome."""
    try:
        async with http.post(
            url,
            data=dict(params),
            allow_redirects=False,
            timeout=ClientTimeout(total=timeout_s, connect=min(10.0, timeout_s)),
        ) as response:
            status = response.status
            content = await _read(response)
    except (ClientConnectorError, ConnectionTimeoutError) as error:
        # Nothing can have been written where no connection was made.
        raise _trouble(Retryable, type(error).__name__) from None
    except (ClientError, TimeoutError, OSError) as error:
        raise _trouble(UnknownOutcome if writes else Retryable, type(error).__name__) from None
    if status == 429:
        raise RateLimited("the platform asks to slow down", code="429", retry_after_s=REST_S)
    document = _document(content)
    if status >= 300 or not document:
        certain = not writes or 300 <= status < 500
        raise _trouble(Retryable if certain else UnknownOutcome, f"status {status}")
    refusal = object_of(document.get("error_response"))
    if refusal:
        raise refusal_of(refusal, facts, writes=writes)
    return document


def refusal_of(refusal: Mapping[str, Any], facts: NoteFacts, *, writes: bool) -> SendError:
    """Name what a platform refuses, in its own words."""
    code = text_of(refusal.get("code")) or text_of(refusal.get("error_code"))
    sub_code = text_of(refusal.get("sub_code"))
    words = (
        text_of(refusal.get("sub_msg")) or text_of(refusal.get("msg")) or text_of(refusal.get("error_msg"))
    )
    kind = facts.error_of(code, sub_code)
    if kind is UnknownOutcome and not writes:
        kind = Retryable
    wait = _BAN.search(words)
    return kind(
        f"{code} {sub_code}".strip(),
        code=sub_code or code,
        public_text=f"The platform refuses: {words[:200]} ({sub_code or code})",
        retry_after_s=(float(wait[1]) if wait else REST_S) if kind is RateLimited else None,
    )


async def _read(response: ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        content += chunk
        if len(content) > MAX_ANSWER_BYTES:
            return b""
    return bytes(content)


def _document(content: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _trouble(kind: type[SendError], cause: str) -> SendError:
    return kind(
        f"the platform did not answer ({cause})", code="network", public_text="The platform did not answer."
    )
