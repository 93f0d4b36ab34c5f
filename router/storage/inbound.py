"""Raw inbound items in the store: accept, dedupe, quarantine, account for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, insert, select, update

from router.ids import digest
from router.legible import legible
from router.messages import AcceptOutcome, AcceptResult, JsonValue, RawInbound
from router.storage.inserts import insert_many
from router.storage.lookups import Lookup
from router.storage.schema import channel_account, quarantine, raw_bytes, raw_inbound

_REDELIVERED = (
    update(raw_inbound)
    .where(raw_inbound.c.id == bindparam("inbound"))
    .values(redeliveries=raw_inbound.c.redeliveries + 1)
)
_FIRST = Lookup(
    select(raw_inbound.c.dedupe_digest, raw_inbound.c.id),
    (raw_inbound.c.account, raw_inbound.c.dedupe_digest),
)
_FILED = (
    update(raw_inbound)
    .where(raw_inbound.c.id == bindparam("inbound"))
    .values(state="filed", filed_as=bindparam("filed_as"), filed_at=bindparam("filed_at"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What one source brings at once: items with their new ids, and where it stands afterwards."""

    account: str
    items: Sequence[tuple[str, RawInbound]]
    cursor: JsonValue = None
    at: datetime


def dedupe_digest(account: str, key: str) -> bytes:
    """Give the unique key of an item within its account."""
    return digest(account, "dedupe", key)


def store_deliveries(connection: Connection, deliveries: Sequence[Delivery]) -> list[list[AcceptResult]]:
    """Store each new item once; a known key answers with the first delivery's id."""
    digests = [[dedupe_digest(d.account, raw.dedupe_key) for _, raw in d.items] for d in deliveries]
    asked = [(d.account, key) for d, keys in zip(deliveries, digests, strict=True) for key in keys]
    known = _known(connection, asked)
    rows: list[dict[str, object]] = []
    bodies: list[dict[str, object]] = []
    again: list[dict[str, str]] = []
    results: list[list[AcceptResult]] = []
    for delivery, keys in zip(deliveries, digests, strict=True):
        outcomes = []
        for (inbound_id, raw), key in zip(delivery.items, keys, strict=True):
            first = known.get(key)
            if first is None:
                known[key] = inbound_id
                rows.append(_row(delivery.account, inbound_id, raw, key))
                bodies.append({"inbound_id": inbound_id, "raw": raw.raw})
                outcomes.append(AcceptResult(outcome=AcceptOutcome.ACCEPTED, inbound_id=inbound_id))
            else:
                again.append({"inbound": first})
                outcomes.append(AcceptResult(outcome=AcceptOutcome.DUPLICATE, inbound_id=first))
        results.append(outcomes)
    insert_many(connection, raw_inbound, rows)
    insert_many(connection, raw_bytes, bodies)
    if again:
        connection.execute(_REDELIVERED, again)
    for delivery in deliveries:
        if delivery.cursor is not None:
            _move_cursor(connection, delivery)
    return results


def mark_filed(connection: Connection, filed: Sequence[tuple[str, str]], at: datetime) -> None:
    """Note for each (inbound id, how) that the item has been filed, and end its quarantine."""
    rows = [{"inbound": inbound_id, "filed_as": how, "filed_at": at} for inbound_id, how in filed]
    connection.execute(_FILED, rows)


def set_aside(connection: Connection, inbound_id: str, code: str, reason: str, at: datetime) -> None:
    """Put an item into quarantine; its raw bytes stay where they are."""
    connection.execute(
        update(raw_inbound)
        .where(raw_inbound.c.id == inbound_id)
        .values(state="quarantined", attempts=raw_inbound.c.attempts + 1)
    )
    changed = connection.execute(
        update(quarantine)
        .where(quarantine.c.inbound_id == inbound_id)
        .values(code=code, reason=legible(reason), reruns=quarantine.c.reruns + 1)
    )
    if changed.rowcount == 0:
        connection.execute(
            insert(quarantine).values(inbound_id=inbound_id, code=code, reason=legible(reason), since=at)
        )


def release(connection: Connection, inbound_id: str) -> bool:
    """Take an item out of quarantine to be read once more; false if it is not there."""
    changed = connection.execute(
        update(raw_inbound)
        .where(raw_inbound.c.id == inbound_id, raw_inbound.c.state == "quarantined")
        .values(state="accepted")
    )
    return changed.rowcount == 1


def begin_attempt(connection: Connection, inbound_ids: Sequence[str]) -> None:
    """Count one more try at items whose last try ended with the process."""
    connection.execute(
        update(raw_inbound)
        .where(raw_inbound.c.id.in_(inbound_ids))
        .values(attempts=raw_inbound.c.attempts + 1)
    )


def _known(connection: Connection, keys: Sequence[tuple[str, bytes]]) -> dict[bytes, str]:
    return {bytes(found): inbound_id for found, inbound_id in _FIRST.rows(connection, keys)}


def _row(account: str, inbound_id: str, raw: RawInbound, key: bytes) -> dict[str, object]:
    return {
        "id": inbound_id,
        "account": account,
        "dedupe_digest": key,
        "dedupe_key": legible(raw.dedupe_key),
        "envelope": legible(raw.envelope),
        "size_bytes": len(raw.raw),
        "received_at": raw.received_at,
        "state": "accepted",
    }


def _move_cursor(connection: Connection, delivery: Delivery) -> None:
    values = {"cursor": legible(delivery.cursor), "cursor_at": delivery.at}
    changed = connection.execute(
        update(channel_account).where(channel_account.c.account == delivery.account).values(values)
    )
    if changed.rowcount == 0:
        connection.execute(insert(channel_account).values(account=delivery.account, **values))


def raw_items() -> Select[Any]:
    """Select items with their bytes; `raw_of` reads the rows."""
    return select(raw_inbound, raw_bytes.c.raw).join(raw_bytes, raw_bytes.c.inbound_id == raw_inbound.c.id)


def raw_of(row: Row[Any]) -> RawInbound:
    """Rebuild a raw item from a row of `raw_items`."""
    return RawInbound(
        dedupe_key=row.dedupe_key, raw=row.raw, received_at=row.received_at, envelope=row.envelope
    )
