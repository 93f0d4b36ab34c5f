from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.engine.rules import RulesError, load_ruleset

SOUND = Path(__file__).parent.parent / "fixtures" / "rules" / "sound.yaml"
LISTS = {"complaints": "投诉\ncomplain*", "numbers": r"\d+"}


def problems(text: str, lists: dict[str, str] | None = None) -> list[tuple[int, int, str, str]]:
    with pytest.raises(RulesError) as caught:
        load_ruleset(text, source="rules.yaml", lists=LISTS if lists is None else lists)
    return [(found.line, found.column, found.message, found.hint) for found in caught.value.problems]


def test_sound_document_has_no_problem():
    load_ruleset(SOUND.read_text(), source="rules.yaml", lists=LISTS)


# Each fault: what stands in the sound document, what is planted, the column of the complaint within the
# planted text, a part of the message and a part of the remedy.
FAULTS = [
    ("max_advance: 8h", "max_advnce: 8h", 0, "unknown key `max_advnce`", "Did you mean `max_advance`?"),
    ("first_response: 60s", "first_response: 60", 16, "`60` is no duration", "60s, 15m, 8h, 2d"),
    ("resolution: 8h", "resolution: 1.3s", 12, "whole number of seconds", "smaller unit"),
    ("boost: 60m", "boost: 5000d", 7, "longer than ten years", "shorter"),
    ("zone: Asia/Shanghai", "zone: Asia/Shanghia", 6, "is no time zone", "Asia/Shanghai"),
    ("mon-fri:", "mon-fry:", 0, "are no days", "mon-fri"),
    ('"13:00-21:00"', '"22:00-02:00"', 0, "no period of a day", "two periods"),
    ("holidays: CN", "holidays: XX", 10, "no holidays are known", "CN, US"),
    ("share: 4/5", "share: 5/4", 7, "is no share", "4/5"),
    ("back_at: 30", "back_at: 50", None, "`back_at` is not below", "50 and 30"),
    ("to: pre_sale", "to: presale", 4, "unknown queue `presale`", "Did you mean `pre_sale`?"),
    ("to: pre_sale", "to: after_sale", 4, "overflows into itself", "another queue"),
    ("sla: complaint,", "sla: complain,", 5, "unknown sla policy `complain`", "Did you mean `complaint`?"),
    ("queue: complaints,", "queue: complains,", 7, "unknown queue", "Did you mean `complaints`?"),
    ("require: complaints", "require: compliants", 9, "unknown skill", "Did you mean `complaints`?"),
    ("{require: lang-zh}", "{prefer: lang-zh}", 9, "never dropped", "Use `require:`"),
    (
        "{require: lang-zh}",
        "{require: lang-zh, forbid: refunds}",
        0,
        "names one skill, this one names 2",
        "one of",
    ),
    ("{require: lang-zh}", "{require: lang-zh, grade: 2}", 0, "only `prefer` has", "`prefer:`"),
    (
        "{require: lang-zh}",
        "{require: lang-zh}, {forbid: lang-zh}",
        20,
        "as require and as forbid",
        "Keep one",
    ),
    ("level: 3", "level: 9", 7, "less than or equal to 5", "Write a number that is at most"),
    ("{calendar: shop, first", "{calendar: shp, first", 11, "unknown calendar `shp`", "Did you mean `shop`?"),
    ('"complaints") ||', '"complaint") ||', 0, "unknown list `complaint`", "Did you mean `complaints`?"),
    ("message.language ==", "message.langage ==", 7, "`message.langage` is not known", "`message.language`"),
    ('== "zh"', "== 7", 0, "no matching overload", "same type"),
    ('== "after_sale"', '= "after_sale"', 0, "Syntax error", "== !="),
    ('message.language == "zh"', "message.language", 0, "gives string, not true or false", "Compare"),
    ('message.language == "zh"', 'message.text.matches("(a")', 21, "not a pattern: missing )", "RE2"),
    ('message.language == "zh"', "mentions_any(message.text, message.text)", 27, "written out", '"list"'),
    (
        'message.language == "zh"',
        'business_open("shp")',
        14,
        "unknown calendar `shp`",
        "Did you mean `shop`?",
    ),
    ('message.language == "zh"', "order.value > 3", 12, "(double, int)", "with a point: 100.0"),
    ('when: "true"', "when: true", 6, "`True`: input should be a valid string", "Put it in quotes."),
    ("name: language", "name: complaint", 6, "is taken by the rule in line 16", "its own name"),
    ("final: true", "final: 'yes'", 7, "valid boolean", "true or false"),
    ("version: 1", "version: 2", 9, "input should be 1", "Allowed: 1."),
    ("dormant: 0.25", "dormant: 2.5", 9, "less than or equal to 1", "Write a number that is at most"),
    ("kind: language", "kind: Language!", 6, "should match pattern", "letters, digits"),
    ("pre_sale: {max", "after_sale: {max", 0, "`after_sale` stands here twice", "Keep one"),
    ("units: 100", "units: &u 100, cost: *u", None, "aliases", "Write the value out."),
    ("units: 100", "units: !!python/name:x 100", None, "is not allowed", "plain value"),
    ('when: "true"', 'when: "\\ud800"', 6, "half a character", "whole character"),
    ("units: 100", "units: 0x" + "f" * 5000, 7, "is no number", "quotes"),
    ("units: 100", "units: 100: 1", None, "not valid YAML", "Check indentation"),
]


