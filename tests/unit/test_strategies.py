"""Whom each strategy asks first, and how one of one's own is brought in."""

import pytest

from router.engine.config import EngineConfig, QueueConfig
from router.engine.engine import Engine
from router.errors import ConfigError
from router.strategy import Fit, PersonSnapshot, Rank, Strategy
from tests.unit.engine_desk import Desk

ROOM = {"max_claims": None}


def desk_with(strategy: str, **more: object) -> Desk:
    return Desk(queues={"q": QueueConfig(strategy=strategy)}, **more)


def chosen(desk: Desk, id: str, *needs: dict) -> str | None:
    return desk.item(id, *needs)[-1].agent_id


def test_balanced_looks_at_the_fit_then_at_the_load_ratio() -> None:
    desk = desk_with("balanced")
    desk.agent("expert", units=200, zh=5, **ROOM)
    desk.agent("mei", units=60, zh=1, **ROOM)
    desk.agent("tom", units=40, zh=1, **ROOM)
    needs = {"require": "zh"}
    assert {chosen(desk, "i1", needs), chosen(desk, "i2", needs)} == {"mei", "tom"}
    assert chosen(desk, "i3", needs) == "mei"


def test_spare_capacity_looks_at_the_units_left_and_not_at_the_surplus_of_skill() -> None:
    desk = desk_with("spare_capacity")
    desk.agent("expert", units=80, zh=5, **ROOM)
    desk.agent("mei", units=60, zh=1, **ROOM)
    needs = {"require": "zh"}
    found = [chosen(desk, f"i{number}", needs) for number in range(4)]
    assert found == ["expert", "mei", "expert", "mei"]


def test_round_robin_asks_whoever_was_asked_longest_ago() -> None:
    desk = desk_with("round_robin")
    desk.agent("mei", zh=5, **ROOM)
    desk.agent("lin", units=1000, **ROOM)
    desk.agent("tom", refunds=1, **ROOM)
    first = [chosen(desk, f"i{number}") for number in range(3)]
    assert sorted(map(str, first)) == ["lin", "mei", "tom"]
    assert [chosen(desk, f"more {number}") for number in range(3)] == first


def test_each_queue_has_its_own_strategy() -> None:
    desk = Desk(queues={"robin": QueueConfig(strategy="round_robin")})
    desk.agent("mei", units=200, **ROOM)
    desk.agent("tom", units=20 * 5, **ROOM)
    desk.item("first", queue="robin")
    desk.item("second", queue="robin")
    assert chosen(desk, "third") == "mei", "the lower load ratio"


def _anybody(_: Fit) -> Rank:
    return ()


def _most_unanswered(person: PersonSnapshot) -> Rank:
    return (-person.unanswered,)


WAKE_UP = Strategy(name="wake_up", rank_fit=_anybody, rank_person=_most_unanswered)


def test_strategy_brought_from_outside_is_used_where_a_queue_names_it() -> None:
    desk = Desk(queues={"loud": QueueConfig(strategy="wake_up")}, strategies=[WAKE_UP])
    desk.agent("mei", **ROOM)
    desk.item("unanswered")
    desk.agent("tom", **ROOM)
    desk.tick(30)
    assert desk.item("i1", queue="loud")[-1].agent_id == "mei"


def test_unknown_strategy_is_refused_when_the_engine_is_made() -> None:
    config = EngineConfig(queues={"vip": QueueConfig(strategy="wake_up")})
    with pytest.raises(ConfigError, match="wake_up") as refused:
        Engine(config, 1)
    assert "queues.vip.strategy" in str(refused.value)
    assert "balanced" in str(refused.value)


def test_two_strategies_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="balanced"):
        Engine(
            EngineConfig(), 1, [Strategy(name="balanced", rank_fit=_anybody, rank_person=_most_unanswered)]
        )
