"""Judge what the provider answers; in: status, headers and body, out: the class of error that says what helps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from router.errors import (
    AuthInvalid,
    NotAllowedNow,
    Permanent,
    RateLimited,
    Retryable,
    SendError,
    UnknownOutcome,
)
from router_whatsapp.facts import FACTS
from router_whatsapp.parsing import object_of, objects, text_of, whole

USAGE = "x-business-use-case-usage"
_PAUSE_S = 60.0
_GATEWAYS = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT})


def refusal_of(
    status: int, headers: Mapping[str, str], document: Mapping[str, Any], *, writes: bool
) -> SendError | None:
    """Give the error an answer stands for, None for a good one; `headers` have lower-case names."""
    error = object_of(document.get("error"))
    code = whole(error.get("code"))
    if code is None:
        return None if status < HTTPStatus.MULTIPLE_CHOICES else _by_status(status, headers, writes=writes)
    words = text_of(object_of(error.get("error_data")).get("details")) or text_of(error.get("message"))
    message = f"WhatsApp refused with {code}: {words[:300]}"
    known = FACTS.refusal(code)
    if known is None:
        kind = Retryable if error.get("is_transient") is True else type(_by_status(status, headers))
        return kind(message, code=str(code), public_text=f"WhatsApp refused: {words[:200] or code}")
    wait_s = (_asked_wait_s(headers) or known.retry_after_s) if known.error is RateLimited else None
    return known.error(
        message,
        code=str(code),
        public_text=known.text,
        retry_after_s=wait_s,
        scope=known.scope,
        alternatives=known.alternatives,
        part=known.part,
    )


def _by_status(status: int, headers: Mapping[str, str], *, writes: bool = False) -> SendError:
    """Judge an answer without a code of the provider's: whatever stands before it has answered."""
    message, code = f"WhatsApp answered with HTTP {status}", str(status)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited(message, code=code, retry_after_s=_asked_wait_s(headers) or _PAUSE_S)
    if writes and status in _GATEWAYS:
        # A gateway that gave up waiting does not know what became of the call.
        return UnknownOutcome(message, code=code)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Retryable(message, code=code)
    if status == HTTPStatus.UNAUTHORIZED:
        return AuthInvalid(message, code=code)
    if status == HTTPStatus.FORBIDDEN:
        return NotAllowedNow(message, code=code)
    return Permanent(message, code=code)


def _asked_wait_s(headers: Mapping[str, str]) -> float | None:
    """Read how long to wait: the standard header, else the provider's own, which counts minutes."""
    seconds = whole(headers.get("retry-after"))
    if seconds is not None and seconds > 0:
        return float(seconds)
    try:
        usage = json.loads(headers.get(USAGE, "{}"))
    except (ValueError, RecursionError):
        return None
    uses = [use for business in object_of(usage).values() for use in objects(business)]
    minutes = [whole(use.get("estimated_time_to_regain_access")) or 0 for use in uses]
    return max(minutes) * 60.0 if any(minutes) else None
