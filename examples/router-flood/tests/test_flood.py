"""The flood keeps its pace, its numbers and its count of replies."""

import asyncio
import json

import pytest
from pydantic import ValidationError
from router_flood.channel import MOST_AT_ONCE, FloodChannel, FloodSettings

from router.testing import FakeClock, MemoryContext, MemoryStore, make_attempt


class Watched(FloodChannel):
    """A flood that tells when it has brought something."""

    came: asyncio.Event

    async def bring(self, items, next_number=None) -> None:
        await super().bring(items, next_number)
        self.came.set()


class Running:
    """A flood that runs until the block ends; the first message of a start comes at once."""

    def __init__(self, store: MemoryStore, clock: FakeClock, **settings) -> None:
        self.channel = Watched("rush", FloodSettings(**settings))
        self.channel.came = asyncio.Event()
        self.context = MemoryContext("rush", store=store)
        self.clock = clock
        store.know(self.channel)

    async def __aenter__(self):
        await self.channel.open(self.context)
        self._stream = asyncio.create_task(self.channel.stream())
        if self.channel.settings.total != 0:
            await self.after(0, len(self.context.accepted) + 1)
        return self

    async def __aexit__(self, *_):
        self._stream.cancel()
        await asyncio.wait({self._stream})
        await self.context.close_http()

    async def after(self, seconds: float, count: int) -> list[str]:
        self.clock.advance(seconds)
        async with asyncio.timeout(60):
            while len(self.context.accepted) < count:
                self.channel.came.clear()
                await self.channel.came.wait()
        return [item.events[0].external_id for item in self.context.accepted]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(clock) -> MemoryStore:
    return MemoryStore(clock=clock)


async def test_as_many_come_as_are_due_and_no_more_than_the_total(store, clock):
    async with Running(store, clock, per_s=10, total=15) as flood:
        assert await flood.after(1.0, 11) == [str(number) for number in range(11)]
        await flood.after(60.0, 15)
        assert flood.channel.brought == 15


async def test_restart_goes_on_with_the_next_number(store, clock):
    async with Running(store, clock, per_s=10) as flood:
        await flood.after(0.5, 6)
    async with Running(store, clock, per_s=10) as flood:
        assert await flood.after(0.5, 12) == [str(number) for number in range(12)]
    assert store.duplicates == 0


async def test_flood_that_fell_behind_catches_up_in_bounded_pieces(store, clock):
    async with Running(store, clock, per_s=1000) as flood:
        assert len(set(await flood.after(1.0, 1001))) == 1001
    assert MOST_AT_ONCE < 1000


async def test_kinds_come_in_turn_from_as_many_customers_as_asked_for(store, clock):
    async with Running(store, clock, per_s=10, customers=3, kinds=("text", "image")) as flood:
        await flood.after(0.5, 6)
        events = [item.events[0] for item in flood.context.accepted]
    assert [event.blocks[0].kind.value for event in events] == ["text", "image"] * 3
    assert {event.author.display for event in events} == {"customer-0", "customer-1", "customer-2"}
    picture = flood.context.accepted[1].raw
    assert len(flood.channel.attachment(picture, "picture")) == events[1].attachments[0].size_bytes


async def test_replies_are_counted_and_noted_with_the_message_they_answer(store, clock, tmp_path):
    replies = tmp_path / "replies.ndjson"
    async with Running(store, clock, total=0, replies=replies) as flood:
        await flood.channel.send(make_attempt("On its way.", recipient="customer-1"))
        assert (await flood.channel.health()).cause == "0 messages in, 1 replies out"
    (line,) = replies.read_text().splitlines()
    assert json.loads(line)["text"] == "On its way."


@pytest.mark.parametrize("wrong", [{"per_s": 0}, {"kinds": ()}, {"kinds": ("smoke",)}, {"customers": 0}])
def test_settings_that_mean_nothing_are_refused(wrong):
    with pytest.raises(ValidationError):
        FloodSettings(**wrong)
