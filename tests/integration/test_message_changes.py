"""Recalls, edits, reactions and thread states, in any order. On both databases."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from router.storage import schema as t
from router.storage.store import Store
from tests.integration.notes_channel import item
from tests.integration.test_intake import Front, running

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
THREAD = [["thread", "t1"]]


@pytest.fixture
async def front(store: Store) -> AsyncIterator[Front]:
    async with running(store) as opened:
        yield opened


def said(id: str = "m1", text: str = "first words", sender: str = "ann@shop.example", **fields: Any) -> Any:
    return item(sender, at=NOW, id=id, text=text, **{"evidence": THREAD, **fields})


def change(kind: str, second: int, text: str = "", target: str = "m1", **fields: Any) -> Any:
    happened = (NOW + timedelta(seconds=second)).isoformat()
    return said(f"{kind}{second}", text, kind=kind, target=target, occurred_at=happened, **fields)


async def message(front: Front, id: str = "m1") -> Any:
    (row,) = await front.rows(t.message, external_id=id)
    return row


CHANGES = (change("edit", 1, "second words"), change("edit", 2, "third words"), change("recall", 3))


async def test_message_and_its_changes_end_the_same_in_whatever_order_they_come(front: Front) -> None:
    for order in permutations(range(4)):
        here = {"evidence": [["thread", f"t{order}"]], "sender": f"{order}@shop.example"}
        edits = (change("edit", 1, "second words", **here), change("edit", 2, "third words", **here))
        items = (said(**here), *edits, change("recall", 3, **here))
        conversations = [(await front.take(items[place]))[0] for place in order]
        assert len(set(conversations)) == 1, order
        (row,) = await front.rows(t.message, external_id="m1", conversation_id=conversations[0])
        assert [block["text"] for block in row.blocks] == ["third words"], order
        texts = [version["blocks"][0]["text"] for version in row.versions]
        assert texts == ["first words", "second words"], order
        assert (row.recalled_at, row.preview) == (NOW + timedelta(seconds=3), ""), order
    assert await front.rows(t.message, unmet_target="m1") == []


async def test_recalled_message_keeps_its_words_and_opens_nothing(front: Front) -> None:
    (conversation,) = await front.take(said())
    assert await front.take(CHANGES[2]) == [conversation]
    row = await message(front)
    assert (row.recalled_at, row.blocks[0]["text"]) == (NOW + timedelta(seconds=3), "first words")
    assert front.filed[-1].changed == [(conversation, row.id)]
    assert len(await front.rows(t.work_item)) == 1


async def test_recall_that_brings_the_words_along_shows_them_nowhere(front: Front) -> None:
    (conversation,) = await front.take(change("recall", 3, "what she took back"))
    (entry,) = await front.rows(t.message, kind="recall")
    assert (list(entry.blocks), entry.preview) == ([], "")
    (row,) = await front.rows(t.conversation, id=conversation)
    assert row.subject == ""


async def test_change_that_comes_first_waits_quietly_and_is_applied_when_its_message_comes(
    front: Front,
) -> None:
    (conversation,) = await front.take(CHANGES[2])
    (waiting,) = await front.rows(t.message, unmet_target="m1")
    assert (waiting.kind, waiting.seq) == ("recall", None)
    assert await front.take(said()) == [conversation]
    assert (await message(front)).recalled_at == NOW + timedelta(seconds=3)
    assert await front.rows(t.message, unmet_target="m1") == []


async def test_change_and_message_of_one_batch_meet_whichever_comes_first(front: Front) -> None:
    await front.take(CHANGES[0], said(), CHANGES[2])
    row = await message(front)
    assert (row.blocks[0]["text"], row.recalled_at) == ("second words", NOW + timedelta(seconds=3))
    assert await front.rows(t.message, unmet_target="m1") == []


async def test_same_change_twice_changes_nothing_the_second_time(front: Front) -> None:
    await front.take(said(), CHANGES[0], change("edit", 1, "second words", again=True))
    assert len((await message(front)).versions) == 1
    assert front.filed[-1].changed == []


async def test_of_one_author_the_latest_reaction_counts_and_an_empty_one_takes_it_back(front: Front) -> None:
    await front.take(said(), change("reaction", 2, "🎉"), change("reaction", 1, "👍"))
    await front.take(change("reaction", 3, "❤", role="shop", sender=""))
    assert {(one["role"], one["text"]) for one in (await message(front)).reactions} == {
        ("customer", "🎉"),
        ("shop", "❤"),
    }
    await front.take(change("reaction", 4, ""))
    assert [one["text"] for one in (await message(front)).reactions if one["text"]] == ["❤"]


async def test_recall_of_a_message_in_another_thread_touches_nothing(front: Front) -> None:
    other = item("bob@shop.example", at=NOW, id="m1", text="mine", evidence=[["thread", "t2"]])
    (bobs,) = await front.take(other)
    await front.take(CHANGES[2])
    (row,) = await front.rows(t.message, conversation_id=bobs)
    assert row.recalled_at is None


def state(second: int, sort_key: str = "", **facts: object) -> Any:
    happened = (NOW + timedelta(seconds=second)).isoformat()
    fields = {"kind": "thread_state", "state": facts, "occurred_at": happened, "sort_key": sort_key}
    return said(f"s{second}{sort_key}", text="", sender="", role="system", **fields)


async def test_of_a_thread_the_latest_state_is_kept_whatever_comes_last(front: Front) -> None:
    closes = NOW + timedelta(hours=6)
    await front.take(said())
    await front.take(state(5, status="WAITING", turn="shop", closes_at=closes.isoformat(), unread=2))
    await front.take(state(1, status="NEW"))
    (row,) = await front.rows(t.thread_state)
    assert (row.status, row.turn, row.closes_at, row.unread) == ("WAITING", "shop", closes, 2)
    await front.take(state(5, "a", status="CLOSED", turn="nobody", can_send=False, blocked_reason="over"))
    (row,) = await front.rows(t.thread_state)
    assert (row.status, row.turn, row.can_send, row.blocked_reason) == ("CLOSED", "nobody", False, "over")


async def test_state_that_repeats_itself_fills_no_timeline(front: Front) -> None:
    await front.take(said())
    await front.take(*(state(n, status="WAITING", unread=n) for n in range(5)))
    assert len(await front.rows(t.message, kind="thread_state")) == 1
    (row,) = await front.rows(t.thread_state)
    assert row.unread == 4
