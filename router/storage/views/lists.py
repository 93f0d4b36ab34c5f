"""Pages of conversations: which ones a view shows, in which order, from where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from sqlalchemy import BigInteger, ColumnElement, Select, and_, case, cast, literal, or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from router.model.desk import Conversation
from router.storage.schema import claim, contact, contact_point, conversation, message, work_item
from router.storage.views.conversations import active_claim, current_work, read_conversations
from router.storage.views.scope import Scope

View: TypeAlias = Literal["mine", "waiting", "open", "resolved", "all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place between two conversations of a view: the sort key and the id of the last one shown."""

    key: int
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRequest:
    """What to list; `accounts` None means every account, `text` is looked for in names and words."""

    view: View
    limit: int
    queue: str | None = None
    accounts: Sequence[str] | None = None
    text: str | None = None
    after: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationPage:
    """One page and where the next one begins, None at the end."""

    conversations: Sequence[Conversation]
    next: Place | None


async def list_conversations(conn: AsyncConnection, scope: Scope, request: ListRequest) -> ConversationPage:
    """Read one page in three statements: newest first, `waiting` in the order it is served."""
    rows = (await conn.execute(_places(scope, request))).all()
    shown = rows[: request.limit]
    following = Place(key=shown[-1].key, id=shown[-1].id) if len(rows) > len(shown) else None
    found = await read_conversations(conn, scope, [row.id for row in shown])
    return ConversationPage(conversations=found, next=following)


def waiting_key() -> ColumnElement[int]:
    """Give the waiting order of a work item in microseconds, as the engine orders by it.

    max(eligible_since - max_advance, min(eligible_since - boost, due_at - lead)), also with the due
    time of the provider; spelled with CASE because
    the two engines name the two-argument minimum differently.
    """
    since = type_coerce(work_item.c.eligible_since, BigInteger)
    boosted = since - _microseconds(work_item.c.boost_s)
    wanted: ColumnElement[int] = boosted
    own = (work_item.c.due_at, work_item.c.lead_s)
    for due_at, lead_s in (own, (work_item.c.platform_due_at, work_item.c.platform_lead_s)):
        due = type_coerce(due_at, BigInteger) - _microseconds(lead_s)
        wanted = case((and_(due_at.is_not(None), due < wanted), due), else_=wanted)
    floor = since - _microseconds(work_item.c.max_advance_s)
    return case((wanted < floor, floor), else_=wanted)


def _microseconds(seconds: ColumnElement[int]) -> ColumnElement[int]:
    # PostgreSQL multiplies integers of 32 bits in 32 bits
    return cast(seconds, BigInteger) * literal(1_000_000, BigInteger)


def _places(scope: Scope, request: ListRequest) -> Select[Any]:
    tables = current_work
    if request.view == "mine":
        tables = tables.join(claim, and_(active_claim, claim.c.agent_id == scope.agent_id))
    if request.text:
        tables = tables.join(contact, contact.c.id == conversation.c.contact_id).join(
            contact_point, contact_point.c.id == conversation.c.contact_point_id
        )
    waiting = request.view == "waiting"
    key = waiting_key() if waiting else type_coerce(conversation.c.last_message_at, BigInteger)
    id_ = conversation.c.id
    order = (key, id_) if waiting else (key.desc(), id_.desc())
    return (
        select(id_.label("id"), key.label("key"))
        .select_from(tables)
        .where(
            scope.conversations(), *_conditions(request), *_from_place(request.after, key, waiting=waiting)
        )
        .order_by(*order)
        .limit(request.limit + 1)
    )


def _conditions(request: ListRequest) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [conversation.c.merged_into.is_(None)]
    if request.view == "waiting":
        # the second term repeats the condition of the index over live work items
        conditions += [work_item.c.state.in_(("waiting", "offered")), work_item.c.state != "done"]
    if request.view in ("open", "resolved"):
        conditions.append(conversation.c.state == request.view)
    if request.queue is not None:
        conditions.append(work_item.c.queue == request.queue)
    if request.accounts is not None:
        conditions.append(conversation.c.account.in_(request.accounts))
    if request.text:
        conditions.append(_mentions(request.text))
    return conditions


def _mentions(text: str) -> ColumnElement[bool]:
    spoken = (
        select(message.c.id)
        .where(
            message.c.conversation_id == conversation.c.id, message.c.preview.icontains(text, autoescape=True)
        )
        .exists()
    )
    return or_(
        conversation.c.id == text,
        conversation.c.subject.icontains(text, autoescape=True),
        contact.c.display_name.icontains(text, autoescape=True),
        contact_point.c.address.icontains(text, autoescape=True),
        spoken,
    )


def _from_place(place: Place | None, key: ColumnElement[int], *, waiting: bool) -> list[ColumnElement[bool]]:
    if place is None:
        return []
    id_ = conversation.c.id
    if waiting:
        return [or_(key > place.key, and_(key == place.key, id_ > place.id))]
    return [or_(key < place.key, and_(key == place.key, id_ < place.id))]
