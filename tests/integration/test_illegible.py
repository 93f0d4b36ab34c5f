"""Texts no database holds (NUL, halves of surrogate pairs) come in and go out. On both databases."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from router.errors import ContentRejected
from router.file_folder import FileFolder
from router.front_desk import FrontDesk
from router.legible import REPLACEMENT
from router.messages import DeliveryReport, DeliveryState
from router.outgoing_files import OutgoingFiles
from router.storage import schema as t
from router.storage.store import Store
from router.testing import FakeClock
from tests.integration.house import NOW, Doors, House, house
from tests.integration.notes_channel import item

BAD = "a\ud83d\x00b"
SHOWN = f"a{REPLACEMENT}{REPLACEMENT}b"


@pytest.fixture
async def desk(store: Store) -> AsyncIterator[House]:
    async with house(store, FakeClock(NOW), Doors()) as opened:
        yield opened


@pytest.mark.parametrize("size", ["small", "read apart"])
async def test_message_is_shown_with_replacements_and_its_original_kept(desk: House, size: str) -> None:
    raw = item(
        BAD, at=NOW, id=BAD, text=BAD, subject=BAD, files=[BAD], context={"order_id": BAD},
        evidence=[["thread", BAD]], pad="x" * (300_000 if size == "read apart" else 0),
    )  # fmt: skip
    (conversation,) = await desk.front.take(raw)
    (row,) = await desk.front.rows(t.message, conversation_id=conversation)
    assert (row.subject, row.external_id, row.blocks[0]["text"]) == (SHOWN, SHOWN, SHOWN)
    (kept,) = await desk.front.rows(t.raw_bytes, inbound_id=row.inbound_id)
    assert kept.raw == raw.raw
    assert b"\\ud83d\\u0000" in kept.raw


async def test_next_message_of_the_same_thread_joins_it(desk: House) -> None:
    first = await desk.conversation(sender=BAD, evidence=[["thread", BAD]])
    assert await desk.conversation(sender=BAD, evidence=[["thread", BAD]]) == first


async def test_keys_that_differ_in_nothing_legible_are_two_items_with_their_cursor(desk: House) -> None:
    items = [
        replace(item(at=NOW, id=str(number), key=f"k{bad}"), envelope={"thread": bad})
        for number, bad in enumerate(["\ud83d", "\udc00", "\x00"])
    ]
    results = await desk.front.intake.accept("notes", items, cursor={"page": BAD})
    assert len({one.inbound_id for one in results}) == 3
    assert await desk.front.intake.cursor("notes") == {"page": SHOWN}


async def test_words_of_a_provider_that_no_store_takes_settle_an_attempt_all_the_same(desk: House) -> None:
    desk.doors.answers = [ContentRejected(BAD, code=BAD, part=BAD)]
    conversation = await desk.accepted()
    message = await desk.replies.reply(conversation, desk.agents["mei"], 1, "Hello")
    await desk.send()
    row = await desk.state(message)
    assert (row.state, row.detail, row.refusal["part"]) == ("failed", SHOWN, SHOWN)


async def test_report_and_values_of_a_channel_in_such_words_are_kept(desk: House, tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []
    rooms = (desk.front.store, desk.clock, desk.front.intake, desk.front.filing)
    files = OutgoingFiles(desk.front.store, desk.clock, FileFolder(tmp_path), desk.doors)
    front_desk = FrontDesk(*rooms, lambda _, messages: told.extend(messages), lambda _: None, files)
    conversation = await desk.accepted()
    message = await desk.replies.reply(conversation, desk.agents["mei"], 1, "Hello")
    await desk.send()
    bounced = DeliveryReport(outgoing_ref=f"<{message}@us>", state=DeliveryState.BOUNCED, at=NOW, detail=BAD)
    await front_desk.report("notes", bounced)
    assert told == [(conversation, message)]
    assert (await desk.state(message)).detail == SHOWN
    await front_desk.put("notes", "page", {"next": BAD})
    assert await front_desk.get("notes", "page") == {"next": SHOWN}
