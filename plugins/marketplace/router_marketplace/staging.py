"""Files that wait for the message that takes them along, where a platform has no upload of its own.

In: a file in chunks. Out: the fields a block names it by, and later the file. They are kept in the account's
own store, so that a reply still has its file after a restart, and go after a day.
"""

from __future__ import annotations

import binascii
import secrets
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta

from router.abilities import MediaFile
from router.channel import ChannelContext
from router.errors import ContentRejected
from router.messages import JsonObject
from router_marketplace.calls import FilePart

KEPT_FOR = timedelta(days=1)
_INDEX = "files"


class StagedFiles:
    """The waiting files of one open account; `part` is what the platform's form calls a file."""

    def __init__(self, ctx: ChannelContext, *, part: str, max_bytes: int) -> None:
        self._ctx = ctx
        self._part = part
        self._max_bytes = max_bytes

    async def put(self, file: MediaFile, chunks: AsyncIterator[bytes]) -> JsonObject:
        """Keep a file; raises ContentRejected as soon as it is too long."""
        content = bytearray()
        async for chunk in chunks:
            content += chunk
            if len(content) > self._max_bytes:
                raise ContentRejected(
                    f"the file has more than {self._max_bytes} bytes", code="too_large", part="file"
                )
        id = secrets.token_hex(16)
        kept = {
            "name": file.name,
            "content_type": file.content_type,
            "content": b64encode(content).decode("ascii"),
        }
        await self._ctx.put(_key(id), kept)
        await self._ctx.put(_INDEX, {**await self._without_old(), id: self._ctx.clock.now().isoformat()})
        return {
            "upload": id,
            "name": file.name,
            "content_type": file.content_type,
            "size_bytes": len(content),
        }

    async def get(self, fields: JsonObject) -> FilePart:
        """Give the file a block names; raises ContentRejected when there is none any more."""
        kept = await self._ctx.get(_key(str(fields.get("upload", ""))))
        if not isinstance(kept, Mapping):
            raise ContentRejected("the file is no longer here; attach it again", code="no_file", part="file")
        try:
            content = b64decode(str(kept["content"]), validate=True)
        except binascii.Error as error:
            raise ContentRejected("the file is damaged; attach it again", code="no_file") from error
        return FilePart(
            part=self._part,
            name=str(kept["name"]),
            content_type=str(kept["content_type"]),
            content=content,
        )

    async def _without_old(self) -> dict[str, str]:
        """Forget the files of yesterday; give those that stay, with their times."""
        index = await self._ctx.get(_INDEX)
        known = {id: str(at) for id, at in index.items()} if isinstance(index, Mapping) else {}
        oldest = self._ctx.clock.now() - KEPT_FOR
        for id, at in list(known.items()):
            if datetime.fromisoformat(at) < oldest:
                await self._ctx.put(_key(id), None)
                del known[id]
        return known


def _key(id: str) -> str:
    return f"file:{id}"
