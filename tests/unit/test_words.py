import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from router.engine.calendars import Calendar
from router.engine.config import (
    EngineConfig,
    IncidentConfig,
    Metric,
    OfferConfig,
    Overflow,
    QueueConfig,
    SlaPolicy,
    Watched,
)
from router.engine.decisions import Act, Decision
from router.engine.engine import Engine
from router.engine.events import (
    AgentChanged,
    ClaimEnded,
    ClaimOutcome,
    ClaimTaken,
    ClockTick,
    CustomerWrote,
    Event,
    IncidentStarted,
    Item,
    ItemChanged,
    ItemQueued,
    ItemWithdrawn,
    OfferAccepted,
    OfferAccepting,
    OfferFailed,
    OfferRejected,
    PresenceChanged,
    Replied,
    WrapUpDone,
)
from router.engine.needs import Need, NeedKind
from router.engine.phrases import PHRASES
from router.engine.words import say
from router.model.presence import PresenceState

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
NAMES = {"a1": "Mei", "a2": "Tom", "zh": "Chinese", "refunds": "refunds", "q": "Complaints"}
CHINESE_NAMES = {"a1": "小美", "a2": "小汤", "zh": "中文", "refunds": "退款", "q": "投诉"}


def item(id: str, **more: object) -> Item:
    needs = (Need(kind=NeedKind.REQUIRE, skill="zh"), Need(kind=NeedKind.REQUIRE, skill="refunds", level=2))
    fields: dict = {"boost_s": 3600.0, "needs": needs, "arrival": 1, "queue": "q"} | more
    return Item(id=id, conversation_id="c", channel_class="chat", eligible_since=START, **fields)


@pytest.fixture
def day() -> list[Decision]:
    """Every act at least once."""
    promised = {"chat": SlaPolicy(targets_s={Metric.FIRST_RESPONSE: 60})}
    engine = Engine(EngineConfig(offers=OfferConfig(max_unanswered=1, ask_again_s=20), sla=promised), seed=1)
    at = iter(START + timedelta(seconds=40 * number) for number in range(40))
    here = PresenceState.AVAILABLE
    events: list[Event] = [
        ItemQueued(at=next(at), item=item("plain", boost_s=0.0, arrival=0)),
        ItemQueued(at=START, item=item("i1")),
        AgentChanged(at=START, agent_id="a2", skills={"zh": 4, "refunds": 1}, max_claims=1),
        PresenceChanged(at=START, agent_id="a2", state=here),
        AgentChanged(at=START, agent_id="a1", skills={"zh": 5, "refunds": 2}, units=60),
        PresenceChanged(at=next(at), agent_id="a1", state=here),
        OfferRejected(at=START, offer_id="i1.1", reason="lunch"),
        ItemWithdrawn(at=next(at), item_id="plain", reason="merged"),
        PresenceChanged(at=next(at), agent_id="a1", state=here),
        OfferAccepted(at=next(at), offer_id="i1.2"),
        PresenceChanged(at=START, agent_id="a1", state=here),
        ItemQueued(at=START, item=item("i2", arrival=2)),
        PresenceChanged(at=START, agent_id="a1", state=PresenceState.BUSY),
        ClaimTaken(at=START, item_id="i2", agent_id="a1"),
        ClaimEnded(at=START, item_id="i2", agent_id="a1", outcome=ClaimOutcome.COMPLETED),
        ClaimTaken(at=START, item_id="i1", agent_id="a1"),
        ClaimEnded(at=START, item_id="i1", agent_id="a1", outcome=ClaimOutcome.HANDED_BACK),
        PresenceChanged(at=START, agent_id="a1", state=here),
        ItemQueued(at=START, item=item("i3", arrival=3)),
        OfferAccepted(at=START, offer_id="i3.1"),
        Replied(at=START, item_id="i3"),
        CustomerWrote(at=START, item_id="i3"),
        ClockTick(at=START + timedelta(hours=1)),
        ItemQueued(at=START, item=item("i5", arrival=5)),
        OfferAccepting(at=START, offer_id="i5.1"),
        OfferFailed(at=START, offer_id="i5.1", reason="line lost"),
        ClockTick(at=START + timedelta(hours=1, seconds=10)),
        OfferAccepting(at=START, offer_id="i5.2"),
        ClockTick(at=START + timedelta(hours=1, seconds=40)),
        ItemQueued(at=START, item=item("i4", arrival=4, sla=("chat",))),
        ClockTick(at=START),
    ]
    return (
        [decision for event in events for decision in engine.apply(event)] + relief() + missing() + wrapping()
    )


