"""What TikTok Shop's refusals mean; in: the code of an answer and its HTTP status, out: a SendError class."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from http import HTTPStatus

from router.errors import (
    AuthExpired,
    AuthInvalid,
    NotAllowedNow,
    Permanent,
    RateLimited,
    Retryable,
    SendError,
    UnknownOutcome,
)
from router_marketplace.calls import Answer, Call
from router_marketplace.parsing import pause_s, text_of
from router_marketplace.tiktok.facts import FACTS

_DONE = "0"


def refusal_of(call: Call, answer: Answer, now: datetime) -> SendError | None:
    """Judge an answer: the code in the body first, then the HTTP status; None for a success."""
    code = text_of(answer.document.get("code"))
    if code == _DONE and answer.status < HTTPStatus.BAD_REQUEST:
        return None
    words = text_of(answer.document.get("message"))[:200]
    kind = FACTS.error_for(code) or _by_status(call, answer)
    name = code if code and code != _DONE else f"http_{answer.status}"
    if kind is RateLimited:
        wait_s = _pause_s(name, answer, now)
        return RateLimited(
            f"TikTok Shop asks to slow down ({name})", code=name, public_text=words, retry_after_s=wait_s
        )
    if kind is NotAllowedNow:
        why = words or FACTS.rules.closed_reason
        return NotAllowedNow(f"TikTok Shop does not allow it now ({name})", code=name, public_text=why)
    said = f"TikTok Shop refused ({name}): {words}".rstrip(": ")
    if kind is AuthInvalid:
        said += "; check the app's key, secret and scopes, and this machine's clock"
    return kind(said, code=name, public_text=words)


def _by_status(call: Call, answer: Answer) -> type[SendError]:
    status = answer.status
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Retryable
    if status == HTTPStatus.UNAUTHORIZED:
        return AuthExpired
    if status == HTTPStatus.FORBIDDEN:
        return AuthInvalid
    if "code" not in answer.document and status < HTTPStatus.BAD_REQUEST:
        # An answer without a verdict says neither that it was done nor that it was not.
        return UnknownOutcome if call.writes else Retryable
    return Permanent


def _pause_s(code: str, answer: Answer, now: datetime) -> float | None:
    if code in FACTS.limits.until_next_day:
        tomorrow = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(tzinfo=UTC))
        return (tomorrow - now).total_seconds()
    told = pause_s(answer.headers, now)
    return FACTS.limits.pauses_s.get(code) if told is None else told
