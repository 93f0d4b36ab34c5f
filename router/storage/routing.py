"""What the engine was told and what it decided, in the store: work items, offers, claims and why.

In: events and decisions, in the engine's order. Out: rows changed as the decisions say. Acts that only
explain or tell somebody leave nothing but their record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import ColumnElement, Connection, bindparam, exists, insert, literal_column, select, update

from router.engine.decisions import Act, Decision, OfferMade
from router.ids import new_id
from router.messages import JsonObject
from router.storage.duty import end_incident
from router.storage.inserts import insert_many
from router.storage.promises import CLOCK_ACTS, save_clocks
from router.storage.schema import (
    OPEN_OFFERS,
    claim,
    decision_record,
    event_log,
    offer,
    one_of,
    presence,
    work_item,
)
from router.storage.timeline import add_event

BY_ITSELF = ("silent", "absent")
"""Why the engine puts work back by itself; any other put-back was asked for and is stored by who asked."""

_HAND_OVER = ("held_since", "owed_since", "silent_s", "replied_at", "last_step")
"""What the next person wants to know of a claim that ended by itself."""

_OPEN = offer.c.state.in_(OPEN_OFFERS)
_OFFER_ENDS = {
    Act.REJECTED: "rejected",
    Act.EXPIRED: "expired",
    Act.RESCINDED: "rescinded",
    Act.CANCELLED: "cancelled",
    Act.FAILED: "failed",
}

_OFFERED = (
    update(work_item)
    # work may have ended in the store before the engine heard of it
    .where(work_item.c.id == bindparam("item"), work_item.c.state != "done")
    .values(state="offered", offers_made=work_item.c.offers_made + 1)
)
_HELD = (
    update(claim)
    .where(claim.c.work_item_id == bindparam("item"), claim.c.state == "active")
)  # fmt: skip
_SOLVED = (
    update(claim)
    .where(
        claim.c.work_item_id == bindparam("item"),
        claim.c.agent_id == bindparam("agent"),
        claim.c.state == "completed",
    )
)  # fmt: skip
_WRAPPING = (
    update(claim)
    .where(claim.c.work_item_id == bindparam("item"), claim.c.state == literal_column("'wrapping'"))
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Acts:
    """Events the engine took, in order, and all it decided on them."""

    events: Sequence[tuple[datetime, JsonObject]]
    decisions: Sequence[Decision]


def record_acts(connection: Connection, batch: Sequence[Acts]) -> list[None]:
    """Write events, decisions and what they change, in the engine's order."""
    told = [event for acts in batch for event in acts.events]
    decisions = [decision for acts in batch for decision in acts.decisions]
    insert_many(connection, event_log, [{"at": at, "type": body["type"], "body": body} for at, body in told])
    _note_replies(connection, told)
    for are_offers, together in groupby(decisions, lambda decision: decision.act is Act.OFFERED):
        if are_offers:
            _add_offers(connection, [decision.offer for decision in together if decision.offer])
        else:
            for decision in together:
                _carry_out(connection, decision)
    save_clocks(connection, [decision for decision in decisions if decision.act in CLOCK_ACTS])
    insert_many(connection, decision_record, [_record_row(decision) for decision in decisions])
    return [None] * len(batch)


def end_leftovers(connection: Connection, at: datetime) -> None:
    """End offers and claims of work that is done: the router ended before the engine heard of that."""
    connection.execute(
        update(offer)
        .where(one_of(offer.c.state, OPEN_OFFERS), _is_done(offer.c.work_item_id))
        .values(state="rescinded", ended_at=at)
    )
    connection.execute(
        update(claim)
        .where(claim.c.state == literal_column("'active'"), _is_done(claim.c.work_item_id))
        .values(state="completed", ended_at=at, reason="withdrawn")
    )


def _is_done(item_id: ColumnElement[str]) -> ColumnElement[bool]:
    return exists().where(work_item.c.id == item_id, work_item.c.state == "done")


def _record_row(decision: Decision) -> dict[str, object]:
    return {
        "at": decision.at,
        "act": decision.act,
        "work_item_id": decision.item_id,
        "conversation_id": decision.conversation_id,
        "agent_id": decision.agent_id,
        "body": decision.record,
    }


def _note_replies(connection: Connection, told: Sequence[tuple[datetime, JsonObject]]) -> None:
    """Keep when the holder of each claim was last heard, so that a restart knows which replies were told."""
    replied = [{"item": body["item"], "at": at} for at, body in told if body["type"] == "reply"]
    if replied:
        connection.execute(_HELD.values(replied_at=bindparam("at"), lease_step=""), replied)


def _carry_out(connection: Connection, decision: Decision) -> None:
    change = _CHANGES.get(decision.act)
    if change is not None:
        change(connection, decision)


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


# --- offers -------------------------------------------------------------------------------------


def _set_up(connection: Connection, decision: Decision) -> None:
    if decision.offer is not None:
        connection.execute(
            update(offer)
            .where(offer.c.id == decision.offer.offer_id, _OPEN)
            .values(state="accepting", expires_at=decision.offer.expires_at)
        )


def _end_offer(connection: Connection, decision: Decision) -> None:
    _close_offer(connection, decision, _OFFER_ENDS[decision.act])
    _set_item(connection, decision.item_id, state="waiting")
    _remember_refusals(connection, decision)


def _close_offer(connection: Connection, decision: Decision, state: str) -> None:
    connection.execute(
        update(offer)
        .where(offer.c.work_item_id == decision.item_id, _OPEN)
        .values(state=state, ended_at=decision.at)
    )


