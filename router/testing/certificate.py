"""Certify a channel type; in: one with a simulator, out: what it declares against what is proven."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from router.channel import ChannelType, Simulator
from router.errors import PluginContractError
from router.testing.checks.claims import check_claims
from router.testing.checks.inbound import (
    check_crash,
    check_echo,
    check_forged,
    check_repeated,
    check_two_accounts,
)
from router.testing.checks.life import (
    check_cancel,
    check_listing,
    check_open_close,
    check_settings,
)
from router.testing.checks.outbound import check_errors, check_unknown
from router.testing.stage import NotDeclared, Stage

CHECK_LIMIT_S = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One contract test; numbers are stable, gaps are tests still to come."""

    number: int
    title: str
    run: Callable[[Stage], Awaitable[None]]


CHECKS: Sequence[Check] = (
    Check(number=1, title="listing opens nothing and is quick", run=check_listing),
    Check(number=2, title="settings are strict and secrets never show", run=check_settings),
    Check(number=3, title="opening and closing leaks nothing", run=check_open_close),
    Check(number=4, title="cancelling at every await leaves a usable channel", run=check_cancel),
    Check(number=5, title="repeated deliveries count once, in order", run=check_repeated),
    Check(number=6, title="a crash around the commit loses and doubles nothing", run=check_crash),
    Check(number=8, title="forged, huge and deep input is refused, fast", run=check_forged),
    Check(number=10, title="every provider error has its class", run=check_errors),
    Check(number=11, title="a lost answer is unknown and never resent blindly", run=check_unknown),
    Check(number=16, title="our own messages are recognised", run=check_echo),
    Check(number=20, title="two accounts never mix", run=check_two_accounts),
    Check(number=22, title="what is declared is exercised", run=check_claims),
)


class Verdict(StrEnum):
    """How one contract test ended."""

    PROVEN = "proven"
    FAILED = "FAILED"
    NOT_DECLARED = "not declared"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One line of a certificate."""

    number: int
    title: str
    verdict: Verdict
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What a channel type declares and what the contract tests found."""

    channel_type_id: str
    title: str
    declared: Sequence[str]
    results: Sequence[CheckResult]

    @property
    def passed(self) -> bool:
        """Tell whether nothing failed and something was proven."""
        verdicts = {result.verdict for result in self.results}
        return Verdict.FAILED not in verdicts and Verdict.PROVEN in verdicts

    def render(self) -> str:
        """Write it as text for people."""
        lines = [
            f"{self.channel_type_id} ({self.title}): {'certified' if self.passed else 'NOT certified'}",
            f"declares: {', '.join(self.declared)}",
        ]
        for result in self.results:
            lines.append(f"{result.number:>3}  {result.verdict.value:<12}  {result.title}")
            if result.detail:
                lines.append(f"{'':19}{result.detail}")
        return "\n".join(lines) + "\n"


def certify(
    channel_type: ChannelType,
    simulator: Callable[[], Simulator] | None = None,
    *,
    only: Collection[int] = (),
) -> Certificate:
    """Run every contract test, or `only` some, against the simulated provider; blocks for some seconds."""
    stage = stage_for(channel_type, simulator)
    return Certificate(
        channel_type_id=channel_type.id,
        title=channel_type.title,
        declared=_declared(channel_type),
        results=[_result(check, stage) for check in CHECKS if not only or check.number in only],
    )


def stage_for(channel_type: ChannelType, simulator: Callable[[], Simulator] | None = None) -> Stage:
    """Give the stage for a channel type; raises PluginContractError if it has no simulator."""
    make = simulator or channel_type.simulator
    if make is None:
        raise PluginContractError(
            f"the channel type {channel_type.id!r} gives no simulator, so nothing can be proven;"
            " set ChannelType.simulator"
        )
    return Stage(channel_type=channel_type, make_simulator=make)


def run_check(check: Check, stage: Stage) -> None:
    """Run one contract test on an event loop of its own; raises what it finds, or NotDeclared."""

    async def limited() -> None:
        async with asyncio.timeout(CHECK_LIMIT_S):
            await check.run(stage)

    asyncio.run(limited())


def _result(check: Check, stage: Stage) -> CheckResult:
    verdict, detail = Verdict.PROVEN, ""
    try:
        run_check(check, stage)
    except NotDeclared as reason:
        verdict, detail = Verdict.NOT_DECLARED, str(reason)
    except Exception as error:
        text = str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"
        verdict, detail = Verdict.FAILED, text.partition("\n")[0]
    return CheckResult(number=check.number, title=check.title, verdict=verdict, detail=detail)


def _declared(channel_type: ChannelType) -> list[str]:
    capabilities = channel_type.capabilities
    flags = ("inbound", "outbound", "reply_token", "marks_sending", "idempotent_send")
    declared = [flag for flag in flags if getattr(capabilities, flag)]
    declared += [f"blocks {'/'.join(sorted(capabilities.blocks))}", f"receipts {capabilities.receipts}"]
    declared.append(f"text {capabilities.text.max} {capabilities.text.unit.value}")
    return [*declared, "shares the loop" if channel_type.shares_loop else "own thread"]
