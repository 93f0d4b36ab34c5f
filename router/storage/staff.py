"""Read what the engine is rebuilt from after a start: incidents, live work, and the people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from router.engine.config import EngineConfig, OfferConfig
from router.engine.events import AgentRestored, ClockTick, Event, IncidentStarted, OverflowRestored
from router.engine.refusals import BUSY, NO_ANSWER, REJECTED
from router.model.presence import PresenceState
from router.storage.duty import GONE
from router.storage.live_work import (
    read_clocks,
    read_held_claims,
    read_live_items,
    read_open_offers,
    read_pauses,
    read_untold,
    read_wrap_ups,
)
from router.storage.schema import (
    ALARMS,
    absence,
    agent,
    agent_skill,
    decision_record,
    incident,
    offer,
    one_of,
    presence,
    work_item,
)

_ANSWERED = ("accepting", "accepted", "rejected", "failed", "cancelled")
_RECENT = timedelta(hours=1)
"""How far back offers are told: what paces of new items and shares of queues look at."""

_PEOPLE = (
    select(
        agent,
        presence.c.state,
        presence.c.classes,
        presence.c.since.label("present_since"),
        absence.c.since.label("absent_since"),
        absence.c.until.label("absent_until"),
    )
    .outerjoin_from(agent, presence, presence.c.agent_id == agent.c.id)
    .outerjoin(absence, absence.c.agent_id == agent.c.id)
    .where(agent.c.active.is_(True))
    .order_by(agent.c.id)
)


async def restoring_events(connection: AsyncConnection, now: datetime, config: EngineConfig) -> list[Event]:
    """Tell the whole live state as events, in the order the engine takes it up after a start.

    `config` says how long people rest after an offer they did not take. What was written but not told when
    an earlier run ended is told after it.
    """
    return [
        *await _incidents(connection, now),
        *await _overflows(connection, now),
        *await read_live_items(connection, now),
        *await read_clocks(connection, now),
        *await read_open_offers(connection, now),
        *await read_held_claims(connection, now),
        *await read_wrap_ups(connection, now),
        *await _staff(connection, now, config.offers),
        *await read_pauses(connection, now),
        *await read_untold(connection, now),
        ClockTick(at=now),
    ]


async def _incidents(connection: AsyncConnection, now: datetime) -> list[Event]:
    on = select(incident).where(incident.c.ended_at.is_(None)).order_by(incident.c.id)
    return [IncidentStarted(at=now, name=row.name, until=row.until) for row in await connection.execute(on)]


async def _overflows(connection: AsyncConnection, now: datetime) -> list[Event]:
    """Tell which queues overflowed by their own length; what an incident opens comes back with it."""
    record = decision_record.c
    newest = (
        select(func.max(record.id))
        .where(one_of(record.act, ALARMS), record.act == "overflow")
        .group_by(record.body["queue"].as_string())
    )
    rows = await connection.execute(select(record.body).where(record.id.in_(newest)).order_by(record.id))
    return [
        OverflowRestored(at=now, queue=row.body["queue"])
        for row in rows
        if row.body["open"] and not row.body["incident"]
    ]


async def _staff(connection: AsyncConnection, now: datetime, offers: OfferConfig) -> list[Event]:
    skills, expires = await _skills(connection, now)
    last_offers = await _last_offers(connection)
    recent = await _recent_offers(connection, now)
    rests = await _rests(connection, offers, now)
    events: list[Event] = []
    for row in await connection.execute(_PEOPLE):
        last_offer_at, unanswered = last_offers.get(row.id, (None, 0))
        rests_until, rest_reason = rests.get(row.id, (None, ""))
        is_back = row.absent_until is not None and row.absent_until <= now
        events.append(
            AgentRestored(
                at=now,
                agent_id=row.id,
                skills=skills[row.id],
                expires=expires[row.id],
                units=row.units,
                max_claims=row.max_claims,
                queues=_names(row.queues),
                state=PresenceState(row.state or "offline"),
                classes=_names(row.classes),
                last_offer_at=last_offer_at,
                unanswered=unanswered,
                gone_at=row.present_since if row.state in GONE else None,
                absent_since=None if is_back else row.absent_since,
                absent_until=None if is_back else row.absent_until,
                available_since=row.present_since if row.state == PresenceState.AVAILABLE else None,
                rests_until=rests_until,
                rest_reason=rest_reason,
                offers=tuple(recent.get(row.id, ())),
            )
        )
    return events


def _names(names: list[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)


async def _skills(
    connection: AsyncConnection, now: datetime
) -> tuple[Mapping[str, dict[str, int]], Mapping[str, dict[str, datetime]]]:
    """Give each person's skills with their levels, and when those end that do."""
    skills: defaultdict[str, dict[str, int]] = defaultdict(dict)
    expires: defaultdict[str, dict[str, datetime]] = defaultdict(dict)
    valid = agent_skill.c.expires_at.is_(None) | (agent_skill.c.expires_at > now)
    held = select(agent_skill).where(valid).order_by(agent_skill.c.agent_id, agent_skill.c.skill)
    for row in await connection.execute(held):
        skills[row.agent_id][row.skill] = row.level
        if row.expires_at is not None:
            expires[row.agent_id][row.skill] = row.expires_at
    return skills, expires


