"""Two cabinets of Yandex Market in a whole router: from the buyer's chat to an agent and back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import ClientSession
from router_marketplace.simulators.fake_yandex import ARBITER, BUSINESS_ID, FakeYandex
from sqlalchemy import select

from plugins.marketplace.tests.conftest import KEY, PUSH_SECRET
from router.bootstrap import Router, running_router
from router.config import load_config
from router.storage import schema as t
from router.testing import channels_open, cut_after_commit, rows, rows_once

CABINETS = ("north", "south")
SEND = "POST /v2/businesses/{business}/chats/message"
ACCOUNT = """
  {name}:
    channel: yandex_market
    api_url: {url}
    business_id: {business}
    api_key_env: YANDEX_KEY
    push_secret_env: YANDEX_PUSH
    push_networks: [127.0.0.0/8]
    poll_s: 3600
    confirm_after_s: 0
"""


@pytest.fixture
async def markets() -> AsyncIterator[dict[str, FakeYandex]]:
    fakes = {name: FakeYandex(now=lambda: datetime.now(UTC)) for name in CABINETS}
    for fake in fakes.values():
        fake.api_keys.add(KEY)
        await fake.start()
    yield fakes
    for fake in fakes.values():
        await fake.stop()


@asynccontextmanager
async def shop(folder: Path, markets: dict[str, FakeYandex]) -> AsyncIterator[Router]:
    accounts = [
        ACCOUNT.format(name=name, url=fake.url, business=BUSINESS_ID) for name, fake in markets.items()
    ]
    (folder / "roster.yaml").write_text("agents: {mei: {display_name: Mei, skills: {complaints: 5}}}\n")
    (folder / "omnirouter.yaml").write_text(
        f"store: {{url: 'sqlite:///{folder}/router.db'}}\nweb: {{port: 0}}\nroster: roster.yaml\n"
        f"accounts:{''.join(accounts)}"
    )
    async with running_router(load_config(folder / "omnirouter.yaml")) as router, asyncio.timeout(120):
        # A push to an account that is not open yet is answered "try again", and the platform would.
        await channels_open(router)
        yield router


async def pushed(router: Router, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> int:
    """Push as platforms do: one that is told to come again, as by a busy machine, comes again."""
    status = 503
    async with ClientSession() as client:
        while status == 503:
            async with client.post(f"{router.url}/hooks/{path}", data=body, headers=headers) as answer:
                status = answer.status
    return status


MESSAGES = select(t.message.c.conversation_id, t.message.c.account, t.message.c.preview).order_by(
    t.message.c.id
)
OFFERS = select(t.offer.c.id, t.offer.c.agent_id, t.work_item.c.conversation_id).join_from(
    t.offer, t.work_item
)
OUTBOX = select(t.outbox.c.message_id, t.outbox.c.state)


async def test_buyers_with_equal_ids_in_two_cabinets_get_their_own_answers(tmp_path, markets):
    async with shop(tmp_path, markets) as router:
        for name, fake in markets.items():
            written = fake.buyer_writes(101, f"Where is my order, {name}?")
            assert await pushed(router, f"{name}/{PUSH_SECRET}", fake.message_push(written).body) == 200
        found = await rows_once(router, MESSAGES, lambda rows: len(rows) == 2)
        assert len({row.conversation_id for row in found}) == 2
        [mei] = await rows(router, select(t.agent.c.id))
        await router.offers.set_presence(mei.id, "available")
        offers = await rows_once(router, OFFERS, lambda rows: len(rows) == 2)
        cabinet = {row.conversation_id: row.account for row in found}
        for offer in offers:
            await router.offers.accept(offer.id, mei.id)
            told = f"It leaves {cabinet[offer.conversation_id]} today."
            await router.replies.reply(offer.conversation_id, mei.id, 1, told)
        await rows_once(router, OUTBOX, lambda rows: [row.state for row in rows] == ["accepted"] * 2)
    for name, fake in markets.items():
        assert [one.text for one in fake.seen_by_buyer(101)] == [
            f"Where is my order, {name}?",
            f"It leaves {name} today.",
        ]


async def test_reply_whose_answer_was_lost_is_found_and_not_sent_again(tmp_path, markets):
    fake = markets["north"]
    async with shop(tmp_path, markets) as router:
        hello = fake.message_push(fake.buyer_writes(101, "Hello"))
        assert await pushed(router, f"north/{PUSH_SECRET}", hello.body) == 200
        await rows_once(router, MESSAGES, lambda rows: len(rows) == 1)
        [mei] = await rows(router, select(t.agent.c.id))
        await router.offers.set_presence(mei.id, "available")
        [offer] = await rows_once(router, OFFERS)
        await router.offers.accept(offer.id, mei.id)
        fake.fail_with(cut_after_commit(), SEND)
        await router.replies.reply(offer.conversation_id, mei.id, 1, "Good morning")
        await rows_once(router, OUTBOX, lambda rows: bool(rows) and rows[0].state == "accepted")
    assert [one.text for one in fake.sent_by_shop()] == ["Good morning"]


async def test_buyer_in_a_dispute_is_taken_to_the_complaints_desk(tmp_path, markets):
    fake = markets["south"]
    fake.dispute(101)
    fake.others_write(101, "The dispute is open", ARBITER)
    fake.buyer_writes(101, "see the photo")
    async with shop(tmp_path, markets) as router:
        work = select(t.work_item.c.queue)
        [item] = await rows_once(router, work)
        assert item.queue == "complaints"
