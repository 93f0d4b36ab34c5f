"""What happened, as the store kept it: the engine's events and decisions, claims, offers, first messages.

In: spans of time. Out: rows, in the order of happening; long reads are streamed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from router.model.past_work import AskedSpan, Colleague, HeldSpan
from router.storage.schema import agent, claim, decision_record, event_log, message, offer, work_item

STARTED = "engine_started"
"""The entry of the log that begins each run of an engine; the events that restore it follow."""

_BATCH = 2_000


async def read_start(connection: AsyncConnection, at: datetime) -> int | None:
    """Find the log entry with which the engine that ran at a moment began, else the first one after it."""
    entry = event_log.c
    is_start = entry.type == STARTED
    before = select(func.max(entry.seq)).where(is_start, entry.at <= at)
    after = select(func.min(entry.seq)).where(is_start, entry.at > at)
    found: int | None = (await connection.execute(before)).scalar()
    return found if found is not None else (await connection.execute(after)).scalar()


async def stream_log(
    connection: AsyncConnection, since_seq: int, until: datetime
) -> AsyncIterator[Mapping[str, Any]]:
    """Read the log from an entry to a moment."""
    entry = event_log.c
    statement = (
        select(entry.body).where(entry.seq >= since_seq, entry.at <= until).order_by(entry.seq)
    ).execution_options(yield_per=_BATCH)
    async for row in await connection.stream(statement):
        yield row.body


async def stream_decisions(
    connection: AsyncConnection, since: datetime, until: datetime
) -> AsyncIterator[Mapping[str, Any]]:
    """Read the decision records of a span of time."""
    record = decision_record.c
    statement = (
        select(record.body).where(record.at >= since, record.at <= until).order_by(record.id)
    ).execution_options(yield_per=_BATCH)
    async for row in await connection.stream(statement):
        yield row.body


async def read_colleagues(connection: AsyncConnection) -> Sequence[Colleague]:
    """Give everybody the store knows."""
    rows = await connection.execute(select(agent.c.id, agent.c.login, agent.c.shifts).order_by(agent.c.login))
    return [Colleague(agent_id=row.id, login=row.login, shifts=tuple(row.shifts)) for row in rows]


async def read_claims(connection: AsyncConnection, since: datetime, until: datetime) -> Sequence[HeldSpan]:
    """Read the claims that began in a span of time, in the order of their beginning."""
    held = claim.c
    columns = (held.work_item_id, held.agent_id, held.state, held.claimed_at, held.ended_at)
    inside = (held.claimed_at >= since, held.claimed_at <= until)
    rows = await connection.execute(select(*columns).where(*inside).order_by(held.claimed_at, held.id))
    return [
        HeldSpan(
            item_id=row.work_item_id,
            agent_id=row.agent_id,
            state=row.state,
            claimed_at=row.claimed_at,
            ended_at=row.ended_at,
        )
        for row in rows
    ]


async def read_offers(connection: AsyncConnection, since: datetime, until: datetime) -> Sequence[AskedSpan]:
    """Read the offers made in a span of time, in their order."""
    asked = offer.c
    columns = (asked.work_item_id, asked.state, asked.offered_at, asked.ended_at)
    inside = (asked.offered_at >= since, asked.offered_at <= until)
    rows = await connection.execute(select(*columns).where(*inside).order_by(asked.offered_at, asked.id))
    return [
        AskedSpan(item_id=row.work_item_id, state=row.state, offered_at=row.offered_at, ended_at=row.ended_at)
        for row in rows
    ]


async def stream_first_messages(
    connection: AsyncConnection, since: datetime, until: datetime
) -> AsyncIterator[tuple[str, Mapping[str, Any], str, Sequence[Mapping[str, Any]]]]:
    """Give id, triage, subject and blocks of the message that made each item; for triage only, never shown."""
    first = (
        select(message.c.episode_id, func.min(message.c.id).label("id"))
        .where(message.c.direction == "inbound")
        .group_by(message.c.episode_id)
        .subquery()
    )
    statement = (
        select(work_item.c.id, work_item.c.triage, message.c.subject, message.c.blocks)
        .join(first, first.c.episode_id == work_item.c.episode_id)
        .join(message, message.c.id == first.c.id)
        .where(work_item.c.entered_system_at >= since, work_item.c.entered_system_at <= until)
        .order_by(work_item.c.id)
    ).execution_options(yield_per=_BATCH)
    async for row in await connection.stream(statement):
        yield row.id, row.triage, row.subject, row.blocks
