"""What an agent writes, made to fit the channel: parts, words for blocks, windows; on both databases."""

from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy import update

from router.capabilities import Capabilities, SendRule, TextLimits
from router.channel import ChannelType
from router.errors import ContentRejected, Retryable
from router.storage import schema as t
from router.storage.store import Store
from router.testing import FakeClock
from tests.integration.house import NOW, Doors, House, house
from tests.integration.notes_channel import notes_type

LONG = "First sentence of forty characters here. Second one. " * 2


@dataclass
class Narrow(Doors):
    """A channel that can do less."""

    can: Capabilities = field(default_factory=lambda: Capabilities(channel_class="chat"))

    def kind(self, account: str) -> ChannelType:
        return replace(notes_type(), capabilities=self.can)


@pytest.fixture
async def desk(store: Store):
    async with house(store, FakeClock(NOW), Narrow()) as opened:
        yield opened


def declare(desk: House, **more: object) -> None:
    assert isinstance(desk.doors, Narrow)
    desk.doors.can = Capabilities(channel_class="chat", **more)


async def reply(desk: House, conversation: str, text: str, key: str | None = None) -> str:
    return await desk.replies.reply(conversation, desk.agents["mei"], 1, text, key=key)


async def test_long_reply_goes_out_in_numbered_parts_in_order_across_a_busy_provider(desk: House):
    declare(desk, text=TextLimits(max=60))
    desk.doors.answers = [Retryable("busy", retry_after_s=7)]
    conversation = await desk.accepted()
    first = await reply(desk, conversation, LONG, key="k")
    assert await reply(desk, conversation, LONG, key="k") == first
    for _ in range(4):
        await desk.send()
        desk.clock.advance(8)
    texts = [attempt.blocks[0].text for attempt in desk.doors.sent]
    assert texts == [
        "(1/2) First sentence of forty characters here. Second one.",
        "(1/2) First sentence of forty characters here. Second one.",
        "(2/2) First sentence of forty characters here. Second one.",
    ]
    sent = {attempt.message_id: attempt for attempt in desk.doors.sent}
    assert list(sent)[0] == first
    assert [one.seq for one in sent.values()] == [2, 3]
    assert [(await desk.state(message)).state for message in sent] == ["accepted", "accepted"]


async def test_parts_left_by_an_earlier_run_go_out_after_a_restart(store: Store):
    clock = FakeClock(NOW)
    async with house(store, clock, Narrow()) as first:
        declare(first, text=TextLimits(max=60))
        conversation = await first.accepted()
        await reply(first, conversation, LONG)
        await first.send()
        assert len(first.doors.sent) == 1
    async with house(store, clock, Narrow()) as second:
        await second.send()
        assert [attempt.blocks[0].text[:5] for attempt in second.doors.sent] == ["(2/2)"]


async def test_reply_of_too_many_parts_goes_back_with_the_place_marked(desk: House):
    declare(desk, text=TextLimits(max=60))
    conversation = await desk.accepted()
    with pytest.raises(ContentRejected, match="the most is 20; shorten it") as refused:
        await reply(desk, conversation, "word " * 400)
    assert (refused.value.code, refused.value.part) == ("too_long", "text")
    assert await desk.front.rows(t.outbox) == []


async def test_block_the_channel_cannot_show_is_sent_in_words(desk: House):
    conversation = await desk.accepted()
    message = await reply(desk, conversation, "Here it is")
    card = {
        "kind": "order_card",
        "text": "Order 7",
        "html": "",
        "quoted": "",
        "fields": {"url": "https://s/7"},
    }
    only = t.message.c.id == message
    await desk.front.store.write(
        lambda connection: connection.execute(update(t.message).where(only).values(blocks=[card])) and None
    )
    await desk.send()
    (attempt,) = desk.doors.sent
    assert [(block.kind, block.text) for block in attempt.blocks] == [("text", "Order 7\nhttps://s/7")]


DAY = SendRule(opened_by="customer_message", lasts_s=86_400, max_sends=2)


async def test_window_that_ends_while_a_reply_waits_stops_it_before_the_provider(desk: House):
    declare(desk, send_rules=[DAY], templates="remote")
    desk.doors.answers = [Retryable("busy", retry_after_s=30)]
    conversation = await desk.accepted()
    message = await reply(desk, conversation, "one")
    await desk.send()
    desk.clock.advance(86_400)
    await desk.send()
    row = await desk.state(message)
    assert (row.state, len(desk.doors.sent)) == ("failed", 1)
    assert "window closed at 2026-03-05 09:00" in row.detail
    (attempt,) = await desk.front.rows(t.attempt, number=2)
    assert (attempt.error, attempt.code) == ("NotAllowedNow", "window_closed")


async def test_window_holds_so_many_messages_until_the_customer_writes_again(desk: House):
    declare(desk, send_rules=[DAY])
    conversation = await desk.accepted()
    desk.clock.advance(10)
    messages = []
    for text in ("one", "two", "three"):
        messages.append(await reply(desk, conversation, text))
        await desk.send()
        desk.clock.advance(10)
    assert [(await desk.state(message)).state for message in messages] == ["accepted", "accepted", "failed"]
    assert await desk.conversation("and this?") == conversation
    desk.clock.advance(10)
    await desk.replies.resend(messages[2], desk.agents["mei"])
    await desk.send()
    assert (await desk.state(messages[2])).state == "accepted"
