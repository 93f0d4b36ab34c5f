"""Read what the engine is rebuilt from: agents, presence, live work items, open offers, active claims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from router.engine.events import (
    AgentRestored,
    ClaimRestored,
    ClockTick,
    Event,
    Item,
    ItemQueued,
    OfferRestored,
)
from router.engine.needs import needs_from_json
from router.model.presence import PresenceState
from router.storage.schema import agent, agent_skill, claim, offer, presence, work_item


@dataclass(frozen=True, slots=True)
class _Person:
    """An agent as the store knows him."""

    id: str
    skills: Mapping[str, int]
    max_claims: int


async def restoring_events(connection: AsyncConnection, now: datetime) -> list[Event]:
    """Tell the whole live state as events, in the order the engine takes it up after a start."""
    return [
        *await _live_items(connection, now),
        *await _open_offers(connection, now),
        *await _held_claims(connection, now),
        *await _staff(connection, now),
        ClockTick(at=now),
    ]


async def _live_items(connection: AsyncConnection, now: datetime) -> list[Event]:
    statement = select(work_item).where(work_item.c.state != "done").order_by(work_item.c.id)
    rows = (await connection.execute(statement)).mappings()
    return [ItemQueued(at=now, item=item_of(dict(row), arrival)) for arrival, row in enumerate(rows)]


async def _open_offers(connection: AsyncConnection, now: datetime) -> list[Event]:
    return [
        OfferRestored(
            at=now,
            offer_id=row.id,
            item_id=row.work_item_id,
            agent_id=row.agent_id,
            offered_at=row.offered_at,
            expires_at=row.expires_at,
        )
        for row in await connection.execute(select(offer).where(offer.c.state == "pending"))
    ]


async def _held_claims(connection: AsyncConnection, now: datetime) -> list[Event]:
    return [
        ClaimRestored(at=now, item_id=row.work_item_id, agent_id=row.agent_id)
        for row in await connection.execute(select(claim).where(claim.c.state == "active"))
    ]


async def _staff(connection: AsyncConnection, now: datetime) -> list[Event]:
    events: list[Event] = []
    present = {row.agent_id: row for row in await connection.execute(select(presence))}
    last_offers = await _last_offers(connection)
    for person in await _people(connection, now):
        there = present.get(person.id)
        last_offer_at, unanswered = last_offers.get(person.id, (None, 0))
        events.append(
            AgentRestored(
                at=now,
                agent_id=person.id,
                skills=person.skills,
                max_claims=person.max_claims,
                state=PresenceState(there.state) if there else PresenceState.OFFLINE,
                classes=frozenset(there.classes) if there and there.classes is not None else None,
                last_offer_at=last_offer_at,
                unanswered=unanswered,
            )
        )
    return events


async def _people(connection: AsyncConnection, now: datetime) -> list[_Person]:
    people = select(agent.c.id, agent.c.max_claims).where(agent.c.active.is_(True))
    skills = select(agent_skill.c.agent_id, agent_skill.c.skill, agent_skill.c.level).where(
        agent_skill.c.expires_at.is_(None) | (agent_skill.c.expires_at > now)
    )
    held: dict[str, dict[str, int]] = {}
    for holder, skill, level in await connection.execute(skills):
        held.setdefault(holder, {})[skill] = level
    return [
        _Person(row.id, held.get(row.id, {}), row.max_claims)
        for row in await connection.execute(people.order_by(agent.c.id))
    ]


def item_of(row: Mapping[str, Any], arrival: int) -> Item:
    """Build the engine's item from a work item's row."""
    return Item(
        id=row["id"],
        conversation_id=row["conversation_id"],
        queue=row["queue"],
        channel_class=row["channel_class"],
        needs=needs_from_json(row["needs"]),
        boost_s=row["boost_s"],
        due_at=row["due_at"],
        lead_s=row["lead_s"],
        max_advance_s=row["max_advance_s"],
        eligible_since=row["eligible_since"],
        arrival=arrival,
        offers_made=row["offers_made"],
        declined=row["declined"],
    )


async def _last_offers(connection: AsyncConnection) -> dict[str, tuple[datetime, int]]:
    """Give for each agent the last offer and how many ran out since the last answer."""
    answered = (
        select(offer.c.agent_id, func.max(offer.c.offered_at).label("at"))
        .where(offer.c.state.in_(("accepted", "rejected")))
        .group_by(offer.c.agent_id)
        .subquery()
    )
    since = (offer.c.state == "expired") & (answered.c.at.is_(None) | (offer.c.offered_at > answered.c.at))
    statement = (
        select(
            offer.c.agent_id,
            func.max(offer.c.offered_at).label("last_at"),
            func.sum(case((since, 1), else_=0)).label("unanswered"),
        )
        .outerjoin(answered, answered.c.agent_id == offer.c.agent_id)
        .group_by(offer.c.agent_id)
    )
    return {row.agent_id: (row.last_at, row.unanswered) for row in await connection.execute(statement)}
