"""What only TikTok Shop has: pictures uploaded first, cards, closed chats, two ids, a day's quota."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from router_marketplace.simulators.fake_tiktok import wire_id
from router_marketplace.tiktok.decode import CHAT_ID, ORDER_ID
from router_marketplace.tiktok.facts import FACTS

from plugins.marketplace.tests.shops import Market
from router.abilities import MediaFile
from router.errors import ContentRejected, NotAllowedNow, Permanent, RateLimited
from router.messages import Block, BlockKind, EventKind
from router.testing import refused
from router.threads import Action, ActionKind

SEND = "POST /customer_service/202309/conversations/{thread}/messages"


@pytest.fixture
async def market() -> AsyncIterator[Market]:
    market = Market("tiktok")
    await market.start()
    market.fake.thread(market.chat, "900719925474099312")
    await market.ring(market.fake.customer_says(market.chat, "hello"))
    yield market
    await market.stop()


async def _chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_picture_is_uploaded_unsigned_and_then_sent_by_its_address(market: Market) -> None:
    file = MediaFile(name="box.png", content_type="image/png", size_bytes=6)
    fields = await market.channel.upload(file, _chunks(b"\x89PNG", b"\r\n"))
    assert market.fake.uploads == [b"\x89PNG\r\n"]
    picture = Block(kind=BlockKind.IMAGE, text="[image]", fields=fields)
    await market.channel.send(market.attempt(blocks=[picture]))
    (message,) = market.fake.sent_by_shop()
    assert message.kind == "IMAGE"
    assert message.fields["content"] == {"url": fields["url"], "width": 64, "height": 48}


@pytest.mark.parametrize(
    ("content_type", "announced", "size", "code"),
    [
        ("image/tiff", 4, 4, "type"),
        ("image/png", FACTS.image.max_bytes + 1, 4, "too_large"),
        ("image/png", 4, FACTS.image.max_bytes + 1, "too_large"),
    ],
)
async def test_picture_the_platform_would_refuse_goes_back_before_it_is_sent(
    market: Market, content_type: str, announced: int, size: int, code: str
) -> None:
    file = MediaFile(name="box", content_type=content_type, size_bytes=announced)
    with pytest.raises(ContentRejected) as caught:
        await market.channel.upload(file, _chunks(b"x" * size))
    assert (caught.value.code, caught.value.part) == (code, "image")
    assert market.fake.uploads == []


@pytest.mark.parametrize(
    ("block", "kind", "content"),
    [
        (
            Block(kind=BlockKind.PRODUCT_CARD, fields={"product_id": "17"}),
            "PRODUCT_CARD",
            {"product_id": "17"},
        ),
        (
            Block(kind=BlockKind.ORDER_CARD, fields={"order_id": "9007199254740993"}),
            "ORDER_CARD",
            {"order_id": "9007199254740993"},
        ),
        (
            Block(
                kind=BlockKind.ORDER_CARD,
                fields={"order_id": "57", "sku_id": "8", "platform_kind": "RETURN_REFUND_CARD"},
            ),
            "RETURN_REFUND_CARD",
            {"order_id": "57", "sku_id": "8"},
        ),
        (Block(kind=BlockKind.COUPON_CARD, fields={"coupon_id": "3"}), "COUPON_CARD", {"coupon_id": "3"}),
    ],
)
async def test_card_is_sent_as_the_platforms_own(market: Market, block: Block, kind: str, content) -> None:
    await market.channel.send(market.attempt(blocks=[block]))
    (message,) = market.fake.sent_by_shop()
    assert (message.kind, message.fields["content"]) == (kind, content)


@pytest.mark.parametrize(
    ("blocks", "code"),
    [
        ([], "empty"),
        ([Block(text="  ")], "empty"),
        ([Block(text="x" * 2001)], "too_long"),
        ([Block(text="Here:"), Block(kind=BlockKind.ORDER_CARD, fields={"order_id": "5"})], "one_kind"),
        ([Block(kind=BlockKind.ORDER_CARD)], "no_order_id"),
        ([Block(kind=BlockKind.IMAGE)], "no_url"),
        ([Block(kind=BlockKind.LOCATION, text="here")], "unsupported"),
    ],
)
async def test_message_the_platform_cannot_carry_goes_back_to_its_author(
    market: Market, blocks: list[Block], code: str
) -> None:
    with pytest.raises(ContentRejected) as caught:
        await market.channel.send(market.attempt(blocks=blocks))
    assert caught.value.code == code
    assert market.sent() == []


async def test_text_of_the_longest_length_passes(market: Market) -> None:
    await market.channel.send(market.attempt("字" * 2000))
    assert market.sent() == ["字" * 2000]


async def test_forbidden_words_go_back_to_their_author_with_the_platforms_own(market: Market) -> None:
    market.fake.forbidden.add("call me")
    with pytest.raises(ContentRejected) as caught:
        await market.channel.send(market.attempt("Please call me."))
    assert caught.value.public_text == "content holds sensitive words"


async def test_chat_without_a_buyer_for_30_days_is_shut_and_an_order_opens_it(market: Market) -> None:
    market.clock.advance(timedelta(days=30, seconds=1).total_seconds())
    market.fake.issue_token(lasts_s=1e9)
    await market.channel.renew_access()
    shut = await market.channel.permissions(market.chat)
    assert not shut.allowed
    assert shut.why == FACTS.rules.closed_reason
    with pytest.raises(NotAllowedNow):
        await market.channel.send(market.attempt())
    market.fake.threads[market.chat].fields["ordered_at"] = market.clock.now()
    assert (await market.channel.permissions(market.chat)).allowed
    await market.channel.send(market.attempt())
    assert market.sent() == ["It leaves today."]


async def test_chat_that_closes_is_stored_as_its_new_state(market: Market) -> None:
    market.fake.threads[market.chat].status = "closed"
    await market.pusher.push("shop", market.fake.push(13, {"conversation_id": market.chat}, "n-closed"))
    await market.channel.pull(market.context.signals[-1])
    event = market.events[-1]
    assert event.kind is EventKind.THREAD_STATE
    assert event.platform_state is not None
    assert (event.platform_state.can_send, event.platform_state.status) == (False, "closed")


async def test_buyers_order_id_is_known_for_messages_a_push_brought(market: Market) -> None:
    await market.ring(market.fake.customer_says(market.chat, "second"))
    for event in market.events:
        kinds = {one.kind: one.value for one in event.author.identities}
        assert kinds[ORDER_ID] == "900719925474099312"
        assert kinds[CHAT_ID] != kinds[ORDER_ID]


async def test_hidden_message_is_stored_and_not_shown(market: Market) -> None:
    await market.ring(market.fake.customer_says(market.chat, "for the platform only", is_visible=False))
    assert market.texts[-1] == "for the platform only"
    assert not market.events[-1].visible


async def test_spent_day_pauses_sending_until_the_next_one(market: Market) -> None:
    told = {"code": 45101004, "message": "daily quota is spent", "request_id": "r"}
    market.fake.fail_with(refused(200, json.dumps(told).encode()), SEND)
    with pytest.raises(RateLimited) as caught:
        await market.channel.send(market.attempt())
    next_day = market.clock.now().replace(hour=0, minute=0, second=0) + timedelta(days=1)
    assert caught.value.retry_after_s == (next_day - market.clock.now()).total_seconds()


async def test_second_coupon_within_two_seconds_waits_its_turn_without_asking(market: Market) -> None:
    coupon = Block(kind=BlockKind.COUPON_CARD, fields={"coupon_id": "3"})
    await market.channel.send(market.attempt(blocks=[coupon]))
    with pytest.raises(RateLimited) as caught:
        await market.channel.send(market.attempt(blocks=[coupon]))
    assert caught.value.retry_after_s == 2
    assert len(market.fake.sent_by_shop()) == 1
    market.clock.advance(2)
    await market.channel.send(market.attempt(blocks=[coupon]))
    assert len(market.fake.sent_by_shop()) == 2


async def test_buyer_who_ordered_can_be_written_to_first(market: Market) -> None:
    thread = market.fake.thread("7494560109732339999", "900719925474090000", ordered_at=market.clock.now())
    first = replace(market.attempt("Your parcel is late."), thread="", recipient="user:900719925474090000")
    await market.channel.send(first)
    assert market.fake.sent_by_shop()[-1].thread == thread.id


async def test_recipient_that_is_no_buyer_opens_nothing(market: Market) -> None:
    with pytest.raises(ContentRejected):
        market.channel.adapter.open_thread("order:5")


async def test_chat_is_marked_as_read_and_nothing_can_be_recalled(market: Market) -> None:
    market.fake.threads[market.chat].fields["unread"] = 3
    target = wire_id(market.fake.messages[0].number)
    await market.channel.act(Action(kind=ActionKind.READ, thread=market.chat, target=target))
    assert market.fake.threads[market.chat].fields["unread"] == 0
    with pytest.raises(Permanent):
        await market.channel.act(Action(kind=ActionKind.RECALL, thread=market.chat, target=target))
