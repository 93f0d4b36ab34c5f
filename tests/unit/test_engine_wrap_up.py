"""After-call work: solved work that still takes its room for a while."""

from datetime import timedelta

from router.engine.config import CapacityConfig, ClassConfig, QueueConfig
from router.engine.decisions import Act
from router.engine.events import (
    AgentRemoved,
    AgentRestored,
    ClaimTaken,
    ClockTick,
    Replied,
    WrapUpDone,
    WrapUpRestored,
)
from router.engine.words import say
from router.model.presence import PresenceState
from tests.unit.engine_desk import START, Desk, acts

WRAPPED = {"q": QueueConfig(wrap_up_s=30)}


def solved(desk: Desk, item: str = "i1") -> None:
    """Let mei have an item and solve it, while another one waits."""
    desk.agent("mei")
    desk.item(item)
    desk.accept(f"{item}.1")
    desk.item("next")


def test_solved_work_keeps_its_room_until_its_time_is_over() -> None:
    desk = Desk(queues=WRAPPED)
    solved(desk)
    (wrapping,) = desk.end("i1", "mei")
    assert wrapping.act is Act.WRAPPING
    assert wrapping.record["until"] == "2026-01-05T09:00:36Z"
    assert (wrapping.record["load"], wrapping.record["of"]) == (20, 100)
    assert desk.engine.next_due() == desk.now + timedelta(seconds=30)
    assert desk.tick(29) == []
    assert acts(desk.tick(1)) == [("completed", "i1", "mei"), ("offered", "next", "mei")]


def test_who_is_done_sooner_is_asked_sooner() -> None:
    desk = Desk(queues=WRAPPED)
    solved(desk)
    desk.end("i1", "mei")
    desk.tick(4)
    completed, offered = desk.tell(WrapUpDone, item_id="i1")
    assert (completed.record["reason"], completed.record["wrapped_s"]) == ("told", 5)
    assert acts([offered]) == [("offered", "next", "mei")]
    assert desk.tell(WrapUpDone, item_id="i1") == [], "told twice, done twice"


def test_queue_says_how_long_and_its_channel_class_where_the_queue_says_nothing() -> None:
    classes = {"phone": ClassConfig(cost=100, max=1, wrap_up_s=60)}
    capacity = CapacityConfig(classes=classes)
    desk = Desk(capacity=capacity, queues={"short": QueueConfig(wrap_up_s=0)})
    desk.agent("mei", max_claims=None)
    desk.item("short", queue="short", channel_class="phone")
    desk.accept("short.1")
    assert acts(desk.end("short", "mei")) == [("completed", "short", "mei")]
    desk.item("long", channel_class="phone")
    desk.accept("long.1")
    (wrapping,) = desk.end("long", "mei")
    assert wrapping.record["wrap_up_s"] == 60


def test_answered_work_weighs_in_full_again_while_it_is_wrapped_up() -> None:
    desk = Desk(queues=WRAPPED)
    desk.agent("mei", max_claims=None)
    desk.item("i1")
    desk.accept("i1.1")
    (dormant,) = desk.tell(Replied, item_id="i1")
    assert dormant.record["load"] == 5
    (wrapping,) = desk.end("i1", "mei")
    assert wrapping.record["load"] == 20


def test_work_is_taken_by_hand_beside_after_call_work() -> None:
    desk = Desk(queues=WRAPPED)
    solved(desk)
    desk.end("i1", "mei")
    assert acts(desk.tell(ClaimTaken, item_id="next", agent_id="mei")) == [("claimed", "next", "mei")]


def test_person_who_has_left_is_forgotten_only_after_the_after_call_work() -> None:
    desk = Desk(queues=WRAPPED)
    solved(desk)
    desk.end("i1", "mei")
    desk.tell(AgentRemoved, agent_id="mei")
    assert acts(desk.tick(30)) == [("completed", "i1", "mei")]
    desk.tick(60)


def test_same_item_queued_again_ends_its_after_call_work() -> None:
    desk = Desk(queues=WRAPPED)
    desk.agent("mei")
    desk.item("i1")
    desk.accept("i1.1")
    desk.end("i1", "mei")
    assert acts(desk.item("i1")) == [
        ("completed", "i1", "mei"),
        ("queued", "i1", None),
        ("offered", "i1", "mei"),
    ]


def test_after_call_work_survives_a_restart_and_ends_when_it_would_have() -> None:
    desk = Desk(queues=WRAPPED)
    until = START + timedelta(seconds=20)
    told = {
        "item_id": "i1",
        "agent_id": "mei",
        "conversation_id": "c-i1",
        "queue": "q",
        "channel_class": "chat",
        "eligible_since": START - timedelta(seconds=90),
        "since": START - timedelta(seconds=10),
        "until": until,
    }
    waiting = desk.item("next")[0].record
    assert waiting["blocked_by"] == {"gate": "presence", "people": 0}
    for _ in range(2):
        assert desk.tell(WrapUpRestored, **told) == []
    person = {"skills": {}, "max_claims": 1, "state": PresenceState.AVAILABLE}
    desk.tell(AgentRestored, agent_id="mei", **person)
    assert acts(desk.tick(0))[-1] == ("blocked", "next", None)
    assert desk.engine.next_due() == until
    completed, offered = desk.engine.apply(ClockTick(at=until))
    assert (completed.record["reason"], completed.record["wrapped_s"]) == ("time", 30)
    assert acts([offered]) == [("offered", "next", "mei")]


def test_records_say_that_somebody_is_in_after_call_work() -> None:
    desk = Desk(queues=WRAPPED)
    solved(desk)
    (wrapping,) = desk.end("i1", "mei")
    said = say(wrapping.record, "en", {})
    assert said == "mei solved it and is in after-call work for 30 s at most; load now 20 of 100."
    assert "话后处理最多30秒" in say(wrapping.record, "zh", {})
    (stopped,) = desk.explain("next")["candidates"]
    assert (stopped["gate"], stopped["wrapping_until"]) == ("capacity", wrapping.record["until"])
    assert desk.explain("i1")["state"] == "wrapping"
    assert "after-call work" in say(desk.explain("i1"), "en", {})


def test_next_best_person_in_after_call_work_is_named_with_it() -> None:
    desk = Desk(queues=WRAPPED)
    desk.agent("mei", zh=1)
    desk.item("i1", {"require": "zh"})
    desk.accept("i1.1")
    desk.end("i1", "mei")
    desk.agent("tom", zh=1)
    offered = desk.item("i2", {"require": "zh"})[-1]
    assert acts([offered]) == [("offered", "i2", "tom")]
    assert "and in after-call work for another" in say(offered.record, "en", {})


def test_looking_ahead_ends_no_after_call_work() -> None:
    desk = Desk(queues=WRAPPED)
    solved(desk)
    desk.end("i1", "mei")
    done = WrapUpDone(at=desk.now, item_id="i1")
    shown = desk.engine.preview(done)
    assert acts(shown) == [("completed", "i1", "mei"), ("offered", "next", "mei")]
    assert desk.engine.apply(done) == shown
