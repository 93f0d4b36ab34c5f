"""Agents, who is logged in as whom, API tokens and drafts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Table, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from router.engine.config import CapacityConfig
from router.errors import NotFound
from router.model.desk import Absence, Agent, AgentOnDuty, AgentRole, ApiToken, Person, Presence
from router.model.presence import PresenceState
from router.storage.schema import (
    OPEN_OFFERS,
    absence,
    agent,
    agent_skill,
    api_token,
    claim,
    draft,
    login_session,
    offer,
    one_of,
    presence,
    work_item,
)
from router.storage.views.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """Whose a valid log-in or API token is; `expires_at` only for a log-in, `token_id` only for a token."""

    agent_id: str
    role: AgentRole
    expires_at: datetime | None = None
    token_id: str | None = None
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordRecord:
    """What a password is checked against."""

    agent_id: str
    password_hash: str

    def __repr__(self) -> str:
        return f"PasswordRecord(agent_id={self.agent_id!r})"


async def list_agents(conn: AsyncConnection, capacity: CapacityConfig) -> list[AgentOnDuty]:
    """Read all active agents by name, in six statements; `capacity` says what their work weighs."""
    claims: Counter[str] = Counter()
    units: defaultdict[str, float] = defaultdict(float)
    for row in await conn.execute(_counted(claim, claim.c.state == "active", claim.c.is_dormant)):
        weight = capacity.dormant if row.is_dormant else 1.0
        claims[row.agent_id] += row.number
        units[row.agent_id] += capacity.of(row.channel_class).cost * weight * row.number
    for row in await conn.execute(_counted(offer, one_of(offer.c.state, OPEN_OFFERS))):
        units[row.agent_id] += capacity.of(row.channel_class).cost * row.number
    wrapping: dict[str, datetime] = {}
    is_wrapping = claim.c.state == literal_column("'wrapping'")
    for row in await conn.execute(_counted(claim, is_wrapping, claim.c.wraps_until)):
        units[row.agent_id] += capacity.of(row.channel_class).cost * row.number
        wrapping[row.agent_id] = max(row.wraps_until, wrapping.get(row.agent_id, row.wraps_until))
    return [
        AgentOnDuty(
            **{name: getattr(one, name) for name in Agent.__dataclass_fields__},
            claims=claims[one.id],
            used_units=units[one.id],
            wrapping_until=wrapping.get(one.id),
        )
        for one in await _agents(conn, agent.c.active)
    ]


def _counted(what: Table, condition: ColumnElement[bool], *more: ColumnElement[bool]) -> Select[Any]:
    """Count claims or offers by agent and channel class."""
    groups = (what.c.agent_id, work_item.c.channel_class, *more)
    return (
        select(*groups, func.count().label("number"))
        .join_from(what, work_item, work_item.c.id == what.c.work_item_id)
        .where(condition)
        .group_by(*groups)
    )


async def read_agent(conn: AsyncConnection, agent_id: str) -> Agent:
    """Read one agent; NotFound if there is none."""
    found = await read_agents(conn, [agent_id])
    if agent_id not in found:
        raise NotFound(f"there is no agent {agent_id}")
    return found[agent_id]


async def read_agents(conn: AsyncConnection, ids: Iterable[str]) -> dict[str, Agent]:
    """Read some agents, by id."""
    return {one.id: one for one in await _agents(conn, agent.c.id.in_(ids))}


async def read_names(conn: AsyncConnection) -> dict[str, str]:
    """Read the display name of every agent, by id."""
    query = select(agent.c.id, agent.c.display_name)
    return {row.id: row.display_name for row in await conn.execute(query)}


async def find_password(conn: AsyncConnection, login: str) -> PasswordRecord | None:
    """Find what to check a log-in against; None for an unknown or inactive agent."""
    query = select(agent.c.id, agent.c.password_hash).where(agent.c.login == login, agent.c.active)
    row = (await conn.execute(query)).first()
    return row and PasswordRecord(agent_id=row.id, password_hash=row.password_hash)


async def find_login_session(conn: AsyncConnection, digest: bytes, now: datetime) -> Credential | None:
    """Find whose a log-in is; None once it has ended or its agent is active no more."""
    query = (
        select(login_session.c.expires_at, agent.c.id, agent.c.role)
        .join_from(login_session, agent, agent.c.id == login_session.c.agent_id)
        .where(login_session.c.digest == digest, login_session.c.expires_at > now, agent.c.active)
    )
    row = (await conn.execute(query)).first()
    return row and Credential(agent_id=row.id, role=row.role, expires_at=row.expires_at)


async def find_token(conn: AsyncConnection, digest: bytes) -> Credential | None:
    """Find whose an API token is; None once it is revoked or its agent is active no more."""
    query = (
        select(api_token.c.id.label("token_id"), api_token.c.last_used_at, agent.c.id, agent.c.role)
        .join_from(api_token, agent, agent.c.id == api_token.c.agent_id)
        .where(api_token.c.digest == digest, api_token.c.revoked_at.is_(None), agent.c.active)
    )
    row = (await conn.execute(query)).first()
    return row and Credential(
        agent_id=row.id, role=row.role, token_id=row.token_id, last_used_at=row.last_used_at
    )


async def list_tokens(conn: AsyncConnection, scope: Scope) -> list[ApiToken]:
    """Read the API tokens in use that this agent may see, newest first."""
    query = (
        select(api_token, agent.c.display_name)
        .join_from(api_token, agent, agent.c.id == api_token.c.agent_id)
        .where(api_token.c.revoked_at.is_(None), scope.tokens())
        .order_by(api_token.c.id.desc())
    )
    return [
        ApiToken(
            id=row.id,
            name=row.name,
            agent=Person(id=row.agent_id, name=row.display_name),
            created_at=row.created_at,
            last_used_at=row.last_used_at,
        )
        for row in await conn.execute(query)
    ]


async def require_token(conn: AsyncConnection, scope: Scope, token_id: str) -> None:
    """Raise NotFound unless this agent may see the API token."""
    query = select(api_token.c.id).where(
        api_token.c.id == token_id, api_token.c.revoked_at.is_(None), scope.tokens()
    )
    if (await conn.execute(query)).first() is None:
        raise NotFound(f"there is no API token {token_id}")


async def read_draft(conn: AsyncConnection, scope: Scope, conversation_id: str) -> str:
    """Read this agent's own draft; empty if there is none."""
    query = select(draft.c.text).where(
        draft.c.conversation_id == conversation_id, draft.c.agent_id == scope.agent_id
    )
    return (await conn.execute(query)).scalar() or ""


