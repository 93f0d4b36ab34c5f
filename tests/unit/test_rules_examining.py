"""Many faults in one document: each is found, none hides another, and nothing else is complained of."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.engine.rules import RulesError, load_ruleset
from router.engine.rules.checks import Severity, check_ruleset

FIXTURES = Path(__file__).parent.parent / "fixtures" / "rules"
SOUND = (FIXTURES / "sound.yaml").read_text(encoding="utf-8")
LISTS = {"complaints": "投诉\ncomplain*", "numbers": r"\d+"}

# file, then line, column and a part of the message of each planted fault
PLANTED = {
    "faults-shape.yaml": [
        (7, 16, "is no time zone"),
        (8, 48, "is no period of a day"),
        (10, 42, "is no duration"),
        (13, 37, "is no share"),
        (14, 28, "is no duration"),
        (15, 25, "not valid YAML: expected ',' or '}'"),
        (16, 19, "valid integer"),
        (23, 61, "less than or equal to 5"),
        (26, 35, "unknown key `prio`"),
        (28, 11, "valid string"),
    ],
    "faults-names.yaml": [
        (7, 20, "unknown calendar `shpo`"),
        (9, 28, "unknown queue `service2`"),
        (15, 38, "unknown list `angri`"),
        (19, 29, "unknown skill `lang-zn`"),
        (21, 25, "unknown calendar `shopp`"),
        (24, 23, "no matching overload"),
        (27, 28, "Syntax error"),
        (30, 35, "not a pattern"),
        (33, 16, "`facts.angry` is not known"),
        (35, 11, "the name `chinese` is taken"),
    ],
    "faults-mixed.yaml": [
        (3, 3, "nothing needs the skill `lang-zh`"),
        (3, 19, "nothing goes by the kind `langauge`"),
        (6, 3, "`complaints` stands here twice"),
        (9, 3, "nothing runs by the calendar `store`"),
        (9, 17, "`Europe/Berln` is no time zone"),
        (11, 3, "no rule promises the sla policy `chat`"),
        (11, 20, "unknown calendar `shp`"),
        (12, 3, "no rule promises the sla policy `usual`"),
        (12, 43, "`1 hour` is no duration"),
        (14, 48, "the overflow goes in a circle"),
        (16, 40, "`5/4` is no share"),
        (17, 13, "unknown key `max_advanced`"),
        (18, 1, "a tab stands where only spaces may"),
        (18, 3, "no rule fills the queue `vip`"),
        (25, 66, "expected queue after_sale, got complaints"),
        (27, 23, "found no matching overload for '_>_'"),
        (31, 29, "unknown skill `frensh`"),
        (34, 18, "unknown queue `presale`"),
        (38, 5, "the rule `richer` has no effect"),
        (46, 18, "the same condition and sets another queue"),
        (51, 5, "the rule `too late` is never reached"),
    ],
    "faults-sense.yaml": [
        (3, 32, "nothing needs the skill `french`"),
        (4, 45, "no rule promises the sla policy `spare`"),
        (6, 26, "the overflow goes in a circle"),
        (8, 3, "no rule fills the queue `third`"),
        (15, 57, "expected queue second, got first"),
        (18, 18, "the same condition and sets another queue"),
        (20, 11, "`night` never matches"),
        (26, 5, "`regular` is never reached"),
        (31, 19, "as require and as forbid"),
        (32, 5, "`empty` sets nothing"),
    ],
}


@pytest.mark.parametrize("name", PLANTED)
def test_each_planted_fault_is_one_finding_with_place_and_remedy(name):
    text = (FIXTURES / name).read_text(encoding="utf-8")
    found = sorted(
        check_ruleset(text, source=name, lists={}).findings, key=lambda each: (each.line, each.column)
    )
    assert [(each.line, each.column) for each in found] == [place[:2] for place in PLANTED[name]]
    for each, (_, _, message) in zip(found, PLANTED[name], strict=True):
        assert message in each.message
        assert each.hint


def errors(text: str, lists: dict[str, str] | None = None) -> list[str]:
    found = check_ruleset(text, source="rules.yaml", lists=LISTS if lists is None else lists).findings
    return [f"{each.line}: {each.message}" for each in found if each.severity is Severity.ERROR]


def test_sound_document_has_no_finding():
    assert check_ruleset(SOUND, source="rules.yaml", lists=LISTS).findings == []


def test_rule_with_broken_syntax_hides_no_other_fault():
    text = SOUND.replace('when: message.language == "zh"', "when: 'message.language", 1)
    text = text.replace("queue: after_sale,", "queue: aftersale,")
    first, second = errors(text)
    assert "not valid YAML" in first
    assert second == "25: unknown queue `aftersale`"


def test_needs_that_contradict_hide_no_failing_example():
    example = "examples: [{given: {message: {language: zh}}, expect: {queue: complaints}}]"
    needs = "needs: [{require: refunds}, {prefer: refunds, drop_after: 2m}]"
    text = SOUND.replace("set: {needs: [{require: lang-zh}]}", f"set: {{needs: []}}\n    {example}")
    text += f"  - name: at odds\n    when: message.kind == 'odd'\n    set: {{{needs}}}\n"
    found = errors(text)
    assert any("as require and as prefer" in message for message in found)
    assert any("expected queue complaints" in message for message in found)


def test_every_line_indented_with_tabs_is_named_and_still_looked_at():
    text = SOUND.replace("  pre_sale: {max_advance: 2h", "\tpre_sale: {max_advnce: 2h", 1)
    found = errors(text)
    assert [message.partition(": ")[2] for message in found] == [
        "not valid YAML: a tab stands where only spaces may",
        "unknown key `max_advnce`",
    ]


def test_alias_is_told_once_and_nothing_that_follows_from_it():
    text = SOUND.replace('when: message.language == "zh"', "when: *zh", 1)
    assert [message.partition(": ")[2] for message in errors(text)] == ["aliases and anchors are not allowed"]
    assert len(check_ruleset(text, source="rules.yaml", lists=LISTS).findings) == 1


def test_name_that_stands_in_a_broken_part_is_not_complained_of_elsewhere():
    text = SOUND.replace("pre_sale: {max_advance: 2h, offer_timeout: 30s}", "pre_sale: {max_advance: 2h")
    assert [message.partition(": ")[2][:14] for message in errors(text)] == ["not valid YAML"]


def test_list_that_cannot_be_used_hides_no_failing_example():
    example = "examples: [{given: {message: {language: zh}}, expect: {queue: complaints}}]"
    text = SOUND.replace("set: {needs: [{require: lang-zh}]}", f"set: {{needs: []}}\n    {example}")
    found = errors(text, LISTS | {"complaints": "# nothing"})
    assert any("the list is empty" in message for message in found)
    assert any("expected queue complaints" in message for message in found)


@pytest.mark.parametrize(
    ("sound", "faulty", "expected"),
    [
        (
            "overflow: {to: pre_sale, when_waiting: 50, back_at: 30}",
            "overflow: {to: pre_sael, when_waiting: 30, back_at: 50}",
            ["`back_at` is not below", "unknown queue `pre_sael`"],
        ),
        (
            "pre_sale: {max_advance: 2h,",
            "pre_sale: {protect: {skill: refund, for: soon}, reserve: many,",
            ["unknown skill `refund`", "`soon` is no duration", "`many`"],
        ),
        (
            "phone: {cost: 100, max: 1}",
            "phone: {cost: 100, max: 0, interruptible_by: [fax]}",
            ["greater than or equal to 1", "unknown channel class `fax`"],
        ),
        (
            '- name: language\n    when: message.language == "zh"',
            '- name: complaint\n    prio: 3\n    when: message.langauge == "zh"',
            ["the name `complaint` is taken", "unknown key `prio`", "`message.langauge`"],
        ),
        (
            "needs: [{require: lang-zh}]",
            "needs: [{require: lang-zh, prefer: x}, {require: lang-hz, level: 9}, {require: hz}]",
            ["names 2", "unknown skill `lang-hz`", "less than or equal to 5", "unknown skill `hz`"],
        ),
        (
            "set: {needs: [{require: lang-zh}]}",
            "set: {boost: soon, queue: sales}\n    examples: [{given: {message: {txt: x}}, expect: {}},"
            " {expect: {queue: desk, sla: chta}}, {expect: {qeue: a}}]",
            [
                "`soon` is no duration",
                "unknown queue `sales`",
                "unknown variable `message.txt`",
                "unknown queue `desk`",
                "unknown sla policy `chta`",
                "unknown key `qeue`",
            ],
        ),
        (
            'matches_list(message.text, "numbers")',
            'matches_list(message.txt, "numbres")',
            ["`message.txt`", "unknown list `numbres`"],
        ),
    ],
    ids=["overflow", "protect", "class", "rule", "needs", "examples", "condition"],
)
def test_fault_does_not_hide_what_stands_beside_it(sound: str, faulty: str, expected: list[str]) -> None:
    assert sound in SOUND
    found = errors(SOUND.replace(sound, faulty, 1))
    assert len(found) == len(expected)
    for message, part in zip(found, expected, strict=True):
        assert part in message


@given(st.integers(0, len(SOUND)), st.integers(0, 60), st.sampled_from(["", "{", '"', "x: ", "\n", "  - "]))
def test_any_damage_is_found_exactly_when_the_document_cannot_be_loaded(start, length, planted):
    text = SOUND[:start] + planted + SOUND[start + length :]
    try:
        load_ruleset(text, source="rules.yaml", lists=LISTS)
    except RulesError:
        assert errors(text)
    else:
        assert errors(text) == []