@pytest.mark.parametrize(("sound", "planted", "column", "message", "hint"), FAULTS)
def test_planted_fault_is_named_with_place_and_remedy(sound, planted, column, message, hint):
    text = SOUND.read_text()
    at = text.index(sound)
    line, start = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    found = problems(text[:at] + planted + text[at + len(sound) :])
    mine = [entry for entry in found if message in entry[2]]
    assert mine, found
    assert mine[0][0] == line
    assert hint in mine[0][3]
    if column is not None:
        assert mine[0][1] == start + column


def test_missing_key_is_named_at_the_rule_that_lacks_it():
    text = SOUND.read_text().replace("    when: message.language", "    final: false # message.language")
    assert problems(text) == [(20, 5, "`when` is missing", "Add `when:` here.")]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("# nothing", "lists/complaints.txt:1:1: the list is empty. Write one phrase a line."),
        ("投诉\n*", "lists/complaints.txt:2:1: a phrase without letters matches everything. Take it away."),
    ],
)
def test_list_that_cannot_be_used_is_named_by_its_file(text, complaint):
    with pytest.raises(RulesError) as caught:
        load_ruleset(SOUND.read_text(), source="rules.yaml", lists=LISTS | {"complaints": text})
    assert [str(found) for found in caught.value.problems] == [complaint]


def test_line_of_a_list_that_is_no_pattern_is_named():
    with pytest.raises(RulesError) as caught:
        load_ruleset(SOUND.read_text(), source="rules.yaml", lists=LISTS | {"numbers": "\\d+\n# fine\n(?=x)"})
    assert "lists/numbers.txt:3:1: not a pattern: " in str(caught.value)


def test_list_in_the_document_and_in_a_file_is_refused():
    text = SOUND.read_text() + "lists: {numbers: ['1']}\n"
    assert "also in the rules document" in problems(text)[0][2]


@pytest.mark.parametrize(
    ("when", "line", "column"),
    [
        ("'order.stage == ''x'' && nothing'", 1, 36),
        ('"order.stage == \\"x\\" && nothing"', 1, 36),
        ("|\n      order.stage == 'x'\n      && nothing", 3, 10),
    ],
)
def test_place_inside_a_condition_is_exact_in_every_way_of_writing_it(when, line, column):
    text = f"version: 1\nqueues: {{q: {{}}}}\nrules:\n  - name: a\n    when: {when}\n"
    found = problems(text)
    assert [(entry[0], entry[1]) for entry in found] == [(4 + line, column)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the document is empty"),
        ("[\n" * 3000, "nested deeper than 24 levels"),
        ("a" * 500_001, "longer than 500,000 characters"),
        ("a: \x00", "not valid YAML"),
        ("- 1", "valid dictionary"),
        ("version: 1", "`queues` is missing"),
    ],
)
def test_document_that_is_none_at_all_is_refused_in_words(text, message):
    assert message in "; ".join(entry[2] for entry in problems(text))