def wrapping() -> list[Decision]:
    """After-call work that ends by itself, and some that its person ends."""
    engine = Engine(EngineConfig(default=QueueConfig(wrap_up_s=30)), seed=1)
    done = {"agent_id": "a1", "outcome": ClaimOutcome.COMPLETED}
    events: list[Event] = [
        ClaimTaken(at=START, item_id="w1", agent_id="a1"),
        ClaimEnded(at=START, item_id="w1", **done),
        ClockTick(at=START + timedelta(seconds=30)),
        ClaimTaken(at=START, item_id="w2", agent_id="a1"),
        ClaimEnded(at=START, item_id="w2", **done),
        WrapUpDone(at=START, item_id="w2"),
    ]
    return [decision for event in events for decision in engine.apply(event)]


def missing() -> list[Decision]:
    """The only one who can leaves, comes back, leaves again, and the hours end."""
    need = Need(kind=NeedKind.REQUIRE, skill="zh")
    hours = Calendar(zone=ZoneInfo("UTC"), week=[[(8 * 60, 10 * 60)]] * 7)
    engine = Engine(EngineConfig(watched=(Watched(queue="q", needs=(need,), promised=hours),)), seed=1)
    gone = PresenceChanged(at=START, agent_id="a1", state=PresenceState.OFFLINE)
    events: list[Event] = [
        AgentChanged(at=START, agent_id="a1", skills={"zh": 5}),
        replace(gone, state=PresenceState.AVAILABLE),
        gone,
        ClockTick(at=START + timedelta(minutes=3)),
        replace(gone, at=START + timedelta(minutes=5), state=PresenceState.AVAILABLE),
        replace(gone, at=START + timedelta(minutes=6)),
        ClockTick(at=START + timedelta(minutes=9)),
        ClockTick(at=START + timedelta(minutes=60)),
    ]
    return [decision for event in events for decision in engine.apply(event)]


def test_alarm_says_what_nobody_can_do_who_left_and_how_it_ended() -> None:
    told = [say(one.record, "en", NAMES) for one in missing()]
    assert told == [
        "Nobody on shift can do work of Complaints that needs Chinese (level 1) since Mei left; 0 waiting.",
        "Work of Complaints that needs Chinese (level 1) can be done again, by Mei.",
        "Nobody on shift can do work of Complaints that needs Chinese (level 1) since Mei left; 0 waiting.",
        "Nobody is expected any more for work of Complaints that needs Chinese (level 1): the hours are over.",
    ]


def relief() -> list[Decision]:
    """Needs given up and asked for again, overflow, an incident, and an item changed."""
    config = EngineConfig(
        queues={"q": QueueConfig(overflow=Overflow(to="q2", when_waiting=1, back_at=0))},
        incidents={"storm": IncidentConfig(relax=frozenset({"refunds"}))},
    )
    engine = Engine(config, seed=1)
    wish = (Need(kind=NeedKind.PREFER, skill="refunds", grade=1, drop_after_s=60.0),)
    changed = item("r1", needs=wish, queue="q", boost_s=0.0)
    events: list[Event] = [
        ItemQueued(at=START, item=item("r1", needs=wish)),
        AgentChanged(at=START, agent_id="a1", skills={"refunds": 1}),
        PresenceChanged(at=START, agent_id="a1", state=PresenceState.BUSY),
        ItemQueued(at=START, item=item("r2", needs=wish, arrival=2)),
        ItemChanged(at=START, item=changed, reason="no complaint"),
        IncidentStarted(at=START, name="storm"),
    ]
    return [decision for event in events for decision in engine.apply(event)]


def test_the_day_has_every_act(day: list[Decision]) -> None:
    assert {decision.act for decision in day} == set(Act)


@pytest.mark.parametrize("lang", ["en", "zh-CN", "fr"])
def test_every_record_becomes_a_sentence_without_gaps_also_after_storage(
    day: list[Decision], lang: str
) -> None:
    for decision in day:
        text = say(json.loads(json.dumps(decision.record)), lang, NAMES)
        assert text[-1] in ".。"
        assert not set("{}") & set(text)
        assert "None" not in text
        assert "a1" not in text


def test_offer_says_why_this_person_and_why_this_item(day: list[Decision]) -> None:
    record = next(decision.record for decision in day if decision.act is Act.OFFERED)
    assert say(record, "en", NAMES) == (
        "Offered to Mei: Chinese (level 5), refunds (level 2), load 0 of 60. "
        "Tom was next, but lacks refunds level 2 (has 1). "
        "Waited 40 s. Ahead of 1 that came before it, because it counts as 60 min older."
    )
    assert say(record, "zh-CN", CHINESE_NAMES) == (
        "已派给小美：中文（5级）、退款（2级）、负载0/60。下一位本是小汤，但退款等级不够（需2级，现1级）。"
        "已等待40秒。因按早60分钟计算，排在先到的1项之前。"
    )


