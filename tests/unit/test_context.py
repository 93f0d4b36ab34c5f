"""Context sources against a real HTTP server: prompt, slow, broken, and asked by many at once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import BaseModel

from router import ContextCard, ContextKind, ContextProvider, ContextProviderType, ContextQuery
from router.context import ContextAnswer, ContextRoom
from router.errors import AuthInvalid, Retryable
from router.messages import Author, Identity, InboundEvent, Proof, Role
from router.model.filing import Decoded, OrderFacts, OrderLookup
from router.order_facts import OrderFactsRoom
from router.sources import ContextSource, FailedSource, Patience, Sources
from router.testing import FakeClock

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
ORDERS = ContextQuery(kind=ContextKind.ORDERS, account="chat", order_id="X-1")
# No source of these tests is late because the machine is busy.
UNHURRIED = Patience(answer_s=60.0, facts_s=60.0)


class Where(BaseModel):
    url: str


class WebShop(ContextProvider):
    """Asks `GET /orders/<id>`; what a third party would write."""

    def __init__(self, name: str, settings: Where) -> None:
        self.url = settings.url

    async def look_up(self, query: ContextQuery) -> Sequence[ContextCard]:
        who = query.order_id or query.identities[0].value
        async with self.http.get(f"{self.url}/orders/{who}") as response:
            if response.status == 401:
                raise AuthInvalid("401", public_text="the shop refuses the key")
            found = await response.json()
        return [ContextCard(kind=query.kind, title="Order", **card) for card in found]


@dataclass
class Shop:
    """A shop's order system; while `hold` is set answers wait for `go`."""

    cards: list[dict[str, Any]] = field(default_factory=lambda: [{"id": "X-1", "stage": "after_sale"}])
    status: int = 200
    hold: bool = False
    go: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[str] = field(default_factory=list)
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.match_info["id"])
        self.reached.set()
        if self.hold:
            await self.go.wait()
        return web.json_response(self.cards, status=self.status)


class NoChannels:
    """Channels of which none knows orders."""

    def context_kinds(self, account: str) -> frozenset[ContextKind]:
        return frozenset()

    async def look_up(self, query: ContextQuery) -> Sequence[ContextCard]:
        raise AssertionError("it was not declared")


@asynccontextmanager
async def room(
    *shops: Shop,
    clock: FakeClock | None = None,
    channels: Any = None,
    failed: Sequence[FailedSource] = (),
    patience: Patience = UNHURRIED,
    **how: Any,
) -> AsyncIterator[ContextRoom]:
    servers = []
    sources = []
    for number, shop in enumerate(shops):
        app = web.Application()
        app.router.add_get("/orders/{id}", shop.answer)
        server = TestServer(app)
        await server.start_server()
        servers.append(server)
        kind = ContextProviderType(
            id="web_shop",
            title="Web shop",
            settings=Where,
            kinds=frozenset({ContextKind.ORDERS}),
            factory=WebShop,
        )
        given: dict[str, Any] = {"accounts": frozenset(), "facts": "order"} | how
        where = Where(url=str(server.make_url("")).rstrip("/"))
        sources.append(ContextSource(name=f"shop-{number}", kind=kind, settings=where, **given))
    made = ContextRoom(
        Sources(context=sources, failed=failed, patience=patience),
        clock or FakeClock(NOW),
        channels or NoChannels(),
    )
    try:
        async with made.opened():
            yield made
    finally:
        for shop in shops:
            shop.go.set()
        for server in servers:
            await server.close()


def item(order_id: str = "X-1", proof: Proof = Proof.UNVERIFIED, role: Role = Role.CUSTOMER) -> Decoded:
    event = InboundEvent(
        author=Author(role=role, identities=[Identity(kind="visitor", value="v7", proof=proof)]),
        context={"order_id": order_id} if order_id else {},
    )
    return Decoded(
        inbound_id="i1",
        account="chat",
        channel="webchat",
        channel_class="chat",
        joins_open_episode=True,
        received_at=NOW,
        events=(event,),
    )


async def facts(context: ContextRoom, asked: Decoded, limit_s: float = 60.0) -> OrderFacts:
    context.patience = replace(context.patience, facts_s=limit_s)
    (known,) = await OrderFactsRoom(context).look_up([asked])
    return known.order_of(known.events[0])


