"""A text Amazon permits, filled in and sent at the desk in real Chromium, for a buyer who wrote by mail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import aiosmtplib
import pytest
from argon2 import PasswordHasher
from router_marketplace.simulators.fake_amazon import CLIENT_ID, ORDER, REFRESH, SECRET, FakeAmazon

from router.bootstrap import Router, running_router
from router.config import parse_config
from router.demo.world import PASSWORD
from router.people import AgentProfile, apply_roster, hash_password, set_password
from router.testing import channels_open
from tests.browser.pages import chromium, expect, log_in, open_page

if TYPE_CHECKING:
    from playwright.async_api import Route

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

MAIL = f"""From: Buyer <k3j9x2@marketplace.amazon.com>
To: support@shop.example
Subject: Question about my order
Message-ID: <buyer-1@amazon.com>

When will {ORDER} arrive?
""".replace("\n", "\r\n")
CONFIG = """
store: {{url: 'sqlite:///{folder}/router.db'}}
web: {{port: 0}}
accounts:
  support: {{channel: email, address: support@shop.example, smtp_in: {{port: 0}}, relays: {{amazon: {{}}}}}}
  amazon-us:
    channel: amazon
    companion_of: [support]
    marketplace_id: ATVPDKIKX0DER
    region: na
    client_id: {client}
    client_secret_env: AMAZON_SECRET
    refresh_token_env: AMAZON_REFRESH
    api_url: {url}
    auth_url: {url}/token
"""


@pytest.fixture
async def amazon() -> AsyncIterator[FakeAmazon]:
    running = FakeAmazon()
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def router(
    amazon: FakeAmazon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Router]:
    monkeypatch.setenv("AMAZON_SECRET", SECRET)
    monkeypatch.setenv("AMAZON_REFRESH", REFRESH)
    text = CONFIG.format(folder=tmp_path, client=CLIENT_ID, url=amazon.url)
    async with running_router(parse_config(text, "omnirouter.yaml")) as running:
        await apply_roster(running.store, [AgentProfile(login="mei", name="Mei")], running.clock.now())
        cheap = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
        await running.store.write(set_password, "mei", hash_password(PASSWORD, cheap))
        await channels_open(running)
        yield running


async def send_mail(router: Router) -> None:
    port: int = router.supervisor.open_channels("email")["support"].port("smtp")  # type: ignore[attr-defined]
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, use_tls=False, start_tls=False) as client:
        await client.sendmail("bounce@amazon.com", ["support@shop.example"], MAIL)


async def test_a_permitted_text_is_filled_in_and_sent(router: Router, amazon: FakeAmazon) -> None:
    faults: list[str] = []
    async with chromium() as browser, open_page(browser, f"{router.url}/", faults) as desk:
        await log_in(desk, "mei")
        await send_mail(router)
        await desk.get_by_role("link", name="Waiting").click()
        await desk.locator(".row").filter(has_text="Question about my order").click()
        await desk.locator(".composer").get_by_role("button", name="Take it").click()
        await desk.locator(".templates > summary").click()
        text = desk.locator(".templates > details").filter(has_text="Confirm delivery details")
        await text.locator("summary").click()
        await expect(text.get_by_role("button", name="Send this text")).to_be_disabled()
        await text.locator(".template-gap input").fill("Is the blue door yours?")
        sent_line = desk.locator(".message.is-outbound .delivery").get_by_text("sent", exact=True)

        async def answer_late(route: Route) -> None:
            """Let the desk hear live that the message has gone before it hears that it is to be sent."""
            answer = await route.fetch()
            await expect(sent_line).to_be_visible()
            await route.fulfill(response=answer)

        await desk.route("**/replies", answer_late)
        await text.get_by_role("button", name="Send this text").click()
        await expect(text.locator(".template-gap input")).to_have_value("")
        await expect(desk.locator(".message.is-outbound")).to_contain_text("Is the blue door yours?")
        await expect(sent_line).to_be_visible()
    (sent,) = amazon.sent_by_shop()
    assert (sent.kind, sent.text) == ("confirmDeliveryDetails", "Is the blue door yours?")
    assert faults == []
