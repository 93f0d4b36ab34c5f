from __future__ import annotations

import json
from pathlib import Path

import pytest

from router.engine.rules.checks import Finding, Severity, check_ruleset
from router.errors import ConfigError
from router.rules_files import DEFAULT_RULES, load_rules, rules_check

ROOT = Path(__file__).parent.parent.parent
DEMO_RULES = ROOT / "router" / "demo" / "rules.yaml"
RULE_Q = "  - {name: all, when: 'true', set: {queue: q}}\n"
HEAD = """version: 1
skills: {vip: {}, refunds: {}}
sla_policies: {chat: {first_response: 60s}}
queues: {first: {}, second: {}}
facts: {upset: bool}
rules:
"""


def check(*rules: str) -> list[Finding]:
    body = "".join(f"  - {rule}\n" for rule in rules)
    findings = check_ruleset(HEAD + body, source="rules.yaml", lists={}).findings
    return [finding for finding in findings if finding.path.startswith("rules")]


def messages(*rules: str) -> list[str]:
    return [finding.message for finding in check(*rules)]


@pytest.mark.parametrize("path", [DEFAULT_RULES, DEMO_RULES])
def test_shipped_rules_load_and_all_their_examples_hold(path):
    report = rules_check(path)
    assert report.text().endswith("examples")
    assert report.ok
    assert report.result.examples >= report.result.rules


@pytest.mark.parametrize("path", [DEFAULT_RULES, DEMO_RULES])
def test_every_shipped_rule_has_an_example_that_it_matches(path):
    rules = load_rules(path).model.rules
    assert [rule.name for rule in rules if not any(example.expect.match for example in rule.examples)] == []


EXAMPLES = [
    (
        "given: {message: {language: zh}}, expect: {queue: second}",
        "expected queue second, got first",
        "zh, rest",
    ),
    (
        "given: {message: {language: zh}}, expect: {boost: 1m}",
        "expected boost 60s, got 0s",
        "Correct the example",
    ),
    (
        "given: {message: {language: zh}}, expect: {sla: chat}",
        "expected sla chat, got none",
        "Correct the example",
    ),
    (
        "given: {message: {language: zh}}, expect: {needs: [{require: vip}]}",
        "expected require: vip, level: 1, got no needs",
        "Correct",
    ),
    ("given: {}, expect: {queue: first}", "the rule `zh` does not match its own example", "match: false"),
    (
        "given: {message: {language: zh}}, expect: {match: false}",
        "the rule `zh` matches its own",
        "match: true",
    ),
    ("given: {message: {lang: zh}}, expect: {}", "unknown variable `message.lang`", "`message.language`"),
    ("given: {order: {value: much}}, expect: {}", "`order.value` is double", "Give a double"),
    ("given: {now: {hour: 24}}, expect: {}", "`now.hour` runs from 0 to 23", "Monday is 1"),
    ("given: {now: {at: noon}}, expect: {}", "`noon` is no time", "2026-11-23T09:30"),
]


@pytest.mark.parametrize(("example", "message", "hint"), EXAMPLES)
def test_example_that_fails_is_an_error_with_its_place(example, message, hint):
    findings = check(
        f"{{name: zh, when: message.language == 'zh', set: {{queue: first}}, examples: [{{{example}}}]}}",
        "{name: rest, when: 'true', set: {queue: second}}",
    )
    assert [finding.severity for finding in findings] == [Severity.ERROR]
    assert message in findings[0].message
    assert hint in findings[0].hint
    assert findings[0].line == 7
    assert findings[0].column > 70


@pytest.mark.parametrize(
    ("given", "condition"),
    [
        ("now: {hour: 3, weekday: 7}", "now.hour == 3 && now.weekday == 7"),
        ("now: {at: 2026-11-23T09:30}", "now.hour == 9 && now.weekday == 1"),
        ("now: {at: '2026-11-23T09:30+02:00'}", "now.hour == 7"),
        ("facts: {upset: true}", "facts.upset"),
        ("order: {value: 5}", "order.value > 4.5"),
        ("", "now.hour == 12 && now.weekday == 1"),
    ],
)
def test_example_may_give_every_variable(given, condition):
    examples = f"examples: [{{given: {{{given}}}, expect: {{}}}}]"
    assert messages(f"{{name: a, when: {condition}, set: {{queue: first}}, {examples}}}") == []


def test_condition_that_fails_in_an_example_is_an_error():
    examples = "examples: [{expect: {match: false}}]"
    found = messages(f"{{name: a, when: 1 / conversation.transfers == 0, {examples}, final: true}}")
    assert found == ["a condition failed: a: INVALID_ARGUMENT: divide by zero"]


def test_rules_after_an_unconditional_final_rule_are_never_reached():
    assert messages(
        "{name: all, when: 'true', set: {queue: first}, final: true}",
        "{name: late, when: message.language == 'zh', set: {queue: second}}",
    ) == ["the rule `late` is never reached: `all` always matches and is final"]


