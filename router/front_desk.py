"""What accounts are handed of the core: accept, filed, cursor, reports, their thread and their own values.

The supervisor wraps it into one `ChannelContext` per account.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from router.clock import Clock
from router.crash import crash_point
from router.filing import FilingRoom
from router.intake import Intake
from router.legible import legible
from router.messages import (
    AcceptResult,
    DeliveryReport,
    Evidence,
    EvidenceKind,
    FileContent,
    FiledMessage,
    JsonValue,
    RawInbound,
    ThreadEvent,
)
from router.model.filing import reference_digest
from router.notices import thread_event_of
from router.outgoing_files import OutgoingFiles
from router.storage.deliveries import apply_reports, mark_sending
from router.storage.schema import conversation, message, plugin_value, reference
from router.storage.store import Store


class FrontDesk:
    """The core as every account sees it.

    `reported` tells of reports about an account's messages, `typing` of a customer who writes in a conversation.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        intake: Intake,
        filing: FilingRoom,
        reported: Callable[[str, Sequence[tuple[str, str]]], None],
        typing: Callable[[str], None],
        files: OutgoingFiles,
    ) -> None:
        self._store = store
        self._clock = clock
        self._intake = intake
        self._filing = filing
        self._reported = reported
        self._typing = typing
        self._files = files

    async def accept(
        self, account: str, items: Sequence[RawInbound], cursor: JsonValue
    ) -> list[AcceptResult]:
        """Store raw items durably, and the cursor with them if it is not None."""
        crash_point("K1")
        results = await self._intake.accept(account, items, cursor)
        crash_point("K3")
        return results

    async def filed(self, inbound_id: str) -> Sequence[FiledMessage]:
        """Wait until the accepted item has been filed."""
        results = await self._filing.filed(inbound_id)
        crash_point("K12")
        return results

    async def cursor(self, account: str) -> JsonValue:
        """Give the cursor committed last."""
        return await self._intake.cursor(account)

    async def report(self, account: str, report: DeliveryReport) -> None:
        """Record what the outside world says about an outbound message."""
        self._reported(account, await self._store.write(apply_reports, account, [legible(report)]))

    async def sending(self, attempt_id: str) -> None:
        """Record that from now on the peer may have got this message."""
        await self._store.write(mark_sending, attempt_id, self._clock.now())

    async def thread_events(self, account: str, thread: str, after_seq: int, limit: int) -> list[ThreadEvent]:
        """Read what the customer of this provider thread may see, in order of `seq`."""
        key = reference_digest(account, Evidence(kind=EvidenceKind.THREAD, value=thread))
        statement = (
            select(message)
            .join(reference, reference.c.conversation_id == message.c.strand_id)
            .where(reference.c.digest == key, message.c.seq > after_seq)
            .order_by(message.c.seq)
            .limit(limit)
        )
        async with self._store.reading() as connection:
            rows = (await connection.execute(statement)).mappings()
            return [thread_event_of(dict(row)) for row in rows]

    async def file(self, account: str, id: str, thread: str) -> FileContent:
        """Read a file that a message of the account carries. LookupError if there is none."""
        return await self._files.carried(account, id, thread)

    async def customer_typing(self, account: str, thread: str) -> None:
        """Tell agents that the customer of this provider thread is writing."""
        key = reference_digest(account, Evidence(kind=EvidenceKind.THREAD, value=thread))
        shown_in = func.coalesce(conversation.c.leads_to, conversation.c.id)
        statement = select(shown_in).join_from(reference, conversation).where(reference.c.digest == key)
        async with self._store.reading() as connection:
            conversation_id = (await connection.execute(statement)).scalar()
        if conversation_id is not None:
            self._typing(conversation_id)

    async def get(self, account: str, key: str) -> JsonValue:
        """Read one value of the account's own store."""
        statement = select(plugin_value.c.value).where(
            plugin_value.c.account == account, plugin_value.c.key == key
        )
        async with self._store.reading() as connection:
            value: JsonValue = (await connection.execute(statement)).scalar()
            return value

    async def put(self, account: str, key: str, value: JsonValue) -> None:
        """Write one value of the account's own store; None deletes it."""
        await self._store.write(_put, account, key, legible(value), self._clock.now())


def _put(connection: Connection, account: str, key: str, value: JsonValue, at: datetime) -> None:
    here = (plugin_value.c.account == account) & (plugin_value.c.key == key)
    if value is None:
        connection.execute(delete(plugin_value).where(here))
        return
    changed = connection.execute(update(plugin_value).where(here).values(value=value, updated_at=at))
    if changed.rowcount == 0:
        connection.execute(insert(plugin_value).values(account=account, key=key, value=value, updated_at=at))
