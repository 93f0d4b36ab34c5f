"""The folder where the bytes of outgoing files lie, one file each, under ids nobody chose.

In: chunks as they come. Out: their size and beginning, once all of it is synced to the disk. All work of the
disk is done in threads.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path

from router.errors import ContentRejected, StoreUnavailable
from router.file_types import HEAD_BYTES
from router.unbroken import Unbroken

CHUNK_BYTES = 262_144


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What came: how much, and how it begins."""

    size_bytes: int
    head: bytes


class FileFolder:
    """Bytes by id; the folder is made when it is first written to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._creating = Unbroken()

    async def receive(self, file_id: str, chunks: AsyncIterator[bytes], max_bytes: int) -> Received:
        """Write a file; raises ContentRejected as soon as it is too large, StoreUnavailable when it cannot be."""
        try:
            target = await self._created(file_id)
            try:
                received = await _fill(target, chunks, max_bytes)
                await asyncio.to_thread(_sync, target, self._folder)
            finally:
                await asyncio.to_thread(target.close)
        except OSError as error:
            raise StoreUnavailable(f"the folder of files cannot be written to: {error.strerror}") from error
        return received

    async def has(self, file_id: str) -> bool:
        """Say whether a file is there."""
        return await asyncio.to_thread((self._folder / file_id).is_file)

    async def read(self, file_id: str) -> bytes:
        """Read a whole file; LookupError when it is not there."""
        try:
            return await asyncio.to_thread((self._folder / file_id).read_bytes)
        except FileNotFoundError:
            raise LookupError(file_id) from None

    async def chunks(self, file_id: str) -> AsyncIterator[bytes]:
        """Read a file piece by piece; LookupError when it is not there."""
        try:
            source = await asyncio.to_thread(open, self._folder / file_id, "rb")
        except FileNotFoundError:
            raise LookupError(file_id) from None
        try:
            while chunk := await asyncio.to_thread(source.read, CHUNK_BYTES):
                yield chunk
        finally:
            await asyncio.to_thread(source.close)

    async def remove(self, file_id: str) -> None:
        """Remove a file; one that is not there is none any more. One that is being made is waited for."""
        await self._creating.settled()
        await asyncio.to_thread((self._folder / file_id).unlink, missing_ok=True)

    async def _created(self, file_id: str) -> BufferedWriter:
        """Create a file; the thread that does it cannot be cancelled, so what it opens is closed then."""
        creating = self._creating.begin(asyncio.to_thread(self._create, file_id))
        try:
            return await asyncio.shield(creating)
        except asyncio.CancelledError:
            creating.add_done_callback(_close_unused)
            raise

    def _create(self, file_id: str) -> BufferedWriter:
        if not self._folder.is_dir():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sync_folder(self._folder.parent)
        place = os.open(self._folder / file_id, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        return os.fdopen(place, "wb")


def _close_unused(creating: asyncio.Task[BufferedWriter]) -> None:
    if not creating.cancelled() and creating.exception() is None:
        creating.result().close()


async def _fill(target: BufferedWriter, chunks: AsyncIterator[bytes], max_bytes: int) -> Received:
    size_bytes, head, waiting = 0, b"", bytearray()
    async for chunk in chunks:
        size_bytes += len(chunk)
        if size_bytes > max_bytes:
            raise ContentRejected(
                f"the file has more than {max_bytes:,} bytes", code="too_large", part="files"
            )
        head += chunk[: HEAD_BYTES - len(head)]
        waiting += chunk
        if len(waiting) >= CHUNK_BYTES:
            await asyncio.to_thread(target.write, bytes(waiting))
            waiting.clear()
    await asyncio.to_thread(target.write, bytes(waiting))
    return Received(size_bytes=size_bytes, head=head)


def _sync(target: BufferedWriter, folder: Path) -> None:
    """Have the bytes and the name of the file on the disk."""
    target.flush()
    os.fsync(target.fileno())
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    place = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)