def test_rule_whose_keys_are_always_taken_has_no_effect():
    assert messages(
        "{name: all, when: 'true', set: {queue: first, boost: 1m}}",
        "{name: late, when: message.language == 'zh', set: {queue: second, boost: 5m}}",
        "{name: useful, when: message.language == 'zh', set: {queue: second, sla: chat}}",
        "{name: needy, when: message.language == 'zh', set: {queue: second, needs: [{require: vip}]}}",
    ) == ["the rule `late` has no effect: `all` above sets the same whenever it matches"]


def test_two_rules_with_one_condition_and_two_queues_are_at_odds():
    assert messages(
        "{name: a, when: message.language == 'zh', set: {queue: first}}",
        "{name: b, when: \"'zh'  ==  message.language\", set: {queue: second}}",
    ) == ["`a` above has the same condition and sets another queue, which wins"]


def test_rule_with_the_condition_of_an_earlier_one_has_no_effect():
    assert messages(
        "{name: a, when: message.language == 'zh', set: {queue: first}}",
        "{name: b, when: \"message.language  ==  'zh'\", set: {queue: first}}",
    ) == ["the rule `b` has no effect: `a` above sets the same whenever it matches"]


UNREACHABLE = [
    ("message.language == 'zh'", "message.language == 'zh' && customer.returning"),
    ("message.language == 'zh' || facts.upset", "facts.upset"),
    ("order.value > 50.0", "order.value >= 100.0"),
    ("!(message.language == 'zh')", "message.language == 'en'"),
    ("now.weekday >= 6", "now.weekday == 7"),
    ("!facts.upset", "facts.upset == false && now.hour > 3"),
]


@pytest.mark.parametrize(("wide", "narrow"), UNREACHABLE)
def test_rule_whose_condition_follows_from_a_final_one_is_never_reached(wide, narrow):
    rules = (
        f'{{name: wide, when: "{wide}", set: {{queue: first}}, final: true}}',
        f'{{name: narrow, when: "{narrow}", set: {{queue: second}}}}',
    )
    message = "the rule `narrow` is never reached: `wide` matches whenever it does and is final"
    assert messages(*rules) == [message]
    assert messages(*reversed(rules)) == []


NEVER = [
    "1 > 2",
    "now.hour > 23",
    "now.weekday == 0",
    "now.hour > 3 && now.hour < 4",
    "message.language == 'zh' && message.language == 'en'",
    "facts.upset && !facts.upset",
    "message.automatic == 'never'",
    "order.value < 5.0 && order.value > 5.0",
    "false ? facts.upset : false",
    "size('abc') == 4 || false",
]


@pytest.mark.parametrize("condition", NEVER)
def test_condition_that_is_constantly_false_is_pointed_out(condition):
    assert "the rule `a` never matches" in messages(
        f'{{name: a, when: "{condition}", set: {{queue: first}}}}'
    )


def test_needs_at_odds_of_rules_that_exclude_each_other_are_fine():
    found = messages(
        "{name: a, when: message.language == 'zh', set: {needs: [{require: vip}]}}",
        "{name: b, when: message.language == 'en', set: {needs: [{forbid: vip}]}}",
    )
    assert found == []


def test_hours_of_two_zones_prove_nothing_about_each_other():
    text = """version: 1
calendars:
  here: {zone: Asia/Shanghai, week: {mon-fri: ["09:00-18:00"]}}
  there: {zone: Europe/Berlin, week: {mon-fri: ["09:00-18:00"]}}
queues: {first: {calendar: here}, second: {calendar: there}}
rules:
  - {name: a, when: now.hour > 12, set: {queue: second}, final: true}
  - {name: b, when: now.hour > 13, set: {queue: first}}
"""
    assert check_ruleset(text, source="rules.yaml", lists={}).findings == []


def test_preference_given_up_before_a_weaker_one_is_pointed_out():
    found = messages(
        "{name: a, when: 'true', set: {queue: first, needs: "
        "[{prefer: vip, grade: 1, drop_after: 1m}, {prefer: refunds, grade: 2, drop_after: 2m}]}}"
    )
    assert found == ["grade 1 is given up before grade 2, which weighs less"]


def test_what_nothing_uses_is_pointed_out_by_name():
    text = HEAD + "  - {name: a, when: 'true', set: {queue: first}}\nlists: {words: [x]}\n"
    text += "calendars: {shop: {zone: UTC, week: {mon: ['09:00-18:00']}}}\n"
    found = check_ruleset(text, source="rules.yaml", lists={"more": "y"}).findings
    assert {(finding.severity, finding.message) for finding in found} == {
        (Severity.WARNING, "no rule fills the queue `second`"),
        *(
            (Severity.NOTE, message)
            for message in (
                "nothing needs the skill `vip`",
                "nothing needs the skill `refunds`",
                "no rule promises the sla policy `chat`",
                "no condition looks at the fact `upset`",
                "no condition names the list `words`",
                "no condition names the list `more`",
                "nothing runs by the calendar `shop`",
            )
        ),
    }


