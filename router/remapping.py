"""Reading once more what a channel could not show: the raw item is there, and its plugin may know more now.

In: a message with content of an unknown kind. Out: the same message with what `decode` makes of it today. It
keeps its id, its number and its place, and no second message comes of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from router.decoding import Decoder
from router.entries import PREVIEW_CHARS, block_json, file_row, preview
from router.errors import NotFound, StaleVersion
from router.ids import new_id
from router.messages import BlockKind, InboundEvent, RawInbound
from router.storage.inbound import raw_items, raw_of
from router.storage.schema import attachment, message, raw_inbound
from router.storage.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A message, the raw item it came in, and which of the item's events with the same id it is."""

    message_id: str
    kind: str
    external_id: str
    account: str
    inbound_id: str
    raw: RawInbound
    number: int


class Remapping:
    """Reads messages once more."""

    def __init__(self, store: Store, decoder: Decoder) -> None:
        self._store = store
        self._decoder = decoder

    async def remap(self, message_id: str) -> bool:
        """Read a message once more; false when its plugin still knows no more of it.

        Raises NotFound for a message that came from nowhere, StaleVersion where nothing is unknown, and
        MalformedMessage when its raw item cannot be read.
        """
        async with self._store.reading() as connection:
            source = await connection.run_sync(_read_source, message_id)
        events = await self._decoder.decode_apart(source.account, source.raw)
        event = _same(events, source)
        if event is None or is_unknown(block_json(block) for block in event.blocks):
            return False
        await self._store.write(_replace, source, event)
        return True


def is_unknown(blocks: Any) -> bool:
    """Say whether a message holds content of a kind its plugin did not know."""
    return any(block["kind"] == BlockKind.UNSUPPORTED for block in blocks)


def _read_source(connection: Connection, message_id: str) -> _Source:
    row = connection.execute(select(message).where(message.c.id == message_id)).one_or_none()
    if row is None or row.inbound_id is None:
        raise NotFound(f"there is no original of a message {message_id}")
    if not is_unknown(row.blocks):
        raise StaleVersion("everything in this message is known already")
    alike = select(message.c.id).where(
        message.c.inbound_id == row.inbound_id,
        message.c.kind == row.kind,
        message.c.external_id == row.external_id,
    )
    ids = list(connection.execute(alike.order_by(message.c.id)).scalars())
    raw = connection.execute(raw_items().where(raw_inbound.c.id == row.inbound_id)).one()
    return _Source(
        message_id=message_id,
        kind=row.kind,
        external_id=row.external_id,
        account=row.account,
        inbound_id=row.inbound_id,
        raw=raw_of(raw),
        number=ids.index(message_id),
    )


def _same(events: Sequence[InboundEvent], source: _Source) -> InboundEvent | None:
    alike = [one for one in events if (one.kind, one.external_id) == (source.kind, source.external_id)]
    return alike[source.number] if source.number < len(alike) else None


def _replace(connection: Connection, source: _Source, event: InboundEvent) -> None:
    here = message.c.id == source.message_id
    connection.execute(
        update(message)
        .where(here)
        .values(
            blocks=[block_json(block) for block in event.blocks],
            preview=preview(event.blocks, PREVIEW_CHARS),
            warnings=list(event.warnings),
            provider_data=event.provider_data,
        )
    )
    parts = select(attachment.c.part).where(attachment.c.message_id == source.message_id)
    known = set(connection.execute(parts).scalars())
    for one in event.attachments:
        if one.part not in known:
            row = file_row(one, source.message_id, source.inbound_id)
            connection.execute(insert(attachment).values(id=new_id(), **row))
