"""The register of contract tests: number, title and check; numbers are those of the design and never change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from router.testing.checks.claims import check_claims
from router.testing.checks.conformance import check_conformance
from router.testing.checks.content import check_blocks, check_text_limit
from router.testing.checks.draining import check_drain, check_soak
from router.testing.checks.inbound import (
    check_crash,
    check_echo,
    check_forged,
    check_repeated,
    check_two_accounts,
)
from router.testing.checks.keeping import check_raw_kept, check_unknown_kind
from router.testing.checks.life import check_cancel, check_listing, check_open_close, check_settings
from router.testing.checks.outbound import check_errors, check_unknown
from router.testing.checks.paging import check_pages
from router.testing.checks.pushing import check_ack
from router.testing.checks.sending import check_rate_limit, check_token, check_windows
from router.testing.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One contract test."""

    number: int
    title: str
    run: Callable[[Stage], Awaitable[None]]


CHECKS: Sequence[Check] = tuple(
    Check(number=number, title=title, run=run)
    for number, (title, run) in enumerate(
        (
            ("listing opens nothing and is quick", check_listing),
            ("settings are strict and secrets never show", check_settings),
            ("opening and closing leaks nothing", check_open_close),
            ("cancelling at every await leaves a usable channel", check_cancel),
            ("repeated deliveries count once, in order", check_repeated),
            ("a crash around the commit loses and doubles nothing", check_crash),
            ("pages and equal time stamps lose and double nothing", check_pages),
            ("forged, huge and deep input is refused, fast", check_forged),
            ("the provider is answered in time while the store is slow", check_ack),
            ("every provider error has its class", check_errors),
            ("a lost answer is unknown and never resent blindly", check_unknown),
            ("a rate limit keeps the order and spares other accounts", check_rate_limit),
            ("a token that runs out is renewed once", check_token),
            ("each declared block goes out, each other one in words", check_blocks),
            ("a text at the exact limit goes out whole, a longer one in parts", check_text_limit),
            ("our own messages are recognised", check_echo),
            ("an unknown kind is kept and can be read again", check_unknown_kind),
            ("a closed window stops replies before the provider does", check_windows),
            ("closing in the middle of work loses nothing", check_drain),
            ("two accounts never mix", check_two_accounts),
            ("what came in is kept as it came, without secrets", check_raw_kept),
            ("what is declared is exercised", check_claims),
            ("long work fills no memory", check_soak),
            ("all traffic keeps to the published description", check_conformance),
        ),
        1,
    )
)


def check_of(number: int) -> Check:
    """Give a contract test by its number."""
    return CHECKS[number - 1]