def test_skill_and_person_without_a_name_stand_by_their_id(day: list[Decision]) -> None:
    record = next(decision.record for decision in day if decision.act is Act.OFFERED)
    text = say(record, "en", {"refunds": "money back"})
    assert text.startswith("Offered to a1: zh (level 5), money back (level 2),")
    assert "a2 was next, but lacks money back level 2 (has 1)." in text


def test_waiting_says_place_needs_and_what_it_waits_for() -> None:
    engine = Engine(EngineConfig(), seed=1)
    engine.apply(ItemQueued(at=START, item=item("i1")))
    engine.apply(AgentChanged(at=START, agent_id="a2", skills={"zh": 4}, max_claims=1))
    engine.apply(PresenceChanged(at=START, agent_id="a2", state=PresenceState.AVAILABLE))
    text = say(engine.explain("i1", START + timedelta(hours=3)), "en", NAMES)
    assert text == (
        "Waits in Complaints at place 1, needs Chinese (level 1), refunds (level 2). "
        "Nobody available has every skill asked for. Waited 3 h."
    )


def test_item_handed_over_is_said_with_both_people() -> None:
    engine = Engine(EngineConfig(), seed=1)
    engine.apply(ItemQueued(at=START, item=item("i1")))
    (taken,) = engine.apply(ClaimTaken(at=START, item_id="i1", agent_id="a1"))
    (handed,) = engine.apply(ClaimTaken(at=START, item_id="i1", agent_id="a2"))
    assert say(taken.record, "en", NAMES) == "Mei took it without an offer; load now 20 of 0."
    assert say(handed.record, "en", NAMES) == "Tom has it now instead of Mei; load now 20 of 0."
    assert say(handed.record, "zh", CHINESE_NAMES) == "已由小汤接替小美处理，当前负载20/0。"


def test_item_that_is_gone_is_said_to_be_gone() -> None:
    assert say(Engine(EngineConfig(), seed=1).explain("x", START), "en", {}) == "It does not wait any more."


def test_every_language_has_every_phrase() -> None:
    english = PHRASES["en"]
    for phrases in PHRASES.values():
        for table in ("acts", "states", "blocked", "lacks"):
            assert getattr(phrases, table).keys() == getattr(english, table).keys()
    assert {act.value for act in Act} <= english.acts.keys()


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (1.6, "2 s"),
        (119, "119 s"),
        (120, "2 min"),
        (3600, "60 min"),
        (7200, "2 h"),
        (172_800, "2 days"),
    ],
)
def test_durations_are_said_in_the_largest_fitting_unit(seconds: float, expected: str) -> None:
    assert PHRASES["en"].span(seconds) == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"gate": "permission", "queue": "q", "serves": []}, "does not serve this queue"),
        ({"gate": "cooldown", "until": "x", "reason": "busy"}, "rests for a moment"),
        ({"gate": "capacity", "limit": "units", "load": 90, "of": 100}, "is at the limit (90 of 100 units)"),
        (
            {"gate": "capacity", "limit": "class", "count": 2.25, "max": 3},
            "has as many of this channel as allowed (2.25 of 3)",
        ),
        (
            {"gate": "capacity", "limit": "items", "items": 4, "max_claims": 4},
            "has as many conversations as allowed (4 of 4)",
        ),
        (
            {"gate": "reserve", "limit": "reserve", "reserved": 20, "load": 70, "of": 100},
            "keeps 20 units free for other queues (70 of 100 in use)",
        ),
        ({"gate": "ramp", "items": 3, "per_s": 60, "until": "x"}, "has had 3 within 60 s"),
    ],
)
def test_what_stops_the_next_person_is_said_with_its_numbers(
    day: list[Decision], row: dict, expected: str
) -> None:
    offered = next(decision.record for decision in day if decision.act is Act.OFFERED)
    record = {**offered, "runner_up": None, "candidates": [{"agent": "a2", **row}]}
    assert f"Tom was next, but {expected}." in say(record, "en", NAMES)
    assert "下一位本是小汤，但" in say(record, "zh", CHINESE_NAMES)


def test_rules_that_failed_are_named_in_what_is_explained():
    record = {"act": "explained", "state": "gone", "rule_errors": ["vip: divide by zero"]}
    assert say(record, "en", {}).endswith("and so did not match: vip: divide by zero.")
    assert "vip: divide by zero" in say(record, "zh-CN", {})
    assert "did not match" not in say({**record, "rule_errors": []}, "en", {})
