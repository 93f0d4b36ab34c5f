"""What came in and where it ended: the ledger and the quarantine. For admins and operators."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from router.errors import NotFound
from router.model.desk import AccountLedger, QuarantinedItem
from router.storage.schema import quarantine, raw_bytes, raw_inbound


async def read_ledger(conn: AsyncConnection) -> list[AccountLedger]:
    """Count every item ever received by account and by where it is now."""
    query = select(
        raw_inbound.c.account,
        raw_inbound.c.state,
        func.count().label("number"),
        func.sum(raw_inbound.c.redeliveries).label("redeliveries"),
    ).group_by(raw_inbound.c.account, raw_inbound.c.state)
    rows = (await conn.execute(query)).all()
    ledger: list[AccountLedger] = []
    for account in sorted({row.account for row in rows}):
        number = {row.state: row.number for row in rows if row.account == account}
        ledger.append(
            AccountLedger(
                account=account,
                received=sum(number.values()),
                filed=number.get("filed", 0),
                quarantined=number.get("quarantined", 0),
                unfiled=number.get("accepted", 0),
                redeliveries=sum(int(row.redeliveries) for row in rows if row.account == account),
            )
        )
    return ledger


async def list_quarantine(conn: AsyncConnection, limit: int) -> list[QuarantinedItem]:
    """Read what is set aside, newest first."""
    query = (
        select(
            quarantine,
            raw_inbound.c.account,
            raw_inbound.c.received_at,
            raw_inbound.c.size_bytes,
        )
        .join_from(quarantine, raw_inbound, raw_inbound.c.id == quarantine.c.inbound_id)
        .order_by(quarantine.c.since.desc(), quarantine.c.inbound_id.desc())
        .limit(limit)
    )
    return [
        QuarantinedItem(
            id=row.inbound_id,
            account=row.account,
            code=row.code,
            reason=row.reason,
            since=row.since,
            received_at=row.received_at,
            size_bytes=row.size_bytes,
            reruns=row.reruns,
        )
        for row in await conn.execute(query)
    ]


async def read_quarantined_raw(conn: AsyncConnection, inbound_id: str) -> bytes:
    """Read the bytes of an item set aside; NotFound if it is not in quarantine."""
    query = (
        select(raw_bytes.c.raw)
        .join_from(quarantine, raw_bytes, raw_bytes.c.inbound_id == quarantine.c.inbound_id)
        .where(quarantine.c.inbound_id == inbound_id)
    )
    raw: bytes | None = (await conn.execute(query)).scalar()
    if raw is None:
        raise NotFound(f"there is no quarantined item {inbound_id}")
    return raw
