"""Read the live work the engine is rebuilt from: items with their promises, open offers, active claims."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from router.engine.events import (
    ClaimRestored,
    ClockRestored,
    CustomerWrote,
    Event,
    Item,
    ItemPaused,
    ItemQueued,
    OfferRestored,
    Replied,
    WrapUpRestored,
)
from router.engine.needs import needs_from_json
from router.storage.schema import (
    OPEN_OFFERS,
    claim,
    conversation,
    decision_record,
    message,
    offer,
    one_of,
    sla_clock,
    work_item,
)


async def read_live_items(connection: AsyncConnection, now: datetime) -> list[Event]:
    """Tell every live item as queued."""
    statement = select(work_item).where(work_item.c.state != "done").order_by(work_item.c.id)
    rows = (await connection.execute(statement)).mappings()
    refused = await _last_refusals(connection)
    return [
        ItemQueued(
            at=now,
            item=replace(item_of(dict(row), arrival), declined_at=refused.get(row["id"])),
            is_restored=True,
        )
        for arrival, row in enumerate(rows)
    ]


async def _last_refusals(connection: AsyncConnection) -> dict[str, datetime]:
    """Give for each live item when somebody last declined it, let it run out, failed or handed it back."""
    record = decision_record.c
    refusals = ("rejected", "expired", "failed", "cancelled", "put_back")
    statement = (
        select(record.work_item_id, func.max(record.at).label("at"))
        .join(work_item, work_item.c.id == record.work_item_id)
        .where(work_item.c.state != "done", record.act.in_(refusals))
        .group_by(record.work_item_id)
    )
    return {row.work_item_id: row.at for row in await connection.execute(statement)}


async def read_clocks(connection: AsyncConnection, now: datetime) -> list[Event]:
    """Tell the promises of live items."""
    statement = (
        select(sla_clock)
        .join(work_item, work_item.c.id == sla_clock.c.work_item_id)
        .where(work_item.c.state != "done", sla_clock.c.state != "ended")
        .order_by(sla_clock.c.work_item_id, sla_clock.c.metric)
    )
    return [
        ClockRestored(
            at=now,
            item_id=row.work_item_id,
            metric=row.metric,
            policy=row.policy,
            started_at=row.started_at,
            target_s=row.target_s,
            due_at=row.due_at if row.state == "running" else None,
            remaining_s=row.remaining_s if row.state == "paused" else None,
            steps=tuple(row.steps),
            paused_by=tuple(row.paused_by),
        )
        for row in await connection.execute(statement)
    ]


async def read_pauses(connection: AsyncConnection, now: datetime) -> list[Event]:
    """Tell which items wait for something outside, as declared."""
    paused = select(work_item.c.id, work_item.c.pause).where(
        work_item.c.state != "done", work_item.c.pause.is_not(None)
    )
    return [
        ItemPaused(at=now, item_id=row.id, reason=row.pause)
        for row in await connection.execute(paused.order_by(work_item.c.id))
    ]


async def read_open_offers(connection: AsyncConnection, now: datetime) -> list[Event]:
    """Tell the offers that stand, those being set up too."""
    still_open = one_of(offer.c.state, OPEN_OFFERS)
    return [
        OfferRestored(
            at=now,
            offer_id=row.id,
            item_id=row.work_item_id,
            agent_id=row.agent_id,
            offered_at=row.offered_at,
            expires_at=row.expires_at,
            is_accepting=row.state == "accepting",
        )
        for row in await connection.execute(select(offer).where(still_open).order_by(offer.c.offered_at))
    ]


async def read_held_claims(connection: AsyncConnection, now: datetime) -> list[Event]:
    """Tell who holds what, and how his lease stands."""
    held = select(claim).where(claim.c.state == "active").order_by(claim.c.id)
    return [
        ClaimRestored(
            at=now,
            item_id=row.work_item_id,
            agent_id=row.agent_id,
            renewed_at=row.renewed_at,
            step=row.lease_step,
            is_dormant=row.is_dormant,
            claimed_at=row.claimed_at,
            replied_at=row.replied_at,
        )
        for row in await connection.execute(held)
    ]


async def read_wrap_ups(connection: AsyncConnection, now: datetime) -> list[Event]:
    """Tell who still has after-call work on what is solved, and until when."""
    wrapping = (
        select(claim, work_item.c.conversation_id, work_item.c.queue)
        .add_columns(work_item.c.channel_class, work_item.c.eligible_since)
        .join_from(claim, work_item, work_item.c.id == claim.c.work_item_id)
        .where(claim.c.state == literal_column("'wrapping'"))
        .order_by(claim.c.id)
    )
    return [
        WrapUpRestored(
            at=now,
            item_id=row.work_item_id,
            agent_id=row.agent_id,
            conversation_id=row.conversation_id,
            queue=row.queue,
            channel_class=row.channel_class,
            eligible_since=row.eligible_since,
            since=row.ended_at,
            until=row.wraps_until,
        )
        for row in await connection.execute(wrapping)
    ]


async def read_untold(connection: AsyncConnection, now: datetime) -> list[Event]:
    """Tell what was said last in conversations somebody holds, where the engine has not heard of it."""
    spoken = message.alias("spoken")
    newest = (
        select(func.max(spoken.c.id))
        .where(spoken.c.conversation_id == conversation.c.id, spoken.c.direction.in_(("inbound", "outbound")))
        .correlate(conversation)
        .scalar_subquery()
    )
    statement = (
        select(
            work_item.c.id,
            message.c.direction,
            message.c.agent_id,
            message.c.sent_outside,
            message.c.created_at,
            claim.c.claimed_at,
            claim.c.replied_at,
            claim.c.is_dormant,
        )
        .join_from(claim, work_item, work_item.c.id == claim.c.work_item_id)
        .join(conversation, conversation.c.id == work_item.c.conversation_id)
        .join(message, message.c.id == newest)
        .where(claim.c.state == "active")
        .order_by(claim.c.id)
    )
    events: list[Event] = []
    for row in await connection.execute(statement):
        heard_at = row.replied_at or row.claimed_at
        by_shop = row.agent_id is not None or row.sent_outside
        if row.direction == "outbound" and by_shop and row.created_at > heard_at:
            events.append(Replied(at=row.created_at, item_id=row.id, agent_id=row.agent_id))
        elif row.direction == "inbound" and row.is_dormant and row.created_at > heard_at:
            events.append(CustomerWrote(at=row.created_at, item_id=row.id))
    return events


async def read_undecided(connection: AsyncConnection) -> set[str]:
    """Give the ids of live items the engine has never decided on: filed, and then the router ended."""
    statement = (
        select(work_item.c.id)
        .outerjoin(decision_record, decision_record.c.work_item_id == work_item.c.id)
        .where(work_item.c.state != "done", decision_record.c.id.is_(None))
    )
    return set((await connection.execute(statement)).scalars())


def item_of(row: Mapping[str, Any], arrival: int) -> Item:
    """Build the engine's item from a work item's row; what its provider demands is a due time of its own."""
    platform_due_at = row.get("platform_due_at")
    return Item(
        id=row["id"],
        conversation_id=row["conversation_id"],
        queue=row["queue"],
        channel_class=row["channel_class"],
        needs=needs_from_json(row["needs"]),
        boost_s=row["boost_s"],
        due_at=platform_due_at or (None if row["sla"] else row["due_at"]),
        lead_s=row["platform_lead_s"] if platform_due_at else row["lead_s"],
        max_advance_s=row["max_advance_s"],
        eligible_since=row["eligible_since"],
        entered_queue_at=row["entered_queue_at"],
        moved_from=row["moved_from"],
        arrival=arrival,
        sla=tuple(row["sla"]),
        preferred_agent_id=row["preferred_agent_id"],
        offers_made=row["offers_made"],
        declined=row["declined"],
    )


async def read_current_items(
    connection: AsyncConnection, conversation_ids: Collection[str]
) -> dict[str, str]:
    """Give the id of the work item of each conversation's current episode."""
    statement = (
        select(conversation.c.id, work_item.c.id.label("item_id"))
        .join_from(conversation, work_item, work_item.c.episode_id == conversation.c.episode_id)
        .where(conversation.c.id.in_(sorted(conversation_ids)))
    )
    return {row.id: row.item_id for row in await connection.execute(statement)}