def _remember_refusals(connection: Connection, decision: Decision) -> None:
    """Keep who is not asked again from now on."""
    declined = decision.record.get("declined")
    if isinstance(declined, Mapping):
        _set_item(connection, decision.item_id, declined=dict(declined))


def _set_item(connection: Connection, item_id: str, **values: object) -> None:
    connection.execute(
        update(work_item).where(work_item.c.id == item_id, work_item.c.state != "done").values(**values)
    )


# --- claims -------------------------------------------------------------------------------------


def _accept(connection: Connection, decision: Decision) -> None:
    _close_offer(connection, decision, "accepted")
    _add_claim(connection, decision)


def _add_claim(connection: Connection, decision: Decision) -> None:
    """Give the agent the next fencing token; the partial unique index refuses a second active claim."""
    _set_item(connection, decision.item_id, state="claimed", token=work_item.c.token + 1)
    token = connection.execute(
        select(work_item.c.token).where(work_item.c.id == decision.item_id)
    ).scalar_one()
    is_dormant = bool(decision.record.get("is_dormant"))
    connection.execute(
        insert(claim).values(
            id=new_id(),
            work_item_id=decision.item_id,
            agent_id=decision.agent_id,
            token=token,
            state="active",
            claimed_at=decision.at,
            renewed_at=decision.at,
            is_dormant=is_dormant,
            replied_at=_last_reply(connection, decision.item_id) if is_dormant else None,
        )
    )


def _last_reply(connection: Connection, item_id: str) -> datetime | None:
    """Give when the holder before answered; whoever takes work over that rests takes that over too."""
    before = select(claim.c.replied_at).where(claim.c.work_item_id == item_id)
    found: datetime | None = connection.execute(before.order_by(claim.c.token.desc()).limit(1)).scalar()
    return found


def _put_back(connection: Connection, decision: Decision) -> None:
    """End the claim of somebody silent or gone, so that his token is dead, and leave a note of it."""
    _remember_refusals(connection, decision)
    record = decision.record
    reason = str(record.get("reason") or "")
    if reason not in BY_ITSELF:
        return
    held = (claim.c.work_item_id == decision.item_id) & (claim.c.state == "active")
    ended = {"state": "handed_back", "ended_at": decision.at, "reason": reason}
    if connection.execute(update(claim).where(held).values(**ended)).rowcount:
        _set_item(connection, decision.item_id, state="waiting")
        known = {name: record.get(name) for name in _HAND_OVER}
        fields = {"reason": reason, "agent": decision.agent_id, **known}
        add_event(connection, decision.conversation_id, None, "came_back", fields, decision.at)


def _step_lease(connection: Connection, decision: Decision) -> None:
    connection.execute(_HELD.values(lease_step=decision.act.value), {"item": decision.item_id})


def _sleep(connection: Connection, decision: Decision) -> None:
    connection.execute(_HELD.values(is_dormant=True, lease_step=""), {"item": decision.item_id})


def _wake(connection: Connection, decision: Decision) -> None:
    values = {"is_dormant": False, "lease_step": "", "renewed_at": decision.at}
    connection.execute(_HELD.values(**values), {"item": decision.item_id})


def _wrap_up(connection: Connection, decision: Decision) -> None:
    """Let the claim of solved work take room still; the store has ended it before the engine was told."""
    until = datetime.fromisoformat(str(decision.record["until"]))
    connection.execute(
        _SOLVED.values(state="wrapping", wraps_until=until),
        {"item": decision.item_id, "agent": decision.agent_id},
    )


def _complete(connection: Connection, decision: Decision) -> None:
    if "wrapped_s" in decision.record:
        connection.execute(_WRAPPING.values(state="completed"), {"item": decision.item_id})


# --- the rest -----------------------------------------------------------------------------------


def _withdraw(connection: Connection, decision: Decision) -> None:
    _set_item(connection, decision.item_id, state="done")
    connection.execute(
        _HELD.values(state="completed", ended_at=decision.at, reason="withdrawn"), {"item": decision.item_id}
    )


def _move(connection: Connection, decision: Decision) -> None:
    """Let an item wait in the queue overflow took it to."""
    record = decision.record
    _set_item(
        connection,
        decision.item_id,
        queue=record["queue"],
        moved_from=record["before"],
        entered_queue_at=decision.at,
    )


def _set_away(connection: Connection, decision: Decision) -> None:
    connection.execute(
        update(presence)
        .where(presence.c.agent_id == decision.agent_id)
        .values(state="away", reason="unanswered offers", since=decision.at)
    )


def _end_incident(connection: Connection, decision: Decision) -> None:
    if decision.record.get("state") == "ended":
        end_incident(connection, str(decision.record["incident"]), decision.at)


_CHANGES: Mapping[Act, Callable[[Connection, Decision], None]] = {
    **dict.fromkeys(_OFFER_ENDS, _end_offer),
    Act.ACCEPTING: _set_up,
    Act.ACCEPTED: _accept,
    Act.CLAIMED: _add_claim,
    Act.PUT_BACK: _put_back,
    Act.WITHDRAWN: _withdraw,
    Act.WRAPPING: _wrap_up,
    Act.COMPLETED: _complete,
    Act.MEMORY_CLEARED: _remember_refusals,
    Act.MOVED: _move,
    Act.NUDGED: _step_lease,
    Act.ESCALATED: _step_lease,
    Act.DORMANT: _sleep,
    Act.WOKEN: _wake,
    Act.AWAY: _set_away,
    Act.INCIDENT: _end_incident,
}
