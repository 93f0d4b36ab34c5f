from __future__ import annotations

import timeit
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.engine.rules import Facts, RulesError, RuleSet, Triage, load_ruleset

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # a Monday, twelve o'clock in Shanghai
HEAD = """version: 1
skills: {lang-zh: {kind: language}, complaints: {kind: craft}, refunds: {}}
calendars:
  shop:
    {zone: Asia/Shanghai, week: {mon-fri: ["09:00-12:00", "13:00-21:00"], sat: ["10:00-18:00"]}, holidays: CN}
  berlin: {zone: Europe/Berlin, week: {mon-sun: ["00:00-24:00"]}}
sla_policies:
  chat: {calendar: shop, first_response: 60s, next_response: 120s, resolution: 8h, lead: 30s}
  complaint: {calendar: shop, first_response: 15m, resolution: 48h, lead: 30m, promise: 48h}
queues:
  after_sale: {max_advance: 4h, overflow: {to: pre_sale, when_waiting: 50, back_at: 30}, offer_timeout: 30s}
  pre_sale: {max_advance: 2h}
  complaints: {max_advance: 8h, share: 4/5}
  berlin: {calendar: berlin}
facts: {upset: bool, score: double}
capacity: {units: 100, classes: {chat: {cost: 20, max: 5}, phone: {cost: 100, max: 1}}, dormant: 0.25}
rules:
"""
LISTS = {"complaints": "# words\n投诉\ncomplain*\nconsumer rights", "numbers": r"\b\d{3}-\d{4}\b"}


def rules(*texts: str) -> RuleSet:
    body = "".join(f"  - {text}\n" for text in texts)
    return load_ruleset(HEAD + body, source="rules.yaml", lists=LISTS)


def triage(ruleset: RuleSet, at: datetime = NOON, **facts: object) -> Triage:
    return ruleset.triage(Facts(at=at, **facts))  # type: ignore[arg-type]


def holds(condition: str, at: datetime = NOON, **facts: object) -> bool:
    ruleset = rules(f"{{name: tried, when: '{condition}', set: {{queue: complaints}}}}")
    return triage(ruleset, at, **facts).matched == ("tried",)


def test_first_match_of_each_key_wins_and_needs_add_up():
    ruleset = rules(
        "{name: a, when: 'true', set: {queue: complaints, sla: complaint, needs: "
        "[{require: complaints, level: 2}]}}",
        "{name: b, when: 'false', set: {boost: 5m}}",
        "{name: c, when: 'true', set: {queue: pre_sale, boost: 60m, sla: chat, needs: [{require: lang-zh}]}}",
        "{name: d, when: 'true', set: {boost: 1m, needs: [{require: complaints, level: 3}]}}",
    )
    assert triage(ruleset, channel_class="chat") == Triage(
        queue="complaints",
        boost_s=3600,
        sla_policies=("complaint",),
        first_response_s=900,
        lead_s=1800,
        max_advance_s=8 * 3600,
        needs=(
            {"require": "complaints", "level": 3, "grade": 0, "drop_after_s": None},
            {"require": "lang-zh", "level": 1, "grade": 0, "drop_after_s": None},
        ),
        channel_class="chat",
        matched=("a", "c", "d"),
        failed=(),
        errors=(),
    )


def test_final_rule_stops_the_ones_after_it():
    ruleset = rules(
        "{name: a, when: 'true', set: {boost: 1m}, final: true}",
        "{name: b, when: 'true', set: {queue: pre_sale}}",
    )
    assert triage(ruleset).matched == ("a",)


def test_names_in_a_comment_of_a_condition_do_not_count():
    assert holds('true // mentions_any(message.text, "nothing") is off')


def test_twenty_rules_cost_far_less_than_a_millisecond():
    conditions = [
        'mentions_any(message.text, \\"complaints\\")' if number % 3 == 0 else f"customer.tier == 't{number}'"
        for number in range(20)
    ]
    ruleset = rules(*(f'{{name: r{number}, when: "{text}"}}' for number, text in enumerate(conditions)))
    facts = Facts(at=NOON, text="Where is my parcel? It should have come on Monday.")
    best_s = min(timeit.repeat(lambda: ruleset.triage(facts), number=50, repeat=5)) / 50
    assert best_s < 0.0005


def test_without_a_queue_set_the_queue_of_the_last_rule_is_taken():
    assert triage(rules("{name: a, when: 'false', set: {queue: complaints}}")).queue == "complaints"


def test_without_any_queue_in_the_rules_the_first_queue_is_taken():
    result = triage(rules("{name: a, when: 'true', set: {boost: 1m}}"))
    assert (result.queue, result.sla_policies, result.first_response_s) == ("after_sale", (), None)


def test_preference_is_written_with_grade_and_seconds():
    ruleset = rules(
        "{name: a, when: 'true', set: {needs: [{prefer: refunds, drop_after: 2m}, {forbid: complaints}]}}"
    )
    assert triage(ruleset).needs == (
        {"prefer": "refunds", "level": 1, "grade": 1, "drop_after_s": 120.0},
        {"forbid": "complaints", "level": 1, "grade": 0, "drop_after_s": None},
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我要投诉你们", True),
        ("I am COMPLAINING now", True),
        ("I want to complain", True),
        ("ｃｏｍｐｌａｉｎｔ", True),
        ("this is uncomplaining", False),
        ("Consumer   Rights!", True),
        ("consumer rightsx", False),
        ("where is my parcel", False),
        ("我complain了", True),
        ("", False),
    ],
)
def test_phrases_match_as_words_where_the_script_has_words(text, expected):
    assert holds('mentions_any(message.text, "complaints")', text=text) is expected