async def _last_offers(connection: AsyncConnection) -> dict[str, tuple[datetime, int]]:
    """Give for each agent the last offer and how many ran out since the last answer or the last coming."""
    answered_at = func.coalesce(offer.c.ended_at, offer.c.offered_at)
    answered = (
        select(offer.c.agent_id, func.max(answered_at).label("at"))
        .where(offer.c.state.in_(_ANSWERED))
        .group_by(offer.c.agent_id)
        .subquery()
    )
    since = (
        (offer.c.state == "expired")
        & (answered.c.at.is_(None) | (offer.c.ended_at > answered.c.at))
        & ((presence.c.state != "available") | (offer.c.ended_at > presence.c.since))
    )
    statement = (
        select(
            offer.c.agent_id,
            func.max(offer.c.offered_at).label("last_at"),
            func.sum(case((since, 1), else_=0)).label("unanswered"),
        )
        .outerjoin(answered, answered.c.agent_id == offer.c.agent_id)
        .outerjoin(presence, presence.c.agent_id == offer.c.agent_id)
        .group_by(offer.c.agent_id)
    )
    return {row.agent_id: (row.last_at, row.unanswered) for row in await connection.execute(statement)}


async def _recent_offers(
    connection: AsyncConnection, now: datetime
) -> Mapping[str, list[tuple[datetime, str]]]:
    """Give when each agent was offered something lately, and of which queue at that time, oldest first."""
    record, since = decision_record.c, now - _RECENT
    lately = select(offer.c.work_item_id).where(offer.c.offered_at > since)
    statement = (
        select(record.agent_id, record.at, record.body["queue"].as_string().label("queue"))
        .where(record.work_item_id.in_(lately), record.act == "offered", record.at > since)
        .order_by(record.id)
    )
    recent: defaultdict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for row in await connection.execute(statement):
        recent[row.agent_id].append((row.at, row.queue))
    return recent


async def _rests(
    connection: AsyncConnection, offers: OfferConfig, now: datetime
) -> Mapping[str, tuple[datetime, str]]:
    """Give until when each agent is still left alone after offers not taken, and what for; the longest counts."""
    longest = timedelta(seconds=max(offers.no_answer_s, offers.reject_s, offers.busy_s))
    statement = (
        select(offer.c.agent_id, offer.c.state, offer.c.ended_at, work_item.c.declined)
        .join_from(offer, work_item, work_item.c.id == offer.c.work_item_id)
        .where(offer.c.state.in_(("rejected", "expired")), offer.c.ended_at > now - longest)
        .order_by(offer.c.ended_at, offer.c.id)
    )
    rests: dict[str, tuple[datetime, str]] = {}
    for row in await connection.execute(statement):
        reason = NO_ANSWER if row.state == "expired" else row.declined.get(row.agent_id, REJECTED)
        span_s = {NO_ANSWER: offers.no_answer_s, BUSY: offers.busy_s}.get(reason, offers.reject_s)
        until = row.ended_at + timedelta(seconds=span_s)
        if until > rests.get(row.agent_id, (now, ""))[0]:
            rests[row.agent_id] = until, reason
    return rests
