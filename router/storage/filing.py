"""Load and write back the filing room's shelf: a handful of statements per batch, whatever its size."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, literal_column, or_, select, update

from router.messages import EvidenceKind, Proof
from router.model.filing import Point, Pointer, PointKey, Row, Shelf, Shelved
from router.storage import schema as t
from router.storage.inserts import insert_many
from router.storage.lookups import Lookup

_ORDER = (
    t.contact,
    t.contact_point,
    t.conversation,
    t.episode,
    t.participant,
    t.conversation_link,
    t.message,
    t.reference,
    t.attachment,
    t.work_item,
    t.identity_act,
)

_POINTS = Lookup(
    select(
        t.contact_point.c.account,
        t.contact_point.c.kind,
        t.contact_point.c.address,
        t.contact_point.c.id,
        t.contact_point.c.contact_id,
        t.contact.c.display_name,
        t.contact.c.tier,
        t.contact_point.c.proof,
    ).join_from(t.contact_point, t.contact, t.contact.c.id == t.contact_point.c.contact_id),
    (t.contact_point.c.account, t.contact_point.c.kind, t.contact_point.c.address),
)
_POINTS_BY_ID = Lookup(_POINTS.statement, (t.contact_point.c.id,))
_POINTERS = Lookup(
    select(
        t.reference.c.digest,
        t.reference.c.kind,
        t.reference.c.conversation_id,
        t.reference.c.contact_point_id,
    ),
    (t.reference.c.digest,),
)
_PARTICIPANTS = Lookup(
    select(t.participant.c.conversation_id, t.participant.c.contact_point_id),
    (t.participant.c.conversation_id,),
)
# in the order of `Shelved`
_CONVERSATION = (
    select(
        t.conversation.c.id,
        t.conversation.c.contact_id,
        t.conversation.c.contact_point_id,
        t.conversation.c.account,
        t.conversation.c.subject_key,
        t.conversation.c.state,
        t.conversation.c.episode_id,
        t.episode.c.number,
        t.conversation.c.last_seq,
        t.conversation.c.last_message_at,
        t.conversation.c.resolved_at,
        t.conversation.c.thread,
        t.conversation.c.leads_to,
        t.conversation.c.continues_in,
    )
    .join_from(t.conversation, t.episode, t.episode.c.id == t.conversation.c.episode_id)
    .with_for_update(of=t.conversation)
)
_CONVERSATIONS = Lookup(_CONVERSATION, (t.conversation.c.id,))
_RESTING = t.conversation.alias("resting")
_LAST_CONVERSATIONS = Lookup(
    _CONVERSATION.where(
        t.conversation.c.last_message_at
        == select(func.max(_RESTING.c.last_message_at))
        .where(_RESTING.c.contact_point_id == t.conversation.c.contact_point_id)
        .correlate(t.conversation)
        .scalar_subquery()
    ),
    (t.conversation.c.contact_point_id,),
)
_OPEN_CONVERSATIONS = Lookup(
    _CONVERSATION.where(
        or_(t.conversation.c.state == literal_column("'open'"), t.conversation.c.leads_to.is_not(None))
    ),
    (t.conversation.c.contact_point_id,),
)

_UPDATE_CONVERSATION = (
    update(t.conversation)
    .where(t.conversation.c.id == bindparam("conversation"))
    .values(
        state=bindparam("state"),
        episode_id=bindparam("episode_id"),
        last_seq=bindparam("last_seq"),
        last_message_at=bindparam("last_message_at"),
        resolved_at=bindparam("resolved_at"),
    )
)


_ADOPT = (
    update(t.conversation)
    .where(t.conversation.c.id == bindparam("conversation"))
    .values(
        contact_id=bindparam("contact"), contact_point_id=bindparam("point"), subject=bindparam("new_subject")
    )
)


def load_shelf(connection: Connection, points: Iterable[PointKey], digests: Iterable[bytes]) -> Shelf:
    """Read what the given pointers lead to, and the open conversations of the contact points."""
    shelf = Shelf()
    _load_points(connection, shelf, points)
    _load_pointers(connection, shelf, digests)
    wanted = {pointer.conversation_id for pointer in shelf.pointers.values()}
    _load_conversations(connection, shelf, wanted)
    _load_participants(connection, shelf, shelf.conversations)
    return shelf


def load_wholes_elsewhere(connection: Connection, shelf: Shelf) -> None:
    """Read besides what contacts have open at other points."""
    ids = {one.conversation_id for found in shelf.elsewhere.values() for one in found} - set(
        shelf.conversations
    )
    _put(shelf, _CONVERSATIONS.rows(connection, [(one,) for one in sorted(ids)]))


def load_call_places(connection: Connection, shelf: Shelf, conversation_ids: Iterable[str | None]) -> None:
    """Read besides where calls stand, and where the last matter of each contact point rests."""
    known = set(shelf.conversations)
    _put(
        shelf, _CONVERSATIONS.rows(connection, [(one,) for one in sorted({*filter(None, conversation_ids)})])
    )
    point_ids = {point.id for point in shelf.points.values()}
    _put(shelf, _LAST_CONVERSATIONS.rows(connection, [(one,) for one in sorted(point_ids)]))
    _load_wholes(connection, shelf)
    others = {one.contact_point_id for one in shelf.conversations.values()} - point_ids
    _add_points(shelf, _POINTS_BY_ID.rows(connection, [(one,) for one in sorted(others)]))
    _load_participants(connection, shelf, shelf.conversations.keys() - known)


def save_shelf(connection: Connection, shelf: Shelf) -> None:
    """Insert what is new and update what changed."""
    for row in shelf.new.get("conversation", []):
        stored = shelf.conversations[row["id"]]
        row |= _changing(stored) | {"merged_into": stored.merged_into, "leads_to": stored.leads_to}
    for table in _ORDER:
        insert_many(connection, table, shelf.new.get(table.name, []))
    changed = [
        {"conversation": c.id} | _changing(c) for c in shelf.conversations.values() if c.changed and not c.new
    ]
    if changed:
        connection.execute(_UPDATE_CONVERSATION, changed)
    adopted = [_adopted(c) for c in shelf.conversations.values() if c.adopted_as is not None]
    if adopted:
        connection.execute(_ADOPT, adopted)


def _adopted(conversation: Shelved) -> dict[str, object]:
    return {
        "conversation": conversation.id,
        "contact": conversation.contact_id,
        "point": conversation.contact_point_id,
        "new_subject": conversation.adopted_as,
    }


def _changing(conversation: Shelved) -> dict[str, object]:
    return {
        "state": conversation.state,
        "episode_id": conversation.episode_id,
        "last_seq": conversation.last_seq,
        "last_message_at": conversation.last_message_at,
        "resolved_at": conversation.resolved_at,
    }


def _load_points(connection: Connection, shelf: Shelf, keys: Iterable[PointKey]) -> None:
    wanted = [(key.account, key.kind, key.address) for key in keys]
    _add_points(shelf, _POINTS.rows(connection, wanted))


def _add_points(shelf: Shelf, rows: Iterable[list[Any]]) -> None:
    for account, kind, address, point_id, contact_id, name, tier, proof in rows:
        key = PointKey(account, kind, address)
        known = Point(point_id, contact_id, name, tier, returning=True, proof=Proof(proof))
        shelf.points.setdefault(key, known)


def _load_pointers(connection: Connection, shelf: Shelf, digests: Iterable[bytes]) -> None:
    for digest, kind, *where in _POINTERS.rows(connection, [(digest,) for digest in digests]):
        shelf.pointers[bytes(digest)] = Pointer(EvidenceKind(kind), *where)


def _load_conversations(connection: Connection, shelf: Shelf, wanted: set[str]) -> None:
    _put(shelf, _CONVERSATIONS.rows(connection, [(conversation_id,) for conversation_id in wanted]))
    _put(shelf, _OPEN_CONVERSATIONS.rows(connection, [(point.id,) for point in shelf.points.values()]))
    _load_wholes(connection, shelf)


def _load_wholes(connection: Connection, shelf: Shelf) -> None:
    """Read besides the conversations that those on the shelf have become part of."""
    missing = {one.leads_to for one in shelf.conversations.values() if one.leads_to} - set(
        shelf.conversations
    )
    _put(shelf, _CONVERSATIONS.rows(connection, [(one,) for one in sorted(missing)]))


def _load_participants(connection: Connection, shelf: Shelf, conversation_ids: Iterable[str]) -> None:
    found = _PARTICIPANTS.rows(connection, [(conversation_id,) for conversation_id in conversation_ids])
    shelf.participants.update((conversation_id, point_id) for conversation_id, point_id in found)


def _put(shelf: Shelf, rows: Iterable[list[Any]]) -> None:
    for row in rows:
        shelf.conversations.setdefault(row[0], Shelved(*row))


def prefer_last_claimants(connection: Connection, rows: Sequence[Row], contacts: Mapping[str, str]) -> None:
    """Note in rows of new work items who last had the conversation, or else the customer.

    `contacts` gives the contact of each conversation that is not the customer's first.
    """
    if not contacts:
        return
    last: dict[str, str] = {}
    statement = (
        select(t.claim.c.agent_id, t.conversation.c.id, t.conversation.c.contact_id)
        .join_from(t.claim, t.work_item, t.work_item.c.id == t.claim.c.work_item_id)
        .join(t.conversation, t.conversation.c.id == t.work_item.c.conversation_id)
        .join(t.agent, t.agent.c.id == t.claim.c.agent_id)
        .where(t.conversation.c.contact_id.in_(sorted(set(contacts.values()))), t.agent.c.active)
        .order_by(t.claim.c.claimed_at, t.claim.c.id)
    )
    for row in connection.execute(statement):
        last[row.id] = last[row.contact_id] = row.agent_id
    for item in rows:
        conversation_id = item["conversation_id"]
        contact_id = contacts.get(conversation_id, "")
        item["preferred_agent_id"] = last.get(conversation_id) or last.get(contact_id)
