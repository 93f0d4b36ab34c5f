import gc
import tracemalloc
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from router.engine.config import QueueConfig
from router.engine.events import Item
from router.engine.lanes import Lane, LaneKey
from router.engine.waiting import Waiting
from router.engine.work_items import WorkItem

START = datetime(2026, 1, 5, 9, tzinfo=UTC)


def a_lane(channel_class: str = "chat", **queue: object) -> Lane:
    return Lane(LaneKey("q0", channel_class, (), frozenset()), QueueConfig(**queue))


def work_item(number: int, boost_s: float) -> WorkItem:
    item = Item(
        id=f"i{number}",
        conversation_id="c",
        queue=f"q{number % 2}",
        channel_class="chat",
        boost_s=boost_s,
        eligible_since=START,
        arrival=number,
    )
    return WorkItem(item)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 20)), max_size=200))
def test_heads_places_and_counts_stay_right_whatever_leaves_from_wherever(steps: list) -> None:
    waiting, lane = Waiting(), a_lane()
    works = [work_item(number, boost_s) for number, (_, boost_s) in enumerate(steps)]
    present: list[WorkItem] = []
    for work, (adds, place) in zip(works, steps, strict=True):
        if adds or not present:
            waiting.works[work.item.id] = work
            waiting.add(work, lane)
            present.append(work)
        else:
            gone = present.pop(place % len(present))
            waiting.remove(gone)
            if place % 2:
                waiting.add(gone, lane)
                present.append(gone)
        present.sort(key=lambda one: one.entry)
        assert waiting.head(lane) is (present[0] if present else None)
        assert waiting.in_lane(lane) == present
        line = [one for one in present if one.item.queue == "q0"]
        assert waiting.count("q0") == len(line)
        assert [waiting.ahead("q0", one.entry) for one in line] == list(range(len(line)))
        assert (lane.size, list(lane.entries)) == (len(present), [one.entry for one in present])


def test_item_in_the_line_knows_its_neighbours() -> None:
    waiting, lane = Waiting(), a_lane()
    first, second, third = (work_item(number, 0) for number in (0, 2, 4))
    for work in (third, first, second):
        waiting.works[work.item.id] = work
        waiting.add(work, lane)
    assert waiting.neighbours(second, lane) == (first, third)
    waiting.remove(second)
    assert waiting.neighbours(second, lane) == (first, third)
    assert waiting.neighbours(first, lane) == (None, third)


def test_twenty_thousand_waiting_items_take_less_than_256_bytes_each() -> None:
    items = [work_item(number, number % 3 * 60).item for number in range(20_000)]
    waiting = Waiting()
    lanes = [a_lane(f"class {number}") for number in range(30)]
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number, item in enumerate(items):
            work = waiting.works[item.id] = WorkItem(item)
            waiting.add(work, lanes[number % len(lanes)])
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (after - before) / len(items) < 256
