from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from router.engine.rules import load_ruleset, shown_facts
from router.messages import Author, Automatic, Block, BlockKind, InboundEvent, Role
from router.rules_files import load_rules
from router.triage import FilingFacts, OrderFacts, TriagedMessage, facts_of, triage_message

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
RULES = load_rules(Path(__file__).parent.parent.parent / "router" / "demo" / "rules.yaml")
CUSTOMER = Author(role=Role.CUSTOMER)


def event(*texts: str, **more: object) -> InboundEvent:
    return InboundEvent(author=CUSTOMER, blocks=[Block(text=text) for text in texts], **more)  # type: ignore[arg-type]


def filing(**more: object) -> FilingFacts:
    return FilingFacts(channel="webchat", account="shop", channel_class="chat", **more)  # type: ignore[arg-type]


def triaged(*texts: str, **more: object) -> TriagedMessage:
    return triage_message(RULES, event(*texts), filing(**more), NOW)


def test_chinese_complaint_goes_to_the_complaints_desk_with_its_promise():
    result = triaged("我要投诉你们，三天了还没发货")
    assert result.triage.queue == "complaints"
    assert (result.due_at, result.lead_s) == (NOW + timedelta(minutes=15), 600)
    assert {"require": "complaints", "level": 2, "grade": 0, "drop_after_s": None} in result.triage.needs
    assert {"require": "lang-zh", "level": 3, "grade": 0, "drop_after_s": None} in result.triage.needs
    assert result.triage.channel_class == "chat"


def test_message_without_a_promise_has_no_due_time():
    mail = FilingFacts(channel="email", account="support", channel_class="email")
    result = triage_message(RULES, event("News", automatic=Automatic.BULK), mail, NOW)
    assert (result.triage.sla_policies, result.due_at) == ((), None)


def test_vip_is_moved_forward():
    assert triaged("hello there", tier="vip").triage.boost_s == 1800


def test_quoted_history_is_not_looked_at():
    block = Block(text="Thanks, it works now", quoted="> I want to complain")
    facts = facts_of(InboundEvent(author=CUSTOMER, blocks=[block]), filing(), NOW)
    assert facts.text == "Thanks, it works now"


def test_fall_back_text_of_a_picture_is_not_the_customers_word():
    blocks = [
        Block(kind=BlockKind.IMAGE, text="[complaint.png]"),
        Block(kind=BlockKind.CHOICE, text="Refund"),
    ]
    facts = facts_of(InboundEvent(author=CUSTOMER, blocks=blocks), filing(), NOW)
    assert facts.text == "Refund"


@pytest.mark.parametrize(
    ("text", "stated", "known", "default", "expected"),
    [
        ("Where is my order?", "zh-CN", "fr", "de", "en"),
        ("ok thx", "zh-CN", "fr", "de", "zh"),
        ("ok thx", "und", "fr", "de", "fr"),
        ("Where is my order?", "", "fr", "de", "en"),
        ("ok thx", "", "fr", "de", "fr"),
        ("12345", "", "", "de", "de"),
        ("ok thx", "", "", "", ""),
    ],
)
def test_language_is_that_of_the_words_then_stated_then_known(text, stated, known, default, expected):
    facts = facts_of(event(text, language=stated), filing(language=known, default_language=default), NOW)
    assert facts.language == expected


def test_order_comes_from_filing_before_the_event():
    given = event("hi", context={"order_stage": "pre_sale", "order_id": "7", "order_status": 5})
    facts = facts_of(given, filing(order=OrderFacts(stage="after_sale", value=9.5)), NOW)
    assert (facts.order_id, facts.order_stage, facts.order_status, facts.order_value) == (
        "7",
        "after_sale",
        "",
        9.5,
    )


def test_dispute_of_a_provider_is_a_complaint():
    assert triaged("see case", kind="dispute").triage.queue == "complaints"


def test_channel_says_in_the_context_that_a_message_is_a_dispute():
    said = event("see case", context={"kind": "dispute"})
    assert triage_message(RULES, said, filing(), NOW).triage.queue == "complaints"
    assert facts_of(event("hi", context={"kind": 7}), filing(), NOW).kind == "message"


def test_facts_kept_for_explanation_leave_out_what_the_customer_wrote():
    result = triage_message(
        RULES, event("我的电话 555", subject="secret"), filing(classified={"upset": True}), NOW
    )
    shown = shown_facts(result.facts)
    assert "555" not in str(shown)
    assert "secret" not in str(shown)
    assert (shown["message.language"], shown["facts.upset"]) == ("zh", True)


PROMISES = """version: 1
calendars: {office: {zone: Europe/Berlin, week: {mon-fri: ["09:00-17:00"]}}}
sla_policies:
  usual: {calendar: office, first_response: 4h, lead: 1h, by_class: {chat: {first_response: 60s}}}
  vip: {first_response: 2h, lead: 30m}
queues: {all: {}}
rules:
  - {name: all, when: "true", set: {sla: [usual, vip]}}
"""


def test_of_several_policies_the_one_due_first_counts_by_channel_class():
    rules = load_ruleset(PROMISES, source="rules.yaml", lists={})
    chat, mail = (
        triage_message(rules, event("hello"), FilingFacts(channel="c", account="a", channel_class=each), NOW)
        for each in ("chat", "email")
    )
    opening = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    assert (mail.due_at, mail.lead_s) == (NOW + timedelta(hours=2), 1800)
    assert (chat.due_at, chat.lead_s) == (NOW + timedelta(hours=2), 1800)
    later = triage_message(rules, event("hello"), filing(), opening + timedelta(hours=1))
    assert (later.due_at, later.lead_s) == (opening + timedelta(hours=1, minutes=1), 3600)


def test_promise_counts_from_when_the_customer_wrote_also_over_the_end_of_summer_time():
    rules = load_ruleset(PROMISES.replace("[usual, vip]", "usual"), source="rules.yaml", lists={})
    friday = datetime(2026, 10, 23, 14, 0, tzinfo=UTC)  # 16:00 in Berlin
    mail = FilingFacts(channel="email", account="support", channel_class="email")
    result = triage_message(rules, event("hello"), mail, friday + timedelta(days=1), since=friday)
    assert result.due_at == datetime(2026, 10, 26, 11, 0, tzinfo=UTC)  # Monday 12:00 in Berlin
