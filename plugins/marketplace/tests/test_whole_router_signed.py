"""TikTok Shop and Lazada in a whole router: from a buyer's chat to an agent and back, past a spent token."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from router_marketplace.simulators.lazada import LazadaSimulator
from router_marketplace.simulators.tiktok import TiktokSimulator
from sqlalchemy import select

from plugins.marketplace.tests.shops import CHATS
from plugins.marketplace.tests.test_whole_router import MESSAGES, OFFERS, OUTBOX, pushed
from router.bootstrap import Router, running_router
from router.clock import SystemClock
from router.config import load_config
from router.storage import schema as t
from router.testing import channels_open, cut_after_commit, rows, rows_once

KINDS = {"tiktok": ("tiktok_shop", TiktokSimulator), "lazada": ("lazada", LazadaSimulator)}


class Signed:
    """A simulated platform in real time, and the router's configuration for a shop at it."""

    def __init__(self, name: str) -> None:
        self.kind, make = KINDS[name]
        self.simulator = make()
        self.chat = CHATS[name]
        self.fake = self.simulator.fake
        # Signatures carry the time, and the router lives in the real one.
        self.fake.clock = SystemClock()
        self.fake.tokens = {"token-1": datetime(9999, 1, 1, tzinfo=UTC)}

    def written(self, folder: Path) -> Path:
        settings = self.simulator.settings().model_dump(mode="json", exclude_defaults=True)
        (folder / "roster.yaml").write_text("agents: {mei: {display_name: Mei, skills: {complaints: 5}}}\n")
        config = {
            "store": {"url": f"sqlite:///{folder}/router.db"},
            "web": {"port": 0},
            "roster": "roster.yaml",
            "accounts": {"shop": {"channel": self.kind, **settings}},
        }
        path = folder / "omnirouter.yaml"
        path.write_text(json.dumps(config))
        return path

    async def push(self, router: Router, text: str) -> None:
        push = self.fake.message_push(self.fake.buyer_writes(self.chat, text))
        assert await pushed(router, "shop", push.body, push.headers) == 200


@pytest.fixture(params=KINDS)
async def signed(request: pytest.FixtureRequest) -> AsyncIterator[Signed]:
    signed = Signed(request.param)
    await signed.simulator.start()
    yield signed
    await signed.simulator.stop()


async def test_buyer_is_answered_past_a_spent_token_and_a_cut_connection(
    tmp_path: Path, signed: Signed, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_router(load_config(signed.written(tmp_path))) as router:
        await channels_open(router)
        for account, status in (("shop", 401), ("shop", 401), ("shoe", 404)):
            assert await pushed(router, account, b"{}", {"Authorization": "0" * 64}) == status
        await signed.push(router, "Where is my order?")
        await rows_once(router, MESSAGES, lambda found: len(found) == 1)
        [mei] = await rows(router, select(t.agent.c.id))
        await router.offers.set_presence(mei.id, "available")
        [offer] = await rows_once(router, OFFERS)
        await router.offers.accept(offer.id, mei.id)
        signed.fake.expire_tokens()
        await router.replies.reply(offer.conversation_id, mei.id, 1, "It leaves today.")
        await rows_once(router, OUTBOX, lambda found: [one.state for one in found] == ["accepted"])
        signed.fake.fail_with(cut_after_commit(), signed.simulator.send_route)
        await router.replies.reply(offer.conversation_id, mei.id, 1, "At six.")
        await rows_once(router, OUTBOX, lambda found: [one.state for one in found] == ["accepted"] * 2)
    seen = [one.text for one in signed.fake.seen_by_buyer(signed.chat)]
    assert seen == ["Where is my order?", "It leaves today.", "At six."]
    assert signed.fake.tokens_issued == 2
    (refused,) = router.supervisor.channel("shop").refused
    assert (refused.reason, refused.count, refused.taken_at is None) == ("signature", 2, False)
    assert signed.simulator.settings().app_secret_env in refused.why
    assert "1 calls of no account refused" in caplog.text
