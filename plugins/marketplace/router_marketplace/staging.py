"""Files that wait for the message that takes them along, where a platform has no upload of its own.

In: a file in chunks. Out: the fields a block names it by, and later the file. They are kept in the account's
own store, so that a reply still has its file after a restart, and go after a day.
"""

from __future__ import annotations

import binascii
import secrets
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta

from router.abilities import MediaFile
from router.channel import ChannelContext
from router.errors import ContentRejected
from router.messages import JsonObject
from router_marketplace.calls import FilePart

KEPT_FOR = timedelta(days=1)
_INDEX = "files"


class StagedFiles:
    """The waiting files of one open account.

    `part` is what the platform's form calls a file, `endings` those a name may have for each kind taken.
    """

    def __init__(
        self, ctx: ChannelContext, *, part: str, max_bytes: int, endings: Mapping[str, Sequence[str]]
    ) -> None:
        self._ctx = ctx
        self._part = part
        self._endings = endings
        self._max_bytes = max_bytes

    async def put(self, file: MediaFile, chunks: AsyncIterator[bytes]) -> JsonObject:
        """Keep a file; raises ContentRejected for a kind not taken, and as soon as it is too long."""
        endings = self._endings.get(file.content_type)
        if endings is None:
            raise ContentRejected(f"{file.content_type} cannot be sent here", code="type", part="file")
        # Buyers' programs go by the name alone.
        name = file.name if file.name.lower().endswith(tuple(endings)) else file.name + endings[0]
        content = await self._read(file, chunks)
        id = secrets.token_hex(16)
        kept = {
            "name": name,
            "content_type": file.content_type,
            "content": b64encode(content).decode("ascii"),
        }
        await self._ctx.put(_key(id), kept)
        await self._ctx.put(_INDEX, {**await self._without_old(), id: self._ctx.clock.now().isoformat()})
        return {
            "upload": id,
            "name": name,
            "content_type": file.content_type,
            "size_bytes": len(content),
        }

    async def _read(self, file: MediaFile, chunks: AsyncIterator[bytes]) -> bytes:
        content = bytearray()
        size_bytes = file.size_bytes
        async for chunk in chunks:
            content += chunk
            size_bytes = max(size_bytes, len(content))
            if size_bytes > self._max_bytes:
                break
        if size_bytes > self._max_bytes:
            raise ContentRejected(
                f"the file has more than {self._max_bytes} bytes", code="too_large", part="file"
            )
        return bytes(content)

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
