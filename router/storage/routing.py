"""Work items, offers and claims in the store: what the engine decided, and what ends a claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from router.engine.decisions import Act, Decision, OfferMade
from router.ids import new_id
from router.messages import JsonObject
from router.storage.inserts import insert_many
from router.storage.outbound import require_claim
from router.storage.schema import (
    claim,
    conversation,
    decision_record,
    episode,
    event_log,
    offer,
    presence,
    work_item,
)
from router.storage.timeline import add_event

_OFFER_ENDS = {
    Act.REJECTED: "rejected",
    Act.EXPIRED: "expired",
    Act.RESCINDED: "rescinded",
}

_OFFERED = (
    update(work_item)
    .where(work_item.c.id == bindparam("item"))
    .values(state="offered", offers_made=work_item.c.offers_made + 1)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acts:
    """Events the engine took, in order, and all it decided on them."""

    events: Sequence[tuple[datetime, JsonObject]]
    decisions: Sequence[Decision]


def record_acts(connection: Connection, batch: Sequence[Acts]) -> list[None]:
    """Write events, decisions and what they change, in the engine's order."""
    events = [{"at": at, "type": body["type"], "body": body} for acts in batch for at, body in acts.events]
    decisions = [decision for acts in batch for decision in acts.decisions]
    insert_many(connection, event_log, events)
    for are_offers, together in groupby(decisions, lambda decision: decision.act is Act.OFFERED):
        if are_offers:
            _add_offers(connection, [decision.offer for decision in together if decision.offer])
        else:
            for decision in together:
                _carry_out(connection, decision)
    records = [_record_row(decision) for decision in decisions if decision.item_id]
    insert_many(connection, decision_record, records)
    return [None] * len(batch)


def _record_row(decision: Decision) -> dict[str, object]:
    return {
        "at": decision.at,
        "act": decision.act,
        "work_item_id": decision.item_id,
        "conversation_id": decision.conversation_id,
        "agent_id": decision.agent_id,
        "body": decision.record,
    }


def _carry_out(connection: Connection, decision: Decision) -> None:
    if decision.act in _OFFER_ENDS:
        _end_offer(connection, decision, _OFFER_ENDS[decision.act])
        _set_item(connection, decision.item_id, "waiting")
        if decision.act is not Act.RESCINDED:
            _remember_refusal(connection, decision)
    elif decision.act is Act.MEMORY_CLEARED:
        _set_declined(connection, decision.item_id, {})
    elif decision.act is Act.ACCEPTED:
        _end_offer(connection, decision, "accepted")
        _add_claim(connection, decision)
    elif decision.act is Act.CLAIMED:
        _add_claim(connection, decision)
    elif decision.act is Act.AWAY:
        connection.execute(
            update(presence)
            .where(presence.c.agent_id == decision.agent_id)
            .values(state="away", reason="unanswered offers", since=decision.at)
        )


def _add_offers(connection: Connection, made: Sequence[OfferMade]) -> None:
    rows = [
        {
            "id": offered.offer_id,
            "work_item_id": offered.item_id,
            "agent_id": offered.agent_id,
            "state": "pending",
            "offered_at": offered.offered_at,
            "expires_at": offered.expires_at,
        }
        for offered in made
    ]
    insert_many(connection, offer, rows)
    connection.execute(_OFFERED, [{"item": offered.item_id} for offered in made])


def _end_offer(connection: Connection, decision: Decision, state: str) -> None:
    connection.execute(
        update(offer)
        .where(offer.c.work_item_id == decision.item_id, offer.c.state == "pending")
        .values(state=state, ended_at=decision.at)
    )


def _set_item(connection: Connection, item_id: str, state: str) -> None:
    connection.execute(
        update(work_item).where(work_item.c.id == item_id, work_item.c.state != "done").values(state=state)
    )


def _remember_refusal(connection: Connection, decision: Decision) -> None:
    declined = connection.execute(
        select(work_item.c.declined).where(work_item.c.id == decision.item_id)
    ).scalar_one()
    if decision.agent_id is not None:
        _set_declined(connection, decision.item_id, declined | {decision.agent_id: str(decision.act)})


