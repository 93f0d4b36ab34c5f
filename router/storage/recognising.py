"""Find who writes among those who are known: by proven addresses only, and never against what people decided.

In: the events of a batch. Out, before they are filed: raised proofs, contacts merged by proof, and what filing
has to know of new addresses and of the open matters of a contact on other channels; afterwards, stated
addresses and orders kept as hints.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple, TypeAlias

from sqlalchemy import Connection, and_, insert, literal_column, select, update

from router.messages import Identity, Proof
from router.model.filing import Kin, OpenElsewhere, PointKey, Shelf, StatedOrder
from router.model.identity import Sign, Verdict, is_proven, stronger
from router.storage.contacts import is_kept_apart, merge_contacts, root_of, tree_of
from router.storage.lookups import Lookup
from router.storage.schema import claimed_point, contact, contact_point, conversation, known_order

PROVEN = [Proof.CHANNEL.value, Proof.VERIFIED.value]

_Address: TypeAlias = tuple[str, str]
"""Kind and address, as compared."""

_POINT = (contact_point.c.account, contact_point.c.kind, contact_point.c.address)
_WRITING_FROM = Lookup(
    select(contact_point.c.kind, contact_point.c.address, contact_point.c.contact_id, *_POINT).where(
        contact_point.c.proof.in_([literal_column(f"'{proof}'") for proof in PROVEN])
    ),
    (contact_point.c.kind, contact_point.c.address),
)
_STATING = Lookup(
    select(claimed_point.c.kind, claimed_point.c.address, contact_point.c.contact_id, *_POINT)
    .join_from(claimed_point, contact_point, contact_point.c.id == claimed_point.c.contact_point_id)
    .where(claimed_point.c.proof == literal_column(f"'{Proof.VERIFIED.value}'")),
    (claimed_point.c.kind, claimed_point.c.address),
)


class _Proven(NamedTuple):
    """Somebody who has proven an address, and the point they did so at."""

    contact_id: str
    kind: str
    address: str
    point: PointKey


def recognise(
    connection: Connection, proving: Iterable[tuple[PointKey, Sequence[Identity]]], at: datetime
) -> dict[PointKey, Kin]:
    """Merge contacts an event proves to be one; give the contact that each new address belongs to."""
    kin: dict[PointKey, Kin] = {}
    authors = list(proving)
    proofs = _proofs(connection, (author for _, author in authors))
    for key, author in authors:
        alike = [one for address in map(_address, author) for one in proofs[address] if one.point != key]
        if not alike:
            continue
        roots = {root_of(connection, row.contact_id) for row in alike}
        own = connection.execute(
            select(contact_point.c.contact_id).where(
                contact_point.c.account == key.account,
                contact_point.c.kind == key.kind,
                contact_point.c.address == key.address,
            )
        ).scalar()
        roots -= {own}
        if len(roots) != 1:
            # nobody, or more than one person: that is for people to say
            continue
        (other,) = roots
        evidence = [{"sign": Sign.SAME_ADDRESS, "kind": alike[0].kind, "value": alike[0].address}]
        if own is None:
            name, tier = connection.execute(
                select(contact.c.display_name, contact.c.tier).where(contact.c.id == other)
            ).one()
            kin[key] = Kin(contact_id=other, contact_name=name, tier=tier, evidence=evidence)
        elif not is_kept_apart(connection, tree_of(connection, own), tree_of(connection, other)):
            verdict = Verdict(
                subject_id=own, other_id=other, agent_id=None, reason="proof", evidence=evidence, at=at
            )
            merge_contacts(connection, verdict)
    return kin


def load_elsewhere(connection: Connection, shelf: Shelf) -> None:
    """Read what is open for the contacts on the shelf at other points of theirs that are proven."""
    contact_ids = {one.contact_id for one in shelf.points.values() if is_proven(one.proof)}
    contact_ids |= {one.contact_id for one in shelf.kin.values()}
    if not contact_ids:
        return
    statement = (
        select(
            conversation.c.id,
            conversation.c.contact_id,
            contact_point.c.id.label("point_id"),
            contact_point.c.account,
        )
        .join_from(contact_point, conversation, conversation.c.contact_point_id == contact_point.c.id)
        .where(
            contact_point.c.contact_id.in_(sorted(contact_ids)),
            contact_point.c.proof.in_(PROVEN),
            conversation.c.state == "open",
            conversation.c.merged_into.is_(None),
        )
    )
    rows = connection.execute(statement).all()
    for row in rows:
        shelf.elsewhere.setdefault(row.contact_id, []).append(
            OpenElsewhere(conversation_id=row.id, point_id=row.point_id, account=row.account)
        )
    points = {row.point_id for row in rows}
    if points:
        orders = select(known_order).where(
            known_order.c.contact_point_id.in_(sorted(points)), known_order.c.proof.in_(PROVEN)
        )
        for row in connection.execute(orders):
            shelf.orders.setdefault(row.contact_point_id, set()).add((row.scope, row.order_id))


def keep_stated(connection: Connection, shelf: Shelf) -> None:
    """Keep what customers said of themselves, raise proofs that rose; nothing ever falls."""
    raised = [one for one in shelf.points.values() if one.is_raised]
    for point in raised:
        here = contact_point.c.id == point.id
        connection.execute(update(contact_point).where(here).values(proof=point.proof))
    for point_id, identity, at in shelf.claims:
        _keep_claim(connection, point_id, identity, at)
    for order in shelf.stated_orders:
        _keep_order(connection, order)


def _keep_claim(connection: Connection, point_id: str, identity: Identity, at: datetime) -> None:
    key = PointKey.of("", identity)
    here = and_(
        claimed_point.c.contact_point_id == point_id,
        claimed_point.c.kind == key.kind,
        claimed_point.c.address == key.address,
    )
    known = connection.execute(select(claimed_point.c.proof).where(here)).scalar()
    if known is None:
        connection.execute(
            insert(claimed_point).values(
                contact_point_id=point_id,
                kind=key.kind,
                address=key.address,
                display=identity.value,
                proof=identity.proof,
                created_at=at,
            )
        )
    elif stronger(Proof(known), identity.proof) is not Proof(known):
        connection.execute(update(claimed_point).where(here).values(proof=identity.proof))


def _keep_order(connection: Connection, order: StatedOrder) -> None:
    here = and_(
        known_order.c.contact_point_id == order.point_id,
        known_order.c.scope == order.scope,
        known_order.c.order_id == order.order_id,
    )
    known = connection.execute(select(known_order.c.proof).where(here)).scalar()
    values = {"conversation_id": order.conversation_id, "seen_at": order.at}
    if known is None:
        connection.execute(
            insert(known_order).values(
                contact_point_id=order.point_id,
                scope=order.scope,
                order_id=order.order_id,
                proof=order.proof,
                **values,
            )
        )
    else:
        proof = stronger(Proof(known), order.proof)
        connection.execute(update(known_order).where(here).values(proof=proof, **values))


def _proofs(connection: Connection, authors: Iterable[Sequence[Identity]]) -> dict[_Address, list[_Proven]]:
    """Find who has proven each of the addresses authors have: those who write from it, then those who stated it."""
    wanted = sorted({_address(one) for author in authors for one in author})
    found: dict[_Address, list[_Proven]] = {address: [] for address in wanted}
    for lookup in (_WRITING_FROM, _STATING):
        for kind, address, contact_id, *point in lookup.rows(connection, wanted):
            found[kind, address].append(_Proven(contact_id, kind, address, PointKey(*point)))
    return found


def _address(one: Identity) -> _Address:
    return one.kind, PointKey.of("", one).address
