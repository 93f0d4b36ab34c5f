"""What an agent does at a provider besides writing, on both databases: read receipts, messages taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from router.acts import Acts
from router.errors import NotAllowedNow, NotFound, Retryable, StaleVersion
from router.messages import Receipt, SendOutcome
from router.storage import schema as t
from router.storage.store import Store
from router.testing import FakeClock
from router.threads import Action, ActionKind
from tests.integration.house import NOW, Doors, House, house


@dataclass
class ActingDoors:
    """Channels that read and take back; `refusals` are raised in turn."""

    acts: frozenset[ActionKind] = frozenset({ActionKind.READ, ActionKind.RECALL})
    done: list[Action] = field(default_factory=list)
    refusals: list[Exception] = field(default_factory=list)

    def can(self, account: str, act: ActionKind) -> bool:
        return act in self.acts

    async def act(self, account: str, action: Action) -> Receipt:
        if self.refusals:
            raise self.refusals.pop(0)
        self.done.append(action)
        return Receipt(outcome=SendOutcome.ACCEPTED)


@dataclass
class Desk:
    rooms: House
    sending: Doors
    doors: ActingDoors
    acts: Acts
    changed: list[tuple[str, str]]
    conversation: str = ""

    async def sent(self) -> str:
        self.sending.answers = [Receipt(outcome=SendOutcome.ACCEPTED, remote_ref="remote-1")]
        message = await self.rooms.replies.reply(self.conversation, self.rooms.agents["mei"], 1, "Twelve")
        await self.rooms.send()
        return message


@pytest.fixture
async def desk(store: Store) -> AsyncIterator[Desk]:
    sending, doors, changed = Doors(), ActingDoors(), list[tuple[str, str]]()
    async with house(store, FakeClock(NOW), sending) as rooms:
        acts = Acts(store, rooms.clock, doors, changed.extend)
        yield Desk(rooms, sending, doors, acts, changed, await rooms.accepted())


async def test_only_who_holds_a_conversation_lets_the_customer_see_that_it_is_read(desk: Desk) -> None:
    await desk.acts.read(desk.conversation, desk.rooms.agents["tom"])
    assert desk.doors.done == []
    await desk.acts.read(desk.conversation, desk.rooms.agents["mei"])
    [read] = desk.doors.done
    [message] = await desk.rooms.front.rows(t.message, direction="inbound")
    assert (read.kind, read.target) == (ActionKind.READ, message.external_id)
    desk.doors.refusals = [Retryable("busy")]
    await desk.acts.read(desk.conversation, desk.rooms.agents["mei"])
    desk.doors.acts = frozenset()
    await desk.acts.read(desk.conversation, desk.rooms.agents["mei"])
    assert len(desk.doors.done) == 1


async def test_a_message_is_taken_back_once_under_its_providers_name(desk: Desk) -> None:
    mei = desk.rooms.agents["mei"]
    message = await desk.sent()
    with pytest.raises(StaleVersion):
        await desk.acts.recall(message, desk.rooms.agents["tom"])
    desk.doors.refusals = [NotAllowedNow("two minutes are over")]
    with pytest.raises(NotAllowedNow):
        await desk.acts.recall(message, mei)
    assert desk.changed == []
    await desk.acts.recall(message, mei)
    assert [(act.kind, act.target) for act in desk.doors.done] == [(ActionKind.RECALL, "remote-1")]
    [row] = await desk.rooms.front.rows(t.message, id=message)
    assert (row.recalled_at, row.blocks[0]["text"]) == (NOW, "Twelve")
    assert desk.changed == [(desk.conversation, message)]
    with pytest.raises(StaleVersion, match="once"):
        await desk.acts.recall(message, mei)


async def test_what_did_not_arrive_or_is_not_ours_is_not_taken_back(desk: Desk) -> None:
    mei = desk.rooms.agents["mei"]
    queued = await desk.rooms.replies.reply(desk.conversation, mei, 1, "Not sent yet")
    with pytest.raises(StaleVersion):
        await desk.acts.recall(queued, mei)
    [theirs] = await desk.rooms.front.rows(t.message, direction="inbound")
    with pytest.raises(NotFound):
        await desk.acts.recall(theirs.id, mei)
    assert desk.doors.done == []
