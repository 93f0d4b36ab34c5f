"""Rooms 2 to 5 on both databases: raw items in, conversations and work items out."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, func, select, update
from sqlalchemy.exc import OperationalError

from router.clock import Clock, SystemClock
from router.decoding import Decoder
from router.engine.rules import RuleSet, load_ruleset
from router.engine.rules.stage import RulesInForce
from router.filing import DEFAULT_TERMS, FilingRoom
from router.ids import new_id
from router.intake import Intake, LookUpOrders, as_they_are
from router.messages import AcceptOutcome, Evidence, EvidenceKind
from router.model.calls import CallBackTerms
from router.model.filing import Decoded, Filed, reference_digest
from router.queues import Queues
from router.storage import schema as t
from router.storage.inbound import Delivery, store_deliveries
from router.storage.store import Store
from router.storage.views.messages import message_of, read_message
from router.storage.views.scope import Scope
from tests.integration.notes_channel import NotesSettings, item, notes_type

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
RULES = """
version: 1
skills: {complaints: {kind: craft}}
queues: {desk: {}, complaints: {}}
rules:
  - name: complaint
    when: message.text.contains("complain")
    set: {queue: complaints, boost: 60m, needs: [{require: complaints, level: 2}]}
  - name: everything else
    when: "true"
    set: {queue: desk}
