"""The copy of an engine that looks ahead: apart in everything that changes, shared in everything else."""

from __future__ import annotations

import time

from router.engine.config import (
    CapacityConfig,
    IncidentConfig,
    Metric,
    QueueConfig,
    Share,
    SlaPolicy,
    SlowStart,
)
from router.engine.copying import copied
from router.engine.desk import Desk as Books
from router.engine.events import CustomerWrote, IncidentStarted, Replied
from tests.unit.engine_desk import Desk

WAITING = 3_000


def full_desk(waiting: int = WAITING) -> Desk:
    """Everything a copy has to reach: tiers, pace, promises, a ladder, somebody work is kept for."""
    desk = Desk(
        queues={"q": QueueConfig(affinity_s=3600.0), "first": QueueConfig(share=Share(part=1, whole=2))},
        capacity=CapacityConfig(slow_start=SlowStart(items=2, per_s=60.0, for_s=600.0)),
        sla={"usual": SlaPolicy(targets_s={Metric.FIRST_RESPONSE: 3600.0, Metric.RESOLUTION: 7200.0})},
        incidents={"storm": IncidentConfig(relax=frozenset({"gold"}), reserve={"first": 20})},
    )
    desk.agent("mei", zh=3)
    desk.agent("tom", en=3, gold=3)
    gold = {"prefer": "gold", "drop_after_s": 86_400.0}
    for number in range(waiting):
        more: dict = {"preferred_agent_id": "mei"} if number % 100 == 0 else {}
        needs = ({"require": "zh"}, gold) if number % 2 else ({"require": "zh"},)
        desk.item(f"i{number}", *needs, sla=("usual",), queue=("q", "first")[number % 7 == 0], **more)
    return desk


def books(desk: Desk) -> Books:
    return desk.engine._desk


def test_what_is_done_to_a_copy_leaves_the_engine_as_it_was() -> None:
    desk = full_desk(60)
    before = [desk.explain(f"i{number}") for number in range(60)]
    copy = copied(desk.engine)
    copy.apply(IncidentStarted(at=desk.now, name="storm", until=None))
    for work in list(copy._desk.reservations.offers.values()):
        copy.apply(Replied(at=desk.now, item_id=work.item.id))
        copy.apply(CustomerWrote(at=desk.now, item_id=work.item.id))
    assert [copy.explain(f"i{number}", desk.now) for number in range(60)] != before
    assert [desk.explain(f"i{number}") for number in range(60)] == before


def test_a_copy_writes_to_its_own_books_and_shares_what_never_changes() -> None:
    desk = full_desk(60)
    copy = copied(desk.engine)._desk
    for item_id, work in books(desk).waiting.works.items():
        twin = copy.waiting.works[item_id]
        assert twin is not work
        assert twin.item is work.item
        assert twin.entry is work.entry
        assert work.lane is None or twin.lane is not work.lane
    for agent_id, agent in books(desk).matching.agents.items():
        twin_agent = copy.matching.agents[agent_id]
        assert twin_agent is not agent
        assert twin_agent.profile is not agent.profile
        assert twin_agent.profile.members[agent_id] is twin_agent
        assert twin_agent.pace is not agent.pace
        assert twin_agent.holdings is not agent.holdings
    assert copy.config is books(desk).config
    assert copy.deadlines._still_stands.__self__ is copy


def test_a_preview_costs_less_than_telling_the_engine_everything_anew() -> None:
    began_s = time.process_time()
    desk = full_desk()
    told_s = time.process_time() - began_s
    event = Replied(at=desk.now, item_id="i1")
    previews_s = []
    for _ in range(3):
        began_s = time.process_time()
        desk.engine.preview(event)
        previews_s.append(time.process_time() - began_s)
    assert min(previews_s) < told_s
