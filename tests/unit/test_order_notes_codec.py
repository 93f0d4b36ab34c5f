"""`reason--name--date` as people really write it, and what merging must never do."""

from datetime import date

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from router.model.order_notes import NoteTooLong, check_fits, merge, missing, parse, parse_line, render, tidy
from router.orders import Memo, NoteColour, NoteKind, NoteLimits, OrderNote

ON = date(2026, 3, 4)
ROOMY = NoteLimits(max=100_000)

kinds = st.sampled_from(list(NoteKind))
texts = st.text(min_size=1, max_size=60)
awkward = st.lists(
    st.sampled_from(["-", "--", "—", "——", "－", " ", "\n", "换货", "Ana-Maria", "2026-03-04", "a"]),
    min_size=1,
    max_size=8,
).map("".join)


def note(
    reason: str = "换货", author: str = "小美", on: date = ON, kind: NoteKind = NoteKind.AFTER_SALE
) -> OrderNote:
    return OrderNote(order_id="X-1", kind=kind, reason=reason, author=author, on=on)


def tidied(reason: str, author: str, on: date, kind: NoteKind) -> OrderNote:
    try:
        return tidy(note(reason, author, on, kind))
    except ValueError:
        assume(False)
        raise


notes = st.builds(tidied, texts | awkward, texts | awkward, st.dates(date(1000, 1, 1)), kinds)
memos = st.lists(texts | awkward | notes.map(render), max_size=6).map("\n".join)


@given(notes)
@example(note("改地址 -- 加急", "Ana-Maria"))
def test_what_is_written_reads_back_as_it_was(written: OrderNote):
    assert parse_line(render(written), "X-1", written.kind) == written


@given(memos, st.lists(notes, min_size=1, max_size=4))
@example("Please wrap ", [note("改地址", "Mei")])
def test_merging_keeps_every_line_and_adds_every_note(text: str, added: list[OrderNote]):
    merged = merge(Memo(text=text), added, ROOMY)
    assert merged.text.startswith(text.rstrip())
    assert missing(merged, added) == []
    assert parse(merged, "X-1").foreign == parse(Memo(text=text), "X-1").foreign


@given(memos, st.lists(notes, min_size=1, max_size=4))
def test_merging_twice_changes_nothing(text: str, added: list[OrderNote]):
    once = merge(Memo(text=text), added, ROOMY)
    assert merge(once, added, ROOMY) == once


@given(memos, notes, st.integers(1, 200), st.sampled_from(["chars", "bytes"]))
def test_merged_memo_fits_or_is_refused_with_by_how_much(text: str, added: OrderNote, most: int, unit: str):
    limits = NoteLimits(max=most, unit=unit)
    whole = merge(Memo(text=text), [added], ROOMY).text
    length = len(whole.encode("utf-8", "replace")) if unit == "bytes" else len(whole)
    if length <= most or whole == text:
        assert merge(Memo(text=text), [added], limits).text == whole
        return
    with pytest.raises(NoteTooLong, match=f"shorten it by {length - most},"):
        merge(Memo(text=text), [added], limits)


@pytest.mark.parametrize(
    "line",
    [
        "换货--小美--2026-03-04",
        "换货——小美——2026-03-04",
        "换货 -- 小美 -- 2026/3/4",
        " 换货－－小美－－2026.03.04 ",
        "换货⸺小美⸺2026年3月4日",
        "换货---小美--20260304",
        "换货--小美——2026年03月04",
    ],
)
def test_ways_of_writing_the_same_note_are_read_alike(line: str):
    assert parse_line(line, "X-1", NoteKind.AFTER_SALE) == note()


@pytest.mark.parametrize(
    ("line", "reason", "author"),
    [
        ("refund--Ana-Maria Lee--2026-03-04", "refund", "Ana-Maria Lee"),
        ("颜色—蓝色，换货--小美--2026-03-04", "颜色—蓝色，换货", "小美"),
        ("first -- then second--Tom--2026-03-04", "first -- then second", "Tom"),
    ],
)
def test_names_with_hyphens_and_reasons_with_dashes_stay_whole(line: str, reason: str, author: str):
    read = parse_line(line, "X-1", NoteKind.OTHER)
    assert read is not None
    assert (read.reason, read.author) == (reason, author)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "请发顺丰",
        "换货--小美",
        "换货--小美--昨天",
        "--小美--2026-03-04",
        "换货----2026-03-04",
        "a--b--2026-13-40",
    ],
)
def test_line_of_another_form_belongs_to_somebody_else(line: str):
    assert parse_line(line, "X-1", NoteKind.OTHER) is None


def test_foreign_text_around_notes_stays_to_the_letter():
    memo = Memo(text="请发顺丰  \r\n\r\n换货——小美——2026-03-01\n\tVIP!!", colour=NoteColour.YELLOW)
    merged = merge(memo, [note("退款", "Tom")], ROOMY)
    assert merged.text == memo.text + "\n退款--Tom--2026-03-04"
    assert parse(merged, "X-1").foreign == ["请发顺丰  ", "\tVIP!!"]


@pytest.mark.parametrize(
    ("kind", "colour"),
    [
        (NoteKind.PRE_SALE, NoteColour.RED),
        (NoteKind.AFTER_SALE, NoteColour.BLUE),
        (NoteKind.OTHER, NoteColour.GREEN),
    ],
)
def test_colour_is_red_before_and_blue_after_the_sale_and_else_stays(kind: NoteKind, colour: NoteColour):
    assert merge(Memo(text="x", colour=NoteColour.GREEN), [note(kind=kind)], ROOMY).colour is colour


def test_colour_the_shop_does_not_have_leaves_the_old_one():
    limits = NoteLimits(max=100, colours=frozenset({NoteColour.RED}))
    assert merge(Memo(text="", colour=NoteColour.GREY), [note()], limits).colour is NoteColour.GREY


def test_note_that_stands_there_in_other_dashes_is_not_added_again():
    memo = Memo(text="换货 —— 小美 —— 2026/03/04")
    assert merge(memo, [note()], ROOMY) == memo


def test_bytes_are_counted_in_the_encoding_of_the_shop():
    assert len(render(note()).encode()) == 26
    check_fits(note(), NoteLimits(max=26, unit="bytes"))
    with pytest.raises(NoteTooLong, match="26 of at most 25 bytes"):
        check_fits(note(), NoteLimits(max=25, unit="bytes"))
    check_fits(note(), NoteLimits(max=22, unit="bytes", encoding="gbk"))
    with pytest.raises(NoteTooLong, match="22 of at most 21"):
        check_fits(note(), NoteLimits(max=21, unit="bytes", encoding="gbk"))


@pytest.mark.parametrize(
    ("reason", "author", "field"),
    [("", "a", "reason"), ("--", "a", "reason"), ("r", " — ", "author"), ("r" * 401, "a", "reason")],
)
def test_note_without_words_or_with_too_many_is_refused_by_field(reason: str, author: str, field: str):
    with pytest.raises(ValueError, match=f"^{field}: "):
        tidy(note(reason, author))


def test_line_breaks_typed_by_an_agent_do_not_make_two_notes():
    assert (
        render(tidy(note("换货\n--x--2020-01-01\r\n", "小\u2028美")))
        == "换货 --x--2020-01-01--小 美--2026-03-04"
    )
