"""What merging does to work: of two items one remains under the stricter promises, parting makes one again.

In: the rows of two conversations. Out: what changed in the store, for the engine to be told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from router.errors import StaleVersion
from router.ids import new_id
from router.model.identity import Verdict
from router.storage.schema import OPEN_OFFERS, claim, episode, offer, sla_clock, task, work_item

MERGED = "merged"
"""Reason of an episode that ended because its conversation became part of another."""


@dataclass(slots=True, kw_only=True)
class Moved:
    """What became of two conversations and their work.

    `withdrawn` is the item that is no more, `changed` the row of the one that stands for both, `clocks` the rows
    of promises it took over, `taken` whether who held the first holds it now. `queued` is new work.
    """

    gone_id: str
    stays_id: str
    withdrawn: str | None = None
    changed: dict[str, Any] | None = None
    clocks: Sequence[dict[str, Any]] = field(default=())
    taken: bool = False
    queued: dict[str, Any] | None = None


def unite_work(connection: Connection, gone: Row[Any], stays: Row[Any], verdict: Verdict) -> Moved:
    """Let one item stand for two conversations. Raises StaleVersion when somebody else works on one."""
    moved = Moved(gone_id=gone.id, stays_id=stays.id)
    old, kept = _live_item(connection, gone), _live_item(connection, stays)
    holders = {one["id"]: _holder(connection, one["id"]) for one in (old, kept) if one is not None}
    if any(holder not in (None, verdict.agent_id) for holder in holders.values()):
        raise StaleVersion("a colleague works on one of these; ask for it first, or let a note say so")
    if old is None:
        return moved
    if kept is None:
        raise StaleVersion("this conversation has just changed; look again")
    _end_work(connection, gone, old["id"], verdict)
    connection.execute(
        update(task)
        .where(task.c.episode_id == gone.episode_id, task.c.state == "open")
        .values(episode_id=stays.episode_id)
    )
    moved.withdrawn = old["id"]
    moved.changed = _changed(connection, old, kept)
    moved.clocks = keep_strictest(connection, old["id"], kept["id"])
    moved.taken = holders[old["id"]] is not None and holders[kept["id"]] is None
    return moved


def keep_strictest(connection: Connection, old_id: str, kept_id: str) -> list[dict[str, Any]]:
    """Let an item take over the running promises of another that are due earlier than its own; give their rows."""
    running = (sla_clock.c.due_at.is_not(None), sla_clock.c.started_at.is_not(None))
    theirs = select(sla_clock).where(sla_clock.c.work_item_id == old_id, *running)
    own = select(sla_clock).where(sla_clock.c.work_item_id == kept_id)
    mine = {row["metric"]: row for row in connection.execute(own).mappings()}
    taken = []
    for row in connection.execute(theirs).mappings():
        known = mine.get(row["metric"])
        if row["state"] not in ("running", "ended") or not _is_earlier(row, known):
            continue
        clock = {**row, "work_item_id": kept_id, "state": "running"}
        here = (sla_clock.c.work_item_id == kept_id) & (sla_clock.c.metric == row["metric"])
        connection.execute(delete(sla_clock).where(here))
        connection.execute(insert(sla_clock).values(**clock))
        taken.append(clock)
    return taken


def copy_work(
    connection: Connection, own: Row[Any], whole: Row[Any], episode_id: str, verdict: Verdict
) -> dict[str, Any] | None:
    """Make an item for an episode after the last one of its conversation, else after that it was part of."""
    for conversation_id in (own.id, whole.id):
        items = select(work_item).where(work_item.c.conversation_id == conversation_id)
        row = connection.execute(items.order_by(work_item.c.id.desc()).limit(1)).mappings().one_or_none()
        if row is not None:
            break
    else:
        return None
    fresh = {
        "id": new_id(),
        "conversation_id": own.id,
        "episode_id": episode_id,
        "state": "waiting",
        "entered_queue_at": verdict.at,
        "entered_system_at": verdict.at,
        "due_at": None,
        "platform_due_at": None,
        "token": 0,
        "offers_made": 0,
        "declined": {},
        "moved_from": None,
        "pause": None,
        "preferred_agent_id": verdict.agent_id or row["preferred_agent_id"],
    }
    made = {**row, **fresh}
    connection.execute(insert(work_item).values(**made))
    return made


def _is_earlier(row: Any, known: Any) -> bool:
    """Say whether a promise is due before another that still runs; one kept already is not made again."""
    if known is None:
        return True
    return known["state"] == "running" and known["due_at"] is not None and row["due_at"] < known["due_at"]


def _live_item(connection: Connection, of: Row[Any]) -> dict[str, Any] | None:
    statement = select(work_item).where(work_item.c.episode_id == of.episode_id, work_item.c.state != "done")
    row = connection.execute(statement).mappings().one_or_none()
    return None if row is None else dict(row)


def _holder(connection: Connection, item_id: str) -> str | None:
    statement = select(claim.c.agent_id).where(claim.c.work_item_id == item_id, claim.c.state == "active")
    holder: str | None = connection.execute(statement).scalar()
    return holder


def _end_work(connection: Connection, gone: Row[Any], item_id: str, verdict: Verdict) -> None:
    connection.execute(update(work_item).where(work_item.c.id == item_id).values(state="done"))
    connection.execute(
        update(claim)
        .where(claim.c.work_item_id == item_id, claim.c.state == "active")
        .values(state="completed", ended_at=verdict.at, reason=MERGED)
    )
    connection.execute(
        update(offer)
        .where(offer.c.work_item_id == item_id, offer.c.state.in_(OPEN_OFFERS))
        .values(state="rescinded", ended_at=verdict.at)
    )
    connection.execute(
        update(episode)
        .where(episode.c.id == gone.episode_id)
        .values(resolved_at=verdict.at, resolved_by=verdict.agent_id, reason=MERGED)
    )


def _changed(connection: Connection, old: dict[str, Any], kept: dict[str, Any]) -> dict[str, Any]:
    """Let the item that stays count as old as the older one, and stand under the policies of both."""
    head_start: timedelta = kept["eligible_since"] - old["eligible_since"]
    boost_s = max(kept["boost_s"], old["boost_s"] + int(head_start.total_seconds()))
    dues = [one["platform_due_at"] for one in (old, kept) if one["platform_due_at"] is not None]
    values = {
        "boost_s": boost_s,
        "sla": [*kept["sla"], *(name for name in old["sla"] if name not in kept["sla"])],
        "lead_s": max(old["lead_s"], kept["lead_s"]),
        "max_advance_s": max(old["max_advance_s"], kept["max_advance_s"]),
        "platform_due_at": min(dues, default=None),
        "platform_lead_s": max(old["platform_lead_s"], kept["platform_lead_s"]),
    }
    connection.execute(update(work_item).where(work_item.c.id == kept["id"]).values(**values))
    return {**kept, **values}
