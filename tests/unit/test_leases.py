"""The ladder of a lease: who is told when, and what renews it."""

import pytest

from router.engine.config import LeaseConfig, Metric, SlaPolicy
from router.engine.events import AgentRemoved, AgentRestored, ClaimRestored, Item, ItemChanged, ItemQueued
from router.engine.words import say
from router.model.presence import PresenceState
from tests.unit.lease_desk import LEASE, LeaseDesk, at

NAMES = {"mei": "Mei", "lin": "Lin"}


def limits(**changed: float | None) -> LeaseConfig:
    fields = {name: getattr(LEASE, name) for name in LeaseConfig.__slots__}
    return LeaseConfig(**{**fields, **changed})


def with_mei(lease: LeaseConfig = LEASE, **item: object) -> LeaseDesk:
    desk = LeaseDesk(lease=lease)
    desk.person(0, "mei")
    desk.held(0, "i1", "mei", **item)
    return desk


def test_silent_holder_is_reminded_then_supervisors_are_told_then_the_work_goes_back() -> None:
    desk = with_mei()
    assert desk.run(1000) == [
        (100, "nudged", "i1", "mei"),
        (200, "escalated", "i1", "mei"),
        (300, "put_back", "i1", "mei"),
    ]
    assert desk.explain("i1", 301)["state"] == "waiting"
    assert desk.explain("i1", 301)["declined"] == {"mei": "silent"}


def test_work_taken_back_goes_to_the_next_person_at_once_with_its_age() -> None:
    desk = LeaseDesk()
    desk.person(0, "mei")
    desk.item(0, "i1", since=-500)
    desk.accept(10, "i1.1")
    desk.person(20, "lin")
    assert desk.run(310)[-2:] == [(310, "put_back", "i1", "mei"), (310, "offered", "i1", "lin")]
    assert desk.record("offered")["waited_s"] == 810
    note = desk.record("put_back")
    assert (note["agent"], note["reason"], note["declined"]) == ("mei", "silent", {"mei": "silent"})
    assert (note["held_since"], note["owed_since"]) == ("2026-01-05T09:00:10Z",) * 2
    assert (note["silent_s"], note["last_step"], note["replied_at"]) == (300, "escalated", None)


def test_note_of_a_hand_over_tells_the_last_reply() -> None:
    desk = with_mei()
    desk.reply(50, "i1")
    desk.wrote(70, "i1")
    desk.run(370)
    note = desk.record("put_back")
    assert note["replied_at"] == "2026-01-05T09:00:50Z"
    assert note["owed_since"] == "2026-01-05T09:01:10Z"
    assert note["held_since"] == "2026-01-05T09:00:00Z"


def test_reply_ends_the_lease_and_the_next_message_begins_a_new_one() -> None:
    desk = with_mei()
    assert desk.run(150) == [(100, "nudged", "i1", "mei")]
    desk.reply(150, "i1")
    assert desk.due() is None
    desk.wrote(1000, "i1")
    assert [what[:2] for what in desk.run(1300)] == [
        (1100, "nudged"),
        (1200, "escalated"),
        (1300, "put_back"),
    ]


def test_neither_being_present_nor_a_second_message_nor_taking_it_again_renews() -> None:
    desk = with_mei()
    desk.be(90, "mei", "busy")
    desk.be(91, "mei", "available")
    desk.wrote(92, "i1")
    desk.take(93, "i1", "mei")
    assert desk.due() == 100


@pytest.mark.parametrize(
    ("changed", "steps"),
    [
        ({"nudge_s": None}, [(200, "escalated"), (300, "put_back")]),
        ({"supervisor_s": None}, [(100, "nudged"), (300, "put_back")]),
        ({"hand_back_s": None}, [(100, "nudged"), (200, "escalated")]),
        ({"nudge_s": None, "supervisor_s": None, "hand_back_s": None}, []),
        ({"supervisor_s": 100}, [(100, "nudged"), (100, "escalated"), (300, "put_back")]),
        ({"hand_back_s": 100}, [(100, "nudged"), (100, "put_back")]),
        ({"nudge_s": 250}, [(200, "nudged"), (200, "escalated"), (300, "put_back")]),
    ],
)
def test_steps_left_out_or_set_otherwise(changed: dict, steps: list) -> None:
    assert [what[:2] for what in with_mei(limits(**changed)).run(900)] == steps