async def test_a_source_that_hangs_is_shown_so_and_the_other_has_answered():
    good, stuck = Shop(), Shop(hold=True)
    async with room(good, stuck, patience=Patience(answer_s=0.05)) as context:
        first, second = await context.ask(ORDERS)
        while first.state == "late":
            # On a busy machine a good one can be late too; only what was answered is kept.
            first, second = await context.ask(ORDERS)
    assert (first.cards[0].id, first.problem) == ("X-1", "")
    assert (second.cards, second.state) == ((), "late")


async def test_refused_and_broken_sources_say_why_without_what_they_know():
    async with room(Shop(status=401), Shop(cards=[{"id": "X-1", "colour": "red"}])) as context:
        refused, broken = await context.ask(ORDERS)
    assert refused.problem == "the shop refuses the key"
    assert broken.problem == "it failed, see the log"


async def test_source_whose_plugin_did_not_load_stands_beside_the_others_with_the_cause():
    gone = FailedSource(section="context", name="old", cause="no libshop", accounts=frozenset({"chat"}))
    async with room(Shop(), failed=[gone]) as context:
        assert [each.problem for each in await context.ask(ORDERS)] == ["", "no libshop"]


async def test_only_sources_of_the_account_and_the_kind_are_asked():
    shop = Shop()
    async with room(shop, accounts=frozenset({"mail"})) as context:
        assert await context.ask(ORDERS) == []
        stock = ContextQuery(kind=ContextKind.STOCK, account="mail", order_id="X-1")
        assert await context.ask(stock) == []
        assert context.kinds("mail") == {ContextKind.ORDERS}
    assert shop.asked == []


async def test_answer_is_kept_for_a_minute_and_asked_again_after_it():
    clock, shop = FakeClock(NOW), Shop()
    async with room(shop, clock=clock) as context:
        first = await context.ask(ORDERS)
        assert await context.ask(ORDERS) == first
        assert shop.asked == ["X-1"]
        clock.advance(61)
        await context.ask(ORDERS)
    assert shop.asked == ["X-1", "X-1"]


async def test_a_failure_is_not_kept():
    shop = Shop(status=401)
    async with room(shop) as context:
        await context.ask(ORDERS)
        shop.status = 200
        (answer,) = await context.ask(ORDERS)
    assert answer.cards[0].stage == "after_sale"


async def test_ten_who_ask_the_same_at_once_cost_one_question():
    shop = Shop(hold=True)
    async with room(shop) as context, asyncio.TaskGroup() as group:
        asking = [group.create_task(context.ask(ORDERS)) for _ in range(10)]
        await shop.reached.wait()
        shop.go.set()
        answers: list[list[ContextAnswer]] = [await task for task in asking]
    assert shop.asked == ["X-1"]
    assert all(answer[0].cards for answer in answers)


async def test_answers_are_cut_to_what_a_desk_can_show():
    card = {
        "id": "X-1",
        "url": "javascript:alert(1)",
        "status": "s" * 9000,
        "fields": {f"f{n}": ["x" * 900] for n in range(100)},
    }
    async with room(Shop(cards=[card] * 100)) as context:
        (answer,) = await context.ask(ORDERS)
    shown = answer.cards[0]
    assert (len(answer.cards), shown.url, len(shown.status), len(shown.fields)) == (10, "", 500, 30)
    assert all(len(str(value)) <= 500 for value in shown.fields.values())


class Marketplace(NoChannels):
    """Channels that know orders."""

    def context_kinds(self, account: str) -> frozenset[ContextKind]:
        return frozenset({ContextKind.ORDERS}) if account == "chat" else frozenset()

    async def look_up(self, query: ContextQuery) -> Sequence[ContextCard]:
        if query.order_id == "bad":
            raise Retryable("x", public_text="the marketplace is away")
        return [ContextCard(kind=query.kind, id=query.order_id, title="Order", amount="19.50", status="PAID")]


async def test_channel_that_knows_orders_is_asked_like_a_source():
    async with room(Shop(), channels=Marketplace()) as context:
        answers = await context.ask(ORDERS)
        assert [each.source for each in answers] == ["shop-0", "chat"]
        bad = ContextQuery(kind=ContextKind.ORDERS, account="chat", order_id="bad")
        assert (await context.ask(bad))[1].problem == "the marketplace is away"


class Careless(ContextProvider):
    """Gives numbers where texts belong, and a time without a zone."""

    async def look_up(self, query: ContextQuery) -> Sequence[ContextCard]:
        wrong: dict[str, Any] = {"amount": {}, "status": 7, "at": datetime(2026, 1, 1)}
        return [ContextCard(kind=query.kind, id="X-1", title="Lamp", **wrong)]


