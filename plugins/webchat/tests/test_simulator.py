"""The simulated shop drives a channel through its real door."""

import json

import pytest
from router_webchat import router_channel_types

from plugins.webchat.tests.conftest import RecordingContext


@pytest.fixture
async def stage():
    [kind] = router_channel_types()
    simulator = kind.simulator()
    await simulator.start()
    yield kind, simulator
    await simulator.stop()


async def opened(kind, simulator, account):
    ctx = RecordingContext()
    ctx.channel = kind.factory(account, simulator.settings())
    await ctx.channel.open(ctx)
    return ctx


async def test_sample_delivered_five_times_is_stored_once_with_one_answer(stage):
    kind, simulator = stage
    ctx = await opened(kind, simulator, "one")
    sample = simulator.samples()[0]
    acks = {await simulator.deliver(ctx.channel, sample) for _ in range(5)}
    assert len(acks) == 1
    assert list(ctx.items) == [sample.dedupe_key]
    assert [event.blocks[0].text for event in ctx.channel.decode(sample)] == [
        "Hello, is the blue one in stock?"
    ]


async def test_two_accounts_with_the_same_ids_never_mix(stage):
    kind, simulator = stage
    one, two = await opened(kind, simulator, "one"), await opened(kind, simulator, "two")
    for sample in simulator.samples():
        await simulator.deliver(one.channel, sample)
    await simulator.deliver(two.channel, simulator.samples()[0])
    assert (len(one.items), len(two.items)) == (3, 1)
    assert {json.loads(frame)["type"] for frame in simulator.sent()} == {"welcome", "event", "ack"}


def test_listing_the_kind_opens_nothing_and_is_honest():
    [kind] = router_channel_types()
    assert kind.capabilities.channel_class == "chat"
    assert kind.capabilities.receipts == "read"
    assert kind.shares_loop
    assert all(route.path.startswith(kind.route_prefixes) for route in kind.routes)
