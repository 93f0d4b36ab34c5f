"""Files that go with replies, on both databases: kept until sent, sent the same each time, removed when not sent."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from io import BufferedWriter
from pathlib import Path
from typing import Any

import pytest

from router.abilities import MediaFile
from router.capabilities import MediaLimits
from router.errors import ContentRejected, NotFound, Retryable
from router.file_folder import FileFolder
from router.messages import JsonObject
from router.outgoing_files import OutgoingFiles
from router.storage import outgoing_files
from router.storage import schema as t
from router.storage.outgoing_files import Whose, begin_file
from router.storage.store import Store
from router.testing import FakeClock
from router.uploading import Uploading
from tests.integration.house import NOW, Doors, House, house

PDF = b"%PDF-1.7\n" + b"1" * 300_000
DAY_S = 86_400
# what says nothing new to the other database
ON_SQLITE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@dataclass
class FileDoors(Doors):
    """Channels that also take files apart from messages; `refusals` are raised in turn."""

    uploaded: list[tuple[MediaFile, bytes]] = field(default_factory=list)
    refusals: list[Exception] = field(default_factory=list)

    async def upload(self, account: str, file: MediaFile, chunks: AsyncIterator[bytes]) -> JsonObject:
        if self.refusals:
            raise self.refusals.pop(0)
        self.uploaded.append((file, b"".join([chunk async for chunk in chunks])))
        return {"media_id": f"m{len(self.uploaded)}"}


@dataclass
class Desk:
    """A house with a drawer for files."""

    rooms: House
    files: OutgoingFiles
    doors: FileDoors
    folder: Path
    conversation: str = ""

    @property
    def mei(self) -> str:
        return self.rooms.agents["mei"]

    async def attach(self, name: str = "label.pdf", content: bytes = PDF, agent: str = "mei") -> str:
        async def chunks() -> AsyncIterator[bytes]:
            yield content[:5]
            yield content[5:]

        who = self.rooms.agents[agent]
        return (await self.files.attach(self.conversation, who, name, chunks())).id

    async def reply(self, text: str, *files: str, **more: Any) -> str:
        return await self.rooms.replies.reply(self.conversation, self.mei, 1, text, files=files, **more)

    async def rows(self) -> list[Any]:
        return await self.rooms.front.rows(t.outgoing_file)


def media(via: str, **more: Any) -> dict[str, Any]:
    limits = MediaLimits(types=frozenset(), max_bytes=400_000, via=via, **more)
    return {"blocks": frozenset({"text", "file", "image"}), "media": {"file": limits, "image": limits}}


def desk_of(rooms: House, store: Store, doors: FileDoors, folder: Path) -> Desk:
    drawer = FileFolder(folder)
    rooms.outbox._ready = Uploading(store, rooms.clock, drawer, doors).readied
    files = OutgoingFiles(store, rooms.clock, drawer, doors)
    return Desk(rooms=rooms, files=files, doors=doors, folder=folder)


@pytest.fixture
async def desk(store: Store, tmp_path: Path) -> AsyncIterator[Desk]:
    doors = FileDoors(can=media("inline", total_bytes=500_000))
    async with house(store, FakeClock(NOW), doors) as rooms:
        opened = desk_of(rooms, store, doors, tmp_path / "files")
        opened.conversation = await rooms.accepted()
        yield opened


async def test_a_file_goes_with_the_words_and_its_bytes_are_the_accounts_alone(desk: Desk) -> None:
    file = await desk.attach()
    message = await desk.reply("Your label", file)
    await desk.rooms.send()
    [attempt] = desk.doors.sent
    assert [block.kind for block in attempt.blocks] == ["text", "file"]
    assert attempt.blocks[1].fields["attachment"] == file
    content = await desk.files.carried("notes", file, "")
    assert (content.name, content.content_type, content.content) == ("label.pdf", "application/pdf", PDF)
    for account, thread in (("other", ""), ("notes", "someone's thread")):
        with pytest.raises(LookupError):
            await desk.files.carried(account, file, thread)
    assert [row.message_id for row in await desk.rows()] == [message]


async def test_a_repeated_reply_gives_the_first_and_a_file_is_sent_once(desk: Desk) -> None:
    file = await desk.attach()
    first = await desk.reply("Here", file, key="k")
    assert await desk.reply("Here", file, key="k") == first
    with pytest.raises(ContentRejected, match="attach it again"):
        await desk.reply("Here again", file)
    assert len(await desk.rooms.front.rows(t.message, direction="outbound")) == 1


@ON_SQLITE
async def test_a_file_without_words_is_a_message(desk: Desk) -> None:
    await desk.reply("", await desk.attach())
    await desk.rooms.send()
    assert [[block.kind for block in one.blocks] for one in desk.doors.sent] == [["file"]]


async def test_what_is_not_his_or_too_much_together_is_refused_and_stays_attached(desk: Desk) -> None:
    toms = await desk.attach(agent="tom")
    mine = [await desk.attach(name) for name in ("a.pdf", "b.pdf")]
    for files in ([toms], [mine[0], mine[0]], ["unknown"], mine):
        with pytest.raises(ContentRejected) as refused:
            await desk.reply("Here", *files)
        assert refused.value.part == "files"
    assert {row.message_id for row in await desk.rows()} == {None}


@ON_SQLITE
async def test_files_that_go_up_first_are_messages_of_their_own_and_go_up_once(desk: Desk) -> None:
    desk.doors.can = media("upload")
    desk.doors.answers = [Retryable("busy", retry_after_s=5)]
    files = [await desk.attach("a.pdf"), await desk.attach("b.pdf")]
    await desk.reply("Both labels", *files)
    for _ in range(4):
        await desk.rooms.send()
        desk.rooms.clock.advance(6)
    kinds = [[block.kind.value for block in one.blocks] for one in desk.doors.sent]
    assert kinds == [["text"], ["text"], ["file"], ["file"]]
    assert [one.blocks[0].fields["media_id"] for one in desk.doors.sent[2:]] == ["m1", "m2"]
    assert [(file.name, content) for file, content in desk.doors.uploaded] == [("a.pdf", PDF), ("b.pdf", PDF)]


@ON_SQLITE
async def test_a_provider_that_is_busy_with_a_file_is_asked_again_and_a_message_names_one_file(
    desk: Desk,
) -> None:
    desk.doors.can = media("upload", expires_s=3_600.0)
    desk.doors.refusals = [Retryable("busy", retry_after_s=5)]
    desk.doors.answers = [Retryable("busy", retry_after_s=5), Retryable("busy", retry_after_s=3_600)]
    message = await desk.reply("", await desk.attach())
    for wait_s in (6, 31, 3_601, 1):
        await desk.rooms.send()
        desk.rooms.clock.advance(wait_s)
    named = [one.blocks[0].fields["media_id"] for one in desk.doors.sent]
    # the last attempt comes after the provider has dropped what went up first
    assert named == ["m1", "m1", "m2"]
    assert (await desk.rooms.state(message)).state == "accepted"


@ON_SQLITE
async def test_a_file_that_is_gone_from_the_folder_fails_with_words_for_the_agent(desk: Desk) -> None:
    desk.doors.can = media("upload")
    file = await desk.attach()
    message = await desk.reply("", file)
    (desk.folder / file).unlink()
    await desk.rooms.send()
    row = await desk.rooms.state(message)
    assert (row.state, row.detail) == (
        "failed",
        "label.pdf is not in the folder of files any more; attach it again",
    )


async def test_what_is_queued_with_files_is_sent_by_the_next_run_of_the_router(
    store: Store, tmp_path: Path
) -> None:
    doors, clock = FileDoors(can=media("upload")), FakeClock(NOW)
    async with house(store, clock, doors) as first:
        desk = desk_of(first, store, doors, tmp_path)
        desk.conversation = await first.accepted()
        await desk.reply("", await desk.attach())
    async with house(store, clock, doors) as second:
        desk_of(second, store, doors, tmp_path)
        await second.send()
    assert [content for _, content in doors.uploaded] == [PDF]
    assert [one.blocks[0].fields["media_id"] for one in doors.sent] == ["m1"]


async def test_what_nobody_sent_goes_after_a_day_and_what_was_sent_stays(desk: Desk) -> None:
    sent, unsent = await desk.attach(), await desk.attach()
    await desk.reply("Here", sent)
    desk.rooms.clock.advance(DAY_S - 1)
    late = await desk.attach()
    await desk.files.sweep()
    assert {path.name for path in desk.folder.iterdir()} == {sent, unsent, late}
    desk.rooms.clock.advance(2)
    await desk.files.sweep()
    assert {path.name for path in desk.folder.iterdir()} == {sent, late}
    assert {row.id for row in await desk.rows()} == {sent, late}
    with pytest.raises(ContentRejected):
        await desk.reply("Here", unsent)


async def test_what_a_crash_left_half_taken_in_is_removed_at_the_next_start(desk: Desk) -> None:
    whose = Whose(agent_id=desk.mei, conversation_id=desk.conversation)
    whole = await desk.attach()
    # the process died while bytes came in, and before the first of them
    for id in ("half", "announced"):
        await desk.rooms.front.store.write(begin_file, id, whose, NOW)
    (desk.folder / "half").write_bytes(b"%PDF")
    desk.rooms.clock.advance(1)
    await desk.files.recover()
    assert {path.name for path in desk.folder.iterdir()} == {whole}
    assert {row.id for row in await desk.rows()} == {whole}


async def test_an_agent_who_attaches_without_end_is_stopped(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing_files, "MOST_WAITING", 2)
    for _ in range(2):
        await desk.attach(content=b"%PDF-")
    with pytest.raises(ContentRejected, match="2 attached files"):
        await desk.attach(content=b"%PDF-")
    [first, *_] = await desk.rows()
    await desk.files.drop(first.id, desk.mei)
    await desk.attach(content=b"%PDF-")
    with pytest.raises(NotFound):
        await desk.files.drop(first.id, desk.mei)


@ON_SQLITE
async def test_files_that_come_in_at_once_are_counted_until_they_are_in(desk: Desk) -> None:
    more = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"%PDF-"
        await more.wait()

    coming = [
        asyncio.ensure_future(desk.files.attach(desk.conversation, desk.mei, f"{number}.pdf", slow()))
        for number in range(10)
    ]
    await asyncio.sleep(0)
    with pytest.raises(ContentRejected, match="10 files are coming in"):
        await desk.attach()
    more.set()
    await asyncio.gather(*coming)
    await desk.attach()
    assert len(await desk.rows()) == 11


@ON_SQLITE
async def test_cancelled_while_the_file_is_made_nothing_is_left_of_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, may_go_on = asyncio.Event(), threading.Event()
    loop, drawer, opened = asyncio.get_running_loop(), desk.files._folder, []
    create = drawer._create

    def slow_create(file_id: str) -> BufferedWriter:
        loop.call_soon_threadsafe(began.set)
        assert may_go_on.wait(60)
        opened.append(create(file_id))
        return opened[0]

    monkeypatch.setattr(drawer, "_create", slow_create)
    coming = asyncio.create_task(desk.attach())
    await began.wait()
    try:
        for _ in range(2):
            # the second one ends the waiting for the removal, which goes on by itself
            coming.cancel()
            for _ in range(10):
                await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await coming
        assert len(await desk.rows()) == 1
    finally:
        may_go_on.set()
    await desk.files._unbroken.settled()
    assert list(desk.folder.iterdir()) == []
    assert await desk.rows() == []
    assert opened[0].closed


@ON_SQLITE
async def test_a_channel_that_takes_no_files_says_so_before_a_byte_is_kept(desk: Desk) -> None:
    desk.doors.can = {}
    with pytest.raises(ContentRejected, match="no files can be sent"):
        await desk.attach()
    assert not desk.folder.exists()