async def test_card_with_values_of_the_wrong_kind_harms_nobody():
    kind = ContextProviderType(
        id="careless",
        title="Careless",
        settings=Where,
        kinds=frozenset({ContextKind.ORDERS}),
        factory=lambda name, settings: Careless(),
    )
    source = ContextSource(name="x", kind=kind, settings=Where(url=""), accounts=frozenset(), facts="order")
    context = ContextRoom(Sources(context=[source], patience=UNHURRIED), FakeClock(NOW), NoChannels())
    async with context.opened():
        (answer,) = await context.ask(ORDERS)
        assert (answer.cards[0].amount, answer.cards[0].status, answer.cards[0].at) == ("{}", "7", None)
        assert (await facts(context, item())).value == 0.0


# --- what rules get -------------------------------------------------------------------------------


async def test_rules_get_the_order_a_message_names():
    card = {"id": "X-1", "stage": "after_sale", "status": "SHIPPED", "amount": "120.00"}
    async with room(Shop(cards=[card])) as context:
        found = await facts(context, item())
    assert found == OrderFacts(
        id="X-1", stage="after_sale", status="SHIPPED", value=120.0, lookup=OrderLookup.FOUND
    )


async def test_order_nobody_knows_is_empty_and_said_to_be_unknown():
    async with room(Shop(cards=[])) as context:
        assert await facts(context, item()) == OrderFacts(id="X-1", lookup=OrderLookup.UNKNOWN)


async def test_source_that_answers_about_another_order_is_not_believed():
    async with room(Shop(cards=[{"id": "X-2", "stage": "pre_sale"}])) as context:
        assert (await facts(context, item())).lookup is OrderLookup.UNKNOWN


async def test_rules_go_on_without_a_slow_source_and_its_answer_is_there_for_the_next():
    shop = Shop(hold=True)
    async with room(shop) as context:
        assert await facts(context, item(), 0.01) == OrderFacts(id="X-1", lookup=OrderLookup.NO_ANSWER)
        shop.go.set()
        assert (await facts(context, item())).lookup is OrderLookup.FOUND
    assert shop.asked == ["X-1"]


async def test_source_too_slow_three_times_rests_and_is_asked_again_later():
    clock, shop = FakeClock(NOW), Shop(hold=True)
    async with room(shop, clock=clock) as context:
        for number in range(3):
            assert (await facts(context, item(f"Y-{number}"), 0.01)).lookup is OrderLookup.NO_ANSWER
        assert (await facts(context, item("Y-3"))).lookup is OrderLookup.NO_ANSWER
        assert "Y-3" not in shop.asked
        shop.hold = False
        shop.go.set()
        clock.advance(31)
        assert (await facts(context, item())).lookup is OrderLookup.FOUND


async def test_unproven_address_never_finds_an_order_for_rules():
    async with room(Shop(), facts="identity") as context:
        assert await facts(context, item("", Proof.UNVERIFIED)) == OrderFacts()
        assert (await facts(context, item("", Proof.CHANNEL))).id == "X-1"


async def test_source_for_named_orders_only_is_not_asked_by_address():
    shop = Shop()
    async with room(shop) as context:
        assert await facts(context, item("", Proof.VERIFIED)) == OrderFacts()
    assert shop.asked == []


async def test_channel_is_not_asked_for_every_message_of_a_known_buyer():
    async with room(channels=Marketplace()) as context:
        assert await facts(context, item("", Proof.CHANNEL)) == OrderFacts()
        assert (await facts(context, item("X-1", Proof.CHANNEL))).value == 19.5


@pytest.mark.parametrize("asked", [item(role=Role.SYSTEM), item("")], ids=["not a customer", "no order"])
async def test_what_triage_will_not_see_costs_no_question(asked: Decoded):
    shop = Shop()
    async with room(shop) as context:
        assert await OrderFactsRoom(context).look_up([asked]) == [asked]
    assert shop.asked == []


@pytest.mark.parametrize(("amount", "value"), [("12,50 €", 0.0), ("inf", 0.0), ("", 0.0), ("7", 7.0)])
async def test_amount_that_is_no_number_counts_nothing(amount: str, value: float):
    async with room(Shop(cards=[{"id": "X-1", "amount": amount}])) as context:
        assert (await facts(context, item())).value == value