@pytest.mark.parametrize(
    ("due_s", "steps"),
    [
        (150, [(100, "nudged"), (150, "escalated"), (300, "put_back")]),
        (50, [(50, "nudged"), (50, "escalated"), (300, "put_back")]),
        (250, [(100, "nudged"), (200, "escalated"), (300, "put_back")]),
        (-5, [(100, "nudged"), (200, "escalated"), (300, "put_back")]),
    ],
    ids=["before the supervisor", "before the reminder", "after the supervisor", "over before he had it"],
)
def test_due_time_brings_the_supervisor_earlier(due_s: float, steps: list) -> None:
    desk = with_mei(due_at=at(due_s))
    assert [what[:2] for what in desk.run(900)] == steps


@pytest.mark.parametrize(
    ("due_s", "lead_s", "reminded_s"),
    [(90, 30, 60), (300, 30, 100), (90, 90, 90), (90, 0, 90)],
    ids=["lead before", "silence comes first", "lead was over when he took it", "no lead"],
)
def test_due_time_brings_the_reminder_before_the_supervisor(
    due_s: float, lead_s: float, reminded_s: float
) -> None:
    desk = with_mei(due_at=at(due_s), lead_s=lead_s)
    told = [what[:2] for what in desk.run(900)]
    assert told == [(reminded_s, "nudged"), (min(due_s, 200), "escalated"), (300, "put_back")]


def test_reminder_of_a_promise_says_that_the_answer_is_due() -> None:
    desk = with_mei(due_at=at(90), lead_s=30)
    desk.run(60)
    assert desk.record("nudged")["reason"] == "due"
    assert say(desk.record("nudged"), "en", NAMES) == (
        "Mei has not answered for 60 s and was reminded that the answer is due."
    )


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("", [(80, "nudged"), (90, "escalated"), (300, "put_back")]),
        ("nudged", [(90, "escalated"), (300, "put_back")]),
    ],
    ids=["reminded while nothing ran", "reminded before"],
)
def test_restart_between_reminder_and_due_time_keeps_the_whole_ladder(step: str, told: list) -> None:
    desk = LeaseDesk()
    item = Item(
        id="i1",
        conversation_id="c-i1",
        queue="q",
        channel_class="chat",
        due_at=at(90),
        lead_s=30,
        eligible_since=at(0),
        arrival=0,
    )
    desk.tell(80, ItemQueued, item=item, is_restored=True)
    desk.tell(80, ClaimRestored, item_id="i1", agent_id="mei", renewed_at=at(0), step=step)
    skills: dict[str, int] = {}
    back = desk.tell(
        80, AgentRestored, agent_id="mei", skills=skills, state=PresenceState.AVAILABLE, max_claims=5
    )
    assert [(80, what[0]) for what in [*back, *desk.tick(80)]] + [what[:2] for what in desk.run(900)] == told


def test_escalation_says_whether_it_was_silence_or_the_promise() -> None:
    desk = with_mei()
    desk.run(200)
    told = say(desk.record("escalated"), "en", NAMES)
    assert told == "Mei has not answered for 3 min; the supervisors were told."
    desk = with_mei(due_at=at(150))
    desk.run(150)
    assert say(desk.record("escalated"), "en", NAMES) == (
        "Mei has not answered and the promised time is over; the supervisors were told."
    )


