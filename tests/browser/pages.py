"""What the browser tests share: a real Chromium, and the ways people take through the demo's pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from router.demo.world import PASSWORD

for package in ("playwright", "axe_playwright_python"):
    pytest.importorskip(package, reason=f"needs {package}: pip install -e '.[browser]'")

from axe_playwright_python.async_playwright import Axe  # noqa: E402
from playwright.async_api import Browser, Frame, Locator, Page, async_playwright, expect  # noqa: E402

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
# Only what never comes is given up; a busy machine takes its time.
PATIENCE_MS = 120_000
expect.set_options(timeout=PATIENCE_MS)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Run a browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@asynccontextmanager
async def open_page(browser: Browser, url: str, faults: list[str]) -> AsyncIterator[Page]:
    """Open an address in a browser of its own and note what its console complains about."""
    context = await browser.new_context(locale="en-GB", viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
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


async def log_in(desk: Page, login: str = "anna") -> None:
    """Log in and take work."""
    await desk.locator("input[name=login]").fill(login)
    await desk.locator("input[name=password]").fill(PASSWORD)
    await desk.locator("button[type=submit]").click()
    available = desk.get_by_role("button", name="Available", exact=True)
    await available.click()
    await expect(available).to_have_attribute("aria-pressed", "true")


async def chat_frame(shop: Page) -> Frame:
    """Wait for the chat's frame; it stands in a closed shadow root, where no locator looks."""
    while (frame := shop.frame(url=lambda address: "/chat/v1/frame" in address)) is None:
        await shop.wait_for_event("framenavigated")
    return frame


async def ask_in_chat(shop: Page, question: str) -> Frame:
    """Ask about a product in the chat."""
    await shop.locator("[data-product=KETTLE-17]").click()
    frame = await chat_frame(shop)
    await frame.get_by_label("Message", exact=True).fill(question)
    await frame.get_by_role("button", name="Send").click()
    await expect(frame.get_by_text(question)).to_be_visible()
    return frame


async def write_mail(mailbox: Page, subject: str, text: str) -> None:
    """Write to the shop as the customer the form names."""
    await mailbox.get_by_label("Subject").fill(subject)
    await mailbox.get_by_label("Text").fill(text)
    await mailbox.get_by_role("button", name="Send").click()
    await expect(mailbox.get_by_text("Sent. The shop's SMTP server took it.")).to_be_visible()


async def accept(desk: Page, question: str, *, offered_as: str = "") -> None:
    """Accept the offer of what a customer wrote."""
    offer = desk.locator(".offer").filter(has_text=offered_as or question)
    await offer.get_by_role("button", name="Accept").click()
    await expect(desk.locator(".message").filter(has_text=question)).to_be_visible()


async def send_now(desk: Page) -> None:
    """Send what stands in the composer, without the time to think better of it."""
    await desk.locator(".composer").get_by_role("button", name="Send", exact=False).last.click()
    await desk.get_by_role("button", name="Send now").click()


async def open_side(desk: Page, name: str) -> Locator:
    """Open a panel beside the conversation."""
    await desk.evaluate("document.activeElement?.blur()")
    side = desk.locator(".side")
    if not await side.is_visible():
        await desk.keyboard.press("i")
    await side.get_by_role("button", name=name, exact=True).click()
    return side


async def violations(page: Page | Frame) -> list[str]:
    """Let axe look at a page or a frame."""
    found = await Axe().run(page)
    return [f"{one['id']}: {one['nodes'][0]['target']}" for one in found.response["violations"]]
