"""Open numbers against a simulated Cloud API."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from router_whatsapp.channel import WhatsAppChannel
from router_whatsapp.simulator import WhatsAppSimulator

from router.testing import MemoryContext, MemoryStore


@pytest.fixture
async def provider() -> AsyncIterator[WhatsAppSimulator]:
    simulator = WhatsAppSimulator()
    await simulator.start()
    yield simulator
    await simulator.stop()


@asynccontextmanager
async def opened(provider, account="main", store=None, **changes) -> AsyncIterator[WhatsAppChannel]:
    settings = provider.settings().model_copy(update=changes)
    context = MemoryContext(account, store=store or MemoryStore())
    channel = WhatsAppChannel(account, settings)
    context.store.know(channel)
    await channel.open(context)
    yield channel
    await channel.close()
    await context.close_http()


@pytest.fixture
async def number(provider) -> AsyncIterator[WhatsAppChannel]:
    async with opened(provider) as channel:
        yield channel


@pytest.fixture
def open_number(provider):
    return lambda *arguments, **changes: opened(provider, *arguments, **changes)
