"""The alarm when nobody on shift can serve what the rules can produce."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from router.engine.calendars import Calendar
from router.engine.config import EngineConfig, Watched
from router.engine.decisions import Act, Decision
from router.engine.engine import Engine
from router.engine.events import (
    AgentChanged,
    AgentRemoved,
    AgentRestored,
    ClockTick,
    Event,
    Item,
    ItemQueued,
    PresenceChanged,
)
from router.engine.needs import Need, NeedKind
from router.engine.roster import load_roster
from router.engine.rules import load_ruleset
from router.engine.rules.shifts import promised_by
from router.engine.words import say
from router.model.presence import PresenceState

MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
FRENCH = Need(kind=NeedKind.REQUIRE, skill="fr", level=2)
REFUNDS = Need(kind=NeedKind.REQUIRE, skill="refunds")
NAMES = {"a": "Anna", "b": "Ben", "q": "Service", "fr": "French", "refunds": "refunds"}
WATCHED = (Watched(queue="q", needs=(FRENCH,)), Watched(queue="q", needs=(FRENCH, REFUNDS)))


def later(minutes: float) -> datetime:
    return MONDAY + timedelta(minutes=minutes)


class Floor:
    """An engine with its alarms."""

    def __init__(self, *watched: Watched) -> None:
        self.engine = Engine(EngineConfig(watched=watched or WATCHED), seed=1)
        self.alarms: list[Decision] = []

    def tell(self, *events: Event) -> None:
        for event in events:
            decisions = self.engine.apply(event)
            self.alarms += [one for one in decisions if one.act is Act.REACHABILITY]

    def person(self, id: str, at: datetime, **skills: int) -> None:
        self.tell(AgentChanged(at=at, agent_id=id, skills=skills))
        self.presence(id, at, PresenceState.AVAILABLE)

    def presence(self, id: str, at: datetime, state: PresenceState) -> None:
        self.tell(PresenceChanged(at=at, agent_id=id, state=state))

    def wait(self, until: datetime) -> None:
        """Let time pass as the room does: a tick whenever something is due."""
        while (due := self.engine.next_due()) is not None and due <= until:
            self.tell(ClockTick(at=due))

    @property
    def states(self) -> list[tuple[str, float]]:
        return [(str(one.record["state"]), (one.at - MONDAY).total_seconds() / 60) for one in self.alarms]


@pytest.fixture
def floor() -> Floor:
    floor = Floor()
    floor.person("a", MONDAY, fr=3, refunds=1)
    floor.person("b", MONDAY, refunds=1)
    return floor


def test_last_one_who_leaves_raises_one_alarm_that_names_him(floor: Floor) -> None:
    floor.presence("a", later(10), PresenceState.OFFLINE)
    floor.wait(later(60))
    assert floor.states == [("lost", 12)]
    record = floor.alarms[0].record
    assert (record["queue"], record["needs"], record["left"]) == ("q", [{"require": "fr", "level": 2}], ["a"])
    assert say(record, "en", NAMES) == (
        "Nobody on shift can do work of Service that needs French (level 2) since Anna left; 0 waiting."
    )
    assert say(record, "zh", NAMES)[-1] == "。"


def test_alarm_ends_when_somebody_can_again(floor: Floor) -> None:
    floor.presence("a", later(10), PresenceState.OFFLINE)
    floor.wait(later(30))
    floor.tell(AgentChanged(at=later(31), agent_id="b", skills={"fr": 2}))
    # what asks for more has been spoken for so far; now it stands for itself
    assert floor.states == [("lost", 12), ("regained", 31), ("lost", 31)]
    assert floor.alarms[1].record["able"] == ["b"]
    assert say(floor.alarms[1].record, "en", NAMES) == (
        "Work of Service that needs French (level 2) can be done again, by Ben."
    )
    assert len(floor.alarms[2].record["needs"]) == 2


def test_somebody_who_comes_right_back_raises_none(floor: Floor) -> None:
    floor.presence("a", later(10), PresenceState.OFFLINE)
    floor.wait(later(11))
    floor.presence("a", later(11), PresenceState.AWAY)
    floor.wait(later(90))
    assert floor.states == []


def test_what_nobody_could_serve_before_is_no_news_without_a_roster() -> None:
    floor = Floor()
    floor.person("b", MONDAY, refunds=1)
    floor.wait(later(90))
    assert floor.states == []


def test_away_and_busy_are_on_shift(floor: Floor) -> None:
    floor.presence("a", later(10), PresenceState.AWAY)
    floor.presence("a", later(20), PresenceState.BUSY)
    floor.wait(later(90))
    assert floor.states == []


def test_skill_that_expires_and_person_who_is_removed_count_as_leaving(floor: Floor) -> None:
    floor.tell(
        AgentChanged(at=MONDAY, agent_id="a", skills={"fr": 3, "refunds": 1}, expires={"fr": later(15)})
    )
    floor.wait(later(60))
    assert floor.states == [("lost", 17)]
    other = Floor(WATCHED[0])
    other.person("a", MONDAY, fr=2)
    other.person("b", MONDAY, fr=1)
    other.tell(AgentRemoved(at=later(5), agent_id="a"))
    other.wait(later(60))
    assert other.states == [("lost", 7)]


def test_waiting_work_that_asks_as_much_or_more_is_counted(floor: Floor) -> None:
    floor.presence("a", later(10), PresenceState.OFFLINE)
    for number, needs in enumerate([(FRENCH,), (FRENCH, REFUNDS), (REFUNDS,), ()]):
        item = Item(
            id=f"i{number}",
            conversation_id="c",
            queue="q",
            channel_class="chat",
            needs=needs,
            eligible_since=later(10),
            arrival=number,
        )
        floor.tell(ItemQueued(at=later(10), item=item))
    floor.wait(later(60))
    assert [alarm.record["waiting"] for alarm in floor.alarms] == [2]


def test_queue_nobody_is_allowed_to_serve_is_not_reachable() -> None:
    floor = Floor(Watched(queue="q"))
    floor.tell(AgentChanged(at=MONDAY, agent_id="a", skills={}, queues=frozenset({"other"})))
    floor.person("b", MONDAY)
    floor.presence("a", MONDAY, PresenceState.AVAILABLE)
    floor.tell(AgentChanged(at=later(1), agent_id="b", skills={}, queues=frozenset({"other"})))
    floor.wait(later(60))
    assert floor.states == [("lost", 3)]


def test_everybody_gone_raises_none_where_no_roster_says_who_should_be_there(floor: Floor) -> None:
    floor.presence("a", later(10), PresenceState.OFFLINE)
    floor.presence("b", later(11), PresenceState.OFFLINE)
    floor.wait(later(90))
    assert floor.states == []


def calendar(hours: str) -> Calendar:
    opens, closes = (int(part) * 60 for part in hours.split("-"))
    return Calendar(zone=ZoneInfo("UTC"), week=[[(opens, closes)]] * 7)


def test_shift_that_does_not_come_raises_an_alarm_and_closing_time_ends_it() -> None:
    floor = Floor(Watched(queue="q", needs=(FRENCH,), promised=calendar("10-12")))
    floor.tell(ClockTick(at=MONDAY))
    floor.wait(later(60 * 20))
    assert floor.states == [("lost", 62), ("closed", 180)]
    assert "hours are over" in say(floor.alarms[1].record, "en", NAMES)


def test_everybody_going_home_at_closing_time_raises_none() -> None:
    floor = Floor(Watched(queue="q", needs=(FRENCH,), hours=(calendar("8-10"),), promised=calendar("8-18")))
    floor.person("a", MONDAY, fr=3)
    floor.presence("a", later(60), PresenceState.OFFLINE)
    floor.wait(later(60 * 12))
    assert floor.states == []


def test_restarted_engine_raises_what_still_stands_and_goes_on(floor: Floor) -> None:
    restarted = Floor()
    restored = AgentRestored(
        at=later(5), agent_id="a", skills={"fr": 3, "refunds": 1}, state=PresenceState.AVAILABLE
    )
    helper = AgentRestored(at=later(5), agent_id="b", skills={"refunds": 1}, state=PresenceState.AVAILABLE)
    restarted.tell(restored, helper, ClockTick(at=later(5)))
    for one in (floor, restarted):
        one.presence("a", later(10), PresenceState.OFFLINE)
        one.wait(later(60))
    assert restarted.states == floor.states == [("lost", 12)]


def test_rules_and_roster_say_what_is_watched_and_when() -> None:
    rules = load_ruleset(
        """
