"""What a second and a third skill per person do to waits, against Erlang's formula."""

from __future__ import annotations

import math

import pytest

from router.engine.erlang import chance_of_waiting, mean_wait_s
from router.errors import ConfigError
from router.pooling import PoolPlan, compare_pools, pool_json, pool_text, read_each, read_plan


@pytest.mark.parametrize(
    ("people", "load", "chance"),
    # one server: the load itself; two servers: 2 r^2 / (1 + r) with r = load / 2; ten at 8 from printed tables
    [(1, 0.5, 0.5), (2, 1.0, 1 / 3), (2, 1.6, 2 * 0.64 / 1.8), (10, 8.0, 0.4092), (100, 90.0, 0.2169)],
)
def test_formula_gives_the_known_chance_of_waiting(people: int, load: float, chance: float) -> None:
    assert chance_of_waiting(people, load) == pytest.approx(chance, abs=5e-5)


def test_formula_gives_the_known_mean_wait_and_none_beyond_what_can_be_done() -> None:
    assert mean_wait_s(1, 0.5, 60) == pytest.approx(60.0)
    assert mean_wait_s(100, 90, 300) == pytest.approx(6.508, abs=1e-3)
    assert mean_wait_s(10, 10, 300) == math.inf
    assert chance_of_waiting(10, 11) == 1.0


def test_people_who_can_do_everything_wait_as_the_formula_says() -> None:
    plan = PoolPlan(people=3, skills=2, load=0.6, arrivals=6_000, seed=5)
    (result,) = compare_pools(plan, [2]).results
    assert result.times_pooled == pytest.approx(1, abs=0.15)
    assert result.still_waits < 0.01


def test_third_skill_beats_the_second_and_one_alone_grows_a_line() -> None:
    plan = PoolPlan(people=30, skills=10, load=0.9, arrivals=2_000, seed=2)
    one, two, three = compare_pools(plan, [1, 2, 3]).results
    assert one.mean_wait_s > 2 * two.mean_wait_s > 2 * three.mean_wait_s
    assert one.is_unstable
    assert not three.is_unstable


def test_same_seed_gives_the_same_figures_and_another_seed_others() -> None:
    plan = PoolPlan(people=5, skills=2, arrivals=300)
    first, again = compare_pools(plan, [2]), compare_pools(plan, [2])
    assert pool_json(first) == pool_json(again)
    other = PoolPlan(people=5, skills=2, arrivals=300, seed=9)
    assert pool_json(compare_pools(other, [2]))["results"] != pool_json(first)["results"]


def test_table_says_plan_yardstick_and_where_the_line_grows() -> None:
    plan = PoolPlan(people=30, skills=10, load=0.9, arrivals=1_000, seed=2)
    head, yardstick, _, columns, one = pool_text(compare_pools(plan, [1])).splitlines()
    assert head == "30 people, 10 skills, load 90%, 300 s each, 1000 arrivals, seed 2"
    assert "Erlang's formula gives a mean wait of" in yardstick
    assert columns.split() == ["skills", "each", "mean", "wait", "times", "that", "p95", "wait"]
    assert one.endswith("the line grows: some skills have too few people")


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"load": 1.2}, "--load"),
        ({"skills": 9}, "--skills"),
        ({"handling": "soon"}, "--handling"),
        ({"handling": "0s"}, "--handling"),
        ({"each": "1,two"}, "--each"),
        ({"each": "0"}, "--each"),
    ],
)
def test_plan_that_makes_no_sense_is_refused_with_the_option(changed: dict[str, object], named: str) -> None:
    given = {"people": 5, "skills": 2, "load": 0.9, "handling": "5m", "arrivals": 100, "seed": 1} | changed
    each = str(given.pop("each", "1"))
    with pytest.raises(ConfigError) as refused:
        compare_pools(read_plan(**given), read_each(each))  # type: ignore[arg-type]
    assert named in str(refused.value)
