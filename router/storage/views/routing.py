"""Offers, queues and decisions: what waits, who is asked, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, literal_column, not_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from router.errors import NotFound
from router.model.desk import Incident, Offer, Person, QueueCounters, WrapUp
from router.storage.schema import (
    ALARMS,
    OPEN_OFFERS,
    agent,
    claim,
    decision_record,
    incident,
    offer,
    one_of,
    queue,
    work_item,
)
from router.storage.views.conversations import read_conversations, require_conversation
from router.storage.views.scope import Scope

DECISIONS_SHOWN = 200
ALARMS_SHOWN = 50
ALARMS_READ = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDecision:
    """A decision record as it was written, not yet in words."""

    id: str
    at: datetime
    act: str
    conversation_id: str
    agent: Person | None
    body: dict[str, Any]


async def list_offers(conn: AsyncConnection, scope: Scope, now: datetime) -> list[Offer]:
    """Read the open offers of this agent, the one that ends first at the head."""
    open_now = (one_of(offer.c.state, OPEN_OFFERS), offer.c.expires_at > now)
    return await _offers(conn, scope, scope.offers(), *open_now)


async def list_wrap_ups(conn: AsyncConnection, scope: Scope) -> list[WrapUp]:
    """Read the after-call work of this agent, the one that ends first at the head."""
    query = (
        select(work_item.c.conversation_id, claim.c.wraps_until)
        .join_from(claim, work_item, work_item.c.id == claim.c.work_item_id)
        .where(claim.c.state == literal_column("'wrapping'"), claim.c.agent_id == scope.agent_id)
        .order_by(claim.c.wraps_until)
    )
    rows = (await conn.execute(query)).all()
    found = {
        one.id: one for one in await read_conversations(conn, scope, [row.conversation_id for row in rows])
    }
    return [
        WrapUp(conversation=found[row.conversation_id], until=row.wraps_until)
        for row in rows
        if row.conversation_id in found
    ]


async def read_offer(conn: AsyncConnection, scope: Scope, offer_id: str) -> Offer | None:
    """Read one open offer of this agent; None when it has ended or is another's."""
    found = await _offers(
        conn, scope, scope.offers(), one_of(offer.c.state, OPEN_OFFERS), offer.c.id == offer_id
    )
    return found[0] if found else None


async def require_offer(conn: AsyncConnection, scope: Scope, offer_id: str) -> None:
    """Raise NotFound unless this offer, open or ended, was made to this agent."""
    query = select(offer.c.id).where(offer.c.id == offer_id, scope.offers())
    if (await conn.execute(query)).first() is None:
        raise NotFound(f"there is no offer {offer_id}")


async def count_queues(conn: AsyncConnection) -> list[QueueCounters]:
    """Count live work by queue; a queue with nothing in it is listed too."""
    counts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    oldest: dict[str, datetime] = {}
    for name in (await conn.execute(select(queue.c.name))).scalars():
        counts[name] = {}
    query = (
        select(
            work_item.c.queue,
            work_item.c.state,
            func.count().label("number"),
            func.min(work_item.c.eligible_since, type_=work_item.c.eligible_since.type).label("oldest"),
        )
        .where(work_item.c.state != "done")
        .group_by(work_item.c.queue, work_item.c.state)
    )
    for row in await conn.execute(query):
        counts[row.queue][row.state] = row.number
        if row.state == "waiting":
            oldest[row.queue] = row.oldest
    return [
        QueueCounters(
            name=name,
            waiting=number.get("waiting", 0),
            offered=number.get("offered", 0),
            claimed=number.get("claimed", 0),
            oldest_eligible_since=oldest.get(name),
        )
        for name, number in sorted(counts.items())
    ]


async def list_decisions(conn: AsyncConnection, scope: Scope, conversation_id: str) -> list[StoredDecision]:
    """Read the newest decision records of a conversation, newest first."""
    await require_conversation(conn, scope, conversation_id)
    query = _told().where(decision_record.c.conversation_id == conversation_id).limit(DECISIONS_SHOWN)
    return [_stored(row) for row in await conn.execute(query)]


