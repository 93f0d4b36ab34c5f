"""Who may have work of a queue when it is taken or handed over by hand."""

from collections.abc import AsyncIterator

import pytest

from router.errors import NotPermitted
from router.people import AgentProfile
from router.storage import schema as t
from router.storage.store import Store
from router.testing import FakeClock
from tests.integration.house import NOW, Doors, House, house

SERVED = frozenset({"desk"})
OTHERS = frozenset({"complaints"})
AGENTS = [
    # what is taken by hand goes beyond every limit
    AgentProfile(login="mei", name="Mei", queues=SERVED, max_claims=0),
    AgentProfile(login="tom", name="Tom", queues=OTHERS),
    AgentProfile(login="ann", name="Ann", queues=OTHERS, role="supervisor"),
]


@pytest.fixture
async def desk(store: Store) -> AsyncIterator[House]:
    async with house(store, FakeClock(NOW), Doors(), agents=AGENTS) as opened:
        yield opened


async def holder(desk: House, conversation: str) -> str | None:
    names = {id: login for login, id in desk.agents.items()}
    items = {row.id for row in await desk.front.rows(t.work_item, conversation_id=conversation)}
    held = [row for row in await desk.front.rows(t.claim, state="active") if row.work_item_id in items]
    return names[held[0].agent_id] if held else None


async def test_work_of_a_queue_one_does_not_serve_cannot_be_taken_by_hand(desk: House) -> None:
    conversation = await desk.conversation()
    with pytest.raises(NotPermitted, match=r"do not serve the queue '\w+'; ask a supervisor"):
        await desk.offers.claim(conversation, desk.agents["tom"])
    assert await holder(desk, conversation) is None
    await desk.offers.claim(conversation, desk.agents["mei"])
    assert await holder(desk, conversation) == "mei"
    other = await desk.conversation("hello", "bob@shop.example")
    await desk.offers.claim(other, desk.agents["ann"])
    assert await holder(desk, other) == "ann", "a supervisor takes work of any queue"


async def test_work_is_handed_to_colleagues_who_serve_its_queue_only(desk: House) -> None:
    conversation = await desk.conversation()
    mei, tom, ann = (desk.agents[login] for login in ("mei", "tom", "ann"))
    await desk.offers.claim(conversation, mei)
    with pytest.raises(NotPermitted, match="Tom does not serve the queue"):
        await desk.offers.transfer(conversation, mei, 1, queue=None, to_agent_id=tom, note="")
    assert await holder(desk, conversation) == "mei", "a refused hand-over changes nothing"
    await desk.offers.transfer(conversation, mei, 1, queue=None, to_agent_id=ann, note="")
    assert await holder(desk, conversation) == "ann"
    await desk.offers.transfer(conversation, ann, 2, queue=None, to_agent_id=tom, note="he knows it")
    assert await holder(desk, conversation) == "tom", "a supervisor decides who has it"