"""


@dataclass
class Front:
    """Rooms 2 to 5, running."""

    store: Store
    intake: Intake
    filing: FilingRoom
    filed: list[Filed] = field(default_factory=list)

    async def take(self, *items: Any, account: str = "notes") -> list[str]:
        """Accept items and wait until they are filed; give their conversations ('' if none)."""
        results = await self.intake.accept(account, items)
        places = []
        for result in results:
            filed = await self.filing.filed(result.inbound_id)
            places.append(filed[0].conversation_id if filed else "")
        return places

    async def rows(self, table: Any, **where: object) -> list[Any]:
        # Ordered, as a table that was emptied gives new rows the places of old ones; later ids are greater.
        statement = select(table).order_by(*table.primary_key.columns)
        statement = statement.where(*(table.c[name] == value for name, value in where.items()))
        async with self.store.reading() as connection:
            return list((await connection.execute(statement)).all())


@cache
def ruleset_of(rules: str) -> RuleSet:
    """Read rules, once for every house that has them."""
    return load_ruleset(rules, source="test", lists={})


@asynccontextmanager
async def running(
    store: Store,
    *,
    clock: Clock | None = None,
    rules: str = RULES,
    terms: CallBackTerms = DEFAULT_TERMS,
    look_up_orders: LookUpOrders = as_they_are,
    **kind: bool,
) -> AsyncIterator[Front]:
    clock = clock or SystemClock()
    notes = notes_type(**kind)
    built = {name: (notes, notes.factory(name, NotesSettings())) for name in ("notes", "other")}
    decoder = Decoder(built)
    ruleset = ruleset_of(rules)
    queues = Queues(clock, lambda: RulesInForce(version=1, ruleset=ruleset), lambda account: "en")
    filed: list[Filed] = []
    filing = FilingRoom(store, clock, queues.work_item, filed.extend, terms)
    intake = Intake(store, clock, decoder, lambda account: built[account][0], filing, look_up_orders)
    await intake.recover()
    task = asyncio.create_task(intake.run())
    try:
        yield Front(store, intake, filing, filed)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await decoder.close()


@pytest.fixture
async def front(store: Store) -> AsyncIterator[Front]:
    async with running(store) as opened:
        yield opened


async def test_a_new_message_opens_a_conversation_with_a_work_item_in_its_queue(front: Front) -> None:
    (conversation,) = await front.take(item(at=NOW, id="<1>", text="I must complain"))
    (row,) = await front.rows(t.work_item, conversation_id=conversation)
    assert (row.queue, row.boost_s, row.state) == ("complaints", 3600, "waiting")
    assert row.needs[0]["require"] == "complaints"
    assert row.triage["matched"][0] == "complaint"
    assert row.eligible_since == NOW
    (message,) = await front.rows(t.message, conversation_id=conversation)
    assert (message.seq, message.preview) == (1, "I must complain")


async def test_the_same_item_five_times_and_at_once_is_one_message(front: Front) -> None:
    again = item(at=NOW, id="<1>", key="k")
    answers = await asyncio.gather(*(front.intake.accept("notes", [again]) for _ in range(5)))
    outcomes = [answer[0].outcome for answer in answers]
    assert outcomes.count(AcceptOutcome.ACCEPTED) == 1
    assert outcomes.count(AcceptOutcome.DUPLICATE) == 4
    assert len({answer[0].inbound_id for answer in answers}) == 1
    await front.filing.filed(answers[0][0].inbound_id)
    assert len(await front.rows(t.message)) == 1
    (raw,) = await front.rows(t.raw_inbound)
    assert raw.redeliveries == 4


async def test_the_same_message_id_with_other_content_is_a_new_flagged_message(front: Front) -> None:
    (first,) = await front.take(item(at=NOW, id="<1>", text="one"))
    (second,) = await front.take(item(at=NOW, id="<1>", text="two"))
    assert first != second
    flags = {row.preview: row.warnings for row in await front.rows(t.message)}
    assert flags["one"] == []
    assert len(flags["two"]) == 1


async def test_what_a_caller_gave_up_on_is_still_filed_once_it_is_stored(front: Front) -> None:
    waiting = asyncio.create_task(front.intake.accept("notes", [item(at=NOW, id="<1>", key="k")]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    (again,) = await front.intake.accept("notes", [item(at=NOW, id="<1>", key="k")])
    assert len(await front.filing.filed(again.inbound_id)) == 1
    assert len(await front.rows(t.message)) == 1


async def test_two_accounts_with_equal_keys_never_mix(front: Front) -> None:
    (one,) = await front.take(item(at=NOW, id="<1>", key="k"), account="notes")
    (two,) = await front.take(item(at=NOW, id="<1>", key="k"), account="other")
    assert one != two
    (reply,) = await front.take(item(at=NOW, id="<2>", evidence=[["message_id", "<1>"]]), account="other")
    assert reply == two


async def test_a_participant_who_names_a_known_message_joins_its_conversation(front: Front) -> None:
    first, second = await front.take(
        item(at=NOW, id="<1>", subject="Parcel"),
        item(at=NOW, id="<2>", subject="Other words", evidence=[["message_id", "<1>"]]),
    )
    assert first == second
    assert [row.seq for row in await front.rows(t.message, conversation_id=first)] == [1, 2]
    assert len(await front.rows(t.work_item)) == 1


async def test_a_stranger_who_names_our_message_gets_a_linked_conversation_of_his_own(front: Front) -> None:
    (first,) = await front.take(item("ann@shop.example", at=NOW, id="<1>"))
    (forged,) = await front.take(item("eve@evil.example", at=NOW, id="<2>", evidence=[["message_id", "<1>"]]))
    assert forged != first
    (link,) = await front.rows(t.conversation_link)
    assert (link.conversation_id, link.other_id, link.kind) == (forged, first, "guest")
    (message,) = await front.rows(t.message, conversation_id=forged)
    assert message.guest


async def test_a_stranger_with_the_reply_token_gets_a_linked_conversation_too(front: Front) -> None:
    (first,) = await front.take(item("ann@shop.example", at=NOW, id="<1>"))
    token = Evidence(kind=EvidenceKind.REPLY_TOKEN, value="secret")
    row = {
        "digest": reference_digest("notes", token),
        "kind": "reply_token",
        "conversation_id": first,
        "created_at": NOW,
    }
    await front.store.write(lambda c: c.execute(t.reference.insert(), row) and None)
    (mine,) = await front.take(item("ann@shop.example", at=NOW, evidence=[["reply_token", "secret"]]))
    (his,) = await front.take(item("eve@evil.example", at=NOW, evidence=[["reply_token", "secret"]]))
    assert mine == first
    assert his != first


async def test_a_reply_by_subject_joins_the_one_open_matter_of_its_sender(front: Front) -> None:
    first, other_person, reply = await front.take(
        item("ann@shop.example", at=NOW, id="<1>", subject="Refund"),
        item("bob@shop.example", at=NOW, id="<2>", subject="Refund"),
        item("ann@shop.example", at=NOW, id="<3>", subject="Refund", evidence=[["subject", "refund"]]),
    )
    assert reply == first
    assert other_person != first


async def test_a_reply_by_subject_to_several_open_matters_is_not_guessed(front: Front) -> None:
    one, two, reply = await front.take(
        item(at=NOW, id="<1>", subject="Refund"),
        item(at=NOW, id="<2>", subject="Refund"),
        item(at=NOW, id="<3>", subject="Refund", evidence=[["subject", "refund"]]),
    )
    assert len({one, two, reply}) == 3
    links = await front.rows(t.conversation_link, conversation_id=reply)
    assert {(link.other_id, link.kind) for link in links} == {(one, "hint"), (two, "hint")}


async def test_a_reply_by_subject_after_72_hours_opens_a_new_matter(front: Front) -> None:
    (first,) = await front.take(item(at=NOW, id="<1>", subject="Refund"))
    late = NOW + timedelta(hours=73)
    (second,) = await front.take(item(at=late, id="<2>", evidence=[["subject", "refund"]]))
    assert first != second


async def resolve(front: Front, conversation: str, at: datetime) -> None:
    def close(connection: Any) -> None:
        here = t.conversation.c.id == conversation
        connection.execute(update(t.conversation).where(here).values(state="resolved", resolved_at=at))
        connection.execute(
            update(t.work_item).where(t.work_item.c.conversation_id == conversation).values(state="done")
        )

    await front.store.write(close)


async def test_an_answer_to_a_resolved_conversation_opens_a_new_episode_of_it(front: Front) -> None:
    (first,) = await front.take(item(at=NOW, id="<1>"))
    await resolve(front, first, NOW)
    (again,) = await front.take(item(at=NOW + timedelta(days=3), id="<2>", evidence=[["message_id", "<1>"]]))
    assert again == first
    assert [row.number for row in await front.rows(t.episode)] == [1, 2]
    assert len(await front.rows(t.work_item, state="waiting")) == 1


async def test_an_answer_after_a_month_opens_a_conversation_that_continues_the_old(front: Front) -> None:
    (first,) = await front.take(item(at=NOW, id="<1>"))
    await resolve(front, first, NOW)
    (later,) = await front.take(item(at=NOW + timedelta(days=31), id="<2>", evidence=[["message_id", "<1>"]]))
    assert later != first
    (link,) = await front.rows(t.conversation_link)
    assert link.kind == "continued"


async def test_an_automatic_answer_does_not_reopen(front: Front) -> None:
    (first,) = await front.take(item(at=NOW, id="<1>"))
    await resolve(front, first, NOW)
    (again,) = await front.take(item(at=NOW, id="<2>", automatic="reply", evidence=[["message_id", "<1>"]]))
    assert again == first
    assert len(await front.rows(t.work_item, state="waiting")) == 0


async def test_a_thread_of_the_provider_keeps_one_conversation_for_ever(front: Front) -> None:
    (first,) = await front.take(item(at=NOW, id="a", evidence=[["thread", "visitor-1"]]))
    await resolve(front, first, NOW)
    (again,) = await front.take(
        item(at=NOW + timedelta(days=400), id="b", evidence=[["thread", "visitor-1"]])
    )
    assert again == first


async def test_a_score_after_the_end_neither_reopens_nor_asks_for_an_answer(front: Front) -> None:
    (first,) = await front.take(item(at=NOW, id="a", evidence=[["thread", "v"]]))
    await resolve(front, first, NOW)
    score = {"kind": "system", "visible": False, "text": "5 of 5"}
    (scored,) = await front.take(item(at=NOW, id="b", evidence=[["thread", "v"]], **score))
    (stray,) = await front.take(item("bob@shop.example", at=NOW, id="c", **score))
    assert (scored, stray) == (first, "")
    assert await front.rows(t.work_item, state="waiting") == []
    (row,) = await front.rows(t.message, direction="event")
    assert (row.kind, row.seq, row.preview) == ("system", None, "5 of 5")


async def test_where_a_contact_has_one_matter_at_a_time_messages_join_it(store: Store) -> None:
    async with running(store, joins_open_episode=True) as front:
        first, second = await front.take(item(at=NOW, id="1"), item(at=NOW, id="2"))
        assert first == second


async def test_what_nobody_wrote_is_quarantined_with_its_reason_and_the_next_is_not_stopped(
    front: Front,
) -> None:
    bad, boom, good = await front.take(
        item(None, at=NOW, id="x"), item(at=NOW, boom=True), item(at=NOW, id="<1>")
    )
    assert (bad, boom) == ("", "")
    assert good
    rows = await front.rows(t.quarantine)
    assert {row.code for row in rows} == {"no_sender", "plugin_bug"}


async def test_what_kills_its_reader_is_quarantined_and_the_router_lives(store: Store) -> None:
    async with running(store, shares_loop=False) as front:
        (dead,) = await front.take(item(at=NOW, die=True))
        (good,) = await front.take(item(at=NOW, id="<1>"))
        assert dead == ""
        assert good
        (row,) = await front.rows(t.quarantine)
        assert row.code == "killed"


async def test_what_is_accepted_while_the_store_goes_away_is_filed_when_it_is_back(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("router.intake.RETRY_S", 0.01)
    failures: list[int] = []
    async with running(store) as front:
        whole = front.filing._file_batch

        def away(connection: Connection, items: Sequence[Decoded]) -> list[Filed]:
            if len(failures) < 2:
                failures.append(len(items))
                raise OperationalError("COMMIT", {}, OSError("disk I/O error"))
            return whole(connection, items)

        monkeypatch.setattr(front.filing, "_file_batch", away)
        (conversation,) = await front.take(item(at=NOW, id="<1>", text="hello"))
        assert conversation
        assert len(failures) == 2
        assert await front.rows(t.quarantine) == []


async def test_a_rerun_of_what_still_cannot_be_read_is_counted_and_stays(front: Front) -> None:
    await front.take(item(None, at=NOW))
    (row,) = await front.rows(t.quarantine)
    assert await front.intake.rerun(row.inbound_id) == "quarantined"
    (row,) = await front.rows(t.quarantine)
    assert row.reruns == 1
    assert await front.intake.rerun(new_id()) == "not_quarantined"


async def test_what_an_earlier_run_accepted_and_did_not_file_is_filed_at_start(store: Store) -> None:
    left = [(new_id(), item(at=NOW, id=f"<{n}>")) for n in range(3)]
    await store.write_each(store_deliveries, Delivery(account="notes", items=left, at=NOW))
    async with running(store) as front:
        for inbound_id, _ in left:
            assert await front.filing.filed(inbound_id)
        assert len(await front.rows(t.message)) == 3


async def test_a_message_built_from_what_was_filed_is_the_one_the_store_gives(front: Front) -> None:
    fields: dict[str, Any] = {
        "subject": "Größe 42",
        "text": "你好 <b>",
        "fields": {"order": "4711", "lines": [1, 2]},
    }
    files = ["a.txt", "b.txt"]
    await front.take(item(at=NOW, id="<1>", automatic="reply", files=files, **fields))
    [(row, _)] = front.filed[0].messages
    built = message_of(row, front.filed[0].attachments)
    async with front.store.reading() as connection:
        everybody = Scope(agent_id="", sees_all_tokens=False, channel_of={})
        stored = await read_message(connection, everybody, row["id"])
    assert [file.name for file in stored.attachments] == files
    assert built == stored
    # what desks are sent; PostgreSQL keeps the keys of an object in an order of its own
    wire = [msgspec.json.decode(msgspec.json.encode(one)) for one in (built, stored)]
    assert wire[0] == wire[1]


async def test_the_cursor_is_committed_with_its_items(front: Front) -> None:
    await front.intake.accept("notes", [item(at=NOW)], cursor={"last_uid": 7})
    assert await front.intake.cursor("notes") == {"last_uid": 7}
    await front.intake.accept("notes", [], cursor={"last_uid": 8})
    assert await front.intake.cursor("notes") == {"last_uid": 8}
    assert await front.intake.cursor("other") is None


async def test_a_thousand_messages_are_filed_each_once_in_order(front: Front) -> None:
    async def one(n: int) -> None:
        await front.intake.accept("notes", [item(f"c{n % 50}@shop.example", at=NOW, id=f"<{n}>", n=n)])

    await asyncio.gather(*(one(n) for n in range(1000)))
    (last,) = await front.take(item(at=NOW, id="<last>"))
    assert last
    async with front.store.reading() as connection:
        total = (await connection.execute(select(func.count()).select_from(t.message))).scalar_one()
    assert total == 1001
    assert len(await front.rows(t.raw_inbound, state="filed")) == 1001
