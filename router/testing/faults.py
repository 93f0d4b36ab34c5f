"""What can go wrong with one request to a provider: plain values for `FaultyHttp.fail_next`.

"Before the commit" means before the provider did what was asked, "after the commit" once it has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong with one request; `name` is for the call log.

    `status` answers instead of the route (nothing is committed). `cut_before` and `cut_after` drop the
    connection before or after the route has run. `answer` replaces the body of what the route answered.
    `until` holds the answer back until it is set, `slow_s` dribbles the body out over that time.
    """

    name: str
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut_before: bool = False
    cut_after: bool = False
    answer: bytes | None = None
    until: asyncio.Event | None = None
    slow_s: float = 0.0


def rate_limited(retry_after_s: float | None = None, *, body: bytes = b"") -> Fault:
    """Answer 429, with a Retry-After header or without one."""
    headers = {} if retry_after_s is None else {"Retry-After": f"{retry_after_s:g}"}
    return Fault(name="rate_limited", status=429, headers=headers, body=body)


def token_expired(*, body: bytes = b"") -> Fault:
    """Answer 401 once, as for a token that ran out."""
    return Fault(name="token_expired", status=401, body=body)


def server_error(status: int = 503, *, body: bytes = b"") -> Fault:
    """Answer with a server's error; nothing was done."""
    return Fault(name="server_error", status=status, body=body)


def refused(status: int, body: bytes, *, content_type: str = "application/json") -> Fault:
    """Answer in the provider's own words, also with its codes inside a 200; nothing was done."""
    return Fault(name="refused", status=status, body=body, headers={"Content-Type": content_type})


def cut_before_commit() -> Fault:
    """Drop the connection before anything was done."""
    return Fault(name="cut_before_commit", cut_before=True)


def cut_after_commit() -> Fault:
    """Do what was asked, then drop the connection without a word: nobody knows the outcome."""
    return Fault(name="cut_after_commit", cut_after=True)


def garbage(body: bytes = b"<html>\xff\x00 Bad gateway") -> Fault:
    """Do what was asked and answer with bytes that mean nothing."""
    return Fault(name="garbage", answer=body)


def slow_body(seconds: float) -> Fault:
    """Do what was asked and dribble the answer out over this time."""
    return Fault(name="slow_body", slow_s=seconds)


def late(until: asyncio.Event) -> Fault:
    """Do what was asked and answer only when the event is set."""
    return Fault(name="late", until=until)
