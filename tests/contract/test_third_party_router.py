"""A plugin of somebody else in a whole router: two numbers behind one webhook, each with its own answers."""

import asyncio
import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from aiohttp import ClientSession
from sqlalchemy import select

from router.bootstrap import Router, running_router
from router.clock import SystemClock
from router.config import load_config
from router.storage import schema as t
from router.testing import channels_open, cut_after_commit, rows, rows_once
from tests.contract.installing import install_wheels

EXAMPLE = Path(__file__).parents[2] / "examples" / "router-whatsapp"
MESSAGES = select(t.message.c.conversation_id, t.message.c.account).order_by(t.message.c.id)
OFFERS = select(t.offer.c.id, t.work_item.c.conversation_id).join_from(t.offer, t.work_item)
OUTBOX = select(t.outbox.c.message_id, t.outbox.c.state)
NUMBERS = {"north": "106540352242922", "south": "106540352242999"}


class Cloud:
    """The provider as the plugin's own tests have it, in real time, for a router that knows nothing of it."""

    def __init__(self) -> None:
        self.samples: ModuleType = importlib.import_module("router_whatsapp.samples")
        self.cloud: ModuleType = importlib.import_module("router_whatsapp.fake_cloud")
        self.simulator = importlib.import_module("router_whatsapp.simulator").WhatsAppSimulator()
        self.fake = self.simulator.fake
        self.fake.clock = SystemClock()
        self.fake.token = self.fake.issue_token()

    def config(self, folder: Path) -> Path:
        settings = self.simulator.settings().model_dump(mode="json", exclude_defaults=True)
        accounts = {
            name: {"channel": "whatsapp", **settings, "phone_number_id": number}
            for name, number in NUMBERS.items()
        }
        (folder / "roster.yaml").write_text("agents: {mei: {display_name: Mei, skills: {complaints: 5}}}\n")
        store = {"url": f"sqlite:///{folder}/router.db"}
        path = folder / "omnirouter.yaml"
        path.write_text(
            json.dumps({"store": store, "web": {"port": 0}, "roster": "roster.yaml", "accounts": accounts})
        )
        return path

    def words(self, text: str) -> dict[str, Any]:
        """Let the customer write; the same person writes to both numbers."""
        self.fake.heard[self.samples.ANN] = self.fake.clock.now()
        at = str(int(self.fake.clock.now().timestamp()))
        return {**self.samples.message(text, "text", {"body": text}), "timestamp": at}

    async def push(self, router: Router, *bodies: bytes) -> int:
        """Call the shared address once with the changes of several bodies."""
        documents = [json.loads(body) for body in bodies]
        entries = [entry for document in documents for entry in document["entry"]]
        body = json.dumps({**documents[0], "entry": entries}).encode()
        headers = {"X-Hub-Signature-256": self.cloud.signature_of(body)}
        status = 503
        async with ClientSession() as client:
            while status == 503:  # told to come again, as by a busy machine, the provider comes again
                async with client.post(f"{router.url}/whatsapp/hook", data=body, headers=headers) as answer:
                    status = answer.status
        return status


@pytest.fixture
async def cloud(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch):
    site = tmp_path_factory.mktemp("site")
    install_wheels(site, EXAMPLE)
    monkeypatch.syspath_prepend(str(site))
    cloud = Cloud()
    await cloud.simulator.start()
    yield cloud
    await cloud.simulator.stop()


async def test_numbers_of_one_webhook_answer_for_themselves_and_a_status_settles_a_lost_answer(
    cloud: Cloud, tmp_path: Path
):
    async with running_router(load_config(cloud.config(tmp_path))) as router, asyncio.timeout(120):
        await channels_open(router)
        written = [
            cloud.fake.webhook({"messages": [cloud.words(f"to {name}")]}, number=number)
            for name, number in NUMBERS.items()
        ]
        assert await cloud.push(router, *written) == 200
        found = await rows_once(router, MESSAGES, lambda rows: len(rows) == 2)
        account = {row.conversation_id: row.account for row in found}
        assert set(account.values()) == set(NUMBERS)
        [mei] = await rows(router, select(t.agent.c.id))
        await router.offers.set_presence(mei.id, "available")
        offers = await rows_once(router, OFFERS, lambda rows: len(rows) == 2)
        for offer in offers:
            await router.offers.accept(offer.id, mei.id)
            told = f"from {account[offer.conversation_id]}"
            await router.replies.reply(offer.conversation_id, mei.id, 1, told)
        await rows_once(router, OUTBOX, lambda rows: [row.state for row in rows] == ["accepted"] * 2)
        sent = {
            call.path.split("/")[2]: json.loads(call.body)["text"]["body"] for call in cloud.fake.http.calls
        }
        assert sent == {number: f"from {name}" for name, number in NUMBERS.items()}

        cloud.fake.fail_with(cut_after_commit(), cloud.cloud.MESSAGES)
        await router.replies.reply(offers[0].conversation_id, mei.id, 1, "one more")
        await rows_once(router, OUTBOX, lambda rows: sorted(row.state for row in rows)[-1] == "unknown")
        status = cloud.fake.status_of(cloud.fake.sent_by_shop()[-1], "delivered")
        number = NUMBERS[account[offers[0].conversation_id]]
        assert await cloud.push(router, cloud.fake.webhook({"statuses": [status]}, number=number)) == 200
        await rows_once(router, OUTBOX, lambda rows: sorted(row.state for row in rows)[-1] == "delivered")
    assert len(cloud.fake.sent_by_shop()) == 3
