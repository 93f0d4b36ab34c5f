"""What went wrong, as a program reads it: errors become `application/problem+json` (RFC 9457)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from aiohttp import web
from sqlalchemy.exc import InterfaceError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from router.errors import (
    CapacityExceeded,
    ContentRejected,
    InboundRejected,
    MalformedMessage,
    NotAllowedNow,
    NotFound,
    NotPermitted,
    OfferExpired,
    RouterError,
    RoutingError,
    SendError,
    StaleVersion,
    StoreUnavailable,
)

log = logging.getLogger(__name__)

RETRY_AFTER_S = 5

_ROUTER_ERRORS: Sequence[tuple[type[RouterError], int, str]] = (
    (NotFound, 404, "not_found"),
    (OfferExpired, 409, "offer_expired"),
    (StaleVersion, 409, "stale_version"),
    (CapacityExceeded, 409, "capacity_exceeded"),
    (NotPermitted, 403, "forbidden"),
    (RoutingError, 400, "bad_request"),
    (ContentRejected, 422, "content_rejected"),
    (NotAllowedNow, 422, "content_rejected"),
    (SendError, 502, "provider_unavailable"),
    (MalformedMessage, 400, "bad_request"),
    (InboundRejected, 401, "not_logged_in"),
)
_HTTP_CODES: Mapping[int, str] = {
    401: "not_logged_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
}

TITLES: Mapping[str, str] = {
    "bad_request": "The request cannot be understood",
    "not_logged_in": "Nobody is logged in",
    "forbidden": "This is not allowed",
    "not_found": "There is no such thing",
    "method_not_allowed": "This cannot be done here",
    "offer_expired": "The offer is no longer open",
    "stale_version": "Somebody else has this now",
    "capacity_exceeded": "There is no capacity left",
    "content_rejected": "This content cannot be sent",
    "provider_unavailable": "The provider cannot be asked now",
    "too_large": "The request is too large",
    "unsupported_media_type": "The body is not of the type that is wanted",
    "rate_limited": "Too many requests",
    "store_unavailable": "The store is not available",
    "internal": "Something went wrong",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """One place in a request that is wrong, and how."""

    at: str
    message: str


class Problem(Exception):
    """An answer other than the one hoped for. `code` is stable, `detail` says what to do."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str = "",
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})

    def response(self) -> web.Response:
        """Give the HTTP answer."""
        body: dict[str, object] = {
            "type": "about:blank",
            "title": TITLES[self.code],
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = self.errors
        return web.Response(
            status=self.status,
            body=msgspec.json.encode(body),
            content_type="application/problem+json",
            headers={"Cache-Control": "no-store", **self.headers},
        )


def problem_of(error: Exception) -> Problem:
    """Translate an error; one nobody expected is logged and told without its words."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, web.HTTPException):
        code = _HTTP_CODES.get(error.status, "bad_request")
        allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        return Problem(error.status, code, error.reason, headers=allow)
    if isinstance(error, StoreUnavailable):
        return _unavailable(str(error), error.retry_after_s)
    if isinstance(error, (OperationalError, InterfaceError, PoolTimeout)):
        # its words hold the statement and its values
        log.error("store not readable", extra={"cause": type(error).__name__})
        return _unavailable("The store cannot be read at the moment.", RETRY_AFTER_S)
    for kind, status, code in _ROUTER_ERRORS:
        if isinstance(error, kind):
            refused = error if isinstance(error, SendError) else None
            words = refused.public_text if refused else str(error)
            errors = [FieldError(at=refused.part, message=words)] if refused and refused.part else []
            return Problem(status, code, words, errors=errors)
    if isinstance(error, StatementError):
        error.hide_parameters = True
    log.error("request failed", exc_info=error)
    return Problem(500, "internal", "The router could not do this; its log says why.")


def _unavailable(detail: str, retry_after_s: int) -> Problem:
    return Problem(503, "store_unavailable", detail, headers={"Retry-After": str(retry_after_s)})
