"""From an order named in a message to the queue its stage calls for, with the look-up in the record."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from router import ContextCard, ContextKind, ContextProvider, ContextProviderType, ContextQuery
from router.context import ContextRoom
from router.order_facts import OrderFactsRoom
from router.sources import ContextSource, Patience, Sources
from router.storage import schema as t
from router.storage.store import Store
from router.testing import FakeClock
from tests.integration.notes_channel import item
from tests.integration.test_intake import Front, running

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
RULES = """version: 1
skills: {refunds: {}}
queues: {after_sale: {}, desk: {}}
rules:
  - name: after sale
    when: order.stage == "after_sale" && order.value > 100.0
    set: {queue: after_sale}
  - name: everything else
    when: "true"
    set: {queue: desk}
"""


class Nothing(BaseModel):
    """No settings."""


class Ledger(ContextProvider):
    """Knows order A-1; never answers about order A-9."""

    async def look_up(self, query: ContextQuery) -> Sequence[ContextCard]:
        if query.order_id == "A-9":
            await asyncio.Event().wait()
        if query.order_id != "A-1":
            return []
        return [
            ContextCard(
                kind=query.kind, id="A-1", title="Lamp", stage="after_sale", status="SHIPPED", amount="120"
            )
        ]


class NoChannels:
    """Channels of which none knows orders."""

    def context_kinds(self, account: str) -> frozenset[ContextKind]:
        return frozenset()

    async def look_up(self, query: ContextQuery) -> Sequence[ContextCard]:
        raise AssertionError("it was not declared")


@asynccontextmanager
async def routed(store: Store, limit_s: float = 60.0) -> AsyncIterator[Front]:
    kind = ContextProviderType(
        id="ledger",
        title="Ledger",
        settings=Nothing,
        kinds=frozenset({ContextKind.ORDERS}),
        factory=lambda name, settings: Ledger(),
    )
    source = ContextSource(name="shop", kind=kind, settings=Nothing(), accounts=frozenset(), facts="order")
    clock = FakeClock(NOW)
    context = ContextRoom(Sources(context=[source], patience=Patience(facts_s=limit_s)), clock, NoChannels())
    orders = OrderFactsRoom(context)
    async with (
        context.opened(),
        running(store, clock=clock, rules=RULES, look_up_orders=orders.look_up) as front,
    ):
        yield front


async def work_of(front: Front, order_id: str) -> Any:
    context = {"order_id": order_id} if order_id else {}
    (conversation,) = await front.take(item(at=NOW, id=f"<{order_id}>", text="where is it", context=context))
    (row,) = await front.rows(t.work_item, conversation_id=conversation)
    return row


@pytest.mark.parametrize(
    ("order_id", "queue", "stage", "lookup"),
    [
        ("A-1", "after_sale", "after_sale", "found"),
        ("A-2", "desk", "", "unknown"),
        ("A-9", "desk", "", "no_answer"),
        ("", "desk", "", None),
    ],
)
async def test_order_in_a_message_routes_it_and_the_record_says_what_was_known(
    store: Store, order_id: str, queue: str, stage: str, lookup: str | None
):
    async with routed(store, 0.05 if lookup == "no_answer" else 60.0) as front:
        row = await work_of(front, order_id)
        named = await front.rows(t.conversation_order, conversation_id=row.conversation_id)
    facts = row.triage["facts"]
    assert (row.queue, facts["order.id"], facts["order.stage"]) == (queue, order_id, stage)
    assert facts.get("order.lookup") == lookup
    assert [each.order_id for each in named] == ([order_id] if order_id else [])


async def test_order_named_again_is_kept_once(store: Store):
    async with routed(store) as front:
        row = await work_of(front, "A-1")
        (again,) = await front.take(
            item(at=NOW, id="<2>", evidence=[["message_id", "<A-1>"]], context={"order_id": "A-1"})
        )
        assert again == row.conversation_id
        assert len(await front.rows(t.conversation_order, conversation_id=again)) == 1
