"""Decision records: what was known and why it came out so. In: an act. Out: decisions with their record.

A record is JSON and complete in itself: nobody needs the engine's state to read it later.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from router.engine.affinity import Affinity
from router.engine.clocks.book import ClockBook
from router.engine.decisions import Act, Decision, OfferMade
from router.engine.gates import Gate
from router.engine.lanes import Entry, Lane
from router.engine.leases import Lease
from router.engine.matching import Matching
from router.engine.ordering import key_at
from router.engine.staff import Agent
from router.engine.survey import LISTED, blocked_by, count_by_gate, describe, list_candidates, standing
from router.engine.times import to_iso
from router.engine.waiting import Waiting
from router.engine.work_items import WorkItem
from router.engine.wrap_ups import WrapUp
from router.messages import JsonObject, JsonValue

EXPLAINED = "explained"
"""The `act` of a record made on demand, when nothing was done."""


class Records:
    """Writes a decision for each act from the state at that moment, and keeps it until taken.

    `declined` in a record is who is not asked again from then on; the room stores it with the item.
    With `is_brief` records leave out what only people read (places in line, needs, candidates, gates) and what
    the decision itself says.
    """

    __slots__ = ("_affinity", "_clocks", "_decisions", "_matching", "_waiting", "is_brief")

    def __init__(self, waiting: Waiting, matching: Matching, affinity: Affinity, clocks: ClockBook) -> None:
        self._affinity = affinity
        self._clocks = clocks
        self._waiting = waiting
        self._matching = matching
        self._decisions: list[Decision] = []
        self.is_brief = False

    def take(self) -> list[Decision]:
        """Give the decisions written since the last call."""
        decisions, self._decisions = self._decisions, []
        return decisions

    def add(self, decisions: Iterable[Decision]) -> None:
        """Take in decisions that are about no item."""
        self._decisions += decisions

    def queued(self, work: WorkItem, lane: Lane, at: datetime, gate: Gate) -> None:
        """Say where a new item stands, and what it waits for unless it is offered at once."""
        record = self._waits(Act.QUEUED, work, lane, at)
        record["blocked_by"] = None if gate is Gate.PASSED else self._stopped(work, lane, gate)
        self._add(Act.QUEUED, work, at, record)

    def blocked(self, work: WorkItem, lane: Lane, at: datetime, gate: Gate) -> None:
        """Say what an item waits for now."""
        record = self._waits(Act.BLOCKED, work, lane, at)
        record["blocked_by"] = self._stopped(work, lane, gate)
        self._add(Act.BLOCKED, work, at, record)

    def offered(
        self,
        work: WorkItem,
        lane: Lane,
        offer: OfferMade,
        *,
        runner_up: str | None,
        next_item: Entry | None,
        tier: JsonObject | None,
    ) -> None:
        """Say who is asked and why, who would have been next, and what stops the others.

        `tier` is the share this pick was made under: of the item's own queue, or of one that gave way to it.

        Written before the offer is booked, so that loads are those the choice was made on.
        """
        record = self._waits(Act.OFFERED, work, lane, offer.offered_at)
        record.update(agent=offer.agent_id, offer=offer.offer_id, expires_at=to_iso(offer.expires_at))
        if not self.is_brief:
            self._weigh(record, work, lane, offer, runner_up, next_item, tier)
        self._add(Act.OFFERED, work, offer.offered_at, record, offer.agent_id, offer)

    def _weigh(
        self,
        record: dict[str, JsonValue],
        work: WorkItem,
        lane: Lane,
        offer: OfferMade,
        runner_up: str | None,
        next_item: Entry | None,
        tier: JsonObject | None,
    ) -> None:
        """Add to the record of an offer what it was weighed against."""
        people = self._matching.agents
        record["winner"] = describe(self._matching, people[offer.agent_id], work, lane)
        second = None if runner_up is None else people[runner_up]
        record["runner_up"] = None if second is None else describe(self._matching, second, work, lane)
        record["next_item"] = _place(next_item)
        record["preferred"] = offer.agent_id == work.item.preferred_agent_id
        record["tier"] = tier
        is_small = len(people) <= LISTED
        record["candidates"] = list_candidates(self._matching, work, lane) if is_small else None
        record["by_gate"] = count_by_gate(self._matching, work, lane)

    def ended(self, act: Act, work: WorkItem, offer: OfferMade, at: datetime, reason: str = "") -> None:
        """Say how an offer ended, and who is not asked again."""
        record = self._about(act, work, at)
        record.update(agent=offer.agent_id, offer=offer.offer_id, offered_at=to_iso(offer.offered_at))
        record["open_s"] = (at - offer.offered_at).total_seconds()
        record["reason"] = reason
        record["declined"] = dict(work.declined)
        self._add(act, work, at, record, offer.agent_id, offer)

    def accepting(self, work: WorkItem, offer: OfferMade, at: datetime) -> None:
        """Say who took an offer, and until when it has to be set up."""
        record = self._about(Act.ACCEPTING, work, at)
        record.update(agent=offer.agent_id, offer=offer.offer_id, offered_at=to_iso(offer.offered_at))
        record["open_s"] = (at - offer.offered_at).total_seconds()
        record["expires_at"] = to_iso(offer.expires_at)
        self._add(Act.ACCEPTING, work, at, record, offer.agent_id, offer)

    def claimed(
        self, work: WorkItem, at: datetime, agent: Agent, before: str | None, *, is_dormant: bool
    ) -> None:
        """Say who has an item now without an offer, who had it before, and whether a reply is owed."""
        record = self._became(Act.CLAIMED, work, at, agent, "")
        record["before"] = before
        record["is_dormant"] = is_dormant
        self._add(Act.CLAIMED, work, at, record, agent.id)

    def changed(
        self, act: Act, work: WorkItem, at: datetime, agent: Agent | None = None, reason: str = ""
    ) -> None:
        """Say what became of an item or its claim, with the load that leaves."""
        record = self._became(act, work, at, agent, reason)
        self._add(act, work, at, record, None if agent is None else agent.id)

    def wrapping(self, work: WorkItem, at: datetime, agent: Agent, until: datetime) -> None:
        """Say that work is solved, and until when it still takes its room."""
        record = self._became(Act.WRAPPING, work, at, agent, "")
        record.update(until=to_iso(until), wrap_up_s=(until - at).total_seconds())
        self._add(Act.WRAPPING, work, at, record, agent.id)

    def wrapped_up(self, work: WorkItem, at: datetime, agent: Agent, reason: str, since: datetime) -> None:
        """Say that a claim is completed because its after-call work is over: by `time`, or as `told`."""
        record = self._became(Act.COMPLETED, work, at, agent, reason)
        record["wrapped_s"] = (at - since).total_seconds()
        self._add(Act.COMPLETED, work, at, record, agent.id)

    def reminded(self, act: Act, work: WorkItem, at: datetime, agent: Agent, lease: Lease) -> None:
        """Say that a holder or a supervisor is told of owed work; reason `due`: its time comes or has come."""
        due_at = work.item.due_at
        ahead_s = work.item.lead_s if act is Act.NUDGED else 0.0
        is_due = due_at is not None and lease.owed_since < due_at and (due_at - at).total_seconds() <= ahead_s
        record = self._became(act, work, at, agent, "due" if is_due else "")
        record.update(_history(lease, at))
        self._add(act, work, at, record, agent.id)

    def taken_back(self, work: WorkItem, at: datetime, agent: Agent, lease: Lease, reason: str) -> None:
        """Say who had work that goes on to somebody else, with what the next person wants to know."""
        record = self._became(Act.PUT_BACK, work, at, agent, reason)
        record.update(_history(lease, at))
        self._add(Act.PUT_BACK, work, at, record, agent.id)

    def write(self, act: Act, at: datetime, work: WorkItem | None, **fields: JsonValue) -> None:
        """Say something about an item, or about the desk as a whole."""
        if work is not None:
            self._add(act, work, at, {**self._about(act, work, at), **fields})
            return
        record: JsonObject = {"act": act.value, "at": to_iso(at), **fields}
        self._decisions.append(Decision(act=act, at=at, record=record))

    def memory_cleared(
        self, work: WorkItem, at: datetime, forgotten: Iterable[str], reason: str = ""
    ) -> None:
        """Say who may be asked again."""
        record = self._about(Act.MEMORY_CLEARED, work, at)
        record["reason"] = reason
        # by name: a database keeps no order of who refused
        record["forgotten"] = sorted(forgotten)
        record["declined"] = dict(work.declined)
        self._add(Act.MEMORY_CLEARED, work, at, record)

    def away(self, agent: Agent, at: datetime) -> None:
        """Say why a person is set away."""
        record: JsonObject = {
            "act": Act.AWAY.value,
            "at": to_iso(at),
            "agent": agent.id,
            "unanswered": agent.unanswered,
        }
        self._decisions.append(Decision(act=Act.AWAY, at=at, agent_id=agent.id, record=record))

    def promise(self, act: Act, work: WorkItem, at: datetime, found: JsonObject) -> None:
        """Say what became of a promise, or how much of its time has passed, and who has the item."""
        self._add(act, work, at, {**self._about(act, work, at), "agent": work.holder, **found}, work.holder)

    def explain(self, work: WorkItem, lane: Lane, at: datetime, lease: Lease | None) -> JsonObject:
        """Say everything about an item at this moment, though nothing was decided."""
        record = self._waits(EXPLAINED, work, lane, at)
        gate = None if work.lane is None else self._affinity.gate_now(work, lane)
        before, after = self._waiting.neighbours(work, lane)
        record["state"] = work.state.value
        record["agent"] = work.holder if work.offer is None else work.offer.agent_id
        record["blocked_by"] = None if gate is None else self._stopped(work, lane, gate)
        record["declined"] = dict(work.declined)
        record["lease"] = None if lease is None else _terms(lease, at)
        record["promises"] = self._clocks.list_facts(work.item.id, at)
        record["item_before"] = None if before is None else _place(before.entry)
        record["item_after"] = None if after is None else _place(after.entry)
        record["candidates"] = list_candidates(self._matching, work, lane)
        record["by_gate"] = count_by_gate(self._matching, work, lane)
        return record

    def explain_gone(self, item_id: str, at: datetime, wrap_up: WrapUp | None) -> JsonObject:
        """Say of an item nobody waits for whether somebody still has after-call work on it."""
        record: JsonObject = {"act": EXPLAINED, "at": to_iso(at), "item": item_id, "state": "gone"}
        if wrap_up is None:
            return record
        until_s = (wrap_up.until - at).total_seconds()
        return {
            **record,
            "state": "wrapping",
            "agent": wrap_up.agent_id,
            "until": to_iso(wrap_up.until),
            "wrap_up_s": until_s,
        }

    def _waits(self, act: str, work: WorkItem, lane: Lane, at: datetime) -> dict[str, JsonValue]:
        record = self._about(act, work, at)
        if self.is_brief and act != EXPLAINED:
            return record
        record.update(standing(self._waiting, work, lane))
        record["promise"] = self._clocks.moving(work.item)
        record["needs"] = lane.requirement.as_json
        record["kept_for"] = self._affinity.note(work)
        return record

    def _about(self, act: str, work: WorkItem, at: datetime) -> dict[str, JsonValue]:
        item = work.item
        place: dict[str, JsonValue] = {
            "item": item.id,
            "queue": item.queue,
            "channel_class": item.channel_class,
        }
        if self.is_brief and act != EXPLAINED:
            return {**place, "waited_s": (at - item.eligible_since).total_seconds()}
        return {
            "act": str(act),
            "at": to_iso(at),
            **place,
            "eligible_since": to_iso(item.eligible_since),
            "waited_s": (at - item.eligible_since).total_seconds(),
        }

    def _became(
        self, act: Act, work: WorkItem, at: datetime, agent: Agent | None, reason: str
    ) -> dict[str, JsonValue]:
        record = self._about(act, work, at)
        record["reason"] = reason
        record["declined"] = dict(work.declined)
        if agent is not None:
            record.update(agent=agent.id, load=agent.load, of=agent.units)
        return record

    def _stopped(self, work: WorkItem, lane: Lane, gate: Gate) -> JsonObject:
        if self.is_brief:
            return {"gate": gate.word}
        if self._affinity.is_kept(work):
            return {"gate": gate.word, "people": 1}
        return blocked_by(self._matching, lane)

    def _add(
        self,
        act: Act,
        work: WorkItem,
        at: datetime,
        record: JsonObject,
        agent_id: str | None = None,
        offer: OfferMade | None = None,
    ) -> None:
        self._decisions.append(
            Decision(
                act=act,
                at=at,
                item_id=work.item.id,
                conversation_id=work.item.conversation_id,
                agent_id=agent_id,
                offer=offer,
                record=record,
            )
        )


def _history(lease: Lease, at: datetime) -> dict[str, JsonValue]:
    """Give what a hand-over note says of a claim."""
    return {
        "held_since": _moment(lease.claimed_at),
        "owed_since": to_iso(lease.owed_since),
        "silent_s": (at - lease.owed_since).total_seconds(),
        "last_step": lease.step.value,
        "replied_at": _moment(lease.replied_at),
    }


def _terms(lease: Lease, at: datetime) -> dict[str, JsonValue]:
    """Give what a lease asks for next."""
    step = lease.next
    return {
        **_history(lease, at),
        "is_dormant": lease.is_dormant,
        "next_step": None if step is None else step[1].value,
        "next_step_at": None if step is None else to_iso(step[0]),
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else to_iso(at)


def _place(entry: Entry | None) -> JsonObject | None:
    return None if entry is None else {"item": entry[2], "key": to_iso(key_at(entry[0]))}
