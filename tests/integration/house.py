"""Rooms 2 to 8 for tests, with channels that write down what they are given."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from router.channel import ChannelType
from router.engine.config import EngineConfig, QueueConfig
from router.engine.engine import Engine
from router.engine_room import EngineRoom
from router.ids import new_id
from router.live import LiveEvents
from router.messages import (
    Confirmation,
    JsonObject,
    OutboundAttempt,
    Receipt,
    SendOutcome,
    ThreadEvent,
)
from router.notices import Notices
from router.offers import Offers
from router.outbox import Outbox
from router.people import AgentProfile, apply_roster
from router.replies import Replies
from router.steering import Steering
from router.storage import schema as t
from router.storage.store import Store
from router.strategy import Strategy
from router.testing import FakeClock
from router.threads import Permission, Template
from tests.integration.notes_channel import item, notes_type
from tests.integration.test_intake import RULES, Front, running

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)


@dataclass
class Doors:
    """Channels that write down what they are given; `answers` are raised or returned in turn."""

    open: bool = True
    answers: list[Receipt | Exception] = field(default_factory=list)
    confirmation: Confirmation = Confirmation.UNSURE
    beside: Sequence[str] = ()
    sent: list[OutboundAttempt] = field(default_factory=list)
    can: dict[str, Any] = field(default_factory=dict)
    permission: Permission | Exception | None = None
    templates: list[Template] = field(default_factory=list)

    def kind(self, account: str) -> ChannelType:
        notes = notes_type()
        return replace(notes, capabilities=replace(notes.capabilities, **self.can))

    async def permissions(self, account: str, thread: str) -> Permission | None:
        if isinstance(self.permission, Exception):
            raise self.permission
        return self.permission

    def companions(self, account: str) -> Sequence[str]:
        return self.beside

    async def list_templates(self, account: str, thread: str) -> list[Template]:
        return self.templates

    def is_open(self, account: str) -> bool:
        return self.open

    async def send(self, attempt: OutboundAttempt) -> Receipt:
        self.sent.append(attempt)
        answer = self.answers.pop(0) if self.answers else Receipt(outcome=SendOutcome.ACCEPTED)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def confirm(self, attempt: OutboundAttempt) -> Confirmation:
        return self.confirmation


@dataclass
class House:
    """Rooms 2 to 8."""

    front: Front
    clock: FakeClock
    room: EngineRoom
    offers: Offers
    steering: Steering
    replies: Replies
    outbox: Outbox
    doors: Doors
    agents: dict[str, str]
    settled: asyncio.Queue[tuple[str, str]]
    live: LiveEvents
    notices: Notices

    async def conversation(
        self, text: str = "hello", sender: str = "ann@shop.example", **fields: object
    ) -> str:
        """Let a customer write, and dispatch see it."""
        written = item(sender, at=self.clock.now(), id=new_id(), text=text, **fields)
        (conversation,) = await self.front.take(written)
        self.notices.filed([self.front.filed[-1]])
        await self.room.take_up()
        return conversation

    async def offered(self, conversation: str) -> tuple[str, str] | None:
        """Give the open offer of a conversation and its agent's login."""
        joined = (
            select(t.offer.c.id, t.agent.c.login)
            .join_from(t.offer, t.work_item)
            .join(t.agent, t.agent.c.id == t.offer.c.agent_id)
        )
        where = (t.work_item.c.conversation_id == conversation) & (t.offer.c.state == "pending")
        async with self.front.store.reading() as connection:
            row = (await connection.execute(joined.where(where))).one_or_none()
        return None if row is None else (row.id, row.login)

    async def accepted(self, login: str = "mei", **fields: object) -> str:
        """Have a conversation that this agent has accepted."""
        await self.offers.set_presence(self.agents[login], "available")
        conversation = await self.conversation(**fields)  # type: ignore[arg-type]
        offer = await self.offered(conversation)
        assert offer is not None
        assert await self.offers.accept(offer[0], self.agents[login]) == conversation
        return conversation

    async def state(self, message_id: str) -> Any:
        (row,) = await self.front.rows(t.outbox, message_id=message_id)
        return row

    async def send(self) -> None:
        await self.outbox._send_due("notes", self.outbox._lanes["notes"])


AGENTS = [
    AgentProfile(login=login, name=login.title(), max_claims=2, skills={"complaints": 3})
    for login in ("mei", "tom")
]
CONFIG = EngineConfig(default=QueueConfig(offer_timeout_s=30))


@dataclass(frozen=True)
class InForce:
    """The rules in force, as the engine's room and steering see them."""

    engine_config: EngineConfig
    strategies: Sequence[Strategy] = ()

    def new_engine(self) -> Engine:
        return Engine(self.engine_config, 1, self.strategies)

    def describe(self) -> JsonObject:
        return {"seed": 1, "ruleset_version": 1}


async def no_threads(account: str, thread: str, event: ThreadEvent) -> None:
    raise AssertionError("the notes channel has no threads")


@asynccontextmanager
async def house(
    store: Store,
    clock: FakeClock,
    doors: Doors,
    config: EngineConfig = CONFIG,
    *,
    rules: str = RULES,
    agents: Sequence[AgentProfile] = AGENTS,
    strategies: Sequence[Strategy] = (),
) -> AsyncIterator[House]:
    settled: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    in_force = InForce(config, strategies)
    live = LiveEvents("e1")
    room = EngineRoom(store, clock, in_force, lambda decisions: notices.decided(decisions))
    notices = Notices(live, room, lambda account: outbox.wake(account), no_threads)
    offers = Offers(store, clock, room, lambda: ("chat", "email"))
    steering = Steering(store, clock, room, in_force)
    replies = Replies(store, clock, doors, lambda account, id: f"<{id}@us>", notices.written)

    def changed(messages: Sequence[tuple[str, str]]) -> None:
        for message in messages:
            settled.put_nowait(message)

    outbox = Outbox(store, clock, new_id(), doors, changed)
    outbox.add_lane("notes")
    await outbox.recover()
    await apply_roster(store, agents, clock.now())
    async with store.reading() as connection:
        ids = {row.login: row.id for row in await connection.execute(select(t.agent))}
    async with running(store, clock=clock, rules=rules, joins_open_episode=True) as front:
        await room.restore()
        yield House(front, clock, room, offers, steering, replies, outbox, doors, ids, settled, live, notices)
