"""Merge contacts, part them again, and remember who is not who.

Merged contacts are a forest: each has at most one it is merged into, and every contact point keeps the contact
it came with. What belongs to whom is always computed from these two, so that parting undoes a merge
exactly, whatever was merged or came in between.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, or_, select, update

from router.errors import NotFound, StaleVersion
from router.ids import new_id
from router.model.identity import IdentityAct, Verdict
from router.storage.schema import contact, contact_point, conversation, identity_act, kept_apart
from router.storage.timeline import add_event

TOLD_CONVERSATIONS = 50
"""On how many open conversations of a contact's the timeline tells of a merge."""


def root_of(connection: Connection, contact_id: str) -> str:
    """Find the contact another one is shown as: itself while it is not merged. Raises NotFound."""
    while True:
        row = connection.execute(
            select(contact.c.merged_into).where(contact.c.id == contact_id)
        ).one_or_none()
        if row is None:
            raise NotFound(f"there is no contact {contact_id}")
        if row.merged_into is None:
            return contact_id
        contact_id = row.merged_into


def tree_of(connection: Connection, contact_id: str) -> set[str]:
    """Find a contact and all that were merged into it."""
    found, fresh = {contact_id}, {contact_id}
    while fresh:
        below = select(contact.c.id).where(contact.c.merged_into.in_(sorted(fresh)))
        fresh = set(connection.execute(below).scalars()) - found
        found |= fresh
    return found


def merge_contacts(connection: Connection, verdict: Verdict) -> str:
    """Show one contact as another from now on; give the one that stays. Raises NotFound, StaleVersion."""
    subject, other = root_of(connection, verdict.subject_id), root_of(connection, verdict.other_id)
    if subject == other:
        raise StaleVersion("these are one contact already")
    if _has_no_name(connection, other) and not _has_no_name(connection, subject):
        # a person's name says more than an id, whichever way round they were merged
        subject, other = other, subject
    _forget_apart(connection, tree_of(connection, subject), tree_of(connection, other))
    connection.execute(update(contact).where(contact.c.id == subject).values(merged_into=other))
    told = _open_conversations(connection, {subject, other})
    connection.execute(
        update(contact_point).where(contact_point.c.contact_id == subject).values(contact_id=other)
    )
    connection.execute(
        update(conversation).where(conversation.c.contact_id == subject).values(contact_id=other)
    )
    record_act(connection, IdentityAct.CONTACTS_MERGED, verdict, subject, other)
    _tell(connection, told, IdentityAct.CONTACTS_MERGED, verdict, subject)
    return other


def part_contacts(connection: Connection, verdict: Verdict) -> str:
    """Undo the merge of a contact; give the one it was shown as. Raises NotFound, StaleVersion.

    All its points and their conversations are its own again, those that came meanwhile too, and nobody is
    asked about the two again.
    """
    merged_into = select(contact.c.merged_into).where(contact.c.id == verdict.subject_id)
    row = connection.execute(merged_into).one_or_none()
    if row is None:
        raise NotFound(f"there is no contact {verdict.subject_id}")
    if row.merged_into is None:
        raise StaleVersion("this contact is not merged with another")
    root = root_of(connection, verdict.subject_id)
    told = _open_conversations(connection, {root})
    connection.execute(update(contact).where(contact.c.id == verdict.subject_id).values(merged_into=None))
    own = contact_point.c.own_contact_id.in_(sorted(tree_of(connection, verdict.subject_id)))
    connection.execute(update(contact_point).where(own).values(contact_id=verdict.subject_id))
    connection.execute(
        update(conversation)
        .where(conversation.c.contact_point_id.in_(select(contact_point.c.id).where(own)))
        .values(contact_id=verdict.subject_id)
    )
    _keep_apart(connection, verdict, verdict.subject_id, row.merged_into)
    record_act(connection, IdentityAct.CONTACTS_PARTED, verdict, verdict.subject_id, row.merged_into)
    _tell(connection, told, IdentityAct.CONTACTS_PARTED, verdict, verdict.subject_id)
    return root


def keep_apart(connection: Connection, verdict: Verdict) -> None:
    """Remember that two contacts are two persons. Raises NotFound, StaleVersion when they are merged."""
    subject, other = root_of(connection, verdict.subject_id), root_of(connection, verdict.other_id)
    if subject == other:
        raise StaleVersion("these are one contact; part them first")
    _keep_apart(connection, verdict, subject, other)
    record_act(connection, IdentityAct.KEPT_APART, verdict, subject, other)


def is_kept_apart(connection: Connection, one: Iterable[str], other: Iterable[str]) -> bool:
    """Say whether somebody declared any of some contacts another person than any of others."""
    return (
        connection.execute(select(kept_apart.c.contact_id).where(_pairs(one, other)).limit(1)).first()
        is not None
    )


def record_act(
    connection: Connection, act: IdentityAct, verdict: Verdict, subject_id: str, other_id: str
) -> None:
    """Keep who did what about two contacts or conversations, when, why and on which evidence."""
    connection.execute(
        insert(identity_act).values(
            id=new_id(),
            act=act,
            subject_id=subject_id,
            other_id=other_id,
            agent_id=verdict.agent_id,
            reason=verdict.reason,
            evidence=list(verdict.evidence),
            at=verdict.at,
        )
    )


def _has_no_name(connection: Connection, contact_id: str) -> bool:
    """Say whether a contact is only called by one of its addresses."""
    query = (
        select(contact.c.id)
        .join(contact_point, contact_point.c.contact_id == contact.c.id)
        .where(contact.c.id == contact_id, contact.c.display_name == contact_point.c.display)
    )
    return connection.execute(query.limit(1)).first() is not None


def _pairs(one: Iterable[str], other: Iterable[str]) -> ColumnElement[bool]:
    mine, theirs = sorted(one), sorted(other)
    return or_(
        and_(kept_apart.c.contact_id.in_(mine), kept_apart.c.other_id.in_(theirs)),
        and_(kept_apart.c.contact_id.in_(theirs), kept_apart.c.other_id.in_(mine)),
    )


def _forget_apart(connection: Connection, one: Iterable[str], other: Iterable[str]) -> None:
    connection.execute(delete(kept_apart).where(_pairs(one, other)))


def _keep_apart(connection: Connection, verdict: Verdict, one: str, other: str) -> None:
    first, second = sorted((one, other))
    _forget_apart(connection, {first}, {second})
    connection.execute(
        insert(kept_apart).values(
            contact_id=first,
            other_id=second,
            agent_id=verdict.agent_id,
            reason=verdict.reason,
            at=verdict.at,
        )
    )


def _open_conversations(connection: Connection, contact_ids: set[str]) -> list[str]:
    statement = select(conversation.c.id).where(
        conversation.c.contact_id.in_(sorted(contact_ids)),
        conversation.c.state == "open",
        conversation.c.merged_into.is_(None),
    )
    newest = statement.order_by(conversation.c.last_message_at.desc()).limit(TOLD_CONVERSATIONS)
    return list(connection.execute(newest).scalars())


def _tell(
    connection: Connection, conversation_ids: Iterable[str], act: IdentityAct, verdict: Verdict, subject: str
) -> None:
    """Put what was decided on the timelines of open conversations."""
    name = connection.execute(select(contact.c.display_name).where(contact.c.id == subject)).scalar_one()
    fields = {"contact": name, "reason": verdict.reason, "evidence": list(verdict.evidence)}
    for conversation_id in conversation_ids:
        add_event(connection, conversation_id, verdict.agent_id, act, fields, verdict.at)