def test_patterns_of_a_list_are_searched_for():
    assert holds('matches_list(message.text, "numbers")', text="call 555-1234 now")
    assert not holds('matches_list(message.text, "numbers")', text="call 5551234 now")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2026, 11, 23, 3, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 23, 4, 0, tzinfo=UTC), False),
        (datetime(2026, 11, 23, 5, 0, tzinfo=UTC), True),
        (datetime(2026, 11, 22, 3, 0, tzinfo=UTC), False),
        (datetime(2026, 10, 1, 3, 0, tzinfo=UTC), False),
        (datetime(2026, 2, 28, 2, 30, tzinfo=UTC), True),
    ],
)
def test_business_open_knows_periods_weekends_and_holidays(at, expected):
    assert holds('business_open("shop")', at) is expected


def test_make_up_sunday_has_the_hours_of_monday():
    assert holds('business_open("shop")', datetime(2026, 2, 15, 2, 0, tzinfo=UTC)) is False
    assert holds('business_open("shop")', datetime(2026, 1, 4, 2, 0, tzinfo=UTC)) is True


def test_now_is_read_in_the_zone_of_the_first_calendar():
    assert holds("now.hour == 12 && now.weekday == 1")


def test_now_moves_to_the_zone_of_the_queue_once_one_is_set():
    ruleset = rules(
        "{name: before, when: now.hour == 12}",
        "{name: queue, when: 'true', set: {queue: berlin}}",
        "{name: after, when: now.hour == 5}",
    )
    assert triage(ruleset).matched == ("before", "queue", "after")


def test_declared_facts_are_typed_and_default_to_nothing():
    assert holds("facts.upset && facts.score > 0.5", classified={"upset": True, "score": 1})
    assert not holds("facts.upset", classified={"upset": "yes"})
    assert not holds("facts.upset")


def test_condition_that_fails_does_not_match_and_is_reported():
    ruleset = rules(
        "{name: broken, when: 1 / conversation.transfers == 1, set: {queue: complaints}}",
        "{name: heavy, when: 'size([1,2,3].map(x, x)) == 3 && 1 % conversation.transfers == 0'}",
        "{name: rest, when: 'true', set: {queue: pre_sale}}",
    )
    result = triage(ruleset)
    assert (result.queue, result.matched) == ("pre_sale", ("rest",))
    assert [error.split(":")[0] for error in result.errors] == ["broken", "heavy"]
    assert triage(ruleset, transfers=1).errors == ()


def test_failure_after_a_final_rule_is_not_reported():
    ruleset = rules(
        "{name: a, when: 'true', final: true}", "{name: b, when: 1 / conversation.transfers == 1}"
    )
    assert triage(ruleset).errors == ()


def test_runaway_condition_ends_as_a_failure():
    ones = "[" + ",".join(["1"] * 120) + "]"
    ruleset = rules(
        f"{{name: heavy, when: '{ones}.all(x, {ones}.all(y, x == y))'}}", "{name: rest, when: 'true'}"
    )
    result = triage(ruleset)
    assert result.matched == ("rest",)
    assert "budget" in result.errors[0]


def test_comment_at_the_end_of_a_condition_does_not_swallow_the_next():
    ruleset = rules("{name: a, when: 'false // never'}", "{name: b, when: 'true'}")
    assert triage(ruleset).matched == ("b",)


def test_document_with_several_errors_is_refused_with_all_of_them():
    with pytest.raises(RulesError) as caught:
        rules("{name: a, when: message.txt == 1, set: {queue: nowhere}}", "{name: a, when: 'true'}")
    assert [(problem.line, problem.column) for problem in caught.value.problems] == [
        (18, 28),
        (18, 52),
        (19, 12),
    ]


SHARED = rules(
    "{name: a, when: 'mentions_any(message.text, \"complaints\")'}",
    "{name: n, when: 'matches_list(message.subject, \"numbers\")'}",
    "{name: b, when: message.language == \"zh\" && message.text.matches('^(a+)+$')}",
    "{name: c, when: order.value > 3.0 || conversation.age_s > 5}",
)


@given(
    text=st.text(st.characters(), max_size=300),
    subject=st.text(max_size=50),
    value=st.floats() | st.integers() | st.just(10**400),
    age=st.integers(),
)
def test_no_message_makes_triage_raise(text, subject, value, age):
    result = triage(SHARED, text=text, subject=subject, language=text, order_value=value, age_s=age)
    assert result.errors == ()


def test_hostile_text_of_a_megabyte_is_cut_before_it_is_searched():
    assert triage(SHARED, text="a" * 1_000_000 + "!", subject="x" * 1_000_000).matched == ()


def test_of_several_policies_the_strictest_first_response_counts():
    text = """version: 1
sla_policies:
  usual: {first_response: 8h, lead: 1m, by_class: {chat: {first_response: 60s}}}
  vip: {first_response: 2m, lead: 30s}
queues: {all: {}}
rules:
  - name: vip
    when: "true"
    set: {sla: [usual, vip]}
"""
    ruleset = load_ruleset(text, source="rules.yaml", lists={})
    at = datetime(2026, 1, 5, tzinfo=UTC)
    mail = ruleset.triage(Facts(at=at, channel_class="email"))
    chat = ruleset.triage(Facts(at=at, channel_class="chat"))
    assert (mail.sla_policies, mail.first_response_s, chat.first_response_s) == (("usual", "vip"), 120, 60)
