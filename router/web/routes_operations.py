"""Calls for those who run the router: the ledger, the quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from router.model.desk import AccountLedger, QuarantinedItem
from router.storage.views.intake import list_quarantine, read_ledger, read_quarantined_raw
from router.storage.views.messages import find_filed
from router.web.auth import Caller
from router.web.binder import Call, Query
from router.web.files import Download
from router.web.services import Services


class HowMany(Query):
    """How many to list."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What came in at each account and where it ended."""

    accounts: Sequence[AccountLedger]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineList:
    """What is set aside."""

    items: Sequence[QuarantinedItem]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerun:
    """What became of an item tried again, and the conversation it is in now."""

    outcome: str
    conversation_id: str | None


class OperationsCalls:
    """Calls for those who run the router."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def calls(self) -> list[Call]:
        """List the calls."""
        item = "/quarantine/{item_id}"
        return [
            Call(method="GET", path="/ledger", action=self.read_ledger),
            Call(method="GET", path="/quarantine", action=self.list_quarantine, admin=True),
            Call(method="GET", path=f"{item}/raw", action=self.read_quarantined, admin=True),
            Call(method="POST", path=f"{item}/rerun", action=self.rerun, admin=True),
        ]

    async def read_ledger(self, caller: Caller) -> Ledger:
        """Count what came in and where it ended."""
        async with self._services.store.reading() as conn:
            return Ledger(accounts=await read_ledger(conn))

    async def list_quarantine(self, caller: Caller, query: HowMany) -> QuarantineList:
        """List what is set aside, newest first."""
        async with self._services.store.reading() as conn:
            return QuarantineList(items=await list_quarantine(conn, query.limit))

    async def read_quarantined(self, caller: Caller, item_id: str) -> Download:
        """Save the raw bytes of an item set aside."""
        return Download(body=await self._raw(item_id), name=f"quarantined-{item_id}.bin")

    async def rerun(self, caller: Caller, item_id: str) -> Rerun:
        """Try to file an item again."""
        await self._raw(item_id)
        outcome = await self._services.quarantine.rerun(item_id)
        async with self._services.store.reading() as conn:
            return Rerun(outcome=outcome, conversation_id=await find_filed(conn, item_id))

    async def _raw(self, item_id: str) -> bytes:
        async with self._services.store.reading() as conn:
            return await read_quarantined_raw(conn, item_id)
