"""Messages at a pace; in: settings and the clock, out: items accepted with their number, replies counted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from router import Channel, Health, HealthState, StreamSource
from router.errors import StoreUnavailable
from router.messages import InboundEvent, OutboundAttempt, RawInbound, Receipt, SendOutcome
from router_flood.messages import CUSTOMER, Kind, event_of, item_of, picture_of

__all__ = ["CUSTOMER", "FloodChannel", "FloodSettings"]

MOST_AT_ONCE = 200
_TICK_S = 0.02


class FloodSettings(BaseModel):
    """How much of what."""

    # Validators are built on first use, which keeps listing the plugin quick.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    per_s: float = Field(default=10.0, gt=0, le=10_000, description="messages a second")
    kinds: tuple[Kind, ...] = Field(default=("text",), min_length=1, description="kinds of messages, in turn")
    customers: int = Field(default=100, ge=1, le=1_000_000, description="how many people write")
    total: int | None = Field(default=None, ge=0, description="stop after so many; empty: go on")
    replies: Path | None = Field(
        default=None, description="file that gets every reply, one JSON object a line"
    )


class FloodChannel(Channel[FloodSettings], StreamSource):
    """One source of load."""

    def __init__(self, account: str, settings: FloodSettings) -> None:
        super().__init__(account, settings)
        self.brought = 0
        self.replied = 0

    def decode(self, raw: RawInbound) -> Sequence[InboundEvent]:
        """Read one message."""
        return (event_of(raw),)

    def attachment(self, raw: RawInbound, part: str) -> bytes:
        """Give the picture of a message."""
        return picture_of(raw, part)

    async def health(self) -> Health:
        """Say how much came in and how much was answered since the start."""
        return Health(state=HealthState.OK, cause=f"{self.brought} messages in, {self.replied} replies out")

    async def stream(self) -> None:
        """Bring message after message; behind its pace it catches up, in bounded pieces."""
        settings, clock = self.settings, self.ctx.clock
        kept = await self.ctx.cursor()
        number = first = kept if isinstance(kept, int) else 0
        began_s = clock.monotonic()
        while settings.total is None or number < settings.total:
            # The first comes at once.
            due = first + 1 + int((clock.monotonic() - began_s) * settings.per_s) - number
            if settings.total is not None:
                due = min(due, settings.total - number)
            if due < 1:
                await asyncio.sleep(_TICK_S)
                continue
            numbers = range(number, number + min(due, MOST_AT_ONCE))
            items = [item_of(one, settings.kinds, settings.customers, clock.now()) for one in numbers]
            try:
                await self.bring(items, numbers.stop)
            except StoreUnavailable as away:
                await asyncio.sleep(away.retry_after_s)
                continue
            number = numbers.stop
        await asyncio.Event().wait()

    async def bring(self, items: Sequence[RawInbound], next_number: int | None = None) -> None:
        """Hand messages over, and with them the number to go on from."""
        await self.ctx.accept(items, cursor=next_number)
        self.brought += len(items)

    async def send(self, attempt: OutboundAttempt) -> Receipt:
        """Count a reply, and note it if there is a file to note it in."""
        if self.settings.replies is not None:
            said = {
                "at": self.ctx.clock.now().isoformat(),
                "customer": attempt.recipient,
                "number": attempt.answers.external_id if attempt.answers else "",
                "text": "\n".join(block.text for block in attempt.blocks),
            }
            line = json.dumps(said, ensure_ascii=False) + "\n"
            with self.settings.replies.open("a", encoding="utf-8") as replies:
                replies.write(line)
        self.replied += 1
        return Receipt(outcome=SendOutcome.DELIVERED, remote_ref=attempt.outgoing_ref)
