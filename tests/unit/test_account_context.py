"""What a channel is refused: after it was given up, after an attempt was, and garbage at any time."""

import asyncio
from typing import Any

import pytest

from router import Health
from router.accounts.context import AccountContext
from router.errors import PluginContractError, Retryable, StoreUnavailable
from router.testing import FakeClock, MemoryStore, make_raw


def context_on(store: MemoryStore, told: list[Health]) -> AccountContext:
    return AccountContext(
        "counter",
        intake=store,
        clock=FakeClock(),
        public_url="http://127.0.0.1",
        core=asyncio.get_running_loop(),
        on_health=told.append,
        on_signal=lambda signal: None,
    )


async def test_channel_that_was_given_up_stores_nothing_when_it_wakes():
    store = MemoryStore()
    context = context_on(store, [])
    context.revoke()
    with pytest.raises(StoreUnavailable, match="counter has been stopped"):
        await context.accept([make_raw()])
    assert store.accepted == []


async def test_attempt_that_was_given_up_cannot_be_marked_and_so_never_leaves():
    store = MemoryStore()
    context = context_on(store, [])
    context.give_up("try-1")
    with pytest.raises(Retryable, match="given up"):
        await context.sending("try-1")
    await context.sending("try-2")
    assert store.marked == ["try-2"]
    assert (context.was_marked("try-1"), context.was_marked("try-2")) == (False, True)


async def test_garbage_is_refused_before_the_core_sees_it():
    garbage: Any = "ok"
    told: list[Health] = []
    context = context_on(MemoryStore(), told)
    with pytest.raises(PluginContractError):
        await context.accept([garbage])
    with pytest.raises(PluginContractError):
        context.set_health(garbage)
    assert told == []
