"""One shop at a simulated platform, for tests that hold for TikTok Shop and Lazada alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from router_marketplace.channel import MarketplaceChannel
from router_marketplace.lazada.channel import LazadaChannel
from router_marketplace.simulators.lazada import LazadaSimulator
from router_marketplace.simulators.tiktok import TiktokSimulator
from router_marketplace.tiktok.channel import TiktokChannel

from router.messages import Block, InboundEvent
from router.testing import (
    FakeClock,
    FakeMessage,
    HookDoor,
    MemoryContext,
    MemoryStore,
    Push,
    Pusher,
    make_attempt,
)

CHATS = {"tiktok": "7494560109732330001", "lazada": "100094063_2_1011822001_1_103"}
READ = {
    "tiktok": "GET /customer_service/202309/conversations/{thread}/messages",
    "lazada": "GET /im/message/list",
}


@dataclass
class Market:
    """A running platform with one open account, and its door for pushes."""

    name: str
    simulator: Any = field(init=False)
    store: MemoryStore = field(default_factory=MemoryStore)

    def __post_init__(self) -> None:
        self.simulator = {"tiktok": TiktokSimulator, "lazada": LazadaSimulator}[self.name]()
        self.fake = self.simulator.fake
        # One time for both sides, unless a test lets their clocks differ.
        self.store.clock = self.fake.clock
        self.chat = CHATS[self.name]
        self.door = HookDoor()
        self.pusher = Pusher(self.door)
        self.sends = 0

    async def start(self) -> None:
        await self.simulator.start()
        await self.open()
        await self.door.start()
        await self.pusher.start()

    async def stop(self) -> None:
        await self.pusher.stop()
        await self.door.stop()
        await self.close()
        await self.simulator.stop()

    async def open(self) -> MarketplaceChannel[Any]:
        kind = {"tiktok": TiktokChannel, "lazada": LazadaChannel}[self.name]
        self.context = MemoryContext("shop", store=self.store)
        self.channel = kind("shop", self.simulator.settings())
        self.store.know(self.channel)
        self.door.serve(self.channel)
        await self.channel.open(self.context)
        return self.channel

    async def close(self) -> None:
        await self.channel.close()
        await self.context.close_http()

    @property
    def clock(self) -> FakeClock:
        return self.fake.clock

    @property
    def events(self) -> list[InboundEvent]:
        return [event for item in self.context.accepted for event in item.events]

    @property
    def texts(self) -> list[str]:
        return [block.text for event in self.events for block in event.blocks]

    def push_for(self, message: FakeMessage) -> Push:
        return self.fake.message_push(message)

    async def ring(self, message: FakeMessage) -> None:
        """Push a message and read what that rang for."""
        await self.pusher.push("shop", self.push_for(message))
        await self.channel.pull(self.context.signals[-1])

    def attempt(self, text: str = "It leaves today.", *, number: int = 1, blocks: list[Block] | None = None):
        self.sends += 1 if number == 1 else 0
        return make_attempt(
            text,
            number=number,
            message_id=f"message-{self.sends}",
            account="shop",
            thread=self.chat,
            blocks=blocks,
            seq=10 + self.sends,
        )

    def sent(self) -> list[str]:
        return [message.text for message in self.fake.sent_by_shop()]
