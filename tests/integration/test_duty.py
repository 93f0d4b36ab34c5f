"""Leases, promises, absences and set-up of offers in the store, on both databases and across restarts."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import pytest

from router.engine.config import (
    EngineConfig,
    IncidentConfig,
    LeaseConfig,
    Metric,
    Overflow,
    QueueConfig,
    SlaPolicy,
)
from router.errors import RoutingError, StaleVersion
from router.people import AgentProfile
from router.storage import schema as t
from router.storage.store import Store
from router.testing import FakeClock
from tests.integration.house import NOW, Doors, House, house
from tests.integration.notes_channel import item

RULES = """
version: 1
sla_policies: {quick: {first_response: 4m, next_response: 2m, resolution: 1h, lead: 30s}}
queues: {desk: {}}
rules:
  - {name: all, when: "true", set: {queue: desk, sla: quick}}
"""
TWO_QUEUES = """
version: 1
queues: {desk: {}, other: {}}
rules:
  - {name: all, when: "true", set: {queue: desk}}
"""
CONFIG = EngineConfig(
    default=QueueConfig(offer_timeout_s=30),
    leases={"chat": LeaseConfig(nudge_s=60, supervisor_s=120, hand_back_s=180, absent_s=30)},
    sla={
        "quick": SlaPolicy(
            targets_s={Metric.FIRST_RESPONSE: 240, Metric.NEXT_RESPONSE: 120, Metric.RESOLUTION: 3600},
            lead_s=30,
        )
    },
)


def opened(store: Store, clock: FakeClock) -> AbstractAsyncContextManager[House]:
    return house(store, clock, Doors(), CONFIG, rules=RULES)


@pytest.fixture
async def desk(store: Store) -> AsyncIterator[House]:
    async with opened(store, FakeClock(NOW)) as there:
        yield there


async def later(desk: House, seconds: float) -> None:
    desk.clock.advance(seconds)
    await desk.room.take_up()


async def acts(desk: House, conversation: str) -> Sequence[str]:
    records = await desk.front.rows(t.decision_record, conversation_id=conversation)
    return [row.act for row in records if row.act not in ("blocked", "clock", "promise_due")]


async def test_a_silent_owner_is_nudged_then_escalated_then_loses_the_claim_with_a_note(desk: House) -> None:
    conversation = await desk.accepted()
    for step in ("nudged", "escalated"):
        await later(desk, 60)
        (claim,) = await desk.front.rows(t.claim)
        assert (claim.state, claim.lease_step) == ("active", step)
    await later(desk, 60)
    (claim,) = await desk.front.rows(t.claim)
    assert (claim.state, claim.reason) == ("handed_back", "silent")
    with pytest.raises(StaleVersion):
        await desk.replies.reply(conversation, desk.agents["mei"], claim.token, "too late")
    (note,) = await desk.front.rows(t.message, kind="came_back")
    assert note.blocks[0]["fields"]["silent_s"] == 180
    (work,) = await desk.front.rows(t.work_item)
    assert (work.state, list(work.declined)) == ("waiting", [desk.agents["mei"]])
    alarms = [one.data for one in desk.live.after(desk.live.first - 1) if one.topic == "alarm"]
    assert alarms == [{"act": "escalated", "conversation_id": conversation}]


async def test_a_reply_lets_the_lease_rest_and_the_customers_next_words_wake_it(desk: House) -> None:
    conversation = await desk.accepted()
    await desk.replies.reply(conversation, desk.agents["mei"], 1, "hello")
    await later(desk, 600)
    (claim,) = await desk.front.rows(t.claim)
    assert (claim.state, claim.is_dormant, claim.replied_at) == ("active", True, NOW)
    await desk.conversation("one more thing")
    (claim,) = await desk.front.rows(t.claim)
    assert (claim.is_dormant, claim.renewed_at) == (False, NOW + timedelta(seconds=600))
    assert (await acts(desk, conversation))[-2:] == ["dormant", "woken"]


async def test_a_note_renews_nothing(desk: House) -> None:
    conversation = await desk.accepted()
    await desk.replies.note(conversation, desk.agents["mei"], "looking")
    await later(desk, 61)
    assert (await acts(desk, conversation))[-1] == "nudged"


async def test_promises_stand_in_rows_and_the_item_is_due_with_the_first_answer_owed(desk: House) -> None:
    conversation = await desk.accepted()
    (work,) = await desk.front.rows(t.work_item)
    assert (work.sla, work.due_at) == (["quick"], NOW + timedelta(seconds=240))
    await later(desk, 10)
    await desk.replies.reply(conversation, desk.agents["mei"], 1, "hello")
    await later(desk, 0)
    clocks = {row.metric: row for row in await desk.front.rows(t.sla_clock)}
    assert (clocks["first_response"].state, clocks["resolution"].state) == ("kept", "running")
    (work,) = await desk.front.rows(t.work_item)
    assert work.due_at is None
    await desk.offers.resolve(conversation, desk.agents["mei"], 1)
    assert {row.state for row in await desk.front.rows(t.sla_clock)} == {"kept"}


async def test_a_reply_and_a_resolve_at_once_still_keep_the_first_promise(desk: House) -> None:
    conversation = await desk.accepted()
    await desk.replies.reply(conversation, desk.agents["mei"], 1, "done")
    await desk.offers.resolve(conversation, desk.agents["mei"], 1)
    clocks = {row.metric: row.state for row in await desk.front.rows(t.sla_clock)}
    assert clocks == {"first_response": "kept", "resolution": "kept"}


async def test_a_declared_pause_outlasts_a_restart_and_leaves_the_time_that_was_left(store: Store) -> None:
    clock = FakeClock(NOW)
    async with opened(store, clock) as first:
        conversation = await first.accepted()
        clock.advance(600)
        await first.steering.pause(conversation, "the warehouse looks", agent_id=first.agents["mei"])
    clock.advance(7_200)
    async with opened(store, clock) as second:
        await second.steering.thaw(conversation, agent_id=second.agents["mei"])
        (row,) = await second.front.rows(t.sla_clock, metric="resolution")
        assert (row.state, row.due_at) == ("running", clock.now() + timedelta(seconds=3_000))


async def test_a_restart_goes_on_with_the_lease_where_it_was(store: Store) -> None:
    clock = FakeClock(NOW)
    async with opened(store, clock) as first:
        conversation = await first.accepted()
        await later(first, 70)
    async with opened(store, clock) as second:
        await later(second, 49)
        assert (await acts(second, conversation))[-1] == "nudged"
        await later(second, 1)
        assert (await acts(second, conversation))[-1] == "escalated"


async def test_a_reply_stored_just_before_the_end_is_told_after_the_restart(store: Store) -> None:
    clock = FakeClock(NOW)
    async with opened(store, clock) as first:
        conversation = await first.accepted()
        clock.advance(5)
        await first.replies.reply(conversation, first.agents["mei"], 1, "hello")
    clock.advance(5)
    async with opened(store, clock) as second:
        (claim,) = await second.front.rows(t.claim)
        assert (claim.is_dormant, claim.replied_at) == (True, NOW + timedelta(seconds=5))
        assert (await acts(second, conversation)).count("dormant") == 1
    async with opened(store, clock) as third:
        assert (await acts(third, conversation)).count("dormant") == 1


async def test_a_planned_absence_hands_owed_work_back_and_outlasts_a_restart(store: Store) -> None:
    clock = FakeClock(NOW)
    async with opened(store, clock) as first:
        conversation = await first.accepted()
        mei = first.agents["mei"]
        since, until = NOW + timedelta(seconds=50), NOW + timedelta(seconds=500)
        await first.steering.plan_absence(mei, since, until, "dentist", planned_by=mei)
    async with opened(store, clock) as second:
        await second.offers.set_presence(second.agents["tom"], "away")
        await later(second, 51)
        assert (await acts(second, conversation))[-1] == "put_back"
        (claim,) = await second.front.rows(t.claim)
        assert (claim.state, claim.reason) == ("handed_back", "absent")
    async with opened(store, clock) as third:
        assert await third.offered(await third.conversation("new", "bob@shop.example")) is None
        await third.steering.cancel_absence(mei)
        assert await third.front.rows(t.absence) == []


async def test_an_absence_that_is_over_takes_no_offer_back_after_a_restart(store: Store) -> None:
    clock = FakeClock(NOW)
    async with opened(store, clock) as first:
        mei = first.agents["mei"]
        await first.offers.set_presence(mei, "available")
        since, until = NOW + timedelta(seconds=5), NOW + timedelta(seconds=10)
        await first.steering.plan_absence(mei, since, until, "dentist", planned_by=mei)
        await later(first, 11)
        conversation = await first.conversation()
        assert await first.offered(conversation) is not None
    async with opened(store, clock) as second:
        assert (await acts(second, conversation))[-1] == "offered"


async def test_coming_back_ends_a_planned_absence_also_after_a_restart(store: Store) -> None:
    clock = FakeClock(NOW)
    async with opened(store, clock) as first:
        mei = first.agents["mei"]
        await first.steering.plan_absence(mei, NOW, NOW + timedelta(hours=1), "dentist", planned_by=mei)
        await later(first, 60)
        await first.offers.set_presence(mei, "available")
    async with opened(store, clock) as second:
        assert await second.offered(await second.conversation()) is not None


async def test_who_was_away_and_then_offline_has_been_gone_since_the_first(store: Store) -> None:
    clock = FakeClock(NOW)
    async with opened(store, clock) as first:
        for state in ("available", "away", "offline"):
            clock.advance(10)
            await first.offers.set_presence(first.agents["mei"], state)
    async with opened(store, clock) as second:
        log = [row.body for row in await second.front.rows(t.event_log)]
    told = [one for one in log if one["type"] == "agent_restored" and one["agent"] == second.agents["mei"]]
    assert told[-1]["gone_at"] == "2026-03-04T09:00:20Z"


async def test_an_offer_being_set_up_is_held_across_a_restart_until_it_fails(store: Store) -> None:
    clock = FakeClock(NOW)
    async with opened(store, clock) as first:
        await first.offers.set_presence(first.agents["mei"], "available")
        conversation = await first.conversation()
        offer = await first.offered(conversation)
        assert offer is not None
        await first.offers.set_up(offer[0], first.agents["mei"])
        assert [row.state for row in await first.front.rows(t.offer)] == ["accepting"]
    async with opened(store, clock) as second:
        await later(second, 29)
        await second.offers.fail(offer[0], second.agents["mei"], "line dead")
        (ended,) = [row for row in await second.front.rows(t.offer) if row.id == offer[0]]
        (work,) = await second.front.rows(t.work_item)
        assert (ended.state, set(work.declined.values())) == ("failed", {"not_set_up"})


async def test_every_start_is_in_the_event_log_with_all_that_is_live(store: Store) -> None:
    clock = FakeClock(NOW)
    async with opened(store, clock) as first:
        await first.accepted()
    async with opened(store, clock) as second:
        log = [row.body for row in await second.front.rows(t.event_log)]
    starts = [number for number, body in enumerate(log) if body["type"] == "engine_started"]
    assert len(starts) == 2
    assert log[starts[1]] == {
        "at": "2026-03-04T09:00:00Z",
        "type": "engine_started",
        "seed": 1,
        "ruleset_version": 1,
    }
    told = [body["type"] for body in log[starts[1] + 1 :]]
    assert told == [
        "item_enqueued",
        "clock_restored",
        "clock_restored",
        "claim_restored",
        "agent_restored",
        "agent_restored",
        "tick",
    ]


async def test_who_had_the_customer_before_is_preferred_for_the_next_matter(desk: House) -> None:
    conversation = await desk.accepted()
    await desk.offers.resolve(conversation, desk.agents["mei"], 1)
    await desk.conversation("me again")
    first, second = await desk.front.rows(t.work_item)
    assert (first.preferred_agent_id, second.preferred_agent_id) == (None, desk.agents["mei"])


async def test_units_queues_and_expiring_skills_of_the_roster_reach_the_engine(store: Store) -> None:
    clock = FakeClock(NOW)
    ends_at = NOW + timedelta(hours=1)
    people = [
        AgentProfile(
            login="mei", name="Mei", units=45, queues=frozenset({"desk"}), shifts=["mon 09:00-10:00"]
        ),
        AgentProfile(login="tom", name="Tom", skills={"french": 3}, expires={"french": ends_at}),
    ]
    async with house(store, clock, Doors(), CONFIG, rules=RULES, agents=people) as desk:
        log = [row.body for row in await desk.front.rows(t.event_log)]
        mei, tom = [body for body in log if body["type"] == "agent_restored"]
        assert (mei["units"], mei["queues"], mei["max_claims"]) == (45, ["desk"], None)
        assert tom["expires"] == {"french": "2026-03-04T10:00:00Z"}
        await desk.offers.set_presence(desk.agents["mei"], "available")
        offers = [await desk.offered(await desk.conversation("hi", f"{n}@shop.example")) for n in range(3)]
        assert [offer is not None for offer in offers] == [True, True, False]


async def test_a_strange_channel_class_is_refused_and_names_those_there_are(desk: House) -> None:
    with pytest.raises(RoutingError, match="no channel class 'fax'; use one of chat, email"):
        await desk.offers.set_presence(desk.agents["mei"], "available", classes=["chat", "fax"])
    assert {row.state for row in await desk.front.rows(t.presence)} == {"offline"}


async def test_work_filed_before_the_end_but_never_decided_gets_its_records(store: Store) -> None:
    clock = FakeClock(NOW)
    async with opened(store, clock) as first:
        conversation = await first.accepted()
        await first.front.take(item("bob@shop.example", at=clock.now(), text="never seen"))
    async with opened(store, clock) as second:
        records = await second.front.rows(t.decision_record)
        assert [row.act for row in records if row.conversation_id != conversation][0] == "queued"


async def test_work_moved_by_overflow_stays_moved_and_overflow_stays_open_after_a_restart(
    store: Store,
) -> None:
    clock = FakeClock(NOW)
    long = QueueConfig(overflow=Overflow(to="other", when_waiting=2, back_at=0))
    config = EngineConfig(queues={"desk": long, "other": QueueConfig()})

    async def write(desk: House, number: int) -> str:
        conversation = await desk.conversation("hi", f"{number}@shop.example")
        (work,) = await desk.front.rows(t.work_item, conversation_id=conversation)
        return f"{work.queue} from {work.moved_from}"

    async with house(store, clock, Doors(), config, rules=TWO_QUEUES) as first:
        places = [await write(first, number) for number in range(3)]
        assert places == ["desk from None", "desk from None", "other from desk"]
    async with house(store, clock, Doors(), config, rules=TWO_QUEUES) as second:
        assert await write(second, 4) == "other from desk"
        alarms = await second.front.rows(t.decision_record, act="overflow")
        assert [row.body["open"] for row in alarms] == [True]


async def test_an_incident_outlasts_a_restart_and_ends_by_itself(store: Store) -> None:
    clock = FakeClock(NOW)
    config = EngineConfig(incidents={"outage": IncidentConfig(lasts_s=600)})
    async with house(store, clock, Doors(), config) as first:
        await first.steering.start_incident("outage", None, started_by=first.agents["mei"])
    clock.advance(300)
    async with house(store, clock, Doors(), config) as second:
        await later(second, 299)
        (row,) = await second.front.rows(t.incident)
        assert row.ended_at is None
        await later(second, 1)
        (row,) = await second.front.rows(t.incident)
        assert row.ended_at == NOW + timedelta(seconds=600)
        told = await second.front.rows(t.decision_record, act="incident")
        assert [record.body["state"] for record in told] == ["started", "ended"]


async def test_a_priority_by_hand_moves_waiting_work_ahead_with_a_record(desk: House) -> None:
    first = await desk.conversation("one", "a@shop.example")
    second = await desk.conversation("two", "b@shop.example")
    await desk.steering.prioritise(second, 3_600, "the mayor", agent_id=desk.agents["tom"])
    assert (await acts(desk, second))[-1] == "reprioritised"
    await desk.offers.set_presence(desk.agents["mei"], "available")
    records = await desk.front.rows(t.decision_record, act="offered")
    assert [row.conversation_id for row in records] == [second, first]


async def test_promises_of_an_item_moved_ahead_by_hand_run_on(desk: House) -> None:
    conversation = await desk.conversation()
    await desk.steering.prioritise(conversation, 60, "asked", agent_id=desk.agents["tom"])
    (work,) = await desk.front.rows(t.work_item)
    assert work.due_at == NOW + timedelta(seconds=240)
    record = desk.room.explain(work.id)
    assert record["due_at"] == "2026-03-04T09:04:00Z"
