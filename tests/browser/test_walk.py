"""A person's walk through the demo in real Chromium: desk, shop, chat and mailbox, with axe on each page."""

from __future__ import annotations

import pytest

from router.demo.scenes import load_script
from router.demo.world import running_world
from tests.browser.pages import (
    Page,
    accept,
    ask_in_chat,
    chat_frame,
    chromium,
    expect,
    log_in,
    open_page,
    open_side,
    send_now,
    violations,
    write_mail,
)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

CHAT_QUESTION = "Is the blue kettle in stock?"
CHAT_ANSWER = "Yes, twelve of them."
MAIL_QUESTION = "I want to complain: my kettle arrived broken."
MAIL_ANSWER = "I am sorry. A new one leaves today."


async def answer(desk: Page, question: str, text: str, reason: str) -> None:
    """Accept the offer of a question, answer it, and read why it came to Anna."""
    await accept(desk, question)
    await desk.locator(".composer textarea").fill(text)
    await send_now(desk)
    await expect(desk.locator(".message").filter(has_text=text)).to_be_visible()
    side = await open_side(desk, "Why me")
    await expect(side.locator(".decision").filter(has_text="Offered to Anna")).to_contain_text(reason)


async def test_agent_answers_a_chat_and_a_mail_and_both_customers_see_it() -> None:
    faults: list[str] = []
    async with (
        running_world(load_script(), fixed_ports=False) as world,
        chromium() as browser,
        open_page(browser, f"{world.url}/", faults) as desk,
        open_page(browser, f"{world.url}/demo/shop", faults) as shop,
        open_page(browser, f"{world.url}/demo/mailbox", faults) as mailbox,
    ):
        await log_in(desk)
        chat = await ask_in_chat(shop, CHAT_QUESTION)
        await answer(desk, CHAT_QUESTION, CHAT_ANSWER, "lang-en (level 5)")
        await expect(chat.get_by_text(CHAT_ANSWER)).to_be_visible()
        await write_mail(mailbox, "Broken kettle", MAIL_QUESTION)
        await answer(desk, MAIL_QUESTION, MAIL_ANSWER, "complaints (level 4)")
        await expect(mailbox.locator(".letter.received")).to_contain_text(MAIL_ANSWER)
        pages = {"desk": desk, "shop": shop, "widget": chat, "mailbox": mailbox}
        found = {name: await violations(page) for name, page in pages.items()}
    assert found == {name: [] for name in found}
    assert faults == []


async def test_shop_speaks_both_languages_and_opens_the_chat_in_them() -> None:
    faults: list[str] = []
    async with (
        running_world(load_script(), fixed_ports=False) as world,
        chromium() as browser,
        open_page(browser, f"{world.url}/demo/shop", faults) as shop,
    ):
        await shop.get_by_role("link", name="中文").click()
        await expect(shop.get_by_role("heading", level=1)).to_have_text("泡一杯好茶所需要的一切。")
        await shop.locator("[data-open]").click()
        chat = await chat_frame(shop)
        await expect(chat.get_by_role("button", name="发送")).to_be_visible()
        assert await violations(shop) == []
    assert faults == []
