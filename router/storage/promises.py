"""The promises of work items: clocks as the engine decided them, and when an item's first one is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

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
    """Keep the last state each clock was decided to have, and when each item's most urgent promise is due."""
    rows: dict[_Key, Mapping[str, Any]] = {}
    due: dict[str, Mapping[str, Any]] = {}
    for decision in decisions:
        row, record = _row(decision), decision.record
        rows[row["work_item_id"], row["metric"]] = row
        if decision.act is Act.CLOCK:
            lead_s = int(cast(float, record["item_lead_s"]))
            due[decision.item_id] = {
                "item": decision.item_id,
                "due": _time(record["item_due_at"]),
                "lead": lead_s,
            }
    if rows:
        connection.execute(_FORGET, [{"item": item_id, "which": metric} for item_id, metric in rows])
        insert_many(connection, sla_clock, list(rows.values()))
    if due:
        connection.execute(_SET_DUE, list(due.values()))


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


def _time(value: JsonValue) -> datetime | None:
    return from_iso(value) if isinstance(value, str) else None
