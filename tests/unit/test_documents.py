"""What a document is refused for, whoever reads it: rules, roster or configuration."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from router.documents.places import Located
from router.documents.problems import DocumentError, Problem
from router.documents.reading import MAX_DEPTH, read_document
from router.documents.validation import validate


def problems(text: str, *, shows_values: bool = True) -> tuple[Problem, ...]:
    with pytest.raises(DocumentError) as caught:
        read_document(text, source="a.yaml", shows_values=shows_values)
    return caught.value.problems


def test_values_are_those_of_yaml_1_2_and_each_has_its_place():
    text = "a: [no, 0o17, -1.5, ~, true, '7']\nb:\n  at: 2026-01-02\n  = : '='\n"
    document = read_document(text, source="a.yaml")
    assert document.value == {"a": ["no", 15, -1.5, None, True, "7"], "b": {"at": "2026-01-02", "=": "="}}
    assert (document.place(("b", "at")).line, document.place(("b", "at")).column) == (3, 7)
    assert (document.key_place(("b", "at")).line, document.key_place(("b", "at")).column) == (3, 3)


TRAPS = {
    "anchor": ("a: &x 1", "1:4 a: aliases and anchors"),
    "alias that stands for nothing": ("a: *x", "1:4 a: aliases and anchors"),
    "anchored key": ("&x a: 1", "1:1: aliases and anchors"),
    "tagged text": ("a:\n- !x b", "2:3 a[0]: a tag is not allowed"),
    "tagged mapping": ("a: !!set {b}", "1:4 a: a tag is not allowed"),
    "tag with a handle": ("a: !x!y b", "1:4: a tag is not allowed"),
    "merge key": ("a: {<<: {b: 1}}", "1:5 a: the key `<<` is no text. Put it in quotes."),
    "key that is a list": ("a: 1\n? [b]\n: c\n", "2:3: this key is not plain text"),
    "other version": ("%YAML 1.1\n---\na: no\n", "2:1: directives are not allowed"),
    "second document": ("a: 1\n---\n[", "2:1: a second document starts here"),
    "escape of no character": ('a: 1\nb: "\\UFFFFFFFF"', "1:4: not valid YAML: something after"),
    "surrogate": ("a: b\n\ud800: c", "2:1: not valid YAML: unacceptable character"),
    "number without end": ("a: " + "9" * 5000, "1:4 a: `" + "9" * 40 + "` is no number"),
    "repeated key": ("a: {b: 1, b: {c: 2}}", "1:11 a.b: `b` stands here twice"),
    "nothing": ("# empty", "1:1: the document is empty"),
}


@pytest.mark.parametrize(("text", "said"), TRAPS.values(), ids=TRAPS.keys())
def test_trap_is_refused_with_its_place(text: str, said: str):
    (found,) = problems(text)
    assert str(found).startswith(f"a.yaml:{said}")


@pytest.mark.parametrize("text", ["[" * 400_000, "a: {b: 1, b: " + "[\n" * 200_000, "? " + "[\n" * 200_000])
def test_deep_nesting_stops_the_reading_at_once(text: str):
    assert f"nested deeper than {MAX_DEPTH} levels" in problems(text)[-1].message


def test_all_traps_of_a_document_are_named_at_once():
    found = problems("a: &x 1\nb: !y 2\nc: 0x\na: 3\n1: 4\nd: {e: *x}\n")
    assert [(each.line, each.path) for each in found] == [
        (1, "a"),
        (2, "b"),
        (4, "a"),
        (5, ""),
        (6, "d.e"),
    ]


@pytest.mark.parametrize(
    "value",
    [
        "&hunter2 x",
        "*hunter2",
        "!hunter2",
        "!hunter2!x",
        "!<hunter2> x",
        "0xhunter2: x",
        "4815" * 11,
        "x\n b: hunter2",
    ],
)
def test_document_that_may_hold_secrets_never_has_a_value_repeated(value: str):
    said = "\n".join(str(each) for each in problems(f"a: {value}\n", shows_values=False))
    assert said
    assert "hunter2" not in said
    assert "4815" not in said


@given(st.text(max_size=300))
def test_any_text_raises_nothing_but_a_document_error(text: str):
    with suppress(DocumentError):
        read_document(text, source="a.yaml")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")
    size: int = 0


class _Other(BaseModel):
    model_config = ConfigDict(extra="forbid")
    colour: str = ""
    part: _Part = _Part()


class _Whole(BaseModel):
    model_config = ConfigDict(extra="forbid")
    parts: dict[str, _Other] = {}
    either: list[_Part] | _Other = []


def faults(text: str, *, shows_values: bool = True) -> list[str]:
    document: Located = read_document(text, source="a.yaml", shows_values=shows_values)
    model, found = validate(_Whole, document)
    assert model is None
    return [str(each) for each in found]


def test_entry_named_like_a_key_further_down_is_told_its_own_keys():
    (found,) = faults("parts: {part: {color: red}}")
    assert found == "a.yaml:1:16 parts.part.color: unknown key `color`. Did you mean `colour`?"


def test_fault_within_a_union_is_named_by_the_path_in_the_file():
    found = faults("either:\n  - {sise: 1}")
    assert "a.yaml:2:6 either[0].sise: unknown key `sise`. Did you mean `size`?" in found


def test_wrong_value_is_shown_at_its_place_and_a_possible_secret_is_not():
    text = "parts: {x: {part: {size: hunter2}}}"
    assert faults(text)[0].startswith("a.yaml:1:26 parts.x.part.size: `hunter2`: input should be")
    assert faults(text, shows_values=False)[0].startswith("a.yaml:1:20 parts.x.part.size: input should be")
