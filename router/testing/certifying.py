"""Certify a channel type; in: one with a simulator, out: its certificate after every contract test has run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import fields, is_dataclass
from enum import Enum
from importlib.metadata import version

from router.channel import API_VERSION, ChannelType, Simulator
from router.errors import PluginContractError
from router.testing.certificate import CapabilityResult, Certificate, CheckResult, Verdict
from router.testing.checks.capability import claims_of, test_of
from router.testing.finding import tell
from router.testing.register import CHECKS, Check, check_of
from router.testing.stage import NotDeclared, NotRun, Stage

CHECK_LIMIT_S = 250.0
LONG_CHECK_LIMIT_S = 900.0
_CLAIMS = 22


def certify(
    channel_type: ChannelType,
    simulator: Callable[[], Simulator] | None = None,
    *,
    only: Collection[int] = (),
    plugin: str = "",
    long: bool = False,
) -> Certificate:
    """Run every contract test, or `only` some, against the simulated provider; blocks for some seconds.

    `plugin` is the name and version to print, `long` asks for the long form of the tests that have one.
    """
    stage = stage_for(channel_type, simulator, long=long)
    wanted = [check for check in CHECKS if not only or check.number in only]
    # The test of the claims comes last: it looks at what the others saw.
    results = [_result(check, stage) for check in sorted(wanted, key=lambda one: one.number == _CLAIMS)]
    results.sort(key=lambda result: result.number)
    with_claims = any(check.number == _CLAIMS for check in wanted)
    return Certificate(
        channel_type_id=channel_type.id,
        title=channel_type.title,
        plugin=plugin,
        kit=f"{version('omnirouter')}, contract {API_VERSION}",
        capabilities=_capabilities(stage) if with_claims else (),
        results=results,
    )


def stage_for(
    channel_type: ChannelType, simulator: Callable[[], Simulator] | None = None, *, long: bool = False
) -> Stage:
    """Give the stage for a channel type; raises PluginContractError if it has no simulator."""
    make = simulator or channel_type.simulator
    if make is None:
        raise PluginContractError(
            f"the channel type {channel_type.id!r} gives no simulator, so nothing can be proven;"
            " set ChannelType.simulator"
        )
    done: set[int] = set()

    async def prove(number: int) -> None:
        if number not in done:
            done.add(number)
            await check_of(number).run(stage)

    stage = Stage(channel_type=channel_type, make_simulator=make, long=long, prove=prove, done=done)
    return stage


def run_check(check: Check, stage: Stage) -> None:
    """Run one contract test on an event loop of its own; raises what it finds, NotDeclared or NotRun."""

    async def limited() -> None:
        async with asyncio.timeout(LONG_CHECK_LIMIT_S if stage.long else CHECK_LIMIT_S):
            await check.run(stage)

    stage.done.add(check.number)
    asyncio.run(limited())


def _result(check: Check, stage: Stage) -> CheckResult:
    verdict, detail = Verdict.PROVEN, ""
    try:
        run_check(check, stage)
    except NotDeclared as reason:
        verdict, detail = Verdict.NOT_DECLARED, str(reason)
    except NotRun as reason:
        verdict, detail = Verdict.NOT_RUN, str(reason)
    except Exception as error:
        verdict, detail = Verdict.FAILED, tell(error, _package_of(stage.channel_type))
    return CheckResult(number=check.number, title=check.title, verdict=verdict, detail=detail)


def _package_of(channel_type: ChannelType) -> str:
    return getattr(channel_type.factory, "__module__", "").partition(".")[0]


def _capabilities(stage: Stage) -> list[CapabilityResult]:
    can = stage.channel_type.capabilities
    results = []
    for name, claims in claims_of(can).items():
        missing = [claim for claim in claims if claim not in stage.seen]
        verdict = Verdict.FAILED if missing else Verdict.PROVEN if claims else Verdict.NOT_DECLARED
        tests = sorted({test_of(claim) for claim in claims})
        declared = _in_words(getattr(can, name))
        results.append(
            CapabilityResult(name=name, declared=declared, verdict=verdict, tests=tests, missing=missing)
        )
    return results


def _in_words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return str(value.value)
    if is_dataclass(value):
        told = {each.name: getattr(value, each.name) for each in fields(value)}
        return ", ".join(f"{name} {_in_words(each)}" for name, each in told.items() if each not in (None, ""))
    if isinstance(value, frozenset):
        return ", ".join(sorted(_in_words(each) for each in value))
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_in_words(inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(_in_words(each) for each in value)
    return str(value)
