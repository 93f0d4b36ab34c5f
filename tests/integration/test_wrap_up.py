"""After-call work on both databases: who solved work keeps its room for a while, across restarts."""

from collections.abc import AsyncIterator

import pytest

from router.engine.config import EngineConfig, QueueConfig
from router.errors import NotFound
from router.people import AgentProfile
from router.storage import schema as t
from router.storage.store import Store
from router.storage.views.people import list_agents
from router.storage.views.routing import list_wrap_ups
from router.storage.views.scope import Scope
from router.testing import FakeClock
from tests.integration.house import NOW, Doors, House, house

CONFIG = EngineConfig(default=QueueConfig(wrap_up_s=30))
AGENTS = [AgentProfile(login="mei", name="Mei", max_claims=1)]


@pytest.fixture
async def desk(store: Store) -> AsyncIterator[House]:
    async with house(store, FakeClock(NOW), Doors(), CONFIG, agents=AGENTS) as opened:
        yield opened


async def claim_states(desk: House) -> list[str]:
    return [row.state for row in await desk.front.rows(t.claim)]


async def solved(desk: House) -> tuple[str, str]:
    """Let mei solve one conversation while another one waits; give both."""
    first = await desk.accepted()
    other = await desk.conversation("hello", "bob@shop.example")
    await desk.offers.resolve(first, desk.agents["mei"], 1, "done")
    return first, other


async def test_solved_conversation_is_over_for_the_customer_while_its_agent_wraps_it_up(desk: House) -> None:
    first, other = await solved(desk)
    assert await claim_states(desk) == ["wrapping"]
    assert [row.state for row in await desk.front.rows(t.conversation, id=first)] == ["resolved"]
    assert await desk.offered(other) is None
    desk.clock.advance(30)
    await desk.room.take_up()
    assert await claim_states(desk) == ["completed"]
    assert await desk.offered(other) is not None
    records = await desk.front.rows(t.decision_record, conversation_id=first)
    assert [record.act for record in records] == ["queued", "offered", "accepted", "wrapping", "completed"]


async def test_agent_who_is_done_sooner_is_offered_the_next_work_at_once(desk: House) -> None:
    first, other = await solved(desk)
    with pytest.raises(NotFound):
        await desk.offers.wrapped_up(other, desk.agents["mei"])
    await desk.offers.wrapped_up(first, desk.agents["mei"])
    assert await claim_states(desk) == ["completed"]
    assert await desk.offered(other) is not None
    with pytest.raises(NotFound):
        await desk.offers.wrapped_up(first, desk.agents["mei"])


async def test_after_call_work_goes_on_after_a_restart_and_ends_at_its_time(desk: House) -> None:
    _, other = await solved(desk)
    desk.clock.advance(20)
    await desk.room.restore()
    assert await desk.offered(other) is None
    desk.clock.advance(9)
    await desk.room.take_up()
    assert await desk.offered(other) is None
    desk.clock.advance(1)
    await desk.room.take_up()
    assert await desk.offered(other) is not None


async def test_desk_shows_after_call_work_and_what_it_weighs_until_a_start_finds_it_over(desk: House) -> None:
    first, other = await solved(desk)
    mei = desk.agents["mei"]
    scope = Scope(agent_id=mei, sees_all_tokens=False, channel_of={})
    async with desk.front.store.reading() as connection:
        (shown,) = await list_wrap_ups(connection, scope)
        (agent,) = await list_agents(connection, CONFIG.capacity)
    assert (shown.conversation.id, (shown.until - NOW).total_seconds()) == (first, 30)
    assert (agent.claims, agent.used_units, agent.wrapping_until) == (0, 20, shown.until)
    desk.clock.advance(300)
    await desk.room.restore()
    assert await desk.offered(other) is not None
    async with desk.front.store.reading() as connection:
        assert await list_wrap_ups(connection, scope) == []
