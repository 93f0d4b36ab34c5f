import json

import pytest

from router.engine.config import IncidentConfig, Overflow, Protection, QueueConfig
from router.engine.decisions import Act, Decision
from router.engine.events import AgentChanged
from router.engine.words import say
from tests.unit.lease_desk import at
from tests.unit.needs_desk import NeedsDesk, prefer, require

NAMES = {
    "mei": "Mei", "tom": "Tom", "q": "After sale", "other": "Helpers", "zh": "Chinese", "refunds": "refunds",
    "legal": "law", "storm": "parcel strike",
}  # fmt: skip
CHINESE = {
    "mei": "小美", "tom": "小汤", "q": "售后", "other": "支援", "zh": "中文", "refunds": "退款", "legal": "法务",
    "storm": "物流停运",
}  # fmt: skip
STORM = IncidentConfig(
    overflow=frozenset({"q"}), relax=frozenset({"refunds"}), reserve={"q": 20}, lasts_s=7200
)


def the_desk() -> NeedsDesk:
    queue = QueueConfig(
        offer_timeout_s=600,
        affinity_s=300,
        protect=Protection(skill="legal", for_s=60),
        overflow=Overflow(to="other", when_waiting=2, back_at=1),
    )
    desk = NeedsDesk(queues={"q": queue}, incidents={"storm": STORM})
    desk.person(0, "mei", zh=2, refunds=1)
    desk.occupy(0, "mei")
    return desk


def told(desk: NeedsDesk, act: str, lang: str = "en") -> str:
    """Say the first record of an act, as it reads after storage."""
    found: Decision = next(one for one in desk.last if one.act == act)
    text = say(json.loads(json.dumps(found.record)), lang, CHINESE if lang == "zh" else NAMES)
    assert not set("{}") & set(text)
    assert "None" not in text
    return text


def both(desk: NeedsDesk, act: str) -> tuple[str, str]:
    return told(desk, act), told(desk, act, "zh")


def test_needs_given_up_in_time_and_because_nobody_is_there() -> None:
    desk = the_desk()
    desk.person(0, "tom", "busy")
    desk.ask(0, "i1", prefer("refunds", 120), require("zh"))
    desk.person(1, "lin", "busy", zh=1, refunds=1)
    desk.tick(60)
    assert both(desk, "need_dropped") == (
        "After 60 s the work does not insist on somebody without law any more.",
        "排队60秒后，不再强求不具备法务的客服。",
    )
    desk.tick(120)
    assert both(desk, "need_dropped") == (
        "After 2 min the work does not insist on refunds (level 1) any more.",
        "排队2分钟后，不再强求退款（1级）。",
    )
    desk.ask(121, "i2", prefer("refunds", 120, level=5))
    assert both(desk, "need_dropped") == (
        "Nobody on shift could serve the work with refunds (level 5), so that is given up.",
        "当班客服无人能满足退款（5级），故不再强求。",
    )
    desk.tell(122, AgentChanged, agent_id="tom", skills={"refunds": 5})
    assert both(desk, "need_restored") == (
        "The work insists on refunds (level 5) again.",
        "重新要求退款（5级）。",
    )


def test_kept_for_a_person_and_then_asked() -> None:
    desk = the_desk()
    desk.ask(0, "i1", prefer("gold", None), preferred_agent_id="mei")
    assert told(desk, "queued") == (
        "Waits in After sale at place 1. Kept for Mei, who helped last time, for 5 min at most."
    )
    assert told(desk, "queued", "zh") == "在“售后”队列中排第1位。为上次接待的小美保留，最多再等5分钟。"
    desk.free(10, "mei")
    assert "Mei helped last time." in told(desk, "offered")
    assert "上次由小美接待。" in told(desk, "offered", "zh")


def test_waiting_names_the_wishes_that_still_bind() -> None:
    desk = the_desk()
    desk.ask(0, "i1", require("zh", 2), prefer("refunds", 60), prefer("gold", None))
    assert "needs Chinese (level 2), refunds (level 1)." in told(desk, "queued")


def test_overflow_opens_moves_and_closes() -> None:
    desk = the_desk()
    desk.ask(1, "i1")
    desk.ask(2, "i2")
    assert both(desk, "overflow") == (
        "New work of After sale goes to Helpers now; 2 wait in it.",
        "“售后”现有2项等待，新任务转入“支援”。",
    )
    desk.ask(3, "i3")
    assert both(desk, "moved") == (
        "Too much waits in After sale, so the work goes to Helpers and keeps its age.",
        "“售后”排队过长，已转入“支援”，等待时间保留。",
    )
    desk.free(4, "mei")
    assert both(desk, "overflow") == (
        "New work of After sale stays there again; 1 wait in it.",
        "“售后”的新任务恢复留在本队列，现有1项等待。",
    )


def test_an_incident_begins_is_prolonged_and_ends() -> None:
    desk = the_desk()
    desk.start(0, "storm")
    assert both(desk, "incident") == (
        "The incident parcel strike has begun and lasts 2 h: new work of After sale goes elsewhere, "
        "nobody insists on refunds, 20 units more are kept free for After sale.",
        "应急“物流停运”已开始，持续2小时：售后的新任务转入其他队列、不再强求退款、为“售后”多预留20单位。",
    )
    desk.start(10, "storm", until=20_010)
    assert told(desk, "incident").startswith("The incident parcel strike lasts 6 h from now:")
    desk.stop(20, "storm")
    assert told(desk, "incident") == "The incident parcel strike is over; everything is as before it."
    desk.start(30, "storm", until=40)
    desk.tick(40)
    assert both(desk, "incident") == (
        "The incident parcel strike is over, its time has passed; everything is as before it.",
        "应急“物流停运”已结束（已到时间），一切恢复原状。",
    )


def test_a_changed_item_says_what_changed() -> None:
    desk = the_desk()
    desk.ask(1, "i1", queue="other")
    desk.ask(2, "i2", queue="other")
    changed = desk.make(2, "i2", require("zh"), queue="other", boost_s=3600.0, due_at=at(500), sla=("fast",))
    desk.change(3, changed, "VIP")
    assert both(desk, "reprioritised") == (
        "Changed (VIP): place 1 instead of 2, counts as 60 min older instead of 0 s, "
        "another time by which it is due, other needs, other promises. It keeps its age.",
        "已调整（VIP）：位次由第2位改为第1位、提前量由0秒改为60分钟、答复时限已改、所需技能已改、服务承诺已改，等待时间保留。",
    )
    desk.change(
        4, desk.make(2, "i2", require("zh"), queue="q", boost_s=3600.0, due_at=at(500), sla=("fast",))
    )
    assert told(desk, "reprioritised") == "Changed: queue After sale instead of Helpers. It keeps its age."


@pytest.mark.parametrize("act", [Act.NEED_DROPPED, Act.NEED_RESTORED])
def test_a_record_with_an_unknown_reason_is_still_a_sentence(act: Act) -> None:
    record = {"act": act.value, "at": "2026-01-05T09:00:00Z", "why": "x", "changed": [{"prefer": "refunds"}]}
    assert say(record, "en", NAMES).endswith(".")


def test_incident_that_changes_nothing_says_so_instead_of_leaving_a_gap() -> None:
    desk = NeedsDesk(incidents={"drill": IncidentConfig(lasts_s=60)})
    desk.start(0, "drill")
    started = desk.last[0].record
    assert say(started, "en", {}) == (
        "The incident drill has begun and lasts 60 s: the rules change nothing for it."
    )
    assert say(started, "zh", {}) == "应急“drill”已开始，持续60秒：规则没有为它规定任何变化。"
