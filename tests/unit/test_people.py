"""Rosters, passwords and tokens on each database engine."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from router.errors import NotFound
from router.people import (
    AgentProfile,
    apply_roster,
    create_token,
    digest_of,
    find_agent,
    hash_password,
    is_password,
    set_password,
)
from router.storage import schema as t
from router.storage.views.people import read_agent

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


async def test_a_changed_roster_changes_the_agent_and_keeps_id_and_password(store):
    await apply_roster(store, [AgentProfile(login="Mei", name="Mei", skills={"a": 1, "b": 2})], AT)
    agent_id = await store.write(find_agent, "mei")
    await store.write(set_password, "MEI", hash_password("secret", HASHER))
    await apply_roster(
        store, [AgentProfile(login="mei", name="Mei Lin", role="supervisor", skills={"b": 5})], AT
    )
    async with store.reading() as conn:
        agent = await read_agent(conn, agent_id)
        kept = (await conn.execute(select(t.agent.c.password_hash))).scalar_one()
    assert (agent.name, agent.role, agent.skills) == ("Mei Lin", "supervisor", {"b": 5})
    assert is_password("secret", kept, HASHER)
    assert not is_password("Secret", kept, HASHER)


async def test_a_new_agent_is_offline_and_has_no_password(store):
    await apply_roster(store, [AgentProfile(login="tom", name="Tom")], AT)
    agent_id = await store.write(find_agent, "tom")
    async with store.reading() as conn:
        agent = await read_agent(conn, agent_id)
    assert (agent.presence.state, agent.presence.since) == ("offline", AT)
    assert not is_password("", "", HASHER)


async def test_a_password_for_nobody_and_a_token_for_nobody_are_refused(store):
    with pytest.raises(NotFound, match="nobody"):
        await store.write(set_password, "nobody", "hash")
    with pytest.raises(NotFound):
        await create_token(store, "f" * 32, "import", AT)


async def test_the_store_and_the_repr_never_hold_the_token_itself(store):
    await apply_roster(store, [AgentProfile(login="tom", name="Tom")], AT)
    secret = await create_token(store, await store.write(find_agent, "tom"), "import", AT)
    async with store.reading() as conn:
        row = (await conn.execute(select(t.api_token))).one()
    assert row.digest == digest_of(secret.text)
    assert secret.text not in str(row)
    assert secret.text not in repr(secret)
