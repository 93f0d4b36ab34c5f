"""What Lazada's refusals mean; in: codes, the error type and the HTTP status, out: a SendError class."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from router.errors import (
    AuthInvalid,
    NotAllowedNow,
    Permanent,
    RateLimited,
    Retryable,
    SendError,
    UnknownOutcome,
)
from router_marketplace.calls import Answer, Call
from router_marketplace.lazada.facts import FACTS
from router_marketplace.parsing import pause_s, text_of

RECALL_PATH = "/im/message/recall"
_DONE = ("", "0")


def refusal_of(call: Call, answer: Answer, now: datetime) -> SendError | None:
    """Judge an answer: the gateway's code, the service's own code, then whose fault it was."""
    said = answer.document
    codes = [text_of(said.get(name)) for name in ("code", "err_code")]
    bad = [code for code in codes if code not in _DONE]
    fault = text_of(said.get("type"))
    failed = bool(bad or fault) or said.get("success") is False
    if answer.status < HTTPStatus.BAD_REQUEST and said and not failed:
        return None
    code = bad[-1] if bad else fault or f"http_{answer.status}"
    words = (text_of(said.get("err_message")) or text_of(said.get("message")))[:200]
    kind = _class_of(bad, fault, call, answer)
    if kind is Permanent and call.path == RECALL_PATH:
        # The platform's reasons are its age and whose it is; none of their codes is published.
        why = FACTS.rules.not_recalled
        return NotAllowedNow(f"Lazada does not take the message back ({code})", code=code, public_text=why)
    if kind is RateLimited:
        wait_s = pause_s(answer.headers, now)
        return RateLimited(
            f"Lazada asks to slow down ({code})", code=code, public_text=words, retry_after_s=wait_s
        )
    if kind is NotAllowedNow:
        return NotAllowedNow(
            f"Lazada does not allow it now ({code})", code=code, public_text=FACTS.rules.too_old
        )
    told = f"Lazada refused ({code}): {words}".rstrip(": ")
    if kind is AuthInvalid:
        told += "; check the app's key, secret and permissions, and this machine's clock"
    return kind(told, code=code, public_text=words)


def _class_of(codes: list[str], fault: str, call: Call, answer: Answer) -> type[SendError]:
    for code in reversed(codes):
        found = FACTS.error_for(code)
        if found is not None:
            return found
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Retryable
    blamed = FACTS.error_for(fault)
    if blamed is not None:
        return blamed
    if not answer.document and answer.status < HTTPStatus.BAD_REQUEST:
        return UnknownOutcome if call.writes else Retryable
    return Permanent
