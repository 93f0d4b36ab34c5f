"""Platforms people can be customers of: what they push is taken by the channel, and their chats show it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from router_marketplace.simulators.played import PlayedSimulator

from plugins.marketplace.tests.shops import Market
from router.clock import SystemClock
from router.playing import PlaysChats


@pytest.fixture(params=["tiktok", "lazada"])
async def market(request: pytest.FixtureRequest) -> AsyncIterator[Market]:
    market = Market(request.param)
    await market.start()
    yield market
    await market.stop()


async def played(market: Market, calls) -> None:
    for call in calls:
        assert (await market.channel.handle_http(call)).status == 200
    await market.channel.pull(None)


async def test_buyer_who_writes_about_an_order_is_read_once_though_pushed_twice(market: Market) -> None:
    platform: PlayedSimulator = market.simulator
    assert isinstance(platform, PlaysChats)
    chat = platform.open_chat("Robin")
    await played(market, platform.write(chat, "Is it on its way?", "1004"))
    await played(market, platform.push_again(chat))
    assert market.texts == ["Is it on its way?", "[order card: 1004]"]
    assert [event.context.get("order_id") for event in market.events] == [None, "1004"]
    [shown] = platform.chats()
    assert (shown.name, [one.author for one in shown.messages]) == ("Robin", ["customer", "customer"])


async def test_held_message_is_let_go_once_and_only_the_buyers_own_is_taken_back(market: Market) -> None:
    platform: PlayedSimulator = market.simulator
    chat = platform.open_chat("Robin")
    await played(market, platform.write(chat, "Hello"))
    platform.hold_next()
    market.fake.commit(chat, "Good morning")
    asked, answer = platform.chats()[0].messages
    assert (answer.author, answer.state) == ("shop", "held")
    with pytest.raises(LookupError):
        platform.take_back(answer.id)
    await played(market, platform.let_go(answer.id))
    with pytest.raises(LookupError):
        platform.let_go(answer.id)
    await played(market, platform.take_back(asked.id))
    assert [one.state for one in platform.chats()[0].messages] == ["recalled", "sent"]


async def test_two_platforms_of_a_kind_give_equal_ids(market: Market) -> None:
    other = type(market.simulator)()
    assert other.open_chat("Robin") == market.simulator.open_chat("Kim")


async def test_platform_that_follows_a_clock_lives_in_its_time_and_its_tokens_are_good(
    market: Market,
) -> None:
    clock = SystemClock()
    market.simulator.follow(clock)
    assert abs((market.fake.clock.now() - clock.now()).total_seconds()) < 5
    assert market.fake.token_is_good("token-1")
