"""What Amazon's refusals mean; in: status, document and headers, out: a SendError class."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from router.errors import (
    AuthExpired,
    AuthInvalid,
    ContentRejected,
    NotAllowedNow,
    Permanent,
    RateLimited,
    RecipientGone,
    Retryable,
    SendError,
    UnknownOutcome,
)
from router_marketplace.parsing import objects, pause_s, text_of

_CLASSES: Mapping[int, type[SendError]] = {
    400: ContentRejected,
    404: RecipientGone,
    413: ContentRejected,
    415: ContentRejected,
    429: RateLimited,
    503: Retryable,
}


def refusal_of(
    status: int, document: Mapping[str, Any], headers: Mapping[str, str], now: datetime, *, writes: bool
) -> SendError:
    """Name a refusal in Amazon's own words."""
    first = next(iter(objects(document.get("errors"))), {})
    code = text_of(first.get("code")) or f"http_{status}"
    words = (text_of(first.get("details")) or text_of(first.get("message")))[:300]
    kind = _class_of(status, code, words, writes=writes)
    return kind(
        f"Amazon refused ({status} {code})",
        code=code,
        public_text=f"Amazon refuses: {words or code}",
        retry_after_s=_pause_s(headers, now) if kind is RateLimited else None,
    )


def _class_of(status: int, code: str, words: str, *, writes: bool) -> type[SendError]:
    if status in (401, 403):
        if "expired" in words.lower():
            return AuthExpired
        # The order does not permit this kind of message, or no longer.
        return NotAllowedNow if writes and code == "InvalidInput" else AuthInvalid
    known = _CLASSES.get(status)
    if known is not None:
        return known
    if status >= 500:
        return UnknownOutcome if writes else Retryable
    return Permanent


def _pause_s(headers: Mapping[str, str], now: datetime) -> float:
    """Take the pause Amazon names, else that of the rate it names (calls a second)."""
    told = pause_s(headers, now)
    if told is not None:
        return told
    try:
        return 1.0 / float(headers["x-amzn-ratelimit-limit"])
    except (KeyError, ValueError, ZeroDivisionError):
        return 1.0