async def _agents(conn: AsyncConnection, condition: ColumnElement[bool]) -> list[Agent]:
    query = (
        select(
            agent,
            presence.c.state,
            presence.c.reason,
            presence.c.since,
            presence.c.classes,
            absence.c.since.label("absent_since"),
            absence.c.until.label("absent_until"),
            absence.c.reason.label("absent_reason"),
        )
        .outerjoin_from(agent, presence, presence.c.agent_id == agent.c.id)
        .outerjoin(absence, absence.c.agent_id == agent.c.id)
        .where(condition)
        .order_by(agent.c.display_name, agent.c.id)
    )
    rows = (await conn.execute(query)).all()
    skills: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row in await conn.execute(
        select(agent_skill).where(agent_skill.c.agent_id.in_([r.id for r in rows]))
    ):
        skills[row.agent_id][row.skill] = row.level
    return [_agent(row, skills[row.id]) for row in rows]


def _agent(row: Row[Any], skills: dict[str, int]) -> Agent:
    return Agent(
        id=row.id,
        login=row.login,
        name=row.display_name,
        role=row.role,
        locale=row.locale,
        skills=skills,
        units=row.units,
        max_claims=row.max_claims,
        queues=row.queues,
        absence=_absence(row),
        presence=Presence(
            state=PresenceState(row.state or "offline"),
            reason=row.reason or "",
            since=row.since,
            classes=row.classes,
        ),
    )


def _absence(row: Row[Any]) -> Absence | None:
    if row.absent_since is None:
        return None
    return Absence(since=row.absent_since, until=row.absent_until, reason=row.absent_reason)
