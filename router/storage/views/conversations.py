"""Conversations as a desk shows them: by id, and all that belong to one contact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from router.errors import NotFound
from router.messages import DeliveryState
from router.model.desk import (
    Contact,
    Conversation,
    Lease,
    Person,
    Promise,
    RelatedConversation,
    ThreadState,
    WorkItem,
)
from router.model.filing import LinkKind
from router.storage.schema import (
    OPEN_OFFERS,
    agent,
    claim,
    contact,
    contact_point,
    conversation,
    conversation_link,
    message,
    offer,
    one_of,
    outbox,
    sla_clock,
    thread_state,
    work_item,
)
from router.storage.views.scope import Scope

FAILED_STATES = (
    DeliveryState.UNKNOWN,
    DeliveryState.FAILED,
    DeliveryState.BOUNCED,
    DeliveryState.EXPIRED,
)
RELATED_LIMIT = 50

current_work = conversation.outerjoin(work_item, work_item.c.episode_id == conversation.c.episode_id)
active_claim = and_(claim.c.work_item_id == work_item.c.id, claim.c.state == "active")

# what a platform or a machine said changes nothing about who is waited for
_said_last = (
    select(message.c.direction)
    .where(message.c.conversation_id == conversation.c.id, message.c.direction.in_(("inbound", "outbound")))
    .order_by(message.c.id.desc())
    .limit(1)
    .correlate(conversation)
    .scalar_subquery()
)
_count = (
    select(func.count())
    .where(message.c.conversation_id == conversation.c.id)
    .correlate(conversation)
    .scalar_subquery()
)
_RENAMED = [
    *(("work", column) for column in work_item.c),
    *(("thread", column) for column in thread_state.c),
]
_open_offer = and_(offer.c.work_item_id == work_item.c.id, one_of(offer.c.state, OPEN_OFFERS))
_preview = (
    select(message.c.preview)
    .where(message.c.conversation_id == conversation.c.id, message.c.seq.is_not(None))
    .order_by(message.c.id.desc())
    .limit(1)
    .correlate(conversation)
    .scalar_subquery()
)
_claimant = agent.alias("claimant")
_offered = agent.alias("offered")


async def read_conversation(conn: AsyncConnection, scope: Scope, conversation_id: str) -> Conversation:
    """Read one conversation; NotFound if there is none for this agent."""
    found = await read_conversations(conn, scope, [conversation_id])
    if not found:
        raise NotFound(f"there is no conversation {conversation_id}")
    return found[0]


async def require_conversation(conn: AsyncConnection, scope: Scope, conversation_id: str) -> None:
    """Raise NotFound unless this agent may see the conversation."""
    query = select(conversation.c.id).where(conversation.c.id == conversation_id, scope.conversations())
    if (await conn.execute(query)).first() is None:
        raise NotFound(f"there is no conversation {conversation_id}")


async def read_conversations(conn: AsyncConnection, scope: Scope, ids: Sequence[str]) -> list[Conversation]:
    """Read the visible ones of `ids`, in the order of `ids`, in three statements however many there are."""
    if not ids:
        return []
    rows = {row.id: row for row in await conn.execute(_details(scope, ids))}
    failed = await _failed_deliveries(conn, ids)
    promises = await read_promises(conn, [row.work_id for row in rows.values() if row.work_id])
    return [
        _conversation(rows[id_], scope, failed.get(id_, 0), promises.get(rows[id_].work_id, ()))
        for id_ in ids
        if id_ in rows
    ]


async def read_promises(conn: AsyncConnection, item_ids: Sequence[str]) -> dict[str, list[Promise]]:
    """Read the promises of work items, by item, the one due first at the head."""
    found: dict[str, list[Promise]] = {}
    query = (
        select(sla_clock)
        .where(sla_clock.c.work_item_id.in_(item_ids))
        .order_by(sla_clock.c.due_at.is_(None), sla_clock.c.due_at, sla_clock.c.metric)
    )
    for row in await conn.execute(query):
        found.setdefault(row.work_item_id, []).append(
            Promise(
                metric=row.metric,
                policy=row.policy,
                state=row.state,
                started_at=row.started_at,
                target_s=row.target_s,
                due_at=row.due_at if row.state == "running" else None,
                remaining_s=row.remaining_s,
                kept_at=row.kept_at,
            )
        )
    return found


async def read_related(
    conn: AsyncConnection, scope: Scope, conversation_id: str
) -> list[RelatedConversation]:
    """Read the contact's other conversations and those linked to this one, linked ones first."""
    await require_conversation(conn, scope, conversation_id)
    links = await _links(conn, conversation_id)
    found = await read_conversations(conn, scope, list(links))
    return [
        RelatedConversation(
            **{name: getattr(one, name) for name in Conversation.__dataclass_fields__}, link=links[one.id]
        )
        for one in found
    ]


