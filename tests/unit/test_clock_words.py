"""Promises are said so that a lead of the desk understands them, in English and in Chinese."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from router.engine.calendars import Calendar
from router.engine.clocks.clock import CUSTOMER, DECLARED
from router.engine.config import EngineConfig, Metric, SlaPolicy
from router.engine.engine import Engine
from router.engine.events import (
    AgentChanged,
    ClaimEnded,
    ClaimOutcome,
    ClaimTaken,
    ClockTick,
    CustomerWrote,
    Event,
    Item,
    ItemPaused,
    ItemQueued,
    ItemThawed,
    ItemWithdrawn,
    PresenceChanged,
    Replied,
)
from router.engine.phrases import PHRASES
from router.engine.words import say
from router.model.presence import PresenceState

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
POLICY = SlaPolicy(
    targets_s={Metric.FIRST_RESPONSE: 900, Metric.NEXT_RESPONSE: 600, Metric.RESOLUTION: 8 * 3600},
    pauses=frozenset({"customer"}),
    lead_s=1800,
)
NAMES = {"vip": "VIP", "q": "Service", "mei": "Mei"}
QUEUED = ItemQueued(
    at=START,
    item=Item(
        id="i", conversation_id="c", queue="q", channel_class="chat", eligible_since=START, arrival=1,
        sla=("vip",),
    ),
)  # fmt: skip


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


def last_words(*events: Event, lang: str = "en") -> str:
    engine = Engine(EngineConfig(sla={"vip": POLICY, "usual": POLICY}), seed=1)
    engine.apply(QUEUED)
    decisions = [decision for event in events for decision in engine.apply(event)]
    found = [decision for decision in decisions if decision.act in ("clock", "promise_due")]
    return say(found[-1].record, lang, NAMES)


REPLIED = Replied(at=minute(5), item_id="i")
CASES: list[tuple[tuple[Event, ...], str, str]] = [
    (
        (REPLIED, CustomerWrote(at=minute(6), item_id="i")),
        "A next answer is promised within 10 min (VIP).",
        "承诺在10分钟内下次答复（VIP）。",
    ),
    (
        (
            ClaimTaken(at=minute(5), item_id="i", agent_id="mei"),
            ClaimEnded(at=minute(5), item_id="i", agent_id="mei", outcome=ClaimOutcome.COMPLETED),
        ),
        "The promise of a solution was kept, with 8 h left.",
        "已按承诺解决，还剩8小时。",
    ),
    (
        (ItemPaused(at=minute(60), item_id="i", reason="parcel"), Replied(at=minute(60), item_id="i")),
        "The promise of a solution stands still while the customer is waited for, as declared; 7 h left.",
        "解决承诺暂停计时（等待客户回复、已登记暂停），还剩7小时。",
    ),
    (
        (ItemPaused(at=minute(60), item_id="i", reason="parcel"),),
        "The promise of a solution stands still as declared (parcel); 7 h left.",
        "解决承诺暂停计时（已登记暂停）（parcel），还剩7小时。",
    ),
    (
        (ItemPaused(at=minute(60), item_id="i"), ItemThawed(at=minute(90), item_id="i")),
        "The promise of a solution runs again; 7 h left.",
        "解决承诺恢复计时，还剩7小时。",
    ),
    (
        (ItemWithdrawn(at=START, item_id="i"),),
        "The promise of a solution fell away.",
        "解决承诺已取消。",
    ),
    (
        (ClockTick(at=minute(8)),),
        "50 % of the time for the first answer has passed (VIP); 7 min left.",
        "首次答复时限已过50%（VIP），还剩7分钟。",
    ),
    (
        (ClockTick(at=minute(15)),),
        "The time promised for the first answer is over now (VIP).",
        "首次答复时限已到（VIP）。",
    ),
    (
        (ClockTick(at=minute(25)),),
        "The first answer is 10 min overdue (VIP).",
        "首次答复已超时10分钟（VIP）。",
    ),
]


@pytest.mark.parametrize(("events", "english", "chinese"), CASES)
def test_promise_is_said_in_both_languages(events: tuple[Event, ...], english: str, chinese: str) -> None:
    assert (last_words(*events), last_words(*events, lang="zh-CN")) == (english, chinese)


def test_every_language_names_every_promise_and_pause() -> None:
    for phrases in PHRASES.values():
        assert phrases.metrics.keys() == set(Metric)
        assert phrases.pauses.keys() == {CUSTOMER, DECLARED}


def test_broken_promise_says_by_how_much() -> None:
    engine = Engine(EngineConfig(sla={"vip": POLICY}), seed=1)
    engine.apply(QUEUED)
    *_, stopped, paused = engine.apply(Replied(at=minute(20), item_id="i"))
    assert (
        say(stopped.record, "en", NAMES) == "The promise of a first answer was broken: it was 5 min overdue."
    )
    assert say(stopped.record, "zh", NAMES) == "未按承诺首次答复，超时5分钟。"
    assert paused.record["metric"] == "resolution"


@pytest.mark.parametrize(
    ("at", "english", "chinese"),
    [
        (6, "because its first answer is due in 14 min.", "因距首次答复时限还有14分钟，"),
        (30, "because its first answer is 10 min overdue.", "因首次答复已超时10分钟，"),
    ],
)
def test_offer_says_which_promise_moved_the_item_forward(at: int, english: str, chinese: str) -> None:
    engine = Engine(EngineConfig(sla={"vip": POLICY}), seed=1)
    plain = Item(
        id="p", conversation_id="c", queue="q", channel_class="chat", eligible_since=START, arrival=0
    )
    later = Item(
        id="i", conversation_id="c", queue="q", channel_class="chat", eligible_since=minute(5), arrival=1,
        sla=("vip",),
    )  # fmt: skip
    decisions = [
        decision
        for event in (
            ItemQueued(at=START, item=plain),
            ItemQueued(at=minute(5), item=later),
            AgentChanged(at=minute(at), agent_id="mei", skills={}, max_claims=1),
            PresenceChanged(at=minute(at), agent_id="mei", state=PresenceState.AVAILABLE),
        )
        for decision in engine.apply(event)
    ]
    (offered,) = [decision.record for decision in decisions if decision.act == "offered"]
    assert english in say(offered, "en", NAMES)
    assert chinese in say(offered, "zh", NAMES)


def test_answer_given_after_closing_is_late_by_the_clock_though_no_working_time_passed() -> None:
    office = Calendar(zone=ZoneInfo("UTC"), week=[[(9 * 60, 10 * 60)]] * 7)
    policy = SlaPolicy(calendar=office, targets_s={Metric.FIRST_RESPONSE: 3600})
    engine = Engine(EngineConfig(sla={"vip": policy}), seed=1)
    engine.apply(QUEUED)
    (stopped,) = [one for one in engine.apply(Replied(at=minute(180), item_id="i")) if one.act == "clock"]
    assert (stopped.record["state"], stopped.record["left_s"]) == ("late", 0)
    assert say(stopped.record, "en", NAMES) == "The promise of a first answer was broken: it was 2 h overdue."
