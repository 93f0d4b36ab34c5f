"""A provider that calls is answered within the bound its channel declares."""

import asyncio
from dataclasses import replace

import pytest

from router import Capabilities
from router.capabilities import HealthState, PushTerms
from router.config import Account
from router.errors import StoreUnavailable
from router.testing.channels import EVIL_TYPE, EvilSettings
from tests.unit.test_supervisor import FAST, REQUEST, Watcher, supervise


@pytest.mark.parametrize("shares_loop", [True, False], ids=["shared loop", "own thread"])
async def test_provider_is_told_to_come_again_when_its_own_bound_has_passed(shares_loop: bool):
    capabilities = Capabilities(channel_class="chat", push=PushTerms(ack_within_ms=20))
    kind = replace(EVIL_TYPE, capabilities=capabilities, shares_loop=shares_loop)
    account = Account(name="evil", channel_type=kind, settings=EvilSettings(on_http="hang"))
    watcher = Watcher()
    async with supervise(account, watcher=watcher, limits=replace(FAST, http_s=60.0)) as supervisor:
        await watcher.until("evil", HealthState.OK)
        async with asyncio.timeout(60):
            with pytest.raises(StoreUnavailable, match=r"no answer within 0\.02 s"):
                await supervisor.channel("evil").handle_http(REQUEST)
