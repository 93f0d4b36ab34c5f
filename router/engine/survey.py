"""Who could serve an item and what stops the others. In: the state of the moment. Out: parts of records."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from heapq import nsmallest

from router.engine.gates import Fit, Gate
from router.engine.matching import Matching
from router.engine.ordering import key_at
from router.engine.staff import Agent, ring_distance
from router.engine.times import to_iso
from router.engine.waiting import Lane, Waiting, WorkItem
from router.messages import JsonObject, JsonValue

LISTED = 20
"""People named one by one in a record; more are summarised by gate (`docs/routing.md`)."""


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
    counts = dict.fromkeys(Gate, 0)
    for profile in matching.profiles.values():
        counts[Gate.PRESENCE] += len(profile.members) - profile.present
        gate = lane.requirement.first_failing(profile.skills, profile.classes)
        if gate is Gate.PASSED:
            counts[Gate.PASSED] += len(profile.free)
            counts[Gate.CAPACITY] += profile.present - len(profile.free)
        else:
            counts[gate] += profile.present
    for agent_id in work.declined:
        agent = matching.agents.get(agent_id)
        if agent is not None and first_gate(agent, work, lane) is Gate.DECLINED:
            counts[Gate.DECLINED] += 1
            counts[Gate.PASSED if agent.has_room else Gate.CAPACITY] -= 1
    return {gate.word: count for gate, count in counts.items() if count}


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
    ranked = ((_rank(agent, work, lane, start), agent) for agent in matching.agents.values())
    nearest = nsmallest(LISTED, ranked, key=lambda pair: pair[0])
    return [describe(agent, work, lane) for _, agent in nearest]


def describe(agent: Agent, work: WorkItem, lane: Lane) -> JsonObject:
    """Describe one person for one item: the first failing gate with its numbers, or how well he fits."""
    gate = first_gate(agent, work, lane)
    profile = agent.profile
    row: dict[str, JsonValue] = {"agent": agent.id, "gate": None if gate is Gate.PASSED else gate.word}
    if gate is Gate.PRESENCE:
        row["state"] = agent.presence.value
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


def _rank(
    agent: Agent, work: WorkItem, lane: Lane, start: int
) -> tuple[int, Fit | None, float, float, int, str]:
    gate = first_gate(agent, work, lane)
    if gate is not Gate.PASSED:
        return -gate, None, 0.0, 0.0, 0, agent.id
    load = agent.load / agent.max_claims
    fit = lane.requirement.fit(agent.profile.skills)
    return -gate, fit, load, agent.last_offer, ring_distance(start, agent.place), agent.id
