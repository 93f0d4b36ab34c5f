"""Bring the files of a message to its provider before the message goes, where the channel needs it.

In: an attempt whose blocks name files. Out: the same attempt with what the provider calls them. That is kept, so
every attempt names the same file at the provider; what has expired there goes up again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import select

from router.abilities import MediaFile
from router.capabilities import Capabilities, MediaLimits
from router.clock import Clock
from router.errors import ContentRejected, Retryable, StoreUnavailable
from router.file_folder import FileFolder
from router.messages import Block, JsonObject, OutboundAttempt
from router.model.outgoing_files import PART, OutgoingFile
from router.storage.outgoing_files import file_of, keep_provided, provided_fields
from router.storage.schema import outgoing_file
from router.storage.store import Store

EXPIRES_EARLIER_S = 300.0
"""A file is taken for expired so long before the provider says it is."""


class Doors(Protocol):
    """What this needs of the running channels."""

    async def upload(self, account: str, file: MediaFile, chunks: AsyncIterator[bytes]) -> JsonObject:
        """Bring a file to the account's provider; raises SendError classes only."""
        ...


class Uploading:
    """Readies attempts for channels that take files apart from messages."""

    def __init__(self, store: Store, clock: Clock, folder: FileFolder, doors: Doors) -> None:
        self._store = store
        self._clock = clock
        self._folder = folder
        self._doors = doors

    async def readied(self, attempt: OutboundAttempt, can: Capabilities) -> OutboundAttempt:
        """Give an attempt whose files are at the provider. Raises SendError classes."""
        blocks = [
            await self._block(attempt.account, block, can.media.get(block.kind)) for block in attempt.blocks
        ]
        return replace(attempt, blocks=tuple(blocks))

    async def _block(self, account: str, block: Block, limits: MediaLimits | None) -> Block:
        file_id = block.fields.get("attachment")
        if limits is None or limits.via != "upload" or not isinstance(file_id, str):
            return block
        async with self._store.reading() as connection:
            statement = select(outgoing_file).where(outgoing_file.c.id == file_id)
            row = (await connection.execute(statement)).one_or_none()
        if row is None:
            return block
        provided = provided_fields(row, self._expires_before(limits))
        if provided is None:
            provided = await self._bring_up(account, file_of(row))
        return replace(block, fields={**block.fields, **provided})

    async def _bring_up(self, account: str, file: OutgoingFile) -> JsonObject:
        if not await self._folder.has(file.id):
            raise ContentRejected(
                f"{file.name} is not in the folder of files any more; attach it again",
                code="no_file",
                part=PART,
            )
        media = MediaFile(name=file.name, content_type=file.content_type, size_bytes=file.size_bytes)
        provided = await self._doors.upload(account, media, self._folder.chunks(file.id))
        try:
            await self._store.write(keep_provided, file.id, provided, self._clock.now())
        except StoreUnavailable as error:
            raise Retryable(str(error), code="store") from error
        return provided

    def _expires_before(self, limits: MediaLimits) -> datetime | None:
        if limits.expires_s is None:
            return None
        return self._clock.now() - timedelta(seconds=max(limits.expires_s - EXPIRES_EARLIER_S, 0.0))
