"""The desk's sources: words in both languages, readable colours, nothing that leaves this server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DESK = Path(__file__).parents[2] / "ui" / "desk" / "src"
LOCALES = ("en", "zh-CN")
SOURCES = {
    path.relative_to(DESK).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted(DESK.rglob("*"))
    if path.suffix in {".ts", ".tsx"}
}


def read_words(locale: str) -> dict[str, str]:
    """Read the ids of a Fluent file, each with its whole pattern."""
    source = (DESK / "words" / f"{locale}.ftl").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z][a-z0-9_-]*) = ?((?:.*)(?:\n[ \t]+.*)*)", source, re.MULTILINE))


def used_variables(pattern: str) -> set[str]:
    """Name the variables a pattern shows or selects by."""
    return set(re.findall(r"\$(\w+)", pattern))


def test_both_languages_have_the_same_words_in_the_same_order():
    assert list(read_words("en")) == list(read_words("zh-CN"))


@pytest.mark.parametrize("locale", LOCALES)
def test_every_word_the_desk_asks_for_exists(locale):
    words = read_words(locale)
    asked = {word for source in SOURCES.values() for word in re.findall(r'\bt\("([a-z][a-z0-9_-]*)"', source)}
    asked |= set(re.findall(r'word: "([a-z-]+)"', SOURCES["keys.ts"]))
    assert len(asked) > 100
    assert asked - set(words) == set()


@pytest.mark.parametrize("locale", LOCALES)
def test_every_family_of_words_the_desk_builds_ids_for_exists(locale):
    words = read_words(locale)
    prefixes = {
        prefix for source in SOURCES.values() for prefix in re.findall(r"\bt\(`([a-z-]+-)\$\{", source)
    }
    assert len(prefixes) > 10
    assert [prefix for prefix in sorted(prefixes) if not any(word.startswith(prefix) for word in words)] == []


def test_chinese_uses_no_variable_the_english_words_do_not_have():
    english, chinese = read_words("en"), read_words("zh-CN")
    assert [word for word in english if used_variables(chinese[word]) - used_variables(english[word])] == []


def read_colours(start: str) -> dict[str, str]:
    """Read the colours of the first block of the style sheet that begins with `start`."""
    source = (DESK / "styles" / "tokens.css").read_text(encoding="utf-8")
    block = source[source.index(start) :].split("}", 1)[0]
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", block))


def luminance(colour: str) -> float:
    """Compute the relative luminance of WCAG 2.2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Compute the contrast ratio of WCAG 2.2."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


READ_TOGETHER = [
    *(
        (ink, ground)
        for ink in ("ink", "ink-2", "ink-3")
        for ground in ("rail", "surface", "raised", "sunken", "hover")
    ),
    *((ink, "accent-soft") for ink in ("ink", "ink-2", "accent")),
    *(
        (ink, ground)
        for ink in ("calm", "soon", "late", "accent")
        for ground in ("surface", "raised", "hover")
    ),
    *((ink, "accent-soft") for ink in ("calm", "soon", "late")),
    ("soon", "soon-soft"),
    ("late", "late-soft"),
    ("note-ink", "note"),
    ("note-strong", "note"),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
]


@pytest.mark.parametrize("theme", [":root {", ':root[data-theme="dark"] {'], ids=["light", "dark"])
def test_all_words_stand_out_from_their_ground(theme):
    colours = read_colours(theme)
    weak = {
        f"{ink} on {ground}": round(contrast(colours[ink], colours[ground]), 2)
        for ink, ground in READ_TOGETHER
        if contrast(colours[ink], colours[ground]) < 4.5
    }
    assert weak == {}


def test_dark_by_choice_and_dark_by_system_are_the_same_colours():
    assert read_colours(':root[data-theme="dark"] {') == read_colours(':root:not([data-theme="light"]) {')


def test_the_desk_names_no_other_server():
    named = {
        name: found
        for name, source in SOURCES.items()
        if (found := re.findall(r"https?://[^\s\"'`]+", source))
    }
    assert named == {}


def test_files_of_the_desk_stay_small():
    assert {name: lines for name, source in SOURCES.items() if (lines := source.count("\n")) > 250} == {}