def test_calendar_that_gives_now_its_zone_is_used():
    text = """version: 1
calendars: {shop: {zone: Asia/Shanghai, week: {mon-fri: ["09:00-18:00"]}}}
queues: {desk: {}}
rules: [{name: late, when: now.hour > 18, set: {queue: desk}}]
"""
    assert check_ruleset(text, source="rules.yaml", lists={}).findings == []


@pytest.mark.parametrize(
    ("queues", "message"),
    [
        ("{first: {share: 1/2}}", "a share of the picks means nothing with a single queue"),
        (
            "{first: {overflow: {to: second, when_waiting: 9, back_at: 3}}, "
            "second: {overflow: {to: third, when_waiting: 9, back_at: 3}}, third: {}}",
            "work that overflows into `second` does not overflow again from there",
        ),
        (
            "{first: {share: 3/5}, second: {share: 2/5}, third: {}}",
            "together with `first` it leaves other queues no pick",
        ),
    ],
)
def test_arrangement_of_queues_that_cannot_be_meant_is_pointed_out(queues, message):
    text = f"version: 1\nqueues: {queues}\nrules: [{{name: a, when: 'true', set: {{queue: first}}}}]\n"
    found = [found.message for found in check_ruleset(text, source="r", lists={}).findings]
    assert [each for each in found if "no rule fills" not in each] == [message]


def test_needs_of_two_rules_that_contradict_are_pointed_out():
    assert messages(
        "{name: a, when: message.language == 'zh', set: {needs: [{require: vip}]}}",
        "{name: b, when: customer.returning, set: {needs: [{forbid: vip}]}}",
    ) == ["`vip` stands here as require and as forbid with the rule `a`"]


def test_rule_that_sets_nothing_is_pointed_out():
    assert messages("{name: a, when: customer.returning}") == ["the rule `a` sets nothing"]


def test_rule_that_never_matches_is_pointed_out():
    assert "the rule `a` never matches" in messages("{name: a, when: 'false', set: {queue: first}}")


def test_report_gives_places_as_text_and_as_json(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text(HEAD + "  - {name: a, when: customer.retuning, set: {queue: first}}\n")
    report = rules_check(path)
    text = report.text().splitlines()
    assert text[0].startswith(f"{path}:7:29: error: rules[0].when: `customer.retuning` is not known")
    assert text[-1].startswith(f"{path}: 1 error, ")
    finding = json.loads(json.dumps(report.as_json()))["findings"][0]
    assert (finding["line"], finding["column"], finding["severity"]) == (7, 29, "error")
    assert not report.ok


def test_lists_beside_the_file_are_read(tmp_path):
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "words.txt").write_text("\ufeff投诉\n", encoding="utf-8")
    path = tmp_path / "rules.yaml"
    rule = "{name: a, when: 'mentions_any(message.text, \"words\")', set: {queue: first}, examples: [%s]}"
    path.write_text(
        HEAD + "  - " + rule % "{given: {message: {text: 我要投诉}}, expect: {}}" + "\n", encoding="utf-8"
    )
    report = rules_check(path)
    assert [found for found in report.result.findings if found.severity is Severity.ERROR] == []
    assert report.result.examples == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "no such file"), (b"\xff\xfe", "is not UTF-8"), (b"a" * 2_000_001, "too large")],
)
def test_file_that_cannot_be_read_is_refused_in_words(tmp_path, content, message):
    path = tmp_path / "rules.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        rules_check(path)


def test_first_example_of_the_documentation_is_sound():
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    document = page.split("```yaml\n")[1].split("```")[0]
    phrases = page.split("```\n# one phrase a line")[1].split("```")[0]
    assert check_ruleset(document, source="rules.md", lists={"complaints": phrases}).findings == []


def test_example_can_expect_no_needs_at_all():
    settings = "set: {queue: first, needs: [{require: vip}]}"
    rule = f"{{name: a, when: 'true', {settings}, examples: [{{expect: {{needs: []}}}}]}}"
    assert messages(rule) == ["expected no needs, got require: vip, level: 1"]


def test_file_with_notes_alone_is_good_and_they_are_printed(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text("version: 1\nskills: {zh: {kind: language}}\nqueues: {q: {}}\nrules:\n" + RULE_Q)
    report = rules_check(path)
    assert report.ok
    first, last = report.text().splitlines()
    assert first.startswith(f"{path}:2:10: note: skills.zh: nothing needs the skill `zh`.")
    assert last == f"{path}: 0 errors, 0 warnings, 1 note in 1 rule, 0 examples"


def test_queue_no_work_can_reach_is_a_finding(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text("version: 1\nqueues: {q: {}, empty: {}}\nrules:\n" + RULE_Q)
    assert not rules_check(path).ok
