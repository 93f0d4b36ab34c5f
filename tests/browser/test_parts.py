"""Single parts of the desk in real Chromium: files, calls back, order notes, one person in two contacts."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from router.demo.scenes import load_script
from router.demo.world import World, running_world
from tests.browser.pages import (
    Browser,
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
    write_mail,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="module"),
]

PDF = b"%PDF-1.7\n" + b"1" * 50_000
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c626001000000ffff03000006000557bfabd40000000049454e44ae426082"
)
NUMBER = "13800138000"

# Give up all work, so that the next test finds a free agent; the router's own page may call its API.
FINISH = """async () => {
  const { conversations } = await (await fetch("/api/v1/conversations?view=mine")).json();
  for (const { id, work_item } of conversations) {
    await fetch(`/api/v1/conversations/${id}/resolve`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token: work_item.token }),
    });
  }
}"""
# What a browser does when something is dropped or pasted: no locator can.
DROP = """(place, [name, size]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([new Uint8Array(size)], name));
  place.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
}"""
PASTE = """(field, bytes) => {
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File([new Uint8Array(bytes)], "pasted.png", { type: "image/png" }));
  field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world() -> AsyncIterator[World]:
    async with running_world(load_script(), fixed_ports=False) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def desk(world: World, browser: Browser) -> AsyncIterator[Page]:
    """Log Anna in; what she took is done in the end, and no page complained."""
    faults: list[str] = []
    async with open_page(browser, f"{world.url}/", faults) as page:
        await log_in(page)
        yield page
        await page.evaluate(FINISH)
    assert faults == []


@pytest_asyncio.fixture(loop_scope="module")
async def mailbox(world: World, browser: Browser) -> AsyncIterator[Page]:
    faults: list[str] = []
    async with open_page(browser, f"{world.url}/demo/mailbox", faults) as page:
        yield page
    assert faults == []


@pytest_asyncio.fixture(loop_scope="module")
async def shop(world: World, browser: Browser) -> AsyncIterator[Page]:
    faults: list[str] = []
    async with open_page(browser, f"{world.url}/demo/shop", faults) as page:
        yield page
    assert faults == []


def file(name: str, kind: str, content: bytes) -> dict[str, object]:
    return {"name": name, "mimeType": kind, "buffer": content}


async def test_attached_files_arrive_in_the_customers_mailbox(desk: Page, mailbox: Page) -> None:
    await write_mail(mailbox, "Manual", "Where do I find the manual of my kettle?")
    await accept(desk, "Where do I find the manual")
    chosen = desk.locator("input[data-attach]")
    drawer = desk.get_by_role("list", name="Attached files").get_by_role("listitem")
    await chosen.set_input_files([file("anleitung für 2026.pdf", "application/pdf", PDF)])
    await desk.locator(".composer textarea").evaluate(PASTE, list(PNG))
    await expect(drawer).to_have_count(2)
    await expect(drawer.locator("progress")).to_have_count(0)
    await desk.locator(".composer").evaluate(DROP, ["film.bin", 10_000_001])
    await expect(drawer.filter(has_text="film.bin")).to_contain_text("over 10 MB")
    await desk.get_by_role("button", name="Remove film.bin").click()
    await expect(drawer).to_have_count(2)
    await desk.locator(".composer textarea").fill("Here it is.")
    await send_now(desk)
    await expect(desk.locator(".message.is-outbound .attachment")).to_have_count(2)
    letter = mailbox.locator(".letter.received").filter(has_text="Here it is.")
    await expect(letter.locator(".file a")).to_have_text(["anleitung für 2026.pdf", "pasted.png"])
    async with mailbox.expect_download() as saved:
        await letter.locator(".file a").first.click()
    path = await (await saved.value).path()
    assert path.read_bytes() == PDF


async def test_what_was_attached_is_there_after_a_reload_and_a_picture_is_shown_in_the_chat(
    desk: Page, shop: Page
) -> None:
    chat = await ask_in_chat(shop, "How does the lid look?")
    await accept(desk, "How does the lid look?")
    await desk.locator("input[data-attach]").set_input_files([file("lid.png", "image/png", PNG)])
    drawer = desk.get_by_role("list", name="Attached files").get_by_role("listitem")
    await expect(drawer.locator("progress")).to_have_count(0)
    await expect(drawer).to_have_count(1)
    await desk.reload()
    await expect(drawer).to_contain_text(["lid.png"])
    await send_now(desk)
    await expect(chat.locator(".files img")).to_have_attribute("alt", "lid.png")
    async with shop.expect_download() as saved:
        await chat.get_by_role("button", name="lid.png").click()
    path = await (await saved.value).path()
    assert path.read_bytes() == PNG


