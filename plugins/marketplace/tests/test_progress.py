"""The cursor stays small, survives its own JSON and forgets closed threads first."""

from __future__ import annotations

import json
from datetime import timedelta

from router_marketplace.adapter import Item, Thread
from router_marketplace.progress import MOST_MARKS, Progress

from router.testing.fake_clock import START

OVERLAP_S = 600.0


def thread(number: int, **changes: object) -> Thread:
    known = {
        "id": str(9_007_199_254_740_993 + number),
        "tail": "CHAT/NEW 1",
        "at": START,
        "status": "CHAT/NEW",
    }
    return Thread(**(known | changes))


def item(number: int) -> Item:
    return Item(id=str(9_007_199_254_740_993 + number), at=START, raw={})


def test_full_cursor_fits_its_limit_and_survives_json():
    progress = Progress(since=START, until=START)
    for number in range(MOST_MARKS + 50):
        one = thread(number)
        progress = progress.stored(one, item(number)).seen(one, is_complete=True)
    text = json.dumps(progress.dump())
    assert len(text) < 64 * 1024
    assert Progress.load(json.loads(text), START - timedelta(days=9)) == progress
    assert len(progress.threads) == MOST_MARKS


def test_closed_threads_are_forgotten_before_open_ones():
    progress = Progress(since=START)
    for number in range(MOST_MARKS):
        progress = progress.seen(thread(number, is_open=number % 2 == 0), is_complete=True)
    progress = progress.seen(thread(MOST_MARKS), is_complete=True)
    assert thread(0).id in progress.threads
    assert thread(1).id not in progress.threads


def test_mark_keeps_the_newest_message_to_the_millisecond():
    at = START + timedelta(milliseconds=123)
    newer, older = Item(id="2", at=at, raw={}), Item(id="1", at=START, raw={})
    progress = Progress(since=START).stored(Thread(id="t"), newer).stored(Thread(id="t"), older)
    mark = Progress.load(json.loads(json.dumps(progress.dump())), START).of("t").mark
    assert (mark.item_id, mark.at) == ("2", at)


def test_thread_is_read_when_its_tail_is_known_or_it_is_older_than_the_last_sweep():
    quiet = thread(1, at=START - timedelta(seconds=OVERLAP_S + 1))
    progress = Progress(since=START - timedelta(days=3)).swept(START)
    assert progress.is_read(quiet, OVERLAP_S)
    assert not progress.is_read(thread(1, at=START - timedelta(seconds=OVERLAP_S - 1)), OVERLAP_S)
    assert not progress.is_read(thread(1, at=None), OVERLAP_S)
    assert not progress.is_read(quiet, None)
    assert progress.is_read(thread(1, at=START - timedelta(days=4)), None)
    known = progress.seen(thread(1), is_complete=True)
    assert known.is_read(thread(1), OVERLAP_S)
    assert not known.is_read(thread(1, tail="CHAT/NEW 2"), OVERLAP_S)
    assert not progress.seen(thread(1), is_complete=False).is_read(thread(1), OVERLAP_S)


def test_sweep_never_goes_back_and_a_foreign_cursor_begins_anew():
    progress = Progress(since=START).swept(START).swept(START - timedelta(hours=1)).swept(None)
    assert progress.until == START
    assert Progress.load({"v": 99}, START) == Progress(since=START)
    assert Progress.load(None, START) == Progress(since=START)
