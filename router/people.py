"""The room for agents: who works here, with which skills, and how they and their programs log in.

In come a roster, passwords and requests for access; out go rows other rooms read. Every function that
takes a `Connection` belongs inside `Store.write`; it does nothing but talk to its connection, so secrets
and ids are made before and handed in. Passwords are kept as argon2 hashes, everything else as SHA-256.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, delete, insert, select, update

from router.errors import NotFound
from router.ids import new_id
from router.model.desk import AgentRole
from router.storage.schema import agent, agent_skill, api_token, login_session, presence
from router.storage.store import Store

TOKEN_PREFIX = "omr_"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentProfile:
    """What a roster says about one agent; `login` is compared in lower case.

    `units` is the budget work is weighed against, `max_claims` a cap on the items as well (None: no cap),
    `queues` are those served (None: all), `shifts` periods of the week. Skills in `expires` end then.
    """

    login: str
    name: str
    role: AgentRole = "agent"
    locale: str = "en"
    units: int = 100
    max_claims: int | None = None
    skills: Mapping[str, int] = field(default_factory=dict)
    expires: Mapping[str, datetime] = field(default_factory=dict)
    queues: frozenset[str] | None = None
    shifts: Sequence[str] = ()
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSecret:
    """A secret just made: `text` is shown once, `digest` is what the store keeps."""

    id: str
    text: str = field(repr=False)
    digest: bytes = field(repr=False)


def new_secret(prefix: str = "") -> NewSecret:
    """Make 256 random bits with an id of their own."""
    text = prefix + secrets.token_urlsafe(32)
    return NewSecret(id=new_id(), text=text, digest=digest_of(text))


def digest_of(secret: str) -> bytes:
    """Hash a random secret for storage; not for passwords, which people choose."""
    return hashlib.sha256(secret.encode(errors="surrogateescape")).digest()


def hash_password(password: str, hasher: PasswordHasher | None = None) -> str:
    """Hash a password with argon2id; takes about 0.1 s and 64 MB, so call it off the event loop."""
    return (hasher or PasswordHasher()).hash(password)


def is_password(password: str, password_hash: str, hasher: PasswordHasher | None = None) -> bool:
    """Check a password; as slow as `hash_password`, and False for an agent that has none."""
    try:
        return (hasher or PasswordHasher()).verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def save_agents(conn: Connection, profiles: Iterable[tuple[str, AgentProfile]], now: datetime) -> None:
    """Create or update agents by login; the id beside a profile is used only for a new agent.

    Agents that are not named are left alone; a new agent has no password and is offline.
    """
    for fresh_id, profile in profiles:
        agent_id = find_agent(conn, profile.login)
        if agent_id is None:
            agent_id = fresh_id
            conn.execute(insert(agent).values(id=fresh_id, password_hash="", **_columns(profile)))
            conn.execute(insert(presence).values(agent_id=fresh_id, state="offline", since=now))
        else:
            conn.execute(update(agent).where(agent.c.id == agent_id).values(**_columns(profile)))
        conn.execute(delete(agent_skill).where(agent_skill.c.agent_id == agent_id))
        skills = [
            {"agent_id": agent_id, "skill": name, "level": level, "expires_at": profile.expires.get(name)}
            for name, level in profile.skills.items()
        ]
        if skills:
            conn.execute(insert(agent_skill), skills)
        if not profile.active:
            conn.execute(delete(login_session).where(login_session.c.agent_id == agent_id))


def find_agent(conn: Connection, login: str) -> str | None:
    """Find an agent's id by login."""
    return conn.execute(select(agent.c.id).where(agent.c.login == login.lower())).scalar()


def set_password(conn: Connection, login: str, password_hash: str) -> None:
    """Set a password and end every log-in made with the old one; NotFound for an unknown login."""
    agent_id = find_agent(conn, login)
    if agent_id is None:
        raise NotFound(f"there is no agent with the login {login}")
    conn.execute(update(agent).where(agent.c.id == agent_id).values(password_hash=password_hash))
    conn.execute(delete(login_session).where(login_session.c.agent_id == agent_id))


def add_token(conn: Connection, agent_id: str, name: str, secret: NewSecret, now: datetime) -> None:
    """Let a program act as an agent; NotFound for an unknown agent."""
    if conn.execute(select(agent.c.id).where(agent.c.id == agent_id, agent.c.active)).first() is None:
        raise NotFound(f"there is no agent {agent_id}")
    conn.execute(
        insert(api_token).values(
            id=secret.id, digest=secret.digest, agent_id=agent_id, name=name, created_at=now
        )
    )


def revoke_token(conn: Connection, token_id: str, now: datetime) -> None:
    """End an API token at once."""
    conn.execute(update(api_token).where(api_token.c.id == token_id).values(revoked_at=now))


def note_token_use(conn: Connection, token_id: str, now: datetime) -> None:
    """Remember when an API token was last used."""
    conn.execute(update(api_token).where(api_token.c.id == token_id).values(last_used_at=now))


def open_login_session(
    conn: Connection, agent_id: str, digest: bytes, now: datetime, expires_at: datetime
) -> None:
    """Record a log-in and sweep out those that have ended."""
    conn.execute(delete(login_session).where(login_session.c.expires_at <= now))
    conn.execute(
        insert(login_session).values(digest=digest, agent_id=agent_id, created_at=now, expires_at=expires_at)
    )


def extend_login_session(conn: Connection, digest: bytes, expires_at: datetime) -> None:
    """Let a log-in that is in use last longer."""
    conn.execute(update(login_session).where(login_session.c.digest == digest).values(expires_at=expires_at))


def close_login_session(conn: Connection, digest: bytes) -> None:
    """End a log-in; nothing happens if it has ended already."""
    conn.execute(delete(login_session).where(login_session.c.digest == digest))


async def apply_roster(store: Store, profiles: Iterable[AgentProfile], now: datetime) -> None:
    """Create or update every agent of a roster in one commit."""
    with_ids = [(new_id(), profile) for profile in profiles]
    await store.write(save_agents, with_ids, now)


async def create_token(store: Store, agent_id: str, name: str, now: datetime) -> NewSecret:
    """Make an API token for an agent; its text is known to nobody afterwards."""
    secret = new_secret(TOKEN_PREFIX)
    await store.write(add_token, agent_id, name, secret, now)
    return secret


def _columns(profile: AgentProfile) -> dict[str, object]:
    return {
        "login": profile.login.lower(),
        "display_name": profile.name,
        "role": profile.role,
        "locale": profile.locale,
        "units": profile.units,
        "max_claims": profile.max_claims,
        "queues": None if profile.queues is None else sorted(profile.queues),
        "shifts": list(profile.shifts),
        "active": profile.active,
    }
