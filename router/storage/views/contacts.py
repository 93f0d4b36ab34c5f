"""Read who a person is: points, stated addresses, merges, and who may be the same person.

Only addresses that mean the same everywhere (`SHARED_KINDS`) and order numbers within their scope count as signs;
whom somebody declared another person is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from router.messages import Proof
from router.model.contacts import ContactCard, Door, Lookalike, ShownClaim, ShownMerge, ShownPoint
from router.model.desk import Person
from router.model.identity import SHARED_KINDS, IdentityAct, Likeness, Sign, is_proven
from router.storage.contacts import is_kept_apart, root_of, tree_of
from router.storage.schema import (
    agent,
    claimed_point,
    contact,
    contact_point,
    conversation,
    identity_act,
    known_order,
    message,
)
from router.storage.views.conversations import read_conversations
from router.storage.views.scope import Scope

MOST_LOOKALIKES = 10
MOST_CONVERSATIONS = 3
_SIGNS = list(Sign)


async def read_contact(conn: AsyncConnection, scope: Scope, contact_id: str) -> ContactCard:
    """Read the card of a contact, or of the one it is shown as. Raises NotFound."""
    root = await conn.run_sync(root_of, contact_id)
    row = (await conn.execute(select(contact).where(contact.c.id == root))).one()
    signs = await conn.run_sync(find_lookalikes, root)
    lookalikes = []
    for other_id, evidence in list(signs.items())[:MOST_LOOKALIKES]:
        name, ids = await _known_by(conn, other_id)
        shown = await read_conversations(conn, scope, ids)
        lookalikes.append(Lookalike(contact_id=other_id, name=name, evidence=evidence, conversations=shown))
    return ContactCard(
        id=root,
        name=row.display_name,
        tier=row.tier,
        language=row.language,
        points=[_point(one, scope) for one in await conn.execute(_points(root))],
        claims=[_claim(one) for one in await conn.execute(_claims(root))],
        merges=await _merges(conn, await conn.run_sync(tree_of, root) - {root}),
        lookalikes=lookalikes,
    )


async def list_doors(conn: AsyncConnection, scope: Scope, conversation_id: str) -> list[Door]:
    """List the ways to answer in a conversation, the one the customer used last at the head."""
    newest = (
        select(func.max(message.c.id))
        .where(message.c.conversation_id == conversation_id, message.c.direction == "inbound")
        .group_by(message.c.strand_id, message.c.contact_point_id)
    )
    statement = (
        select(message.c.id, message.c.account, message.c.created_at, contact_point, contact.c.display_name)
        .join_from(message, contact_point, contact_point.c.id == message.c.contact_point_id)
        .join(contact, contact.c.id == contact_point.c.contact_id)
        .where(message.c.id.in_(newest))
        .order_by(message.c.id.desc())
    )
    return [
        Door(
            message_id=row.id,
            account=row.account,
            channel=scope.channel_of.get(row.account, ""),
            address=row.display,
            contact=row.display_name,
            proof=row.proof,
            at=row.created_at,
        )
        for row in await conn.execute(statement)
    ]


def find_lookalikes(connection: Connection, contact_id: str) -> dict[str, list[Likeness]]:
    """Find who shares a sign with a contact, by contact, those with the strongest sign first."""
    mine = _addresses(connection, contact_point.c.contact_id == contact_id)
    found: dict[str, list[Likeness]] = {}
    for other_id, sign in (
        *_same_addresses(connection, contact_id, mine),
        *_same_orders(connection, contact_id),
    ):
        known = found.setdefault(other_id, [])
        if sign not in known:
            known.append(sign)
    own = tree_of(connection, contact_id)
    open_ = {
        other: sorted(signs, key=lambda one: _SIGNS.index(one.sign))
        for other, signs in found.items()
        if not is_kept_apart(connection, own, tree_of(connection, other))
    }
    return dict(sorted(open_.items(), key=lambda one: (_SIGNS.index(one[1][0].sign), one[0])))


# --- signs --------------------------------------------------------------------------------------


def _addresses(connection: Connection, which: Any) -> dict[tuple[str, str], tuple[bool, Proof]]:
    """Give the shared addresses of contacts: whether they write from them, and how well that is proven."""
    found: dict[tuple[str, str], tuple[bool, Proof]] = {}
    for row in connection.execute(_stated().where(which)):
        found.setdefault((row.kind, row.address), (False, Proof(row.proof)))
    for row in connection.execute(_written_from().where(which)):
        found[row.kind, row.address] = (True, Proof(row.proof))
    return found


def _written_from() -> Select[Any]:
    return select(
        contact_point.c.contact_id, contact_point.c.kind, contact_point.c.address, contact_point.c.proof
    ).where(contact_point.c.kind.in_(sorted(SHARED_KINDS)))


def _stated() -> Select[Any]:
    return (
        select(
            contact_point.c.contact_id, claimed_point.c.kind, claimed_point.c.address, claimed_point.c.proof
        )
        .join_from(claimed_point, contact_point, contact_point.c.id == claimed_point.c.contact_point_id)
        .where(claimed_point.c.kind.in_(sorted(SHARED_KINDS)))
    )


def _same_addresses(
    connection: Connection, contact_id: str, mine: dict[tuple[str, str], tuple[bool, Proof]]
) -> Iterable[tuple[str, Likeness]]:
    if not mine:
        return
    others = contact_point.c.contact_id != contact_id
    wanted = sorted(mine)
    points = _written_from().where(others, tuple_(contact_point.c.kind, contact_point.c.address).in_(wanted))
    claims = _stated().where(others, tuple_(claimed_point.c.kind, claimed_point.c.address).in_(wanted))
    for statement, writes in ((points, True), (claims, False)):
        for row in connection.execute(statement):
            i_write, proof = mine[row.kind, row.address]
            yield (
                row.contact_id,
                Likeness(
                    sign=Sign.SAME_ADDRESS if i_write and writes else Sign.STATED_ADDRESS,
                    kind=row.kind,
                    value=row.address,
                    is_proven=is_proven(proof) and is_proven(Proof(row.proof)),
                ),
            )


def _same_orders(connection: Connection, contact_id: str) -> Iterable[tuple[str, Likeness]]:
    own, theirs = known_order.alias("own"), known_order.alias("theirs")
    own_point, other_point = contact_point.alias("own_point"), contact_point.alias("other_point")
    same = and_(theirs.c.order_id == own.c.order_id, theirs.c.scope == own.c.scope)
    statement = (
        select(other_point.c.contact_id, own.c.order_id, own.c.proof, theirs.c.proof.label("other_proof"))
        .join_from(own, own_point, own_point.c.id == own.c.contact_point_id)
        .join(theirs, same)
        .join(other_point, other_point.c.id == theirs.c.contact_point_id)
        .where(own_point.c.contact_id == contact_id, other_point.c.contact_id != contact_id)
    )
    for row in connection.execute(statement):
        proven = is_proven(Proof(row.proof)) and is_proven(Proof(row.other_proof))
        yield (
            row.contact_id,
            Likeness(sign=Sign.SAME_ORDER, kind="order", value=row.order_id, is_proven=proven),
        )


# --- rows ---------------------------------------------------------------------------------------


async def _known_by(conn: AsyncConnection, contact_id: str) -> tuple[str, list[str]]:
    name = (await conn.execute(select(contact.c.display_name).where(contact.c.id == contact_id))).scalar_one()
    newest = (
        select(conversation.c.id)
        .where(conversation.c.contact_id == contact_id, conversation.c.merged_into.is_(None))
        .order_by(conversation.c.last_message_at.desc())
        .limit(MOST_CONVERSATIONS)
    )
    return name, list((await conn.execute(newest)).scalars())


def _points(contact_id: str) -> Select[Any]:
    return (
        select(contact_point)
        .where(contact_point.c.contact_id == contact_id)
        .order_by(contact_point.c.created_at, contact_point.c.id)
    )


def _claims(contact_id: str) -> Select[Any]:
    return (
        select(claimed_point)
        .join(contact_point, contact_point.c.id == claimed_point.c.contact_point_id)
        .where(contact_point.c.contact_id == contact_id)
        .order_by(claimed_point.c.created_at, claimed_point.c.address)
    )


async def _merges(conn: AsyncConnection, contact_ids: set[str]) -> list[ShownMerge]:
    """Read the last merge of each contact that is shown as another."""
    statement = (
        select(identity_act, contact.c.display_name, agent.c.display_name.label("agent_name"))
        .join_from(identity_act, contact, contact.c.id == identity_act.c.subject_id)
        .outerjoin(agent, agent.c.id == identity_act.c.agent_id)
        .where(
            identity_act.c.subject_id.in_(sorted(contact_ids)),
            identity_act.c.act == IdentityAct.CONTACTS_MERGED,
        )
        .order_by(identity_act.c.id)
    )
    last = {row.subject_id: row for row in await conn.execute(statement)}
    return [
        ShownMerge(
            contact_id=row.subject_id,
            name=row.display_name,
            at=row.at,
            by=Person(id=row.agent_id, name=row.agent_name) if row.agent_id else None,
            reason=row.reason,
            evidence=row.evidence,
        )
        for row in last.values()
    ]


def _point(row: Row[Any], scope: Scope) -> ShownPoint:
    return ShownPoint(
        id=row.id,
        account=row.account,
        channel=scope.channel_of.get(row.account, ""),
        kind=row.kind,
        address=row.display,
        proof=row.proof,
        is_gone=row.state == "gone",
        came_with=row.own_contact_id,
        since=row.created_at,
    )


def _claim(row: Row[Any]) -> ShownClaim:
    return ShownClaim(kind=row.kind, address=row.display, proof=row.proof, since=row.created_at)
