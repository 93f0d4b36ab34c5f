"""Contract check 22: every declared capability is seen at work, and a shared loop is never held."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from router.testing.checks.capability import NEEDS, claims_of, methods_of, test_of
from router.testing.checks.tour import tour
from router.testing.stage import NotDeclared, NotRun, Stage
from router.watchdog import Hold, Watchdog

_HOLD_LIMIT_S = 0.1


async def check_claims(stage: Stage) -> None:
    """Use everything that is declared; what no test saw at work fails."""
    for left in range(2, -1, -1):
        async with _longest_hold() as hold, stage.scene() as scene:
            wrong = await tour(scene, stage)
        # A busy machine holds the loop now and then; a channel that blocks does so every time.
        if not stage.channel_type.shares_loop or hold.longest_s < _HOLD_LIMIT_S:
            break
        assert left, f"the loop was held for {hold.longest_s * 1000:.0f} ms, limit 100 ms: {hold.stack}"
    claims = [each for some in claims_of(stage.channel_type.capabilities).values() for each in some]
    claims += methods_of(scene.channel)
    for number in sorted({test_of(claim) for claim in claims if claim not in stage.seen} - {22}):
        # What it finds stands on its own line of the certificate; here counts only what it saw.
        with suppress(NotDeclared, NotRun, AssertionError):
            await stage.prove(number)
    missing = [claim + _needed(claim) for claim in claims if claim not in stage.seen]
    if missing:
        wrong.append(f"declared, but nothing here exercised it: {'; '.join(missing)}")
    assert not wrong, "; ".join(wrong)


def _needed(claim: str) -> str:
    need = NEEDS.get(claim) or NEEDS.get(claim.partition(":")[0])
    return f" (give the simulator {need})" if need else ""


class _Longest:
    """The longest time this loop was seen held, and by what."""

    def __init__(self) -> None:
        self.longest_s = 0.0
        self.stack = ""

    def note(self, hold: Hold) -> None:
        if hold.lasted_s > self.longest_s:
            self.longest_s = hold.lasted_s
        self.stack = hold.stack or self.stack


@asynccontextmanager
async def _longest_hold() -> AsyncIterator[_Longest]:
    longest = _Longest()
    with Watchdog(longest.note, {}, period_s=0.02, limit_s=_HOLD_LIMIT_S) as watchdog:
        watchdog.watch("check", asyncio.get_running_loop(), threading.get_ident())
        yield longest
        watchdog.unwatch("check")
