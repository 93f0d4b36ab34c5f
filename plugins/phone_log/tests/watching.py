"""A live line that is watched as the supervisor does it, and what was stored of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from router_phone_log.lines.channel import PhoneLineChannel

from router.calls import Call
from router.testing import MemoryContext

from .conftest import call_of


@asynccontextmanager
async def watched(
    phone: PhoneLineChannel, context: MemoryContext | None = None
) -> AsyncIterator[MemoryContext]:
    context = context or MemoryContext(phone.account)
    context.store.know(phone)
    await phone.open(context)

    async def again() -> None:
        while True:
            with suppress(OSError, EOFError):
                await phone.stream()

    watching = asyncio.create_task(again())
    try:
        yield context
    finally:
        watching.cancel()
        await asyncio.wait({watching})
        await phone.close()


def facts(context: MemoryContext) -> list[Call]:
    return [call_of(event) for one in context.accepted for event in one.events]


async def up(phone: PhoneLineChannel) -> None:
    assert phone.line is not None
    await phone.line.is_up.wait()
