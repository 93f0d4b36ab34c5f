"""What a channel did not know is read once more into the same message. On both databases."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import update

from router.decoding import Decoder
from router.errors import NotFound, StaleVersion
from router.remapping import Remapping
from router.storage import schema as t
from router.storage.store import Store
from tests.integration.notes_channel import NotesSettings, item, notes_type
from tests.integration.test_intake import NOW, Front, running

UNKNOWN = [
    {"kind": "unsupported", "text": "", "html": "", "quoted": "", "fields": {"platform_kind": "sticker"}}
]


@pytest.fixture
async def front(store: Store) -> AsyncIterator[Front]:
    async with running(store) as opened:
        yield opened


@pytest.fixture
async def remapping(store: Store) -> AsyncIterator[Remapping]:
    notes = notes_type()
    decoder = Decoder({"notes": (notes, notes.factory("notes", NotesSettings()))})
    yield Remapping(store, decoder)
    await decoder.close()


async def unknown(front: Front, **fields: object) -> Any:
    """Have a message that an older version of the plugin did not know."""
    await front.take(item(at=NOW, id="<1>", **fields))
    await front.store.write(
        lambda c: c.execute(update(t.message).values(blocks=UNKNOWN, preview="")) and None
    )
    (row,) = await front.rows(t.message)
    return row


async def test_message_gets_what_its_channel_knows_now_and_stays_the_same_message(
    front: Front, remapping: Remapping
) -> None:
    before = await unknown(front, text="a smiling cat", files=["cat.png"])
    await front.store.write(lambda c: c.execute(t.attachment.delete()) and None)
    assert await remapping.remap(before.id)
    (after,) = await front.rows(t.message)
    assert (after.id, after.seq, after.preview) == (before.id, before.seq, "a smiling cat")
    assert after.blocks[0]["kind"] == "text"
    assert [file.name for file in await front.rows(t.attachment)] == ["cat.png"]
    assert len(await front.rows(t.work_item)) == 1
    with pytest.raises(StaleVersion):
        await remapping.remap(before.id)


async def test_message_that_is_still_unknown_stays_as_it_was(front: Front, remapping: Remapping) -> None:
    before = await unknown(front)
    raw = json.dumps({"sender": "ann@shop.example", "id": "<other>"}).encode()
    await front.store.write(lambda c: c.execute(update(t.raw_bytes).values(raw=raw)) and None)
    assert not await remapping.remap(before.id)
    (after,) = await front.rows(t.message)
    assert after.blocks == UNKNOWN


async def test_what_came_from_nowhere_is_not_read_again(remapping: Remapping) -> None:
    with pytest.raises(NotFound):
        await remapping.remap("nothing")
