"""A person's walk through the demo in real Chromium: desk, shop, chat and mailbox, with axe on each page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from router.demo.scenes import load_script
from router.demo.world import PASSWORD, running_world

for package in ("playwright", "axe_playwright_python"):
    pytest.importorskip(package, reason=f"needs {package}: pip install -e '.[browser]'")

from axe_playwright_python.async_playwright import Axe  # noqa: E402
from playwright.async_api import Browser, Frame, Page, async_playwright, expect  # noqa: E402

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
CHAT_QUESTION = "Is the blue kettle in stock?"
CHAT_ANSWER = "Yes, twelve of them."
MAIL_QUESTION = "I want to complain: my kettle arrived broken."
MAIL_ANSWER = "I am sorry. A new one leaves today."


@asynccontextmanager
async def open_page(browser: Browser, url: str, faults: list[str]) -> AsyncIterator[Page]:
    """Open an address in a browser of its own and note what its console complains about."""
    context = await browser.new_context(locale="en-GB", viewport={"width": 1440, "height": 900})
    page = await context.new_page()
    # before the log-in the desk asks who it is, and 401 is the answer
    page.on(
        "console",
        lambda line: faults.append(line.text) if line.type == "error" and "401" not in line.text else None,
    )
    page.on("pageerror", lambda error: faults.append(str(error)))
    await page.goto(url)
    yield page
    await context.close()


async def log_in(desk: Page) -> None:
    await desk.locator("input[name=login]").fill("anna")
    await desk.locator("input[name=password]").fill(PASSWORD)
    await desk.locator("button[type=submit]").click()
    await desk.get_by_role("button", name="Available", exact=True).click()
    await expect(desk.get_by_role("button", name="Available", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )


async def chat_frame(shop: Page) -> Frame:
    """Wait for the chat's frame; it stands in a closed shadow root, where no locator looks."""
    while (frame := shop.frame(url=lambda address: "/chat/v1/frame" in address)) is None:
        await shop.wait_for_event("framenavigated")
    return frame


async def ask_in_chat(shop: Page) -> Frame:
    await shop.locator("[data-product=KETTLE-17]").click()
    frame = await chat_frame(shop)
    await frame.get_by_label("Message", exact=True).fill(CHAT_QUESTION)
    await frame.get_by_role("button", name="Send").click()
    await expect(frame.get_by_text(CHAT_QUESTION)).to_be_visible()
    return frame


async def write_mail(mailbox: Page) -> None:
    await mailbox.get_by_label("Subject").fill("Broken kettle")
    await mailbox.get_by_label("Text").fill(MAIL_QUESTION)
    await mailbox.get_by_role("button", name="Send").click()
    await expect(mailbox.get_by_text("Sent. The shop's SMTP server took it.")).to_be_visible()


async def answer(desk: Page, question: str, text: str, reason: str) -> None:
    """Accept the offer of a question, answer it, and read why it came to Anna."""
    offer = desk.locator(".offer").filter(has_text=question)
    await offer.get_by_role("button", name="Accept").click()
    await expect(desk.locator(".message").filter(has_text=question)).to_be_visible()
    await desk.locator(".composer textarea").fill(text)
    await desk.locator(".composer").get_by_role("button", name="Send", exact=False).last.click()
    await desk.get_by_role("button", name="Send now").click()
    await expect(desk.locator(".message").filter(has_text=text)).to_be_visible()
    await desk.evaluate("document.activeElement?.blur()")
    if not await desk.locator(".decision").first.is_visible():
        await desk.keyboard.press("y")
    await expect(desk.locator(".decision").filter(has_text="Offered to Anna")).to_contain_text(reason)


async def violations(page: Page | Frame) -> list[str]:
    """Let axe look at a page or a frame."""
    found = await Axe().run(page)
    return [f"{one['id']}: {one['nodes'][0]['target']}" for one in found.response["violations"]]


async def test_agent_answers_a_chat_and_a_mail_and_both_customers_see_it() -> None:
    faults: list[str] = []
    async with running_world(load_script(), fixed_ports=False) as world, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        async with (
            open_page(browser, f"{world.url}/", faults) as desk,
            open_page(browser, f"{world.url}/demo/shop", faults) as shop,
            open_page(browser, f"{world.url}/demo/mailbox", faults) as mailbox,
        ):
            await log_in(desk)
            chat = await ask_in_chat(shop)
            await answer(desk, CHAT_QUESTION, CHAT_ANSWER, "lang-en (level 5)")
            await expect(chat.get_by_text(CHAT_ANSWER)).to_be_visible()
            await write_mail(mailbox)
            await answer(desk, MAIL_QUESTION, MAIL_ANSWER, "complaints (level 4)")
            await expect(mailbox.locator(".letter.received")).to_contain_text(MAIL_ANSWER)
            pages = {"desk": desk, "shop": shop, "widget": chat, "mailbox": mailbox}
            found = {name: await violations(page) for name, page in pages.items()}
        await browser.close()
    assert found == {name: [] for name in found}
    assert faults == []


async def test_shop_speaks_both_languages_and_opens_the_chat_in_them() -> None:
    faults: list[str] = []
    async with running_world(load_script(), fixed_ports=False) as world, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        async with open_page(browser, f"{world.url}/demo/shop", faults) as shop:
            await shop.get_by_role("link", name="中文").click()
            await expect(shop.get_by_role("heading", level=1)).to_have_text("泡一杯好茶所需要的一切。")
            await shop.locator("[data-open]").click()
            chat = await chat_frame(shop)
            await expect(chat.get_by_role("button", name="发送")).to_be_visible()
            assert await violations(shop) == []
        await browser.close()
    assert faults == []
