"""Who could serve an item and what stops the others. In: the state of the moment. Out: parts of records."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from heapq import nsmallest

from router.engine.capacity import Limit
from router.engine.gates import MOMENT_GATES, PROFILE_GATES, Gate
from router.engine.lanes import Lane
from router.engine.matching import Matching
from router.engine.ordering import key_at
from router.engine.ring import ring_distance
from router.engine.staff import Agent
from router.engine.times import to_iso
from router.engine.waiting import Waiting, place_in_line
from router.engine.work_items import WorkItem
from router.messages import JsonObject, JsonValue
from router.strategy import Rank

LISTED = 20
"""People named one by one in a record; more are summarised by gate (`docs/routing.md`)."""

_WORDS = tuple((gate, gate.word) for gate in Gate)
_BEFORE_SKILLS = (*reversed(PROFILE_GATES), Gate.PRESENCE)


def blocked_by(matching: Matching, lane: Lane) -> JsonObject:
    """Say at which gate those who came furthest are stopped, and how many they are."""
    gate, people = matching.furthest(lane)
    return {"gate": gate.word, "people": people}


def count_by_gate(matching: Matching, work: WorkItem, lane: Lane) -> JsonObject:
    """Count everybody by the first gate that stops him; `passed` are those who may be asked."""
    counts = matching.count_moment(lane, frozenset(work.declined))
    counts[Gate.PRESENCE] = len(matching.agents) - sum(lane.present)
    for gate in PROFILE_GATES:
        counts[gate] = lane.present[gate]
    return {word: counts[gate] for gate, word in _WORDS if counts[gate]}


def first_gate(agent: Agent, work: WorkItem, lane: Lane) -> Gate:
    """Give the first gate that stops a person for an item, or PASSED."""
    if not agent.is_present:
        return Gate.PRESENCE
    roll = lane.roll(agent.profile)
    if roll is None:
        return lane.gate(agent.profile)
    return Gate.DECLINED if agent.id in work.declined else roll.gates[agent.id]


def list_candidates(matching: Matching, work: WorkItem, lane: Lane) -> list[JsonObject]:
    """List people in the order they would be asked, then by how far they came; at most `LISTED`."""
    start = matching.start(work)
    ranked, by_gate = _people_able(work, lane, start)
    rows: list[Agent] = [agent for *_, agent in nsmallest(LISTED, ranked, key=lambda one: one[:4])]
    _list_more(rows, by_gate, (*reversed(MOMENT_GATES), Gate.DECLINED))
    if len(rows) < LISTED:
        _add_unable(by_gate, matching, lane)
        _list_more(rows, by_gate, _BEFORE_SKILLS)
    return [describe(matching, agent, work, lane) for agent in rows]


_Ranked = tuple[Rank, Rank, int, str, Agent]


def _people_able(work: WorkItem, lane: Lane, start: int) -> tuple[list[_Ranked], list[list[Agent]]]:
    """Rank those who may be asked; sort the others whose profile is enough by the gate that stops them."""
    ranked: list[_Ranked] = []
    by_gate: list[list[Agent]] = [[] for _ in Gate]
    for by_fit, roll in lane.able:
        people = roll.profile.members
        for by_person, place, agent_id in roll.free:
            if agent_id not in work.declined:
                ranked.append((by_fit, by_person, ring_distance(start, place), agent_id, people[agent_id]))
        for agent in people.values():
            gate = roll.gates.get(agent.id, Gate.PRESENCE)
            if agent.id in work.declined and agent.is_present:
                gate = Gate.DECLINED
            by_gate[gate].append(agent)
    return ranked, by_gate


def _add_unable(by_gate: list[list[Agent]], matching: Matching, lane: Lane) -> None:
    """Add everybody else; apart, because a thousand of them need not be looked at if enough are able."""
    for profile in matching.profiles.values():
        gate = lane.gate(profile)
        if gate is not Gate.PASSED:
            for agent in profile.members.values():
                by_gate[gate if agent.is_present else Gate.PRESENCE].append(agent)


def _list_more(rows: list[Agent], by_gate: list[list[Agent]], gates: Iterable[Gate]) -> None:
    for gate in gates:
        rows += nsmallest(LISTED - len(rows), by_gate[gate], key=lambda one: one.id)


def describe(matching: Matching, agent: Agent, work: WorkItem, lane: Lane) -> JsonObject:
    """Describe one person for one item: the first failing gate with its numbers, or how well he fits."""
    gate = first_gate(agent, work, lane)
    profile = agent.profile
    row: dict[str, JsonValue] = {"agent": agent.id, "gate": None if gate is Gate.PASSED else gate.word}
    if gate is Gate.PRESENCE:
        row["state"] = agent.presence.value
        if agent.absence is not None and agent.is_absent:
            until = agent.absence.until
            row.update(state="absent", until=None if until is None else to_iso(until))
    elif gate is Gate.DECLINED:
        row["reason"] = work.declined[agent.id]
    elif gate is Gate.PASSED:
        row.update(_fit_row(agent, lane))
    elif gate in PROFILE_GATES:
        row.update(lane.requirement.numbers(gate, profile.skills, profile.classes, profile.queues))
    else:
        row.update(_moment_row(matching, gate, agent, lane))
    return row


def _moment_row(matching: Matching, gate: Gate, agent: Agent, lane: Lane) -> dict[str, JsonValue]:
    """Give the numbers with which a person fails a gate of the moment."""
    if gate is Gate.COOLDOWN:
        until = agent.rests_until
        return {"until": None if until is None else to_iso(until), "reason": agent.rest_reason}
    if gate is Gate.RAMP:
        brake = agent.brake
        return (
            {}
            if brake is None
            else {"until": to_iso(brake.until), "items": brake.items, "per_s": brake.per_s}
        )
    row = _capacity_row(agent, lane.key.channel_class)
    if agent.wrapping:
        row["wrapping_until"] = to_iso(min(wrap_up.until for wrap_up in agent.wrapping.values()))
    if gate is Gate.RESERVE:
        reserved = matching.reserved(agent.profile, lane.key.queue)
        row.update(limit="reserve", reserved=sum(reserved.values()), reserved_for=list(reserved))
    return row


def _capacity_row(agent: Agent, channel_class: str) -> dict[str, JsonValue]:
    holdings = agent.holdings
    terms = holdings.scales.of(channel_class)
    load = holdings.load_against(channel_class)
    limit = holdings.limit(channel_class)
    row: dict[str, JsonValue] = {
        "limit": None if limit is None else limit.value,
        "load": load,
        "of": holdings.units,
        "spare": holdings.units - load,
        "cost": terms.cost,
        "count": holdings.count(channel_class),
        "max": holdings.scales.units(terms.most),
    }
    if limit is Limit.ITEMS:
        row.update(items=holdings.items, max_claims=holdings.max_claims)
    return row


def standing(waiting: Waiting, work: WorkItem, lane: Lane) -> dict[str, JsonValue]:
    """Give the place of an item in its queue, and how many it stands before only by boost or due time."""
    item = work.item
    key = work.entry[0]
    since = item.eligible_since.timestamp()
    ahead = waiting.ahead(item.queue, place_in_line(work, lane))
    passed, advanced_by = 0, None
    if key < since:
        advanced_by = "boost" if since - item.boost_s <= key else "due"
        if not lane.is_newest_first:
            by_age = waiting.ahead(item.queue, (since, item.arrival, item.id))
            passed = by_age - ahead - (work.lane is not None)
    return {
        "key": to_iso(key_at(key)),
        "place": ahead + 1,
        "waiting": waiting.count(item.queue),
        "passed": passed,
        "advance_s": since - key,
        "advanced_by": advanced_by,
        "boost_s": item.boost_s,
        "due_at": None if item.due_at is None else to_iso(item.due_at),
    }


def _fit_row(agent: Agent, lane: Lane) -> JsonObject:
    skills = agent.profile.skills
    fit = lane.requirement.fit(skills)
    return {
        "skills": {skill: skills[skill] for skill in lane.requirement.asked if skill in skills},
        "missed": list(fit.missed),
        "surplus": fit.surplus,
        "load": agent.load,
        "of": agent.units,
        "last_offer_at": _moment(agent.last_offer),
    }


def _moment(seconds: float) -> str | None:
    return None if seconds == -math.inf else to_iso(datetime.fromtimestamp(seconds, UTC))
