"""A file on its way to a provider, by a channel on its own thread: read in pieces, never worse than retried."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from pydantic import BaseModel

from router import Capabilities, Channel, ChannelType, MediaFile, Uploads
from router.errors import ContentRejected, Permanent, Retryable, SendError, UnknownOutcome
from router.file_folder import CHUNK_BYTES, FileFolder
from router.messages import InboundEvent, JsonObject, RawInbound
from tests.unit.supervised import FAST
from tests.unit.test_provider_files import running

CONTENT = b"%PDF-1.7" + bytes(CHUNK_BYTES)


class Settings(BaseModel):
    """Nothing to set."""


class Shelf(Channel[Settings], Uploads):
    """Takes files, each as its name says."""

    def decode(self, raw: RawInbound) -> Sequence[InboundEvent]:
        return []

    async def upload(self, file: MediaFile, chunks: AsyncIterator[bytes]) -> JsonObject:
        match file.name:
            case "cut":
                raise UnknownOutcome("the line was cut")
            case "refused":
                raise ContentRejected("no such file", code="type")
            case "broken":
                raise ZeroDivisionError("boom")
            case "garbled":
                return "m1"  # type: ignore[return-value]
        sizes = [len(chunk) async for chunk in chunks]
        return {"media_id": "m1", "sizes": sizes}


class Deaf(Channel[Settings]):
    """Takes no files."""

    def decode(self, raw: RawInbound) -> Sequence[InboundEvent]:
        return []


def kind(factory: type[Channel[Settings]]) -> ChannelType:
    return ChannelType(
        id="shelf",
        title="Shelf",
        settings=Settings,
        capabilities=Capabilities(channel_class="chat"),
        factory=factory,
    )


async def stored(folder: FileFolder) -> AsyncIterator[bytes]:
    async def content() -> AsyncIterator[bytes]:
        yield CONTENT

    await folder.receive("f1", content(), len(CONTENT))
    return folder.chunks("f1")


async def test_a_file_goes_up_in_pieces_and_every_failure_is_a_known_one(tmp_path: Path) -> None:
    folder, kinds = FileFolder(tmp_path / "files"), {}
    async with running(kind(Shelf), Settings(), FAST) as channel:
        file = MediaFile(name="whole", content_type="application/pdf", size_bytes=len(CONTENT))
        assert await channel.upload(file, await stored(folder)) == {
            "media_id": "m1",
            "sizes": [CHUNK_BYTES, 8],
        }
        for name in ("cut", "refused", "broken", "garbled"):
            file = MediaFile(name=name, content_type="application/pdf", size_bytes=1)
            with pytest.raises(SendError) as refused:
                await channel.upload(file, folder.chunks("f1"))
            kinds[name] = refused.type
    assert kinds == {
        # what was cut off on its way to the provider has reached no customer
        "cut": Retryable,
        "refused": ContentRejected,
        "broken": Retryable,
        "garbled": Retryable,
    }


async def test_a_channel_without_uploads_is_never_asked(tmp_path: Path) -> None:
    async with running(kind(Deaf), Settings(), FAST) as channel:
        with pytest.raises(Permanent, match="takes no files"):
            await channel.upload(
                MediaFile(name="a", content_type="image/png", size_bytes=1), FileFolder(tmp_path).chunks("f1")
            )