@pytest.mark.parametrize("state", ["away", "offline"])
def test_owed_work_of_one_who_goes_waits_for_him_a_moment_only(state: str) -> None:
    desk = with_mei()
    desk.be(20, "mei", state)
    assert desk.run(200) == [(80, "put_back", "i1", "mei")]
    assert desk.record("put_back")["reason"] == "absent"
    assert desk.explain("i1", 81)["declined"] == {"mei": "absent"}


def test_coming_back_in_time_keeps_the_work_and_the_ladder() -> None:
    desk = with_mei()
    desk.be(20, "mei", "offline")
    desk.be(79, "mei", "busy")
    assert desk.due() == 100


def test_going_from_away_to_offline_is_going_once() -> None:
    desk = with_mei()
    desk.be(20, "mei", "away")
    desk.be(70, "mei", "offline")
    assert desk.due() == 80


def test_absence_counts_from_when_the_reply_is_owed_if_that_is_later() -> None:
    desk = with_mei()
    desk.reply(10, "i1")
    desk.be(20, "mei", "offline")
    assert desk.run(500) == [], "what is not owed stays with him"
    assert desk.wrote(500, "i1") == [("woken", "i1", "mei")]
    assert desk.run(1000) == [(560, "put_back", "i1", "mei")]


def test_person_set_away_for_not_answering_loses_owed_work_after_the_grace() -> None:
    desk = LeaseDesk(lease=limits(nudge_s=None, supervisor_s=None, hand_back_s=None))
    desk.person(0, "mei")
    desk.held(0, "kept", "mei")
    for number in range(3):
        desk.item(1, f"i{number}")
    assert ("put_back", "kept", "mei") not in desk.tick(31)
    assert (91, "put_back", "kept", "mei") in desk.run(200)


def test_removed_person_is_gone_since_ever() -> None:
    desk = with_mei()
    assert desk.tell(70, AgentRemoved, agent_id="mei") == []
    assert desk.tick(70) == [("put_back", "i1", "mei")]


def test_nobody_is_told_of_work_that_has_ended() -> None:
    desk = with_mei()
    desk.end(50, "i1", "mei")
    assert desk.due() is None
    assert desk.run(1000) == []


def test_explaining_claimed_work_tells_what_comes_next() -> None:
    desk = with_mei()
    lease = desk.explain("i1", 40)["lease"]
    assert (lease["silent_s"], lease["next_step"], lease["next_step_at"]) == (
        40,
        "nudged",
        "2026-01-05T09:01:40Z",
    )
    assert say(desk.explain("i1", 40), "en", NAMES) == "Mei has it. An answer is owed for 40 s."
    desk.reply(50, "i1")
    assert say(desk.explain("i1", 60), "en", NAMES) == "Mei has it. The customer has his answer."


def test_due_time_told_anew_moves_the_step_of_a_lease_that_runs() -> None:
    desk = with_mei()
    for when, due_s, expected in ((10, 60, 60), (20, 40, 40), (30, 500, 100)):
        item = Item(
            id="i1",
            conversation_id="c-i1",
            queue="q",
            channel_class="chat",
            due_at=at(due_s),
            eligible_since=at(0),
            arrival=0,
        )
        desk.tell(when, ItemChanged, item=item)
        assert desk.due() == expected


def test_running_promise_brings_the_supervisor_earlier_in_each_lease() -> None:
    policy = SlaPolicy(targets_s={Metric.FIRST_RESPONSE: 150, Metric.NEXT_RESPONSE: 50}, steps=())
    desk = LeaseDesk(sla={"quick": policy})
    desk.person(0, "mei")
    desk.held(0, "i1", "mei", sla=("quick",))
    steps = [what[:2] for what in desk.run(199) if what[1] != "promise_due"]
    assert steps == [(100, "nudged"), (150, "escalated")]
    desk.reply(200, "i1")
    desk.wrote(300, "i1")
    steps = [what[:2] for what in desk.run(599) if what[1] != "promise_due"]
    assert steps == [(350, "nudged"), (350, "escalated")]