@given(st.text(max_size=200))
def test_any_text_is_a_rule_set_or_a_rules_error(text):
    with pytest.raises(RulesError):
        load_ruleset(text, source="rules.yaml", lists={})


EXTENDED = """version: 1
skills: {lang-zh: {kind: language}, refunds: {}}
calendars: {shop: {zone: UTC, week: {mon: ["09:00-18:00"]}}}
sla_policies: {chat: {first_response: 60s, by_class: {chat: {}}, steps: [50, 100]}}
queues:
  first: {overflow: {to: second, when_waiting: 9, back_at: 3}, protect: {skill: refunds, for: 1m}}
  second: {}
capacity: {classes: {chat: {cost: 20, max: 5, interruptible_by: [phone]}}}
leases: {chat: {nudge: 1m}}
incidents: {flood: {overflow: [first], relax: [refunds], reserve: {second: 1}}}
rules: [{name: all, when: "true", set: {queue: first, sla: [chat], needs: [{forbid: refunds, drop_after: 1m}]}}]
"""

# Each fault: what stands in the document above, what is planted, and a part of the message and the remedy.
EXTENDED_FAULTS = [
    ("  second: {}", "  second: {overflow: {to: first, when_waiting: 9, back_at: 3}}", "in a circle", "keep"),
    ("{skill: refunds, for", "{skill: refund, for", "unknown skill `refund`", "`refunds`"),
    ("interruptible_by: [phone]", "interruptible_by: [fax]", "unknown channel class `fax`", "Known: chat"),
    ("interruptible_by: [phone]", "interruptible_by: [chat]", "cannot interrupt itself", "Take it away"),
    ("leases: {chat", "leases: {chats", "unknown channel class `chats`", "Did you mean `chat`?"),
    ("by_class: {chat", "by_class: {chats", "unknown channel class `chats`", "Did you mean `chat`?"),
    ("overflow: [first]", "overflow: [frist]", "unknown queue `frist`", "Did you mean `first`?"),
    ("overflow: [first]", "overflow: [second]", "names no queue to overflow into", "Give `second`"),
    ("relax: [refunds]", "relax: [refund]", "unknown skill `refund`", "Did you mean `refunds`?"),
    ("reserve: {second", "reserve: {seconds", "unknown queue `seconds`", "Did you mean `second`?"),
    ("steps: [50, 100]", "steps: [100, 50]", "the steps are not in order", "smallest first"),
    ("sla: [chat]", "sla: [chat, mail]", "unknown sla policy `mail`", "Known: chat"),
    ("sla: [chat]", "sla: [chat, chat]", "`chat` stands here twice", "once"),
    ("forbid: refunds", "forbid: lang-zh", "is a language skill and never dropped", "`drop_after` away"),
    ("forbid: refunds", "require: refunds", "what is required has no `drop_after`", "`prefer:`"),
    ('{mon: ["09:00-18:00"]}', "{mon: []}", "a calendar that is never open", "Give hours"),
]


@pytest.mark.parametrize(("sound", "planted", "message", "hint"), EXTENDED_FAULTS)
def test_contradiction_between_parts_is_named_with_its_line_and_remedy(sound, planted, message, hint):
    load_ruleset(EXTENDED, source="rules.yaml", lists={})
    at = EXTENDED.index(sound)
    (found,) = problems(EXTENDED.replace(sound, planted), {})
    # a circle is named at the queue of it that stands first
    assert found[0] in (EXTENDED.count("\n", 0, at) + 1, 6)
    assert message in found[2]
    assert hint in found[3]