def _details(scope: Scope, ids: Iterable[str]) -> Select[Any]:
    tables = (
        current_work.join(contact, contact.c.id == conversation.c.contact_id)
        .join(contact_point, contact_point.c.id == conversation.c.contact_point_id)
        .outerjoin(claim, active_claim)
        .outerjoin(_claimant, _claimant.c.id == claim.c.agent_id)
        .outerjoin(thread_state, thread_state.c.conversation_id == conversation.c.id)
        .outerjoin(offer, _open_offer)
        .outerjoin(_offered, _offered.c.id == offer.c.agent_id)
    )
    return (
        select(
            conversation,
            *_contact_columns(),
            *(column.label(f"{table}_{column.name}") for table, column in _RENAMED),
            _preview.label("preview"),
            _said_last.label("direction"),
            _count.label("message_count"),
            claim.c.token.label("claim_token"),
            claim.c.agent_id.label("claimant_id"),
            claim.c.renewed_at,
            claim.c.replied_at,
            claim.c.lease_step,
            claim.c.is_dormant,
            _claimant.c.display_name.label("claimant_name"),
            offer.c.agent_id.label("offered_id"),
            _offered.c.display_name.label("offered_name"),
        )
        .select_from(tables)
        .where(conversation.c.id.in_(ids), scope.conversations())
    )


def _contact_columns() -> list[Any]:
    return [
        contact.c.display_name.label("contact_name"),
        contact.c.tier,
        contact.c.language,
        contact_point.c.address,
        contact_point.c.display,
        contact_point.c.proof,
    ]


async def _failed_deliveries(conn: AsyncConnection, ids: Sequence[str]) -> Mapping[str, int]:
    query = (
        select(message.c.conversation_id, func.count().label("number"))
        .join_from(message, outbox, outbox.c.message_id == message.c.id)
        .where(
            message.c.conversation_id.in_(ids),
            message.c.direction == "outbound",
            outbox.c.state.in_(FAILED_STATES),
        )
        .group_by(message.c.conversation_id)
    )
    return {row.conversation_id: row.number for row in await conn.execute(query)}


async def _links(conn: AsyncConnection, conversation_id: str) -> dict[str, LinkKind]:
    linked = select(conversation_link).where(
        or_(
            conversation_link.c.conversation_id == conversation_id,
            conversation_link.c.other_id == conversation_id,
        )
    )
    links: dict[str, LinkKind] = {}
    for row in await conn.execute(linked.order_by(conversation_link.c.created_at.desc())):
        other_id = row.other_id if row.conversation_id == conversation_id else row.conversation_id
        links[other_id] = LinkKind(row.kind)
    owner = select(conversation.c.contact_id).where(conversation.c.id == conversation_id).scalar_subquery()
    same_contact = (
        select(conversation.c.id)
        .where(
            conversation.c.contact_id == owner,
            conversation.c.id != conversation_id,
            conversation.c.merged_into.is_(None),
        )
        .order_by(conversation.c.last_message_at.desc())
        .limit(RELATED_LIMIT)
    )
    for id_ in (await conn.execute(same_contact)).scalars():
        links.setdefault(id_, LinkKind.SAME_CONTACT)
    merged = select(conversation.c.id).where(conversation.c.merged_into == conversation_id)
    links |= dict.fromkeys((await conn.execute(merged)).scalars(), LinkKind.MERGED)
    return links


def _conversation(
    row: Row[Any], scope: Scope, failed_deliveries: int, promises: Sequence[Promise]
) -> Conversation:
    return Conversation(
        id=row.id,
        subject=row.subject,
        state=row.state,
        channel=scope.channel_of.get(row.account, ""),
        marketplace=row.marketplace,
        account=row.account,
        contact=Contact(
            id=row.contact_id,
            name=row.contact_name or row.display,
            address=row.address,
            proof=row.proof,
            tier=row.tier,
            language=row.language,
        ),
        preview=row.preview or "",
        last_message_at=row.last_message_at,
        created_at=row.created_at,
        message_count=row.message_count,
        last_seq=row.last_seq,
        work_item=_work_item(row, scope, promises) if row.work_id else None,
        awaiting="agent" if row.direction == "inbound" else "customer",
        failed_deliveries=failed_deliveries,
        thread_state=_thread_state(row) if row.thread_conversation_id else None,
        merged_into=row.merged_into,
    )


def _thread_state(row: Row[Any]) -> ThreadState:
    return ThreadState(
        status=row.thread_status,
        turn=row.thread_turn,
        reply_needed_since=row.thread_reply_needed_since,
        closes_at=row.thread_closes_at,
        can_send=row.thread_can_send,
        blocked_reason=row.thread_blocked_reason,
        unread=row.thread_unread,
        stated_at=row.thread_stated_at,
    )


def _work_item(row: Row[Any], scope: Scope, promises: Sequence[Promise]) -> WorkItem:
    claimed_by = Person(id=row.claimant_id, name=row.claimant_name) if row.claimant_id else None
    offered_to = Person(id=row.offered_id, name=row.offered_name) if row.offered_id else None
    return WorkItem(
        id=row.work_id,
        state=row.work_state,
        queue=row.work_queue,
        channel_class=row.work_channel_class,
        needs=row.work_needs,
        boost_s=row.work_boost_s,
        sla=row.work_sla,
        promises=promises,
        pause=row.work_pause,
        lease=_lease(row),
        due_at=row.work_due_at,
        eligible_since=row.work_eligible_since,
        entered_system_at=row.work_entered_system_at,
        claimed_by=claimed_by,
        offered_to=offered_to,
        token=row.claim_token if row.claimant_id == scope.agent_id else None,
        matched_rules=row.work_triage.get("matched", []),
        rule_errors=row.work_triage.get("errors", []),
    )


def _lease(row: Row[Any]) -> Lease | None:
    if row.claimant_id is None:
        return None
    return Lease(
        owed_since=None if row.is_dormant else row.renewed_at,
        replied_at=row.replied_at,
        step=row.lease_step,
    )
