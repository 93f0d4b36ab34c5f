"""What the desk is shown of orders and of their notes."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert, update

from router import ContextCard, ContextKind, ContextProvider, ContextProviderType, ContextQuery
from router.context import ContextRoom
from router.errors import Retryable
from router.order_notes import OrderNotes
from router.sources import ContextSource, Sources
from router.storage import schema as t
from tests.web.conftest import Start
from tests.web.shop import Shop
from tests.web.slate import Nothing, Slate, book


class Ledger(ContextProvider):
    async def look_up(self, query: ContextQuery) -> Sequence[ContextCard]:
        if query.kind is ContextKind.STOCK:
            raise Retryable("x", public_text="the store room is closed")
        who = query.order_id or query.identities[0].value
        return [ContextCard(kind=query.kind, id="X-1", title=f"Order of {who}", fields={"n": 2})]


def sources(slate: Slate) -> Sources:
    kind = ContextProviderType(
        id="ledger",
        title="Ledger",
        settings=Nothing,
        kinds=frozenset({ContextKind.ORDERS, ContextKind.STOCK}),
        factory=lambda name, settings: Ledger(),
    )
    own = ContextSource(name="shop", kind=kind, settings=Nothing(), accounts=frozenset(), facts="order")
    return Sources(context=[own], notes=[book(slate)])


@pytest.fixture
async def served(shop: Shop, start: Start) -> AsyncIterator[Any]:
    own = sources(Slate())
    context = ContextRoom(own, shop.clock, shop.channels)
    notes = OrderNotes(shop.store, shop.clock, own, lambda conversation_id: None)
    shop.services = replace(shop.services, context=context, order_notes=notes)
    async with context.opened():
        yield await start()


async def test_desk_reads_orders_asks_sources_and_adds_a_note(shop: Shop, served: Any):
    headers = await shop.token("mei")
    conversation = await shop.add_conversation()

    def named(conn: Any) -> None:
        row = {"conversation_id": conversation, "order_id": "X-1", "seen_at": shop.clock.now()}
        conn.execute(insert(t.conversation_order).values(row))

    await shop.store.write(named)
    at = f"/api/v1/conversations/{conversation}"
    async with served.get(f"{at}/orders", headers=headers) as response:
        seen = await response.json()
    assert (seen["orders"], seen["kinds"]) == (["X-1"], ["orders", "stock"])
    assert seen["shop"] == {"name": "main", "title": "Slate shop", "max": 500, "problem": ""}
    async with served.get(f"{at}/context?order=X-1", headers=headers) as response:
        (answer,) = (await response.json())["answers"]
    assert (answer["title"], answer["cards"][0]["title"]) == ("Ledger", "Order of X-1")
    async with served.get(f"{at}/context?kind=stock", headers=headers) as response:
        (answer,) = (await response.json())["answers"]
    assert (answer["state"], answer["problem"]) == ("failed", "the store room is closed")
    wanted = {"order_id": "X-1", "kind": "pre_sale", "reason": "赠品"}
    async with served.post(f"{at}/order-notes", json=wanted, headers=headers) as response:
        note = await response.json()
        assert response.status == 201
    assert (note["text"], note["state"], note["shop"]) == ("赠品--Mei--2026-11-02", "queued", "main")
    async with served.get(f"{at}/orders", headers=headers) as response:
        assert (await response.json())["notes"] == [note]


async def test_unproven_second_address_is_not_asked_with(shop: Shop, served: Any):
    headers = await shop.token("mei")
    conversation = await shop.add_conversation()
    async with served.get(f"/api/v1/conversations/{conversation}/context", headers=headers) as response:
        (answer,) = (await response.json())["answers"]
    assert answer["cards"][0]["title"].startswith("Order of customer")


async def test_note_is_retried_only_when_it_failed(shop: Shop, served: Any):
    headers = await shop.token("mei")
    conversation = await shop.add_conversation()
    wanted = {"order_id": "X-1", "kind": "other", "reason": "gift"}
    async with served.post(
        f"/api/v1/conversations/{conversation}/order-notes", json=wanted, headers=headers
    ) as response:
        note = await response.json()
    again = f"/api/v1/order-notes/{note['id']}/retry"
    async with served.post(again, json={}, headers=headers) as response:
        assert (response.status, (await response.json())["code"]) == (409, "stale_version")
    await shop.store.write(
        lambda conn: conn.execute(update(t.order_note).values(state="failed", next_try_at=None))
    )
    async with served.post(again, json={}, headers=headers) as response:
        assert (await response.json())["state"] == "queued"
    async with served.post("/api/v1/order-notes/nobody/retry", json={}, headers=headers) as response:
        assert response.status == 404


async def test_refused_note_names_what_is_wrong(shop: Shop, served: Any):
    headers = await shop.token("mei")
    conversation = await shop.add_conversation()
    wanted = {"order_id": "X-1", "kind": "other", "reason": " -- "}
    async with served.post(
        f"/api/v1/conversations/{conversation}/order-notes", json=wanted, headers=headers
    ) as response:
        assert (response.status, (await response.json())["detail"][:7]) == (422, "reason:")
