"""What only Lazada has: messages taken back, held by moderation, read states, chats about a recent order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from router_marketplace.lazada.facts import FACTS
from router_marketplace.simulators.fake_lazada import HELD

from plugins.marketplace.tests.shops import Market
from router.errors import ContentRejected, NotAllowedNow
from router.messages import Automatic, Block, BlockKind, DeliveryState, EventKind, Role, SendOutcome
from router.testing import FakeUser
from router.threads import Action, ActionKind

ROBOT = FakeUser(id="1234567", name="Robot", role="bot")


@pytest.fixture
async def market() -> AsyncIterator[Market]:
    market = Market("lazada")
    await market.start()
    await market.ring(market.fake.customer_says(market.chat, "hello"))
    yield market
    await market.stop()


async def test_buyer_takes_back_a_message_that_was_read_long_ago(market: Market) -> None:
    wrong = market.fake.customer_says(market.chat, "wrong number: 5550100")
    await market.ring(wrong)
    market.clock.advance(60)
    await market.ring(market.fake.customer_says(market.chat, "forget that"))
    market.clock.advance(30)
    await market.ring(market.fake.change(wrong.id, state="recalled"))
    recall = market.events[-1]
    assert (recall.kind, recall.target) == (EventKind.RECALL, wrong.id)
    assert [event.external_id for event in market.events][1] == wrong.id


async def test_message_is_taken_back_within_two_minutes_and_not_after(market: Market) -> None:
    receipt = await market.channel.send(market.attempt())
    take_back = Action(kind=ActionKind.RECALL, thread=market.chat, target=receipt.remote_ref)
    market.clock.advance(119)
    await market.channel.act(take_back)
    assert market.fake.sent_by_shop()[-1].state == "recalled"
    later = await market.channel.send(market.attempt("Another one."))
    market.clock.advance(121)
    with pytest.raises(NotAllowedNow) as caught:
        await market.channel.act(replace(take_back, target=later.remote_ref))
    assert caught.value.public_text == FACTS.rules.not_recalled


async def test_message_that_moderation_holds_is_held_and_later_with_the_buyer(market: Market) -> None:
    market.fake.hold_next()
    receipt = await market.channel.send(market.attempt())
    assert (receipt.outcome, receipt.detail) == (SendOutcome.HELD, HELD)
    await market.channel.pull(None)
    held = market.events[-1]
    assert held.report is not None
    assert (held.report.outgoing_ref, held.report.state) == (receipt.remote_ref, DeliveryState.HELD)
    assert not held.visible
    assert [one.text for one in market.fake.seen_by_buyer(market.chat)] == ["hello"]
    market.fake.change(receipt.remote_ref, state="sent")
    await market.channel.pull(None)
    free = market.events[-1]
    assert free.report is not None
    assert (free.report.outgoing_ref, free.report.state) == (receipt.remote_ref, DeliveryState.DELIVERED)


async def test_message_held_after_it_was_accepted_is_reported_held(market: Market) -> None:
    receipt = await market.channel.send(market.attempt())
    await market.channel.pull(None)
    market.fake.change(receipt.remote_ref, state="held")
    market.clock.advance(60)
    await market.ring(market.fake.customer_says(market.chat, "still there?"))
    reports = [event.report for event in market.events if event.report]
    assert reports[-1].state is DeliveryState.HELD
    assert reports[-1].detail == HELD


async def test_read_state_is_stored_before_the_push_is_answered(market: Market) -> None:
    receipt = await market.channel.send(market.attempt())
    push = market.fake.read_push(market.fake.sent_by_shop()[-1])
    market.store.fail_accept_next()
    answer = await market.pusher.push("shop", push)
    assert answer is not None
    assert answer.status == 503
    again = await market.pusher.push("shop", push)
    await market.pusher.push("shop", push)
    assert again is not None
    assert again.status == 200
    receipts = [event for event in market.events if event.kind is EventKind.RECEIPT]
    assert [one.report.state for one in receipts if one.report] == [DeliveryState.READ]
    assert receipts[0].target == receipt.remote_ref


async def test_chat_is_opened_for_a_recent_order_and_refused_for_an_old_one(market: Market) -> None:
    market.fake.orders = {
        "900719925474099312": market.clock.now(),
        "900719925474090001": market.clock.now() - timedelta(days=40),
    }
    first = replace(market.attempt("About your order."), thread="", recipient="order:900719925474099312")
    await market.channel.send(first)
    assert market.fake.sent_by_shop()[-1].thread == "session-of-900719925474099312"
    old = replace(market.attempt("About your order."), thread="", recipient="order:900719925474090001")
    with pytest.raises(NotAllowedNow) as caught:
        await market.channel.send(old)
    assert (caught.value.code, caught.value.public_text) == ("-22", FACTS.rules.too_old)
    with pytest.raises(ContentRejected):
        await market.channel.send(replace(old, recipient="order:last"))


async def test_automatic_answer_of_the_platform_is_nobodys_work(market: Market) -> None:
    market.fake.commit(market.chat, "We are closed.", author=ROBOT)
    await market.channel.pull(None)
    event = market.events[-1]
    assert (event.author.role, event.automatic) == (Role.BOT, Automatic.REPLY)


async def test_automatic_answer_does_not_vouch_for_ours(market: Market) -> None:
    market.fake.commit(market.chat, "It leaves today.", author=ROBOT)
    assert (await market.channel.confirm(market.attempt())).value == "not_found"


@pytest.mark.parametrize(
    ("block", "kind", "content"),
    [
        (Block(text="您好 & <b>?"), "text", {"txt": "您好 & <b>?"}),
        (Block(text="[smile]", fields={"platform_kind": "4"}), "emoji", {"txt": "[smile]"}),
        (
            Block(kind=BlockKind.IMAGE, fields={"url": "https://p.example/a b.png?x=1&y=2", "width": 9}),
            "image",
            {"img_url": "https://p.example/a b.png?x=1&y=2", "width": "9"},
        ),
        (Block(kind=BlockKind.VIDEO, fields={"video_id": "70"}), "video", {"video_id": "70"}),
        (Block(kind=BlockKind.PRODUCT_CARD, fields={"product_id": "17"}), "product_card", {"item_id": "17"}),
        (Block(kind=BlockKind.ORDER_CARD, fields={"order_id": "57"}), "order_card", {"order_id": "57"}),
        (Block(kind=BlockKind.COUPON_CARD, fields={"coupon_id": "3"}), "coupon_card", {"promotion_id": "3"}),
    ],
)
async def test_block_is_sent_by_its_template(market: Market, block: Block, kind: str, content) -> None:
    await market.channel.send(market.attempt(blocks=[block]))
    (message,) = market.fake.sent_by_shop()
    assert (message.kind, message.fields["content"]) == (kind, content)


@pytest.mark.parametrize(
    ("blocks", "code"),
    [
        ([], "empty"),
        ([Block(text="字" * 801)], "too_long"),
        ([Block(text="Here:"), Block(kind=BlockKind.ORDER_CARD, fields={"order_id": "5"})], "one_kind"),
        ([Block(kind=BlockKind.ORDER_CARD)], "no_order_id"),
        ([Block(kind=BlockKind.FORM)], "unsupported"),
    ],
)
async def test_message_the_platform_cannot_carry_goes_back_to_its_author(
    market: Market, blocks: list[Block], code: str
) -> None:
    with pytest.raises(ContentRejected) as caught:
        await market.channel.send(market.attempt(blocks=blocks))
    assert caught.value.code == code
    assert market.sent() == []


async def test_text_of_the_longest_length_passes_in_the_address(market: Market) -> None:
    await market.channel.send(market.attempt("字" * 800))
    assert market.sent() == ["字" * 800]


async def test_session_is_marked_as_read_up_to_the_message_stored_last(market: Market) -> None:
    market.fake.threads[market.chat].fields["unread"] = 3
    await market.channel.act(Action(kind=ActionKind.READ, thread=market.chat))
    assert market.fake.threads[market.chat].fields["unread"] == 0
    asked = market.fake.http.calls[-1].query
    assert asked["last_read_message_id"] == market.fake.messages[0].id


async def test_slow_clock_of_ours_hides_no_message(market: Market) -> None:
    behind = type(market.clock)(market.clock.now())
    market.clock.advance(60)
    market.store.clock = behind
    await market.ring(market.fake.customer_says(market.chat, "a minute ahead"))
    assert market.texts[-1] == "a minute ahead"
