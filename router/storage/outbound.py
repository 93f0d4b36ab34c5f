"""Store replies with their outbox row, behind the claim of whoever writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from router.errors import NotFound, StaleVersion
from router.ids import digest
from router.messages import DeliveryState, Evidence, EvidenceKind
from router.model.filing import reference_digest
from router.storage.outgoing_files import Whose, take_along
from router.storage.schema import (
    claim,
    conversation,
    message,
    outbox,
    participant,
    reference,
    work_item,
)
from router.storage.timeline import Entry, add_entry


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReply:
    """A reply about to be stored; `outgoing_ref` and `token` are fixed before the first try.

    One message of a text too long for it names the first of them, and says which one it is, of how many.
    `files` are the ids of what its author attached.
    """

    message_id: str
    conversation_id: str
    agent_id: str
    claim_token: int
    blocks: Sequence[Mapping[str, Any]]
    preview: str
    key: str
    reply_token: str
    outgoing_ref: str
    answered: Answered
    at: datetime
    audience: Sequence[str] | None = None
    template: Mapping[str, Any] | None = None
    files: Sequence[str] = ()
    first_part_id: str | None = None
    part: int | None = None
    parts: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The message a reply answers, and the door it came through, whatever its conversation was merged with.

    `strand_id` is the conversation of its own channel, `home_id` where it stands while nothing is merged.
    """

    message_id: str
    account: str
    contact_point_id: str
    strand_id: str
    home_id: str
    thread: str = ""


def answered_message(connection: Connection, conversation_id: str, message_id: str | None) -> Answered:
    """Find the inbound message to answer: the one named, else the newest. Raises NotFound."""
    columns = (message.c.id, message.c.account, message.c.contact_point_id, message.c.strand_id)
    statement = (
        select(*columns, message.c.home_id, conversation.c.thread)
        .join_from(message, conversation, conversation.c.id == message.c.strand_id)
        .where(message.c.conversation_id == conversation_id, message.c.direction == "inbound")
    )
    if message_id is not None:
        statement = statement.where(message.c.id == message_id)
    row = connection.execute(statement.order_by(message.c.id.desc()).limit(1)).one_or_none()
    if row is None:
        raise NotFound("there is no message of the customer to answer")
    return Answered(
        message_id=row.id,
        account=row.account,
        contact_point_id=row.contact_point_id,
        strand_id=row.strand_id,
        home_id=row.home_id,
        thread=row.thread,
    )


def known_reply(connection: Connection, conversation_id: str, key: str) -> str | None:
    """Give the message that was stored under this key before, if any."""
    statement = select(reference.c.message_id).where(
        reference.c.digest == digest(conversation_id, "reply", key)
    )
    found: str | None = connection.execute(statement).scalar()
    return found


def require_claim(connection: Connection, conversation_id: str, agent_id: str, token: int) -> Row[Any]:
    """Give the work item this agent holds with this fencing token. Raises StaleVersion."""
    statement = (
        select(work_item, claim.c.id.label("claim_id"))
        .join_from(claim, work_item, work_item.c.id == claim.c.work_item_id)
        .where(
            work_item.c.conversation_id == conversation_id,
            claim.c.state == "active",
            claim.c.agent_id == agent_id,
            claim.c.token == token,
        )
    )
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise StaleVersion
    return row


def add_reply(connection: Connection, reply: NewReply) -> None:
    """Store a reply and its outbox row in one transaction, behind the claim's fencing token."""
    held = require_claim(connection, reply.conversation_id, reply.agent_id, reply.claim_token)
    add_entry(
        connection,
        Entry(
            message_id=reply.message_id,
            conversation_id=reply.conversation_id,
            direction="outbound",
            kind="message",
            agent_id=reply.agent_id,
            at=reply.at,
            blocks=reply.blocks,
            preview=reply.preview,
            episode_id=held.episode_id,
            account=reply.answered.account,
            contact_point_id=reply.answered.contact_point_id,
            external_id=reply.outgoing_ref,
            audience=reply.audience,
            strand_id=reply.answered.strand_id,
            home_id=reply.answered.home_id,
        ),
    )
    whose = Whose(agent_id=reply.agent_id, conversation_id=reply.conversation_id)
    take_along(connection, reply.files, reply.message_id, whose)
    _join(connection, _led_to(reply.answered), reply.answered.contact_point_id)
    _queue(connection, reply)
    _remember_reply(connection, reply)


def _queue(connection: Connection, reply: NewReply) -> None:
    connection.execute(
        insert(outbox).values(
            message_id=reply.message_id,
            account=reply.answered.account,
            contact_point_id=reply.answered.contact_point_id,
            state=DeliveryState.QUEUED,
            outgoing_ref=reply.outgoing_ref,
            reply_token=reply.reply_token or None,
            answers_message_id=reply.answered.message_id,
            automatic=False,
            attempts=0,
            next_try_at=reply.at,
            detail="",
            created_at=reply.at,
            template=reply.template,
            first_part_id=reply.first_part_id,
            part=reply.part,
            parts=reply.parts,
        )
    )


def _remember_reply(connection: Connection, reply: NewReply) -> None:
    outside = [Evidence(kind=EvidenceKind.MESSAGE_ID, value=reply.outgoing_ref)]
    if reply.reply_token:
        outside.append(Evidence(kind=EvidenceKind.REPLY_TOKEN, value=reply.reply_token))
    pointers: list[tuple[str, bytes]] = [
        (evidence.kind, reference_digest(reply.answered.account, evidence)) for evidence in outside
    ]
    if reply.key:
        pointers.append(("reply_key", digest(reply.conversation_id, "reply", reply.key)))
    connection.execute(
        insert(reference),
        [
            {
                "digest": key,
                "kind": kind,
                "conversation_id": _led_to(reply.answered),
                "message_id": reply.message_id,
                "contact_point_id": reply.answered.contact_point_id,
                "created_at": reply.at,
            }
            for kind, key in pointers
        ],
    )


def _led_to(answered: Answered) -> str:
    """Give the conversation an answer to our answer belongs to: a thread stays with its strand."""
    return answered.strand_id if answered.thread else answered.home_id


def _join(connection: Connection, conversation_id: str, contact_point_id: str) -> None:
    same = (participant.c.conversation_id == conversation_id) & (
        participant.c.contact_point_id == contact_point_id
    )
    if connection.execute(select(participant.c.conversation_id).where(same)).first() is None:
        connection.execute(
            insert(participant).values(conversation_id=conversation_id, contact_point_id=contact_point_id)
        )
