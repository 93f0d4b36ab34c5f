"""Who could serve an item and what stops the others. In: the state of the moment. Out: parts of records."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from heapq import nsmallest

from router.engine.gates import Fit, Gate
from router.engine.lanes import Lane
from router.engine.matching import Matching
from router.engine.ordering import key_at
from router.engine.ring import ring_distance
from router.engine.staff import Agent
from router.engine.times import to_iso
from router.engine.waiting import Waiting
from router.engine.work_items import WorkItem
from router.messages import JsonObject, JsonValue

LISTED = 20
"""People named one by one in a record; more are summarised by gate (`docs/routing.md`)."""

_PROFILE_GATES = (Gate.FORBID, Gate.LEVEL, Gate.SKILL, Gate.CHANNEL_CLASS, Gate.PRESENCE)


def blocked_by(matching: Matching, lane: Lane, gate: Gate) -> JsonObject:
    """Say at which gate those who came furthest are stopped, and how many they are."""
    if gate is Gate.PRESENCE:
        people = len(matching.agents)
    elif gate is Gate.DECLINED:
        people = matching.decliners(lane)
    elif gate is Gate.CAPACITY:
        people = lane.present[Gate.PASSED] - matching.decliners(lane)
    else:
        people = lane.present[gate]
    return {"gate": gate.word, "people": people}


def count_by_gate(matching: Matching, work: WorkItem, lane: Lane) -> JsonObject:
    """Count everybody by the first gate that stops him; `passed` are those who may be asked."""
    counts = list(lane.present)
    free = sum(len(profile.free) for _, profile in lane.able)
    counts[Gate.PRESENCE] = len(matching.agents) - sum(lane.present)
    counts[Gate.CAPACITY] = lane.present[Gate.PASSED] - free
    counts[Gate.PASSED] = free
    for agent_id in work.declined:
        agent = matching.agents.get(agent_id)
        if agent is not None and first_gate(agent, work, lane) is Gate.DECLINED:
            counts[Gate.DECLINED] += 1
            counts[Gate.PASSED if agent.has_room else Gate.CAPACITY] -= 1
    return {gate.word: counts[gate] for gate in Gate if counts[gate]}


def first_gate(agent: Agent, work: WorkItem, lane: Lane) -> Gate:
    """Give the first gate that stops a person for an item, or PASSED."""
    if not agent.is_present:
        return Gate.PRESENCE
    gate = lane.requirement.first_failing(agent.profile.skills, agent.profile.classes)
    if gate is not Gate.PASSED:
        return gate
    if agent.id in work.declined:
        return Gate.DECLINED
    return Gate.PASSED if agent.has_room else Gate.CAPACITY


def list_candidates(matching: Matching, work: WorkItem, lane: Lane) -> list[JsonObject]:
    """List people in the order they would be asked, then by how far they came; at most `LISTED`."""
    start = matching.start(work)
    by_gate = _people_able(work, lane)
    rows: list[Agent] = nsmallest(LISTED, by_gate[Gate.PASSED], key=lambda one: _rank(one, lane, start))
    _list_more(rows, by_gate, (Gate.CAPACITY, Gate.DECLINED))
    if len(rows) < LISTED:
        _add_unable(by_gate, matching, lane)
        _list_more(rows, by_gate, _PROFILE_GATES)
    return [describe(agent, work, lane) for agent in rows]


def _people_able(work: WorkItem, lane: Lane) -> list[list[Agent]]:
    """Sort those whose skills are enough by the gate that stops them at the moment."""
    by_gate: list[list[Agent]] = [[] for _ in Gate]
    for _, profile in lane.able:
        for agent in profile.members.values():
            if not agent.is_present:
                gate = Gate.PRESENCE
            elif agent.id in work.declined:
                gate = Gate.DECLINED
            else:
                gate = Gate.PASSED if agent.has_room else Gate.CAPACITY
            by_gate[gate].append(agent)
    return by_gate


def _add_unable(by_gate: list[list[Agent]], matching: Matching, lane: Lane) -> None:
    """Add everybody else; apart, because a thousand of them need not be looked at if enough are able."""
    for profile in matching.profiles.values():
        gate = lane.requirement.first_failing(profile.skills, profile.classes)
        if gate is not Gate.PASSED:
            for agent in profile.members.values():
                by_gate[gate if agent.is_present else Gate.PRESENCE].append(agent)


def _list_more(rows: list[Agent], by_gate: list[list[Agent]], gates: Iterable[Gate]) -> None:
    for gate in gates:
        rows += nsmallest(LISTED - len(rows), by_gate[gate], key=lambda one: one.id)


def describe(agent: Agent, work: WorkItem, lane: Lane) -> JsonObject:
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
    elif gate is Gate.CAPACITY:
        row.update(load=agent.load, of=agent.max_claims)
    elif gate is not Gate.PASSED:
        row.update(lane.requirement.numbers(gate, profile.skills, profile.classes))
    else:
        row.update(_fit_row(agent, lane))
    return row


def standing(waiting: Waiting, work: WorkItem) -> dict[str, JsonValue]:
    """Give the place of an item in its queue, and how many it stands before only by boost or due time."""
    item = work.item
    key = work.entry[0]
    since = item.eligible_since.timestamp()
    ahead = waiting.ahead(item.queue, work.entry)
    passed, advanced_by = 0, None
    if key < since:
        by_age = waiting.ahead(item.queue, (since, item.arrival, item.id))
        passed = by_age - ahead - (work.lane is not None)
        advanced_by = "boost" if since - item.boost_s <= key else "due"
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
        "of": agent.max_claims,
        "last_offer_at": _moment(agent.last_offer),
    }


def _moment(seconds: float) -> str | None:
    return None if seconds == -math.inf else to_iso(datetime.fromtimestamp(seconds, UTC))


def _rank(agent: Agent, lane: Lane, start: int) -> tuple[Fit, float, float, int, str]:
    fit = lane.requirement.fit(agent.profile.skills)
    distance = ring_distance(start, agent.place)
    return fit, agent.load / agent.max_claims, agent.last_offer, distance, agent.id
