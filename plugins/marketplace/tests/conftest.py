"""What the marketplace tests share: a Yandex Market that remembers, a shop at it, and its door for pushes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from router_marketplace.simulators.fake_yandex import BUSINESS_ID, FakeYandex
from router_marketplace.yandex.channel import YandexChannel
from router_marketplace.yandex.settings import YandexSettings

from router.testing import FakeClock, HookDoor, MemoryContext, MemoryStore, Pusher

KEY = "ACMA:simulated-key:31f0"
PUSH_SECRET = "push-secret-90aa"


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YANDEX_KEY", KEY)
    monkeypatch.setenv("YANDEX_PUSH", PUSH_SECRET)


@pytest.fixture
async def yandex() -> AsyncIterator[FakeYandex]:
    fake = FakeYandex(page_limit=3)
    fake.api_keys.add(KEY)
    await fake.start()
    yield fake
    await fake.stop()


def settings_at(url: str, **changes: object) -> YandexSettings:
    known = {
        "api_url": url,
        "business_id": BUSINESS_ID,
        "api_key_env": "YANDEX_KEY",
        "push_secret_env": "YANDEX_PUSH",
        "push_networks": ["127.0.0.0/8"],
        "confirm_after_s": 0,
        "timeout_s": 30,
    }
    return YandexSettings.model_validate(known | changes)


@dataclass
class Shop:
    """One account of the channel upon a store in memory; it can be stopped and begun again."""

    settings: YandexSettings
    store: MemoryStore = field(default_factory=MemoryStore)
    account: str = "yandex"
    kind: type[YandexChannel] = YandexChannel

    async def open(self) -> YandexChannel:
        self.context = MemoryContext(self.account, store=self.store)
        self.channel = self.kind(self.account, self.settings)
        self.store.know(self.channel)
        await self.channel.open(self.context)
        return self.channel

    async def close(self) -> None:
        await self.channel.close()
        await self.context.close_http()

    @property
    def clock(self) -> FakeClock:
        assert isinstance(self.store.clock, FakeClock)
        return self.store.clock

    def texts(self) -> list[str]:
        """Give what has been stored, in order."""
        events = [event for item in self.store.of(self.account) for event in item.events]
        return [block.text for event in events for block in event.blocks]


@pytest.fixture
async def shop(yandex: FakeYandex) -> AsyncIterator[Shop]:
    shop = Shop(settings_at(yandex.url))
    await shop.open()
    yield shop
    await shop.close()


@pytest.fixture
async def pusher(shop: Shop) -> AsyncIterator[Pusher]:
    door = HookDoor()
    door.serve(shop.channel)
    await door.start()
    pusher = Pusher(door)
    await pusher.start()
    yield pusher
    await pusher.stop()
    await door.stop()