async def test_a_missed_call_becomes_a_call_back_that_its_agent_closes(
    desk: Page, world: World, browser: Browser
) -> None:
    async with open_page(browser, f"{world.url}/demo/phone", []) as phone:
        await phone.get_by_label("Customer's number").fill(NUMBER)
        await phone.get_by_role("button", name="Call", exact=True).click()
        await desk.locator(".offer").get_by_role("button", name="Accept").click()
        tasks = desk.get_by_role("region", name="To be done")
        await expect(tasks.locator(".task-number")).to_contain_text("138")
        await tasks.get_by_role("button", name="Close with a reason…").click()
        await tasks.get_by_label("Why is nothing more needed?").fill("He wrote a mail instead")
        await tasks.get_by_role("button", name="Close with a reason").click()
        await expect(tasks).to_have_count(0)
        await expect(desk.locator(".event").filter(has_text="He wrote a mail instead")).to_be_visible()


async def test_an_order_note_is_written_and_stands_in_the_shop(
    desk: Page, world: World, browser: Browser
) -> None:
    async with open_page(browser, f"{world.url}/demo/marketplace", []) as market:
        await market.get_by_label("About order").select_option("1004")
        await market.get_by_label("Text").fill("Hello, where is my parcel?")
        await market.get_by_role("button", name="Send", exact=True).click()
        await accept(desk, "Hello, where is my parcel?", offered_as="1004")
    side = await open_side(desk, "Orders")
    await side.locator(".order-note-form").get_by_label("Reason").fill("Sent a new cup")
    await desk.get_by_role("button", name="Add note").click()
    note = desk.locator(".order-note").filter(has_text="Sent a new cup--Anna--")
    await expect(note.locator(".note-state")).to_contain_text("In the shop")
    async with open_page(browser, f"{world.url}/demo/shop-orders", []) as orders:
        await expect(orders.get_by_text("Sent a new cup--Anna--").first).to_be_visible()


async def test_a_message_is_taken_back_on_the_platform(desk: Page, world: World, browser: Browser) -> None:
    async with open_page(browser, f"{world.url}/demo/marketplace", []) as market:
        await market.get_by_label("Text").fill("Hi! Do you sell spare lids?")
        await market.get_by_role("button", name="Send", exact=True).click()
        await accept(desk, "Hi! Do you sell spare lids?")
        await desk.locator(".composer textarea").fill("No, wrong answer.")
        await send_now(desk)
        answer = desk.locator(".message.is-outbound").filter(has_text="No, wrong answer.")
        await answer.get_by_role("button", name="Take back").click()
        await expect(desk.locator(".message.is-outbound")).to_contain_text("Recalled")
        await expect(answer).to_have_count(0)


async def test_two_contacts_are_one_person_and_two_again(desk: Page, shop: Page, mailbox: Page) -> None:
    address = "robin@customer.example"
    await mailbox.locator("input[name=address]").fill(address)
    await write_mail(mailbox, "Lid", "Is there a lid for my pot?")
    await accept(desk, "Is there a lid for my pot?")
    await shop.evaluate("address => window.omni('identify', { email: address })", address)
    await shop.locator("[data-open]").click()
    frame = await chat_frame(shop)
    await frame.get_by_label("Message", exact=True).fill("I have just sent you a mail about a lid.")
    await frame.get_by_role("button", name="Send").click()
    await accept(desk, "I have just sent you a mail about a lid.")
    side = await open_side(desk, "Customer")
    await side.get_by_role("button", name="Same person").click()
    # the contact that stays shows the doors of both, and the chat's alone when they are two again
    await expect(side.locator(".point").filter(has_text="email · support")).to_have_count(1)
    await side.locator(".merge-line").get_by_role("button", name="Undo").click()
    await expect(side.locator(".merge-line")).to_have_count(0)
    await expect(side.locator(".point").filter(has_text="email · support")).to_have_count(0)
