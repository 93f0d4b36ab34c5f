"""Who is asked for an item, and what a free person gets."""

from datetime import timedelta

import pytest

from router.engine.config import QueueConfig
from tests.unit.engine_desk import Desk, acts


def test_new_item_is_offered_to_a_free_person_with_a_deadline() -> None:
    desk = Desk(queues={"q": QueueConfig(offer_timeout_s=12)})
    desk.agent("mei", zh=3)
    queued, offered = desk.item("i1", {"require": "zh"})
    assert queued.record["blocked_by"] is None
    assert offered.offer is not None
    assert offered.offer.offer_id == "i1.1"
    assert offered.offer.expires_at - offered.offer.offered_at == timedelta(seconds=12)
    assert desk.engine.next_due() == offered.offer.expires_at


def test_freed_person_gets_the_smallest_key_he_may_serve() -> None:
    desk = Desk()
    desk.agent("mei", zh=3)
    desk.item("first")
    desk.accept("first.1")
    desk.item("old")
    desk.item("other skill", {"require": "fr"}, boost_s=3600)
    desk.item("complaint", boost_s=3600)
    assert acts(desk.end("first", "mei")) == [
        ("completed", "first", "mei"),
        ("offered", "complaint", "mei"),
    ]


def test_item_nobody_can_serve_blocks_no_other() -> None:
    desk = Desk()
    desk.item("stuck", {"require": "fr", "level": 4})
    desk.item("easy")
    assert ("offered", "easy", "tom") in acts(desk.agent("tom", fr=3))
    assert desk.explain("stuck")["blocked_by"] == {"gate": "level", "people": 1}


def test_coming_back_fills_every_free_slot_at_once() -> None:
    desk = Desk()
    for number in range(4):
        desk.item(f"i{number}")
    offered = [item for act, item, _ in acts(desk.agent("mei", max_claims=3)) if act == "offered"]
    assert offered == ["i0", "i1", "i2"]


@pytest.mark.parametrize(
    ("needs", "chosen"),
    [
        ([{"require": "zh", "level": 2}], "tom"),
        ([{"require": "zh"}, {"prefer": "refunds", "grade": 1}], "lin"),
        ([{"prefer": "gold", "grade": 2}, {"prefer": "refunds", "grade": 1}], "lin"),
        ([{"prefer": "gold", "grade": 1}, {"prefer": "refunds", "grade": 2}], "mei"),
        ([{"require": "zh"}, {"forbid": "refunds"}, {"forbid": "gold"}], "tom"),
    ],
    ids=["smallest surplus", "preference first", "grade 1 over 2", "grades swapped", "forbidden skills"],
)
def test_best_person_by_preference_then_small_surplus(needs: list[dict], chosen: str) -> None:
    desk = Desk()
    desk.agent("lin", zh=5, refunds=5)
    desk.agent("tom", zh=2)
    desk.agent("mei", zh=4, gold=1)
    assert desk.item("i1", *needs)[-1].agent_id == chosen


def test_equal_people_are_asked_by_load_then_longest_since_an_offer() -> None:
    desk = Desk()
    desk.agent("mei", max_claims=None, units=80)
    desk.agent("tom", max_claims=None, units=40)
    first = [desk.item(f"i{number}")[-1].agent_id for number in range(2)]
    assert set(first) == {"mei", "tom"}
    assert desk.item("i2")[-1].agent_id == "mei"
    record = desk.item("i3")[-1].record
    assert (record["agent"], record["winner"]["load"], record["winner"]["of"]) == ("tom", 20, 40)


def test_seed_alone_decides_among_people_never_asked() -> None:
    def chosen(seed: int, item: str) -> str | None:
        desk = Desk(seed=seed)
        for name in ("anna", "lin", "mei", "tom"):
            desk.agent(name)
        return desk.item(item)[-1].agent_id

    assert chosen(3, "x") == chosen(3, "x")
    assert len({chosen(3, f"item {number}") for number in range(40)}) == 4
    assert len({chosen(seed, "x") for seed in range(40)}) == 4
