from hypothesis import given
from hypothesis import strategies as st

from router.engine.config import Overflow, QueueConfig
from router.engine.events import ItemQueued, OverflowRestored
from tests.unit.lease_desk import at
from tests.unit.needs_desk import NeedsDesk, prefer, require


def overflow(to: str, when_waiting: int = 3, back_at: int = 1) -> QueueConfig:
    return QueueConfig(
        offer_timeout_s=600, overflow=Overflow(to=to, when_waiting=when_waiting, back_at=back_at)
    )


def told(desk: NeedsDesk) -> list[tuple]:
    fields = ("queue", "to", "waiting", "open")
    return [tuple(one.record[field] for field in fields) for one in desk.last if one.act == "overflow"]


def queue_of(desk: NeedsDesk, id: str) -> str:
    return str(desk.explain(id, 10_000)["queue"])


def full_desk() -> NeedsDesk:
    """Three wait in `a`, which overflows into `b` from three on."""
    desk = NeedsDesk(queues={"a": overflow("b"), "b": QueueConfig(max_advance_s=60)})
    for number in range(1, 4):
        desk.ask(number, f"i{number}", queue="a")
    return desk


def test_overflow_opens_at_its_length_and_takes_what_comes_afterwards() -> None:
    desk = full_desk()
    assert told(desk) == [("a", "b", 3, True)]
    moved = desk.ask(10, "i4", require("zh"), queue="a", eligible_since=at(5), max_advance_s=7200.0)
    assert moved == [("moved", "i4", None), ("queued", "i4", None)]
    record = desk.record("moved")
    assert (record["before"], record["queue"], record["waited_s"]) == ("a", "b", 5)
    assert desk.record("queued")["needs"] == [{"require": "zh"}]
    assert [queue_of(desk, f"i{number}") for number in (1, 2, 3, 4)] == ["a", "a", "a", "b"]


def test_what_is_moved_keeps_its_own_advance() -> None:
    desk = full_desk()
    desk.ask(10_000, "i4", queue="a", boost_s=7200.0, max_advance_s=7200.0)
    assert desk.record("queued")["advance_s"] == 7200


def test_clocks_of_needs_start_anew_in_the_queue_it_is_moved_to() -> None:
    desk = full_desk()
    desk.person(5, "mei", refunds=1, claims=0)
    desk.ask(100, "i4", prefer("refunds", 60), queue="a", eligible_since=at(0))
    assert desk.due() == 160


def test_overflow_closes_only_when_short_and_tells_it_once() -> None:
    desk = full_desk()
    desk.person(10, "tom")
    assert told(desk) == []
    desk.accept(11, "i1.1")
    desk.end(12, "i1", "tom")
    assert told(desk) == [("a", "b", 1, False)]
    assert desk.ask(13, "i4", queue="a") == [("queued", "i4", None)]
    desk.ask(14, "i5", queue="a")
    assert told(desk) == [("a", "b", 3, True)]


def test_what_only_lost_its_offer_stays_in_its_queue() -> None:
    desk = NeedsDesk(queues={"a": overflow("b")})
    desk.person(0, "tom")
    for number in range(1, 5):
        desk.ask(number, f"i{number}", queue="a")
    assert told(desk) == [("a", "b", 3, True)]
    assert desk.reject(9, "i1.1")[:2] == [("rejected", "i1", "tom"), ("offered", "i2", "tom")]
    assert queue_of(desk, "i1") == "a"


def test_put_back_while_open_goes_where_new_work_goes() -> None:
    desk = NeedsDesk(queues={"a": overflow("b")})
    desk.person(0, "tom")
    desk.ask(1, "back", queue="a")
    desk.accept(2, "back.1")
    for number in range(3, 7):
        desk.ask(number, f"i{number}", queue="a")
    desk.end(8, "back", "tom", "handed_back")
    assert told(desk) == []
    assert desk.ask(9, "back", queue="a", eligible_since=at(1))[0] == ("moved", "back", None)
    assert desk.explain("back", 9)["waited_s"] == 8


def test_two_queues_that_overflow_into_each_other_pass_nothing_back() -> None:
    desk = NeedsDesk(queues={"a": overflow("b", 1, 0), "b": overflow("a", 1, 0)})
    desk.ask(1, "i1", queue="a")
    desk.ask(2, "i2", queue="a")
    assert [one.record["queue"] for one in desk.last if one.act == "moved"] == ["b"]
    desk.ask(3, "i3", queue="b")
    assert queue_of(desk, "i3") == "a"
    desk.tell(4, ItemQueued, item=desk.make(4, "i4", queue="a", moved_from="b"))
    assert queue_of(desk, "i4") == "a"


def test_an_item_moved_once_stays_where_it_comes_back() -> None:
    desk = NeedsDesk(queues={"a": overflow("b", 1, 0), "b": overflow("a", 1, 0)})
    for id in ("i1", "i2", "i3"):
        desk.ask(1, id, queue="a")
    desk.take(2, "i3", "tom")
    desk.end(3, "i3", "tom", "handed_back")
    assert desk.ask(4, "i3", queue="b") == [("queued", "i3", None)]
    assert queue_of(desk, "i3") == "b"


def test_after_a_restart_everything_waits_where_it_was_and_overflow_is_as_it_was() -> None:
    desk = NeedsDesk(queues={"a": overflow("b")})
    desk.tell(0, OverflowRestored, queue="a")
    for number in range(1, 3):
        item = desk.make(number, f"i{number}", queue="a")
        assert desk.tell(10, ItemQueued, item=item, is_restored=True) == [("queued", f"i{number}", None)]
    assert desk.tick(10) == []
    assert desk.ask(11, "new", queue="a")[0] == ("moved", "new", None), "between its marks it stays open"


def test_a_restart_moves_nothing_though_more_is_told_again_than_may_wait() -> None:
    desk = NeedsDesk(queues={"a": overflow("b")})
    for number in range(5):
        item = desk.make(number, f"i{number}", queue="a")
        desk.tell(10, ItemQueued, item=item, is_restored=True)
    assert {queue_of(desk, f"i{number}") for number in range(5)} == {"a"}


steps = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["queue", "queue", "queue", "take", "end", "back"])),
    max_size=40,
)


@given(steps)
def test_overflow_never_loops_and_moves_nothing_twice(day: list[tuple[str, str]]) -> None:
    desk = NeedsDesk(queues={"a": overflow("b", 2, 0), "b": overflow("c", 2, 1), "c": overflow("a", 2, 0)})
    moves: dict[str, int] = {}
    queues: dict[str, str] = {}
    held: list[str] = []
    for second, (queue, step) in enumerate(day):
        desk.last = []
        waiting = [id for id in queues if id not in held]
        if step == "queue":
            id = f"i{second}"
            desk.ask(second, id, queue=queue)
            queues[id] = queue
        elif step == "take" and waiting:
            desk.take(second, waiting[0], "tom")
            held.append(waiting[0])
        elif step == "end" and held:
            desk.end(second, held[0], "tom")
            del queues[held.pop(0)]
        elif step == "back" and held:
            id = held.pop(0)
            desk.end(second, id, "tom", "handed_back")
            desk.ask(second, id, queue=queues[id])
        for one in desk.last:
            if one.act == "moved":
                moves[one.item_id] = moves.get(one.item_id, 0) + 1
                queues[one.item_id] = str(one.record["queue"])
    assert all(times == 1 for times in moves.values())
    assert all(queue_of(desk, id) == queue for id, queue in queues.items())