version: 1
skills: {fr: {kind: language}, refunds: {}}
queues: {q: {}}
rules:
  - {name: french, when: message.language == "fr", set: {needs: [{require: fr}, {prefer: refunds, drop_after: 1m}]}}
  - {name: rest, when: "true", set: {queue: q}}
""",
        source="rules.yaml",
        lists={},
    )
    watched = rules.engine_config.watched
    assert [[need.skill for need in one.needs] for one in watched] == [[], ["fr"]]
    roster = load_roster(
        "zone: UTC\nagents: {a: {skills: {fr: 1}, shifts: ['mon 10:00-12:00']}, b: {shifts: ['tue 09:00-10:00']}}",
        source="roster.yaml",
    )
    anybody, french = promised_by(rules.engine_config, roster, rules.zone).watched
    assert anybody.promised is not None
    assert french.promised is not None
    assert [len(day) for day in anybody.promised.week] == [1, 1, 0, 0, 0, 0, 0]
    assert [len(day) for day in french.promised.week] == [1, 0, 0, 0, 0, 0, 0]
    assert [[who for who, _ in one.expected] for one in (anybody, french)] == [["a", "b"], ["a"]]


def test_alarm_names_who_should_be_here_by_the_roster_and_is_not() -> None:
    hours = calendar("9-12")
    watched = Watched(queue="q", needs=(FRENCH,), promised=hours, expected=(("b", hours), ("a", hours)))
    floor = Floor(watched)
    floor.person("b", MONDAY, fr=3)
    floor.presence("b", later(30), PresenceState.OFFLINE)
    floor.wait(later(60))
    (alarm,) = floor.alarms
    assert (alarm.record["left"], alarm.record["missing"]) == (["b"], ["a", "b"])
    assert "since Ben left; by the roster Anna should be here" in say(alarm.record, "en", NAMES)
    assert "按排班应到：Anna" in say(alarm.record, "zh", NAMES)