async def list_alarms(conn: AsyncConnection, since: datetime) -> list[StoredDecision]:
    """Read what supervisors were told and still stands, newest first.

    Work that is done or was answered calls no more; of a queue or an incident only the last word counts.
    """
    settled = (
        select(claim.c.id)
        .where(
            claim.c.work_item_id == decision_record.c.work_item_id,
            claim.c.state.in_(("wrapping", "completed")) | (claim.c.replied_at > decision_record.c.at),
        )
        .exists()
    )
    query = (
        _told()
        .where(one_of(decision_record.c.act, ALARMS), decision_record.c.at > since, not_(settled))
        .limit(ALARMS_READ)
    )
    newest: dict[tuple[str, ...], StoredDecision] = {}
    for row in await conn.execute(query):
        newest.setdefault(_subject(row), _stored(row))
    return [told for told in newest.values() if _stands(told)][:ALARMS_SHOWN]


def _subject(row: Row[Any]) -> tuple[str, ...]:
    """Give what an alarm is about: a conversation, a queue with what it asks, or an incident."""
    body = row.body
    needs = sorted(str(need) for need in body.get("needs", ()))
    return (row.act, row.conversation_id, str(body.get("queue")), str(body.get("incident")), *needs)


def _stands(told: StoredDecision) -> bool:
    """Say whether an alarm, the last about its subject, says that something is the matter."""
    if told.act == "overflow":
        return bool(told.body["open"])
    if told.act == "incident":
        return bool(told.body["state"] != "ended")
    return bool(told.act != "reachability" or told.body["state"] == "lost")


async def list_incidents(conn: AsyncConnection, names: Iterable[str]) -> list[Incident]:
    """Read the declared incidents by name, those that are on with their times."""
    query = (
        select(incident, agent.c.display_name)
        .join_from(incident, agent, agent.c.id == incident.c.started_by)
        .where(incident.c.ended_at.is_(None))
    )
    on = {row.name: row for row in await conn.execute(query)}
    return [
        Incident(
            name=name,
            started_at=on[name].started_at if name in on else None,
            until=on[name].until if name in on else None,
            started_by=Person(id=on[name].started_by, name=on[name].display_name) if name in on else None,
        )
        for name in sorted({*names, *on})
    ]


def _told() -> Select[Any]:
    return (
        select(decision_record, agent.c.display_name)
        .outerjoin_from(decision_record, agent, agent.c.id == decision_record.c.agent_id)
        .order_by(decision_record.c.id.desc())
    )


def _stored(row: Row[Any]) -> StoredDecision:
    return StoredDecision(
        id=str(row.id),
        at=row.at,
        act=row.act,
        conversation_id=row.conversation_id,
        agent=Person(id=row.agent_id, name=row.display_name or "") if row.agent_id else None,
        body=row.body,
    )


async def _offers(conn: AsyncConnection, scope: Scope, *conditions: ColumnElement[bool]) -> list[Offer]:
    query = (
        select(offer, work_item.c.conversation_id, work_item.c.eligible_since)
        .join_from(offer, work_item, work_item.c.id == offer.c.work_item_id)
        .where(*conditions)
        .order_by(offer.c.expires_at)
    )
    rows = (await conn.execute(query)).all()
    ids: Sequence[str] = [row.conversation_id for row in rows]
    conversations = {one.id: one for one in await read_conversations(conn, scope, ids)}
    return [
        Offer(
            id=row.id,
            conversation=conversations[row.conversation_id],
            offered_at=row.offered_at,
            expires_at=row.expires_at,
            waited_s=max(0.0, (row.offered_at - row.eligible_since).total_seconds()),
        )
        for row in rows
        if row.conversation_id in conversations
    ]
