"""Calls about the files an agent sends: what may be attached, attach, remove."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from aiohttp import web

from router.model.outgoing_files import MOST_FILES, OutgoingFile
from router.web.asking import require_visible
from router.web.auth import Caller
from router.web.binder import Call, FileName, Line, Query
from router.web.files import clean_name
from router.web.problems import Problem
from router.web.services import Services

CONTENT_TYPE = "application/octet-stream"
CHUNK_BYTES = 65_536
PATIENCE_S = 30.0
"""How long an agent's browser may be silent in the middle of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKind:
    """One kind of file a channel takes, up to a size; no `types` means any."""

    kind: str
    types: Sequence[str]
    max_bytes: int
    total_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachableFiles:
    """What may be attached, how many at a time, and what I have attached already. No `kinds`: nothing."""

    kinds: Sequence[FileKind]
    most: int
    files: Sequence[OutgoingFile]


class Answering(Query):
    """The message that is to be answered; the customer's newest unless it is named."""

    answers: Line | None = None


class NewFile(Answering):
    """What the file is called."""

    name: FileName


class FileCalls:
    """Calls about the files of a reply that is being written."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def calls(self) -> list[Call]:
        """List the calls."""
        here = "/conversations/{conversation_id}/files"
        return [
            Call(method="GET", path=here, action=self.list_attachable),
            Call(
                method="POST",
                path=here,
                action=self.attach,
                status=201,
                takes=CONTENT_TYPE,
                raises=("content_rejected", "too_large", "unsupported_media_type"),
            ),
            Call(method="DELETE", path="/files/{file_id}", action=self.drop),
        ]

    async def list_attachable(
        self, caller: Caller, conversation_id: str, query: Answering
    ) -> AttachableFiles:
        """Say which files may go with an answer, and which of mine wait for it already."""
        await require_visible(self._services, caller, conversation_id)
        found = await self._services.files.attachable(conversation_id, caller.agent_id, query.answers)
        kinds = [
            FileKind(
                kind=kind,
                types=sorted(limits.types),
                max_bytes=limits.max_bytes,
                total_bytes=limits.total_bytes,
            )
            for kind, limits in sorted(found.kinds.items())
        ]
        return AttachableFiles(kinds=kinds, most=MOST_FILES, files=found.waiting)

    async def attach(
        self, caller: Caller, conversation_id: str, query: NewFile, request: web.Request
    ) -> OutgoingFile:
        """Attach a file, whose bytes are the body, to my next reply; it waits for a day."""
        await require_visible(self._services, caller, conversation_id)
        return await self._services.files.attach(
            conversation_id, caller.agent_id, clean_name(query.name), _chunks(request), query.answers
        )

    async def drop(self, caller: Caller, file_id: str) -> None:
        """Remove a file I attached and did not send."""
        await self._services.files.drop(file_id, caller.agent_id)


async def _chunks(request: web.Request) -> AsyncIterator[bytes]:
    """Read a body as it comes; the room that takes it says when it is too much."""
    while True:
        try:
            async with asyncio.timeout(PATIENCE_S):
                chunk = await request.content.read(CHUNK_BYTES)
        except (TimeoutError, ConnectionError):
            raise Problem(400, "bad_request", "The rest of the file did not come.") from None
        if not chunk:
            return
        yield chunk
