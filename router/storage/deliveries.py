"""Outbound messages in the store: claim, mark, settle, report, resend.

One outbox row per message, one attempt row per try. The state of the row only moves forward, except that
a person may send an unknown or failed message again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from router.ids import new_id
from router.messages import DeliveryReport, DeliveryState, Evidence, EvidenceKind
from router.model.filing import reference_digest
from router.storage.due_sends import NO_EXCEPTION, Unless, due_messages
from router.storage.echoes import know_remote_ref
from router.storage.parts import settle_parts
from router.storage.pauses import StoredPause, keep_pause
from router.storage.schema import (
    attempt,
    contact_point,
    message,
    outbox,
    receipt,
    reference,
)

_RANK = {
    state: rank
    for rank, state in enumerate(
        (
            DeliveryState.QUEUED,
            DeliveryState.SENDING,
            DeliveryState.UNKNOWN,
            DeliveryState.HELD,
            DeliveryState.ACCEPTED,
            DeliveryState.DELIVERED,
            DeliveryState.READ,
        )
    )
}
_SENT = (DeliveryState.UNKNOWN, DeliveryState.HELD, DeliveryState.ACCEPTED, DeliveryState.DELIVERED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A message one run of the router is about to send, with everything the channel needs."""

    attempt_id: str
    number: int
    row: Mapping[str, Any]
    answers: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How an attempt ended, and what that means for its message; `refusal` is for whoever wrote it.

    `pause` is what the provider's limit holds back besides.
    """

    attempt_id: str
    message_id: str
    attempt_state: DeliveryState
    message_state: DeliveryState
    at: datetime
    next_try_at: datetime | None = None
    error: str = ""
    code: str = ""
    detail: str = ""
    remote_ref: str = ""
    address_gone: bool = False
    pause: StoredPause | None = None
    refusal: Mapping[str, object] | None = None


def claim_due(
    connection: Connection,
    account: str,
    run_id: str,
    now: datetime,
    limit: int,
    *,
    mark: bool,
    but: Unless = NO_EXCEPTION,
) -> list[Claimed]:
    """Take the oldest due messages, at most one per conversation, and open an attempt for each.

    `but` names whom nothing is sent to now. `mark` says at once that the peer may get it; otherwise the
    channel says so itself.
    """
    claimed = []
    for row in connection.execute(due_messages(account, now, limit, but)).mappings().all():
        attempt_id, number = new_id(), row["attempts"] + 1
        connection.execute(
            insert(attempt).values(
                id=attempt_id,
                message_id=row["message_id"],
                number=number,
                state=DeliveryState.SENDING,
                run_id=run_id,
                started_at=now,
                sending_at=now if mark else None,
            )
        )
        connection.execute(
            update(outbox)
            .where(outbox.c.message_id == row["message_id"])
            .values(state=DeliveryState.SENDING, attempts=number)
        )
        answers = _answered(connection, row["answers_message_id"])
        claimed.append(Claimed(attempt_id=attempt_id, number=number, row=dict(row), answers=answers))
    return claimed


def _answered(connection: Connection, message_id: str | None) -> Mapping[str, Any] | None:
    if message_id is None:
        return None
    statement = select(message.c.external_id, message.c.provider_data, message.c.seq).where(
        message.c.id == message_id
    )
    return dict(connection.execute(statement).mappings().one())


def mark_sending(connection: Connection, attempt_id: str, now: datetime) -> None:
    """Note that from now on the peer may have got the message."""
    connection.execute(
        update(attempt)
        .where(attempt.c.id == attempt_id, attempt.c.sending_at.is_(None))
        .values(sending_at=now)
    )


def settle(connection: Connection, settlement: Settlement) -> list[tuple[str, str]]:
    """Record how an attempt ended; give (conversation, message) of other parts of the same text this concerns.

    The secret of the reply address is erased once the message is out.
    """
    connection.execute(
        update(attempt)
        .where(attempt.c.id == settlement.attempt_id, attempt.c.state == DeliveryState.SENDING)
        .values(
            state=settlement.attempt_state,
            ended_at=settlement.at,
            error=settlement.error,
            code=settlement.code,
            detail=settlement.detail,
            remote_ref=settlement.remote_ref,
        )
    )
    values: dict[str, object] = {
        "state": settlement.message_state,
        "next_try_at": settlement.next_try_at,
        "detail": settlement.detail,
        "refusal": settlement.refusal,
    }
    if settlement.message_state is not DeliveryState.QUEUED:
        values["settled_at"] = settlement.at
    if settlement.message_state in (DeliveryState.ACCEPTED, DeliveryState.DELIVERED, DeliveryState.HELD):
        values["reply_token"] = None
    # an echo may have said already that it arrived; that it was delivered says more
    still = [DeliveryState.SENDING]
    if settlement.message_state is DeliveryState.DELIVERED:
        still.append(DeliveryState.ACCEPTED)
    _update_outbox(connection, settlement.message_id, outbox.c.state.in_(still), values)
    know_remote_ref(connection, settlement.message_id, settlement.remote_ref, settlement.at)
    if settlement.address_gone:
        _address_gone(connection, settlement.message_id)
    if settlement.pause is not None:
        keep_pause(connection, settlement.pause, settlement.at)
    return settle_parts(connection, settlement.message_id, settlement.at)


def settle_interrupted(connection: Connection, run_id: str, now: datetime) -> list[str]:
    """Settle what an earlier run left open: unknown if the peer may have got it, else to be sent again.

    Gives the ids of the messages whose outcome is unknown.
    """
    open_attempts = connection.execute(
        select(attempt.c.id, attempt.c.message_id, attempt.c.sending_at).where(
            attempt.c.state == DeliveryState.SENDING, attempt.c.run_id != run_id
        )
    ).all()
    unknown = []
    for row in open_attempts:
        doubtful = row.sending_at is not None
        state = DeliveryState.UNKNOWN if doubtful else DeliveryState.QUEUED
        settle(
            connection,
            Settlement(
                attempt_id=row.id,
                message_id=row.message_id,
                attempt_state=DeliveryState.UNKNOWN if doubtful else DeliveryState.FAILED,
                message_state=state,
                at=now,
                next_try_at=None if doubtful else now,
                error="interrupted",
                detail="the router stopped while this was being sent" if doubtful else "",
            ),
        )
        if doubtful:
            unknown.append(row.message_id)
    return unknown


def apply_reports(
    connection: Connection, account: str, reports: Sequence[DeliveryReport]
) -> list[tuple[str, str]]:
    """Record what the outside world says; give (conversation, message) of what it is about.

    Reports may come twice, late and in any order: a state never goes back, a bounce is final.
    """
    concerned = []
    for report in reports:
        evidence = Evidence(kind=EvidenceKind.MESSAGE_ID, value=report.outgoing_ref)
        key = reference_digest(account, evidence)
        statement = (
            select(outbox.c.message_id, outbox.c.state, message.c.conversation_id)
            .join_from(reference, outbox, outbox.c.message_id == reference.c.message_id)
            .join(message, message.c.id == outbox.c.message_id)
        )
        row = connection.execute(statement.where(reference.c.digest == key)).one_or_none()
        if row is None:
            continue
        concerned.append((row.conversation_id, row.message_id))
        _add_receipt(connection, row.message_id, report)
        if _moves_forward(DeliveryState(row.state), report.state):
            values = {"state": report.state, "detail": report.detail, "settled_at": report.at}
            _update_outbox(connection, row.message_id, outbox.c.state == row.state, values)
            concerned += settle_parts(connection, row.message_id, report.at)
        if report.address_gone:
            _address_gone(connection, row.message_id)
    return concerned


def _moves_forward(now: DeliveryState, reported: DeliveryState) -> bool:
    if reported in (DeliveryState.BOUNCED, DeliveryState.FAILED):
        return now in _SENT or now is DeliveryState.QUEUED
    return now in _RANK and _RANK.get(reported, -1) > _RANK[now]


def _add_receipt(connection: Connection, message_id: str, report: DeliveryReport) -> None:
    same = (receipt.c.message_id == message_id) & (receipt.c.state == report.state)
    if connection.execute(select(receipt.c.state).where(same)).first() is None:
        connection.execute(
            insert(receipt).values(
                message_id=message_id, state=report.state, at=report.at, detail=report.detail
            )
        )


def _update_outbox(
    connection: Connection, message_id: str, while_: ColumnElement[bool], values: Mapping[str, object]
) -> int:
    statement = update(outbox).where(outbox.c.message_id == message_id, while_).values(**values)
    return connection.execute(statement).rowcount


def _address_gone(connection: Connection, message_id: str) -> None:
    point_id = select(outbox.c.contact_point_id).where(outbox.c.message_id == message_id)
    connection.execute(
        update(contact_point).where(contact_point.c.id == point_id.scalar_subquery()).values(state="gone")
    )
