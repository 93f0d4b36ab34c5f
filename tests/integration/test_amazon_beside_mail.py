"""An Amazon buyer writes by mail; the agent answers by mail, or with a message Amazon permits for the order."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosmtplib
import pytest
from aiohttp import ClientSession
from router_marketplace.simulators.fake_amazon import CLIENT_ID, ORDER, REFRESH, SECRET, FakeAmazon
from sqlalchemy import func, select

from router.bootstrap import Router, running_router
from router.config import parse_config
from router.people import AgentProfile, apply_roster, create_token
from router.storage import schema as t
from router.testing import channels_open, rows_once

ALIAS = "k3j9x2@marketplace.amazon.com"
BUYERS_MAIL = f"""From: Buyer <{ALIAS}>
To: support@shop.example
Subject: Question about my order
Message-ID: <buyer-1@amazon.com>

When will {ORDER} arrive?
""".replace("\n", "\r\n")


@dataclass
class Desk:
    """A running router, an agent's line to it, and Amazon."""

    router: Router
    http: ClientSession
    amazon: FakeAmazon

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        async with self.http.request(method, f"{self.router.url}/api/v1{path}", json=body) as response:
            assert response.status < 300, await response.text()
            return await response.json()

    async def mail(self, content: str) -> str:
        """Let a mail come in by SMTP; give its conversation."""
        port: int = self.router.supervisor.open_channels("email")["support"].port("smtp")  # type: ignore[attr-defined]
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, use_tls=False, start_tls=False)
        async with client:
            await client.sendmail("bounce@amazon.com", ["support@shop.example"], content)
        async with self.router.store.reading() as connection:
            inbound = (await connection.execute(select(func.max(t.raw_inbound.c.id)))).scalar_one()
        (filed,) = await self.router.supervisor.open_channels("email")["support"].ctx.filed(inbound)
        return filed.conversation_id

    async def delivered(self, message_id: str) -> str:
        """Wait until the mail room has settled a message."""
        statement = select(t.outbox.c.state).where(
            t.outbox.c.message_id == message_id, t.outbox.c.state.not_in(("queued", "sending"))
        )
        [settled] = await rows_once(self.router, statement)
        return str(settled.state)


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setenv("AMAZON_SECRET", SECRET)
    monkeypatch.setenv("AMAZON_REFRESH", REFRESH)
    amazon = FakeAmazon()
    await amazon.start()
    config = parse_config(
        f"""
store: {{url: 'sqlite:///{tmp_path}/router.db'}}
web: {{port: 0}}
accounts:
  support: {{channel: email, address: support@shop.example, smtp_in: {{port: 0}}, relays: {{amazon: {{}}}}}}
  amazon-us:
    channel: amazon
    companion_of: [support]
    marketplace_id: ATVPDKIKX0DER
    region: na
    client_id: {CLIENT_ID}
    client_secret_env: AMAZON_SECRET
    refresh_token_env: AMAZON_REFRESH
    api_url: {amazon.url}
    auth_url: {amazon.url}/token
context:
  amazon-orders:
    provider: amazon_orders
    accounts: [support]
    region: na
    client_id: {CLIENT_ID}
    client_secret_env: AMAZON_SECRET
    refresh_token_env: AMAZON_REFRESH
    api_url: {amazon.url}
    auth_url: {amazon.url}/token
""",
        "omnirouter.yaml",
    )
    try:
        async with running_router(config) as router:
            now = router.clock.now()
            await apply_roster(router.store, [AgentProfile(login="mei", name="Mei")], now)
            async with router.store.reading() as connection:
                agent = (await connection.execute(select(t.agent.c.id))).scalar_one()
            secret = await create_token(router.store, agent, "test", now)
            async with ClientSession(headers={"Authorization": f"Bearer {secret.text}"}) as http:
                await channels_open(router)
                yield Desk(router, http, amazon)
    finally:
        await amazon.stop()


async def test_buyers_mail_is_shown_as_amazons_and_answered_with_a_message_amazon_permits(desk: Desk):
    conversation = await desk.mail(BUYERS_MAIL)
    at = f"/conversations/{conversation}"
    seen = await desk.call("GET", at)
    assert (seen["channel"], seen["marketplace"], seen["contact"]["address"]) == ("email", "amazon", ALIAS)
    assert (await desk.call("GET", f"{at}/orders"))["orders"] == [ORDER]
    templates = {each["id"]: each for each in (await desk.call("GET", f"{at}/templates"))["templates"]}
    chosen = f"amazon-us|{ORDER}|messages:confirmDeliveryDetails"
    assert templates[chosen]["title"] == f"Amazon, {ORDER}: Confirm delivery details"
    token = (await desk.call("POST", f"{at}/claim", {}))["work_item"]["token"]
    reply = {"template": {"id": chosen, "variables": {"text": "Is the blue door yours?"}}, "token": token}
    message = await desk.call("POST", f"{at}/replies", reply)
    assert (message["account"], message["blocks"][0]["text"]) == ("amazon-us", "Is the blue door yours?")
    assert await desk.delivered(message["id"]) == "accepted"
    (sent,) = desk.amazon.sent_by_shop()
    assert (sent.kind, sent.text) == ("confirmDeliveryDetails", "Is the blue door yours?")


async def test_order_of_a_buyers_mail_is_shown_with_what_amazon_says_of_it(desk: Desk):
    order = {"AmazonOrderId": ORDER, "OrderStatus": "Unshipped", "OrderTotal": {"Amount": "11.01"}}
    desk.amazon.orders[ORDER] = {"order": order, "items": {"OrderItems": [{"Title": "Blue door"}]}}
    conversation = await desk.mail(BUYERS_MAIL)
    path = f"/conversations/{conversation}/context?kind=orders&order={ORDER}"
    (answer,) = (await desk.call("GET", path))["answers"]
    assert (answer["source"], answer["state"]) == ("amazon-orders", "answered")
    (card,) = answer["cards"]
    assert (card["title"], card["status"], card["amount"]) == ("Blue door × 1", "Unshipped", "11.01")


async def test_second_mail_of_the_alias_about_the_order_joins_whatever_its_subject(desk: Desk):
    first = await desk.mail(BUYERS_MAIL)
    second = BUYERS_MAIL.replace("Question about my order", f"{ORDER}").replace("buyer-1", "buyer-2")
    assert await desk.mail(second) == first
    other = BUYERS_MAIL.replace(ORDER, "111-1111111-1111111").replace("buyer-1", "buyer-3")
    assert await desk.mail(other) != first


async def test_order_of_another_conversation_is_not_written_about(desk: Desk):
    conversation = await desk.mail(BUYERS_MAIL)
    at = f"/conversations/{conversation}"
    token = (await desk.call("POST", f"{at}/claim", {}))["work_item"]["token"]
    template = {"id": "amazon-us|111-1111111-1111111|messages:unexpectedProblem", "variables": {"text": "x"}}
    async with desk.http.post(
        f"{desk.router.url}/api/v1{at}/replies", json={"template": template, "token": token}
    ) as response:
        assert response.status == 422
    assert desk.amazon.sent_by_shop() == []