def _set_declined(connection: Connection, item_id: str, declined: Mapping[str, str]) -> None:
    connection.execute(update(work_item).where(work_item.c.id == item_id).values(declined=declined))


def _add_claim(connection: Connection, decision: Decision) -> None:
    """Give the agent the next fencing token; the partial unique index refuses a second active claim."""
    connection.execute(
        update(work_item)
        .where(work_item.c.id == decision.item_id)
        .values(state="claimed", token=work_item.c.token + 1)
    )
    token = connection.execute(
        select(work_item.c.token).where(work_item.c.id == decision.item_id)
    ).scalar_one()
    connection.execute(
        insert(claim).values(
            id=new_id(),
            work_item_id=decision.item_id,
            agent_id=decision.agent_id,
            token=token,
            state="active",
            claimed_at=decision.at,
        )
    )
    add_event(connection, decision.conversation_id, decision.agent_id, "assigned", {}, decision.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an agent ends a claim he holds; `queue` and what belongs to it only when it moves."""

    conversation_id: str
    agent_id: str
    token: int
    kind: str
    note: str
    at: datetime
    queue: str | None = None
    max_advance_s: int = 0
    to_agent_id: str | None = None


def hand_back(connection: Connection, ending: Ending) -> dict[str, Any]:
    """End a claim and let the item wait again with its age; give the item's row as it is now."""
    held = require_claim(connection, ending.conversation_id, ending.agent_id, ending.token)
    _end_claim(connection, held.claim_id, "handed_back", ending)
    values: dict[str, object] = {"state": "waiting"}
    if ending.queue is not None:
        values |= {
            "queue": ending.queue,
            "max_advance_s": ending.max_advance_s,
            "entered_queue_at": ending.at,
        }
    connection.execute(update(work_item).where(work_item.c.id == held.id).values(**values))
    fields = {"note": ending.note, "queue": ending.queue, "to": ending.to_agent_id}
    add_event(connection, ending.conversation_id, ending.agent_id, ending.kind, fields, ending.at)
    row = connection.execute(select(work_item).where(work_item.c.id == held.id)).mappings().one()
    return dict(row)


def resolve(connection: Connection, ending: Ending) -> str:
    """End the claim, the item and the episode; give the item's id."""
    held = require_claim(connection, ending.conversation_id, ending.agent_id, ending.token)
    _end_claim(connection, held.claim_id, "completed", ending)
    connection.execute(update(work_item).where(work_item.c.id == held.id).values(state="done"))
    connection.execute(
        update(episode)
        .where(episode.c.id == held.episode_id)
        .values(resolved_at=ending.at, resolved_by=ending.agent_id, reason=ending.note)
    )
    connection.execute(
        update(conversation)
        .where(conversation.c.id == ending.conversation_id)
        .values(state="resolved", resolved_at=ending.at)
    )
    fields: Mapping[str, Any] = {"reason": ending.note}
    add_event(connection, ending.conversation_id, ending.agent_id, "resolved", fields, ending.at)
    item_id: str = held.id
    return item_id


def _end_claim(connection: Connection, claim_id: str, state: str, ending: Ending) -> None:
    connection.execute(
        update(claim)
        .where(claim.c.id == claim_id, claim.c.state == "active")
        .values(state=state, ended_at=ending.at, reason=ending.note)
    )


def store_presence(
    connection: Connection,
    agent_id: str,
    state: str,
    reason: str,
    classes: Sequence[str] | None,
    at: datetime,
) -> None:
    """Keep an agent's presence."""
    values = {"state": state, "reason": reason, "classes": classes, "since": at}
    changed = connection.execute(update(presence).where(presence.c.agent_id == agent_id).values(**values))
    if changed.rowcount == 0:
        connection.execute(insert(presence).values(agent_id=agent_id, **values))


def give_time_again(connection: Connection, now: datetime) -> None:
    """Let open offers last as long again as they were made for: nobody could answer while nothing ran."""
    pending = connection.execute(select(offer).where(offer.c.state == "pending")).all()
    for row in pending:
        until = now + (row.expires_at - row.offered_at)
        connection.execute(update(offer).where(offer.c.id == row.id).values(expires_at=until))
