"""Contract check 22: every declared capability is seen at work, and a shared loop is never held."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from router.testing.checks.capability import NEEDS, claims_of, methods_of, test_of
from router.testing.checks.tour import tour
from router.testing.stage import NotDeclared, NotRun, Stage
from router.testing.starvation import starved_s
from router.watchdog import Hold, Watchdog

_HOLD_LIMIT_S = 0.1
_BEAT_S = 0.02


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
    """The longest time this loop was held, and by what."""

    def __init__(self) -> None:
        self.longest_s = 0.0
        self.stack = ""

    def note(self, hold: Hold) -> None:
        self.stack = hold.stack or self.stack

    async def feel(self) -> None:
        """Measure how late each beat comes, less what the loop's thread stood in line for a processor."""
        loop = asyncio.get_running_loop()
        while True:
            began_s, starved_before_s = loop.time(), starved_s()
            await asyncio.sleep(_BEAT_S)
            late_s = loop.time() - began_s - _BEAT_S
            self.longest_s = max(self.longest_s, late_s - (starved_s() - starved_before_s))


@asynccontextmanager
async def _longest_hold() -> AsyncIterator[_Longest]:
    longest = _Longest()
    # The watchdog names the culprit; on a busy machine its thread may come too late to see a hold at all.
    with Watchdog(longest.note, {}, period_s=_BEAT_S, limit_s=_HOLD_LIMIT_S) as watchdog:
        watchdog.watch("check", asyncio.get_running_loop(), threading.get_ident())
        feeling = asyncio.ensure_future(longest.feel())
        try:
            yield longest
            # One more beat, for what held the loop last.
            await asyncio.sleep(2 * _BEAT_S)
        finally:
            feeling.cancel()
            watchdog.unwatch("check")
