"""Read what a desk is shown of orders: which a conversation is about, for whom to ask, and their notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from router.errors import NotFound
from router.messages import Identity, Proof
from router.model.order_notes import render
from router.model.order_views import OrderNoteView
from router.orders import NoteKind, OrderNote
from router.storage.schema import contact_point, conversation, conversation_order, order_note
from router.storage.views.scope import Scope

SHOWN_ORDERS = 20
SHOWN_NOTES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSubject:
    """Of which account and customer a conversation is, and which orders it names, newest first."""

    account: str
    identities: Sequence[Identity]
    orders: Sequence[str]


async def read_subject(conn: AsyncConnection, scope: Scope, conversation_id: str) -> OrderSubject:
    """Read what can be asked about a conversation's customer. Raises NotFound."""
    about = select(conversation.c.account, conversation.c.contact_id, conversation.c.contact_point_id)
    found = await conn.execute(about.where(conversation.c.id == conversation_id, scope.conversations()))
    row = found.one_or_none()
    if row is None:
        raise NotFound(f"there is no conversation {conversation_id}")
    points = await conn.execute(select(contact_point).where(contact_point.c.contact_id == row.contact_id))
    named = select(conversation_order.c.order_id).where(
        conversation_order.c.conversation_id == conversation_id
    )
    newest = named.order_by(conversation_order.c.seen_at.desc(), conversation_order.c.order_id)
    orders = (await conn.execute(newest.limit(SHOWN_ORDERS))).scalars()
    # The address written from comes first, whatever it is worth; others only if they are proven.
    usable = [
        point
        for point in sorted(points, key=lambda point: bool(point.id != row.contact_point_id))
        if point.id == row.contact_point_id or point.proof != Proof.UNVERIFIED
    ]
    return OrderSubject(
        account=row.account, identities=[_identity(point) for point in usable], orders=list(orders)
    )


async def list_order_notes(
    conn: AsyncConnection, scope: Scope, conversation_id: str, subject: OrderSubject
) -> list[OrderNoteView]:
    """Read the notes on all orders of a conversation, also those of other conversations; oldest first."""
    columns = order_note.c
    about = or_(
        columns.conversation_id == conversation_id,
        (columns.account == subject.account) & columns.order_id.in_(subject.orders),
    )
    newest = _notes(scope).where(about).order_by(columns.id.desc()).limit(SHOWN_NOTES)
    return [_view(row) for row in reversed((await conn.execute(newest)).all())]


async def read_order_note(conn: AsyncConnection, scope: Scope, note_id: str) -> OrderNoteView:
    """Read one note; NotFound if there is none for this agent."""
    row = (await conn.execute(_notes(scope).where(order_note.c.id == note_id))).one_or_none()
    if row is None:
        raise NotFound(f"there is no order note {note_id}")
    return _view(row)


def _notes(scope: Scope) -> Select[Any]:
    joined = select(order_note).join(conversation, conversation.c.id == order_note.c.conversation_id)
    return joined.where(scope.conversations())


def _identity(point: Row[Any]) -> Identity:
    return Identity(kind=point.kind, value=point.address, proof=Proof(point.proof))


def _view(row: Row[Any]) -> OrderNoteView:
    note = OrderNote(
        order_id=row.order_id,
        kind=NoteKind(row.kind),
        reason=row.reason,
        author=row.author,
        on=date.fromisoformat(row.noted_on),
    )
    return OrderNoteView(
        id=row.id,
        conversation_id=row.conversation_id,
        order_id=row.order_id,
        kind=row.kind,
        text=render(note),
        author=row.author,
        shop=row.book,
        state=row.state,
        detail=row.detail,
        next_try_at=row.next_try_at,
        created_at=row.created_at,
        written_at=row.written_at,
    )
