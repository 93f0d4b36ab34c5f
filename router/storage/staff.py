"""Read what the engine is rebuilt from: agents, presence, live work items, open offers, active claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from router.engine.events import (
    AgentChanged,
    AgentRestored,
    ClaimRestored,
    Event,
    Item,
    ItemQueued,
    OfferRestored,
    PresenceChanged,
    PresenceState,
)
from router.engine.needs import needs_from_json
from router.storage.schema import agent, agent_skill, claim, offer, presence, work_item


async def restoring_events(connection: AsyncConnection, now: datetime) -> list[Event]:
    """Tell the whole live state as events, in an order the engine can take it up."""
    events: list[Event] = []
    events += await agent_events(connection, now)
    live = (
        await connection.execute(
            select(work_item).where(work_item.c.state != "done").order_by(work_item.c.id)
        )
    ).all()
    # Claims and offers right after their item, so that nothing is offered in between.
    claims = {row.work_item_id: row for row in await _all(connection, claim, claim.c.state == "active")}
    offers = {row.work_item_id: row for row in await _all(connection, offer, offer.c.state == "pending")}
    for arrival, row in enumerate(live):
        events.append(ItemQueued(at=now, item=item_of(dict(row._mapping), arrival)))
        if row.id in claims:
            events.append(ClaimRestored(at=now, item_id=row.id, agent_id=claims[row.id].agent_id))
        elif row.id in offers:
            events.append(_offer_restored(offers[row.id], now))
    events += await presence_events(connection, now)
    return events


async def agent_events(
    connection: AsyncConnection, now: datetime, agent_id: str | None = None
) -> list[Event]:
    """Tell skills, limits and past offers of all active agents, or of one."""
    statement = select(agent.c.id, agent.c.max_claims).where(agent.c.active.is_(True))
    skills = select(agent_skill.c.agent_id, agent_skill.c.skill, agent_skill.c.level).where(
        agent_skill.c.expires_at.is_(None) | (agent_skill.c.expires_at > now)
    )
    if agent_id is not None:
        statement = statement.where(agent.c.id == agent_id)
        skills = skills.where(agent_skill.c.agent_id == agent_id)
    held: dict[str, dict[str, int]] = {}
    for agent_row, skill, level in await connection.execute(skills):
        held.setdefault(agent_row, {})[skill] = level
    events: list[Event] = []
    last_offers = await _last_offers(connection)
    for row in await connection.execute(statement.order_by(agent.c.id)):
        events.append(
            AgentChanged(at=now, agent_id=row.id, skills=held.get(row.id, {}), max_claims=row.max_claims)
        )
        if row.id in last_offers:
            last_offer_at, unanswered = last_offers[row.id]
            events.append(
                AgentRestored(at=now, agent_id=row.id, last_offer_at=last_offer_at, unanswered=unanswered)
            )
    return events


async def presence_events(connection: AsyncConnection, now: datetime) -> list[Event]:
    """Tell who is there."""
    return [
        PresenceChanged(
            at=now,
            agent_id=row.agent_id,
            state=PresenceState(row.state),
            classes=None if row.classes is None else frozenset(row.classes),
        )
        for row in await connection.execute(select(presence).order_by(presence.c.agent_id))
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


async def _all(connection: AsyncConnection, table: Any, where: Any) -> Sequence[Row[Any]]:
    return (await connection.execute(select(table).where(where))).all()


def _offer_restored(row: Row[Any], now: datetime) -> OfferRestored:
    return OfferRestored(
        at=now,
        offer_id=row.id,
        item_id=row.work_item_id,
        agent_id=row.agent_id,
        offered_at=row.offered_at,
        expires_at=row.expires_at,
    )
