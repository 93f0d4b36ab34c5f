"""Long texts cut to a channel's limit: nothing lost, nothing torn, never over the limit."""

import re
import time

import pytest
import regex  # type: ignore[import-untyped]
from hypothesis import assume, given
from hypothesis import strategies as st

from router.capabilities import TextLimits, TextUnit
from router.splitting import length, split

FAMILY = "\N{WOMAN}\u200d\N{WOMAN}\u200d\N{GIRL}\u200d\N{BOY}"
FLAG = "\N{REGIONAL INDICATOR SYMBOL LETTER C}\N{REGIONAL INDICATOR SYMBOL LETTER N}"


def limits(most: int, unit: TextUnit = TextUnit.CHARS) -> TextLimits:
    return TextLimits(max=most, unit=unit)


def bare(part: str) -> str:
    return re.sub(r"^\(\d+/\d+\) ", "", part)


@pytest.mark.parametrize(
    ("text", "unit", "long"),
    [
        ("x", TextUnit.CHARS, 1),
        ("é", TextUnit.BYTES, 2),
        ("汉", TextUnit.BYTES, 3),
        ("😟", TextUnit.CHARS, 1),
        ("😟", TextUnit.UTF16, 2),
        ("😟", TextUnit.BYTES, 4),
        (FAMILY, TextUnit.CHARS, 7),
        (FAMILY, TextUnit.UTF16, 11),
        ("a\r\n", TextUnit.BYTES, 3),
    ],
)
def test_text_at_the_limit_is_whole_and_one_more_is_cut(text: str, unit: TextUnit, long: int):
    assert length(text, unit) == long
    assert split(text * 100, limits(100 * long, unit)) == [text * 100]
    parts = split(text * 100 + "x", limits(100 * long, unit))
    assert [part[:6] for part in parts] == ["(1/2) ", "(2/2) "]
    assert all(length(part, unit) <= 100 * long for part in parts)


@pytest.mark.parametrize("whole", [FAMILY, FLAG, "e\u0301", "👍🏽", "한"], ids=ascii)
@pytest.mark.parametrize("unit", list(TextUnit))
def test_what_a_reader_sees_as_one_character_stays_whole(whole: str, unit: TextUnit):
    for part in split(whole * 60, limits(50, unit)):
        assert bare(part) == whole * (len(bare(part)) // len(whole))


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("One. Two three four five six.\n\nSeven eight nine ten", "One. Two three four five six."),
        ("One two three four five six.\r\nSeven eight nine ten", "One two three four five six."),
        ("One two three four? Five six seven eight nine ten", "One two three four?"),
        ("您好。您的包裹已经在路上了。预计明天送到您家门口，请您耐心等待，谢谢您的理解和支持再见再见", None),
        ("One two three four five six seven eight nine ten", "One two three four five six seven"),
    ],
    ids=["paragraph", "line", "sentence", "chinese", "word"],
)
def test_part_ends_where_a_reader_pauses(text: str, first: str | None):
    parts = split(text, limits(40))
    if first is None:
        assert bare(parts[0]).endswith(("。", "，")) or len(parts[0]) == 40
    else:
        assert bare(parts[0]) == first
    assert "".join(map(bare, parts)).replace(" ", "") == re.sub(r"\s", "", text)


def test_more_than_nine_parts_have_longer_numbers():
    parts = split("word " * 100, limits(50))
    assert parts[0].startswith(f"(1/{len(parts)}) ")
    assert parts[-1].startswith(f"({len(parts)}/{len(parts)}) ")
    assert len(parts) > 9


def test_tiny_limit_leaves_the_numbers_out():
    assert split("Good morning to you", limits(8)) == ["Good", "morning", "to you"]


def test_one_character_over_the_limit_is_cut_between_its_code_points():
    assert "".join(split(FAMILY, limits(5, TextUnit.UTF16))) == FAMILY


@given(
    text=st.text(st.sampled_from("ab .。\n\r😟汉\u0301\u200d" + FLAG), min_size=1, max_size=400),
    most=st.integers(4, 120),
    unit=st.sampled_from(TextUnit),
)
def test_parts_keep_within_the_limit_and_lose_only_space_at_their_ends(text: str, most: int, unit: TextUnit):
    parts = split(text, limits(most, unit))
    assert all(length(part, unit) <= most for part in parts)
    strip = re.compile(r"\s")
    whole = strip.sub("", "".join(map(bare, parts) if most >= 40 and len(parts) > 1 else parts))
    assert whole == strip.sub("", text)
    assert not any(part.endswith("\r") for part in parts[:-1])


PIECES = [
    "x",
    " ",
    "汉",
    "é",
    "e\u0301",
    "\r\n",
    "\n",
    "😟",
    FAMILY,
    FLAG,
    FLAG[0],
    "\u200d",
    "क्ष",
    "각",
    "\u0600",
]


@given(
    text=st.lists(st.sampled_from(PIECES), min_size=20, max_size=60).map("".join),
    most=st.integers(8, 30),
    unit=st.sampled_from(TextUnit),
)
def test_no_part_ends_inside_a_character_wherever_the_cut_falls(text: str, most: int, unit: TextUnit):
    whole = regex.findall(r"\X", text.strip())
    longest = max((length(each, unit) for each in whole), default=0)
    assume(longest <= most < length(text.strip(), unit))
    first = split(text, limits(most, unit))[0]
    ends = [text.strip()[: sum(map(len, whole[:number]))].rstrip() for number in range(len(whole) + 1)]
    assert first in ends


def test_a_million_signs_are_cut_in_time_that_grows_with_their_number():
    began_s = time.thread_time()
    parts = split("x" * 1_000_001 + "汉" * 10, limits(1_000_000))
    assert [len(part) for part in parts] == [1_000_000, 23]
    # A cut that looks at the whole text again for every sign takes hours.
    assert time.thread_time() - began_s < 20
