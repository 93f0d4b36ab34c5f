"""Calls about orders beside a conversation: what shops know of them, and the notes agents put on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from router.model.order_views import NoteShop, OrderNoteView
from router.orders import ContextCard, ContextKind, ContextQuery, NoteKind
from router.storage.views.orders import list_order_notes, read_order_note, read_subject
from router.storage.views.people import read_names
from router.web.asking import reading
from router.web.auth import Caller
from router.web.binder import Body, Call, Line, Name, Query
from router.web.services import Services


class WhichContext(Query):
    """What to look up: about one order or product, else the customer's newest."""

    kind: Literal["orders", "logistics", "refunds", "stock", "customer"] = "orders"
    order: Line = ""
    product: Line = ""


class NewOrderNote(Body):
    """A note on an order; its name and date are those of who writes it, and today in the shop."""

    order_id: Name
    kind: Literal["pre_sale", "after_sale", "other"]
    reason: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One thing a source knows, as `ContextCard`."""

    kind: str
    id: str
    title: str
    status: str
    stage: str
    amount: str
    currency: str
    at: datetime | None
    url: str
    order_id: str
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAnswer:
    """What one source answered; `problem` says why it failed, in words for an agent."""

    source: str
    title: str
    cards: Sequence[Card]
    state: Literal["answered", "late", "failed"]
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextAnswers:
    """The answer of every source that serves the conversation's account."""

    answers: Sequence[SourceAnswer]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderOverview:
    """The orders of a conversation, what can be looked up about its customer, and all notes on them."""

    orders: Sequence[str]
    kinds: Sequence[str]
    shop: NoteShop | None
    notes: Sequence[OrderNoteView]


class OrderCalls:
    """Calls about orders."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def calls(self) -> list[Call]:
        """List the calls."""
        one = "/conversations/{conversation_id}"
        return [
            Call(method="GET", path=f"{one}/context", action=self.look_up),
            Call(method="GET", path=f"{one}/orders", action=self.read_orders),
            Call(
                method="POST",
                path=f"{one}/order-notes",
                action=self.add_note,
                status=201,
                raises=("content_rejected",),
            ),
            Call(
                method="POST",
                path="/order-notes/{note_id}/retry",
                action=self.retry_note,
                raises=("stale_version",),
            ),
        ]

    async def look_up(self, caller: Caller, conversation_id: str, query: WhichContext) -> ContextAnswers:
        """Look up what shops know of the conversation's customer."""
        async with reading(self._services, caller) as (conn, scope):
            subject = await read_subject(conn, scope, conversation_id)
        asked = ContextQuery(
            kind=ContextKind(query.kind),
            account=subject.account,
            identities=tuple(subject.identities),
            order_id=query.order,
            product_id=query.product,
        )
        answers = await self._services.context.ask(asked)
        return ContextAnswers(
            answers=[
                SourceAnswer(
                    source=each.source,
                    title=each.title,
                    cards=[_card(card) for card in each.cards],
                    state=each.state,
                    problem=each.problem,
                )
                for each in answers
            ]
        )

    async def read_orders(self, caller: Caller, conversation_id: str) -> OrderOverview:
        """Read which orders the conversation is about, and the notes on them."""
        async with reading(self._services, caller) as (conn, scope):
            subject = await read_subject(conn, scope, conversation_id)
            notes = await list_order_notes(conn, scope, conversation_id, subject)
        return OrderOverview(
            orders=subject.orders,
            kinds=sorted(self._services.context.kinds(subject.account)),
            shop=self._services.order_notes.shop(subject.account),
            notes=notes,
        )

    async def add_note(self, caller: Caller, conversation_id: str, body: NewOrderNote) -> OrderNoteView:
        """Put a note on an order, here at once and in the shop as soon as it takes it."""
        async with reading(self._services, caller) as (conn, scope):
            subject = await read_subject(conn, scope, conversation_id)
            names = await read_names(conn)
        note_id = await self._services.order_notes.add(
            conversation_id,
            caller.agent_id,
            account=subject.account,
            order_id=body.order_id,
            kind=NoteKind(body.kind),
            reason=body.reason,
            author=names.get(caller.agent_id, ""),
        )
        return await self._read(caller, note_id)

    async def retry_note(self, caller: Caller, note_id: str) -> OrderNoteView:
        """Bring a note to its shop once more that failed or whose outcome is unknown."""
        await self._read(caller, note_id)
        await self._services.order_notes.retry(note_id)
        return await self._read(caller, note_id)

    async def _read(self, caller: Caller, note_id: str) -> OrderNoteView:
        async with reading(self._services, caller) as (conn, scope):
            return await read_order_note(conn, scope, note_id)


def _card(card: ContextCard) -> Card:
    return Card(
        kind=card.kind,
        id=card.id,
        title=card.title,
        status=card.status,
        stage=card.stage,
        amount=card.amount,
        currency=card.currency,
        at=card.at,
        url=card.url,
        order_id=card.order_id,
        fields=card.fields,
    )
