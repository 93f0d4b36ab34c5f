"""The promises of work items: clocks as the engine decided them, and the due time an item waits by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, update

from router.engine.decisions import Act, Decision
from router.engine.times import from_iso
from router.messages import JsonValue
from router.storage.inserts import insert_many
from router.storage.schema import sla_clock, work_item

CLOCK_ACTS = frozenset({Act.CLOCK, Act.PROMISE_DUE})

_FORGET = delete(sla_clock).where(
    sla_clock.c.work_item_id == bindparam("item"), sla_clock.c.metric == bindparam("which")
)
_SET_DUE = (
    update(work_item)
    .where(work_item.c.id == bindparam("item"))
    .values(due_at=bindparam("due"), lead_s=bindparam("lead"))
)

_STOPPED = ("kept", "late")
_Key = tuple[str, str]


def save_clocks(connection: Connection, decisions: Sequence[Decision]) -> None:
    """Keep the last state each clock was decided to have, and the due time each item waits by."""
    rows: dict[_Key, Mapping[str, Any]] = {}
    dues: dict[str, Mapping[str, Any]] = {}
    for decision in decisions:
        row = _row(decision)
        rows[row["work_item_id"], row["metric"]] = row
        dues[decision.item_id] = _due(decision)
    if not rows:
        return
    connection.execute(_FORGET, [{"item": item_id, "which": metric} for item_id, metric in rows])
    insert_many(connection, sla_clock, list(rows.values()))
    connection.execute(_SET_DUE, list(dues.values()))


def _row(decision: Decision) -> dict[str, Any]:
    record = decision.record
    return {
        "work_item_id": decision.item_id,
        "metric": record["metric"],
        "policy": record["policy"],
        "state": record["state"],
        "started_at": from_iso(str(record["started_at"])),
        "target_s": record["target_s"],
        "due_at": _time(record.get("due_at")),
        "remaining_s": record.get("remaining_s"),
        "paused_by": record.get("paused_by", []),
        "steps": record.get("steps", []),
        "kept_at": decision.at if record["state"] in _STOPPED else None,
    }


def _due(decision: Decision) -> dict[str, Any]:
    record = decision.record
    lead_s = record.get("item_lead_s")
    return {
        "item": decision.item_id,
        "due": _time(record.get("item_due_at")),
        "lead": int(lead_s) if isinstance(lead_s, int | float) else 0,
    }


def _time(value: JsonValue) -> datetime | None:
    return from_iso(value) if isinstance(value, str) else None
