"""Room 7, the desk's paper clip: take in the files agents attach, keep them until they are sent, and give them out.

In: bytes from an agent, for a conversation he sees. Out: waiting files a reply may name, and later their bytes
for the channel, the customer and the desk. What nobody sent within a day is removed.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from router.capabilities import Capabilities, MediaLimits
from router.channel import ChannelType
from router.clock import Clock
from router.errors import ContentRejected, NotFound, StoreUnavailable
from router.file_folder import FileFolder
from router.file_types import content_type_of
from router.ids import new_id
from router.messages import FileContent
from router.model.outgoing_files import (
    MOST_FILES,
    PART,
    OutgoingFile,
    block_of_file,
    file_kinds,
    largest_bytes,
)
from router.storage.outbound import answered_message
from router.storage.outgoing_files import (
    Whose,
    begin_file,
    carried_file,
    disown,
    disown_old,
    finish_file,
    forget_file,
    nobodys_files,
    waiting_files,
)
from router.storage.store import Store
from router.unbroken import Unbroken

log = logging.getLogger(__name__)

KEPT_UNSENT = timedelta(days=1)
SWEEP_EVERY_S = 3_600.0


class Doors(Protocol):
    """What this room needs of the running channels."""

    def kind(self, account: str) -> ChannelType:
        """Give the kind of an account's channel."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachable:
    """What files may go with an answer, by kind of block, and those that wait for it already."""

    kinds: Mapping[str, MediaLimits]
    waiting: Sequence[OutgoingFile]


class OutgoingFiles:
    """The files agents send."""

    def __init__(self, store: Store, clock: Clock, folder: FileFolder, doors: Doors) -> None:
        self._store = store
        self._clock = clock
        self._folder = folder
        self._doors = doors
        self._coming: Counter[str] = Counter()
        self._unbroken = Unbroken()

    async def attachable(self, conversation_id: str, agent_id: str, answers: str | None = None) -> Attachable:
        """Say what an agent may attach to an answer to that message, or the newest. Raises NotFound without one."""
        can = await self._sending(conversation_id, answers)
        whose = Whose(agent_id=agent_id, conversation_id=conversation_id)
        async with self._store.reading() as connection:
            waiting = await connection.run_sync(waiting_files, whose)
        return Attachable(kinds=file_kinds(can), waiting=waiting)

    async def attach(
        self,
        conversation_id: str,
        agent_id: str,
        name: str,
        chunks: AsyncIterator[bytes],
        answers: str | None = None,
    ) -> OutgoingFile:
        """Keep a file for the agent's next reply.

        Raises ContentRejected for what the channel does not take, NotFound where there is nothing to answer,
        StoreUnavailable when nothing can be kept.
        """
        whose = Whose(agent_id=agent_id, conversation_id=conversation_id)
        with self._one_more(agent_id):
            can = await self._sending(conversation_id, answers)
            return await self._take_in(whose, name, chunks, can)

    async def _take_in(
        self, whose: Whose, name: str, chunks: AsyncIterator[bytes], can: Capabilities
    ) -> OutgoingFile:
        file_id, most = new_id(), largest_bytes(can)
        await self._store.write(begin_file, file_id, whose, self._clock.now())
        try:
            received = await self._folder.receive(file_id, chunks, most)
            file = OutgoingFile(
                id=file_id,
                name=name,
                content_type=content_type_of(name, received.head),
                size_bytes=received.size_bytes,
            )
            _check(file, can)
            await self._store.write(finish_file, file, whose.agent_id)
        except BaseException:
            await self._unbroken.run(self._remove(file_id))
            raise
        return file

    @contextmanager
    def _one_more(self, agent_id: str) -> Iterator[None]:
        """Count a file that comes in; ContentRejected when its agent sends too many at once."""
        if self._coming[agent_id] >= MOST_FILES:
            raise ContentRejected(
                f"{MOST_FILES} files are coming in already; wait for one of them", code="too_many", part=PART
            )
        self._coming[agent_id] += 1
        try:
            yield
        finally:
            self._coming -= Counter({agent_id: 1})

    async def drop(self, file_id: str, agent_id: str) -> None:
        """Remove a file its agent does not want to send after all. Raises NotFound."""
        if not await self._store.write(disown, file_id, agent_id):
            raise NotFound(f"there is no attached file {file_id}")
        await self._remove(file_id)

    async def content(self, file_id: str) -> bytes:
        """Read the bytes of a file; LookupError when they are not there."""
        return await self._folder.read(file_id)

    async def carried(self, account: str, file_id: str, thread: str) -> FileContent:
        """Read a file that a message of an account carries, in that thread if one is named. LookupError if none."""
        async with self._store.reading() as connection:
            row = (await connection.execute(carried_file(account, file_id, thread))).one_or_none()
        if row is None:
            raise LookupError(file_id)
        content = await self._folder.read(file_id)
        return FileContent(name=row.name, content_type=row.content_type, content=content)

    async def recover(self) -> None:
        """Remove what an earlier run left half taken in or half removed. Once, before anything is attached."""
        await self._sweep(timedelta())

    async def run(self) -> None:
        """Remove what nobody sent, until cancelled."""
        while True:
            try:
                await self.sweep()
            except StoreUnavailable as error:
                log.warning("old files not removed: %s", error)
            await asyncio.sleep(SWEEP_EVERY_S)

    async def sweep(self) -> None:
        """Remove what was attached more than a day ago and never sent."""
        await self._store.write(disown_old, self._clock.now() - KEPT_UNSENT)
        await self._sweep(KEPT_UNSENT)

    async def _sweep(self, older_than: timedelta) -> None:
        async with self._store.reading() as connection:
            gone = await connection.run_sync(nobodys_files, self._clock.now() - older_than)
        for file_id in gone:
            await self._remove(file_id)

    async def _remove(self, file_id: str) -> None:
        """Remove bytes, then their row, which belongs to nobody: what fails is swept once more."""
        with suppress(StoreUnavailable, OSError):
            await self._folder.remove(file_id)
            await self._store.write(forget_file, file_id)

    async def _sending(self, conversation_id: str, answers: str | None) -> Capabilities:
        async with self._store.reading() as connection:
            answered = await connection.run_sync(answered_message, conversation_id, answers)
        return self._doors.kind(answered.account).capabilities


def _check(file: OutgoingFile, can: Capabilities) -> None:
    if not file.size_bytes:
        raise ContentRejected(f"{file.name} is empty", code="empty", part=PART)
    block_of_file(file, can)
