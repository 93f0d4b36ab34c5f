"""What an event may cost, beside others of the same run: times by themselves say nothing on a busy machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from router.engine.config import IncidentConfig, QueueConfig, Reserve
from router.engine.decisions import Act
from router.engine.events import IncidentStarted
from router.engine.needs import Need, NeedKind
from tests.unit.engine_desk import Desk

KINDS = 1_000
PEOPLE = 60


def cpu_s(act: Callable[[], object]) -> float:
    began_s = time.process_time()
    act()
    return time.process_time() - began_s


def desk_of_many_kinds() -> tuple[Desk, float]:
    """A thousand items that each ask something else, and how long it took to queue them."""
    kept = Reserve(units=10, needs=(Need(kind=NeedKind.REQUIRE, skill="s0"),))
    desk = Desk(
        queues={"q": QueueConfig(), "kept": QueueConfig(reserve=kept)},
        incidents={"storm": IncidentConfig(relax=frozenset({"s1"}), reserve={"kept": 20})},
    )
    for person in range(PEOPLE):
        desk.agent(f"a{person}", max_claims=0, **{f"s{(person + step) % PEOPLE}": 3 for step in range(12)})

    def queue() -> None:
        for number in range(KINDS):
            first = number % PEOPLE
            prefers = [
                {"prefer": f"s{(first + 1) % PEOPLE}", "grade": 2, "drop_after_s": 600.0 + number},
                {"prefer": f"s{(first + 2) % PEOPLE}", "grade": 1, "drop_after_s": 900.0},
            ]
            desk.item(f"i{number}", {"require": f"s{first}"}, *prefers)

    return desk, cpu_s(queue)


def test_one_who_comes_beside_others_costs_little_however_many_kinds_of_work_wait() -> None:
    desk, queued_s = desk_of_many_kinds()
    changes_s = [cpu_s(partial(desk.be, "a7", state)) for state in ("away", "available") * 3]
    assert min(changes_s) < queued_s / 10


def test_an_incident_costs_less_than_half_of_queueing_what_waits() -> None:
    desk, queued_s = desk_of_many_kinds()
    event = IncidentStarted(at=desk.now, name="storm", until=None)
    told = []
    started_s = cpu_s(lambda: told.extend(desk.engine.apply(event)))
    assert any(decision.act is Act.NEED_DROPPED for decision in told)
    assert started_s < queued_s / 2
