"""Merge conversations, part them again, and split one.

A merged conversation stays a strand of its own: its rows keep their strand and their home, and only where they
are shown changes. Parting computes that anew from what is still merged, so it undoes a merge exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, func, insert, or_, select, update

from router.errors import NotFound, StaleVersion
from router.ids import new_id
from router.messages import Evidence, EvidenceKind
from router.model.filing import reference_digest
from router.model.identity import IdentityAct, Verdict
from router.storage.contacts import record_act
from router.storage.merged_work import MERGED, Moved, copy_work, unite_work
from router.storage.schema import conversation, episode, message, participant, reference
from router.storage.timeline import add_event

_OPEN = "open"


def merge_conversations(connection: Connection, verdict: Verdict) -> Moved:
    """Show two conversations as one; what is open stays, of two alike the newer one.

    Raises NotFound, and StaleVersion when they are one already or somebody else works on one of them.
    """
    pair = [_root(connection, one) for one in (verdict.subject_id, verdict.other_id)]
    if pair[0].id == pair[1].id:
        raise StaleVersion("these are one conversation already")
    gone, stays = sorted(pair, key=lambda one: (one.state == _OPEN, one.created_at, one.id))
    moved = unite_work(connection, gone, stays, verdict)
    connection.execute(
        update(conversation)
        .where(conversation.c.id == gone.id)
        .values(merged_into=stays.id, state="resolved", resolved_at=verdict.at)
    )
    connection.execute(
        update(conversation)
        .where(conversation.c.id == stays.id)
        .values(last_message_at=max(gone.last_message_at, stays.last_message_at))
    )
    _show_anew(connection, {gone.id, stays.id})
    record_act(connection, IdentityAct.CONVERSATIONS_MERGED, verdict, gone.id, stays.id)
    fields = {"conversation_id": gone.id, "subject": gone.subject, "reason": verdict.reason}
    add_event(connection, stays.id, verdict.agent_id, IdentityAct.CONVERSATIONS_MERGED, fields, verdict.at)
    return moved


def part_conversations(connection: Connection, verdict: Verdict) -> Moved:
    """Undo the merge of a conversation. Raises NotFound, StaleVersion when it is not merged.

    It is work of its own again if the conversation it was part of still is, and either it was work when they
    were merged or its customer wrote since.
    """
    own = _conversation(connection, verdict.subject_id)
    if own.merged_into is None:
        raise StaleVersion("this conversation is not merged with another")
    whole = _root(connection, own.id)
    asked = _asked_in(connection, own, whole)
    connection.execute(update(conversation).where(conversation.c.id == own.id).values(merged_into=None))
    _show_anew(connection, {own.id, whole.id})
    moved = Moved(gone_id=own.id, stays_id=whole.id)
    if whole.state == _OPEN and asked:
        _open_again(connection, own, whole, verdict, moved)
    record_act(connection, IdentityAct.CONVERSATIONS_PARTED, verdict, own.id, whole.id)
    fields = {"conversation_id": own.id, "subject": own.subject, "reason": verdict.reason}
    for here in (own.id, whole.id):
        add_event(connection, here, verdict.agent_id, IdentityAct.CONVERSATIONS_PARTED, fields, verdict.at)
    return moved


def split_conversation(connection: Connection, message_id: str, verdict: Verdict) -> Moved:
    """Give a message, and what followed it through the same door, a conversation of its own.

    Raises NotFound, and StaleVersion for a message nothing stands before.
    """
    statement = select(message).where(
        message.c.id == message_id, message.c.conversation_id == verdict.subject_id
    )
    first = connection.execute(statement).one_or_none()
    if first is None or first.direction not in ("inbound", "outbound"):
        raise NotFound(f"there is no message {message_id} in this conversation")
    home = _conversation(connection, first.home_id)
    strand = _conversation(connection, first.strand_id)
    whole = _root(connection, home.id)
    before = select(message.c.id).where(
        message.c.home_id == home.id, message.c.strand_id == strand.id, message.c.seq < (first.seq or 0)
    )
    if connection.execute(before.limit(1)).first() is None:
        raise StaleVersion("nothing stands before this message; part what was merged instead")
    new = _add_conversation(connection, strand, first, verdict)
    followed = (message.c.home_id == home.id, message.c.strand_id == strand.id, message.c.id >= first.id)
    rows = connection.execute(select(message).where(*followed)).all()
    connection.execute(update(message).where(*followed).values(home_id=new.id))
    if strand.thread:
        here = conversation.c.id == strand.id
        connection.execute(update(conversation).where(here).values(continues_in=new.id))
    else:
        _lead(connection, rows, new.id)
    _show_anew(connection, {home.id, new.id, strand.id})
    moved = Moved(gone_id=new.id, stays_id=whole.id)
    if whole.state == _OPEN:
        _open_again(connection, new, whole, verdict, moved)
    record_act(connection, IdentityAct.SPLIT, verdict, new.id, whole.id)
    fields = {"conversation_id": new.id, "from": whole.id, "reason": verdict.reason}
    for one in (new.id, whole.id):
        add_event(connection, one, verdict.agent_id, IdentityAct.SPLIT, fields, verdict.at)
    return moved


# --- where it is shown --------------------------------------------------------------------------


def _conversation(connection: Connection, conversation_id: str) -> Row[Any]:
    row = connection.execute(
        select(conversation).where(conversation.c.id == conversation_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound(f"there is no conversation {conversation_id}")
    return row


def _root(connection: Connection, conversation_id: str) -> Row[Any]:
    row = _conversation(connection, conversation_id)
    while row.merged_into is not None:
        row = _conversation(connection, row.merged_into)
    return row


def _show_anew(connection: Connection, ids: Iterable[str]) -> None:
    """Compute where the entries of conversations, and of all merged into them, are shown now."""
    for root_id in {_root(connection, one).id for one in ids}:
        tree = sorted(_tree(connection, root_id))
        connection.execute(update(message).where(message.c.home_id.in_(tree)).values(conversation_id=root_id))
        connection.execute(
            update(conversation)
            .where(or_(conversation.c.id.in_(tree), conversation.c.continues_in.in_(tree)))
            .where(or_(conversation.c.continues_in.is_(None), conversation.c.continues_in.in_(tree)))
            .values(leads_to=func.nullif(root_id, conversation.c.id))
        )


def _tree(connection: Connection, conversation_id: str) -> set[str]:
    found, fresh = {conversation_id}, {conversation_id}
    while fresh:
        below = select(conversation.c.id).where(conversation.c.merged_into.in_(sorted(fresh)))
        fresh = set(connection.execute(below).scalars()) - found
        found |= fresh
    return found


# --- work ---------------------------------------------------------------------------------------


def _asked_in(connection: Connection, own: Row[Any], whole: Row[Any]) -> bool:
    """Say whether what is parted is work: it was when it was merged, or its customer wrote since."""
    wrote = select(message.c.id).where(
        message.c.home_id.in_(sorted(_tree(connection, own.id))),
        message.c.episode_id == whole.episode_id,
        message.c.direction == "inbound",
    )
    ended = select(episode.c.id).where(
        episode.c.id == own.episode_id, episode.c.reason == MERGED, episode.c.resolved_at.is_not(None)
    )
    return any(connection.execute(one.limit(1)).first() is not None for one in (wrote, ended))


def _open_again(
    connection: Connection, own: Row[Any], whole: Row[Any], verdict: Verdict, moved: Moved
) -> None:
    """Begin an episode of what was parted or split off, with work like that of the conversation it left."""
    number = connection.execute(
        select(func.max(episode.c.number)).where(episode.c.conversation_id == own.id)
    ).scalar()
    episode_id = new_id()
    connection.execute(
        insert(episode).values(
            id=episode_id, conversation_id=own.id, number=(number or 0) + 1, opened_at=verdict.at
        )
    )
    connection.execute(
        update(conversation)
        .where(conversation.c.id == own.id)
        .values(state=_OPEN, resolved_at=None, episode_id=episode_id)
    )
    moved.queued = copy_work(connection, own, whole, episode_id, verdict)


# --- splitting ----------------------------------------------------------------------------------


def _add_conversation(
    connection: Connection, strand: Row[Any], first: Row[Any], verdict: Verdict
) -> Row[Any]:
    new, episode_id = new_id(), new_id()
    connection.execute(
        insert(conversation).values(
            id=new,
            contact_id=strand.contact_id,
            account=strand.account,
            contact_point_id=strand.contact_point_id,
            thread=strand.thread,
            subject=first.subject or first.preview,
            subject_key=strand.subject_key,
            state="resolved",
            episode_id=episode_id,
            last_seq=0,
            created_at=verdict.at,
            last_message_at=strand.last_message_at,
            resolved_at=verdict.at,
        )
    )
    connection.execute(
        insert(episode).values(
            id=episode_id, conversation_id=new, number=0, opened_at=verdict.at, resolved_at=verdict.at
        )
    )
    joined = select(participant.c.contact_point_id).where(participant.c.conversation_id == strand.id)
    rows = [{"conversation_id": new, "contact_point_id": one} for one in connection.execute(joined).scalars()]
    if rows:
        connection.execute(insert(participant), rows)
    return _conversation(connection, new)


def _lead(connection: Connection, rows: Iterable[Row[Any]], conversation_id: str) -> None:
    """Let answers to messages that were split off follow them."""
    moved = list(rows)
    digests = [
        reference_digest(row.account, Evidence(kind=EvidenceKind.MESSAGE_ID, value=row.external_id))
        for row in moved
        if row.external_id
    ]
    ids = [row.id for row in moved]
    connection.execute(
        update(reference)
        .where(or_(reference.c.digest.in_(digests), reference.c.message_id.in_(ids)))
        .values(conversation_id=conversation_id)
    )
