import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from router.engine.event_json import from_json, to_json
from router.engine.events import (
    AbsencePlanned,
    AgentChanged,
    AgentRemoved,
    AgentRestored,
    ClaimEnded,
    ClaimOutcome,
    ClaimRestored,
    ClaimTaken,
    ClockRestored,
    ClockTick,
    CustomerWrote,
    Event,
    IncidentEnded,
    IncidentStarted,
    Item,
    ItemChanged,
    ItemPaused,
    ItemQueued,
    ItemThawed,
    ItemWithdrawn,
    OfferAccepted,
    OfferAccepting,
    OfferFailed,
    OfferRejected,
    OfferRestored,
    OverflowRestored,
    PresenceChanged,
    Replied,
    WrapUpDone,
    WrapUpRestored,
)
from router.engine.needs import Need, NeedKind
from router.errors import ConfigError
from router.model.presence import PresenceState

AT = datetime(2026, 1, 5, 9, 0, 0, 250_000, tzinfo=UTC)
ITEM = Item(
    id="i1",
    conversation_id="c1",
    queue="complaints",
    channel_class="chat",
    needs=(Need(kind=NeedKind.REQUIRE, skill="refunds", level=2),),
    boost_s=3600.0,
    due_at=AT + timedelta(minutes=15),
    lead_s=60.0,
    eligible_since=AT,
    entered_queue_at=AT,
    moved_from="after_sale",
    preferred_agent_id="mei",
    arrival=4,
    offers_made=1,
    declined={"tom": "no_answer"},
    declined_at=AT,
)
EVENTS: list[Event] = [
    ItemQueued(at=AT, item=ITEM),
    ItemQueued(at=AT, item=ITEM, is_restored=True),
    ItemChanged(at=AT, item=ITEM, reason="it is a complaint"),
    ItemWithdrawn(at=AT, item_id="i1", reason="merged"),
    IncidentStarted(at=AT, name="storm", until=AT + timedelta(hours=1)),
    IncidentStarted(at=AT, name="storm"),
    IncidentEnded(at=AT, name="storm"),
    OverflowRestored(at=AT, queue="complaints"),
    AgentChanged(at=AT, agent_id="mei", skills={"zh": 5}, max_claims=3),
    AgentRemoved(at=AT, agent_id="mei"),
    PresenceChanged(
        at=AT, agent_id="mei", state=PresenceState.AVAILABLE, classes=frozenset({"chat", "email"})
    ),
    AbsencePlanned(at=AT, agent_id="mei", since=AT, until=AT + timedelta(hours=1)),
    OfferAccepting(at=AT, offer_id="i1.1"),
    OfferFailed(at=AT, offer_id="i1.1", reason="line lost"),
    OfferAccepted(at=AT, offer_id="i1.1"),
    OfferRejected(at=AT, offer_id="i1.1", reason="lunch"),
    ClaimTaken(at=AT, item_id="i1", agent_id="mei"),
    ClaimEnded(at=AT, item_id="i1", agent_id="mei", outcome=ClaimOutcome.HANDED_BACK),
    WrapUpDone(at=AT, item_id="i1"),
    Replied(at=AT, item_id="i1", agent_id="mei"),
    CustomerWrote(at=AT, item_id="i1"),
    ClockTick(at=AT),
    ItemPaused(at=AT, item_id="i1", reason="parcel in transit"),
    ItemThawed(at=AT, item_id="i1"),
    ClockRestored(
        at=AT,
        item_id="i1",
        metric="resolution",
        policy="chat",
        started_at=AT,
        target_s=3600.0,
        remaining_s=60.5,
        steps=(50, 75),
        paused_by=("customer",),
    ),
    OfferRestored(
        at=AT,
        offer_id="i1.1",
        item_id="i1",
        agent_id="mei",
        offered_at=AT,
        expires_at=AT,
        is_accepting=True,
    ),
    ClaimRestored(
        at=AT,
        item_id="i1",
        agent_id="mei",
        renewed_at=AT,
        step="nudged",
        claimed_at=AT,
        replied_at=AT,
    ),
    WrapUpRestored(
        at=AT,
        item_id="i1",
        agent_id="mei",
        conversation_id="c1",
        queue="complaints",
        channel_class="phone",
        eligible_since=AT,
        since=AT,
        until=AT + timedelta(seconds=30),
    ),
    AgentRestored(at=AT, agent_id="mei", skills={}, max_claims=1, state=PresenceState.BUSY, unanswered=2),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_every_event_survives_the_way_through_a_log_line(event: Event) -> None:
    assert from_json(json.loads(json.dumps(to_json(event)))) == event


def test_every_kind_of_event_is_in_the_table() -> None:
    assert {type(event) for event in EVENTS} == set(Event.__args__)


def test_lines_use_the_names_of_the_event_list_format() -> None:
    line = to_json(PresenceChanged(at=AT, agent_id="mei", state=PresenceState.AWAY))
    expected = {"type": "presence", "agent": "mei", "state": "away", "classes": None}
    assert line == {"at": "2026-01-05T09:00:00.250000Z", **expected}
    assert to_json(OfferAccepted(at=AT, offer_id="i1.1"))["type"] == "offer_answer"


def test_the_shortest_line_of_an_item_is_enough() -> None:
    line = {"at": "2026-01-05T17:00:00+08:00", "type": "item_enqueued", "item": "i1"}
    event = from_json({**line, "queue": "q", "channel_class": "chat"})
    assert isinstance(event, ItemQueued)
    assert event.item.eligible_since == datetime(2026, 1, 5, 9, tzinfo=UTC)
    assert event.item.conversation_id == "i1"


def test_a_time_of_another_zone_is_the_same_moment() -> None:
    east = ClockTick(at=AT.astimezone(timezone(timedelta(hours=8))))
    assert to_json(east) == to_json(ClockTick(at=AT))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"type": "tick"}, "^at:"),
        ({"at": "nine", "type": "tick"}, "no ISO 8601 time"),
        ({"at": "2026-01-05T09:00:00", "type": "tick"}, "no offset"),
        ({"at": "2026-01-05T09:00:00Z", "type": "tik"}, "type: 'tik' is no type of event.*tick"),
        ({"at": "2026-01-05T09:00:00Z", "type": "offer_answer", "offer": "o", "answer": "yes"}, "^answer:"),
        ({"at": "2026-01-05T09:00:00Z", "type": "presence", "agent": "mei", "state": "here"}, "here"),
        ({"at": "2026-01-05T09:00:00Z", "type": "presence", "state": "away"}, "`agent`"),
        ({"at": "2026-01-05T09:00:00Z", "type": "item_enqueued", "queue": "q"}, "^item:"),
    ],
)
def test_a_wrong_line_is_refused_saying_what_and_where(line: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        from_json(line)
