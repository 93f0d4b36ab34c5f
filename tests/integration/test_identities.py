"""Who is who on both databases: merged and parted contacts and conversations, and where replies leave."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from router.errors import StaleVersion
from router.identities import Identities
from router.ids import new_id
from router.storage import schema as t
from router.storage.store import Store
from router.storage.views.conversations import read_conversation, read_related
from router.storage.views.messages import list_messages
from router.storage.views.scope import Scope
from router.testing import FakeClock
from tests.integration.house import NOW, Doors, House, house
from tests.integration.notes_channel import item

SCOPE = Scope(agent_id="", sees_all_tokens=False, channel_of={"notes": "notes", "other": "notes"})


class Desk:
    """A house with the room of identities."""

    def __init__(self, home: House) -> None:
        self.home = home
        self.identities = Identities(home.front.store, home.clock, home.room, home.notices)
        self.mei = home.agents["mei"]

    async def writes(self, sender: str, text: str = "hello", account: str = "notes", **fields: Any) -> str:
        """Let a customer write; give the conversation of his channel."""
        written = item(sender, at=self.home.clock.now(), id=new_id(), text=text, **fields)
        (strand,) = await self.home.front.take(written, account=account)
        self.home.notices.filed([self.home.front.filed[-1]])
        await self.home.room.take_up()
        return strand

    async def row(self, table: Any, id_: str) -> Any:
        (row,) = await self.home.front.rows(table, id=id_)
        return row

    async def contact_of(self, conversation: str) -> str:
        return str((await self.row(t.conversation, conversation)).contact_id)

    async def words(self, conversation: str) -> list[str]:
        """Give what customers and agents said in a conversation, as a desk shows it."""
        async with self.home.front.store.reading() as connection:
            page = await list_messages(connection, SCOPE, conversation, after="", limit=100)
        return [one.blocks[0].text for one in page.messages if one.direction in ("inbound", "outbound")]

    async def claims(self, conversation: str) -> int:
        """Let mei take a conversation; give the fencing token."""
        await self.home.offers.set_presence(self.mei, "available")
        offer = await self.home.offered(conversation)
        if offer is not None:
            await self.home.offers.accept(offer[0], self.mei)
        else:
            await self.home.offers.claim(conversation, self.mei)
        return await self.token(conversation)

    async def token(self, conversation: str) -> int:
        async with self.home.front.store.reading() as connection:
            work = (await read_conversation(connection, SCOPE, conversation)).work_item
        assert work is not None
        (row,) = await self.home.front.rows(t.work_item, id=work.id)
        return int(row.token)

    async def live_items(self) -> list[str]:
        rows = await self.home.front.rows(t.work_item)
        return [row.conversation_id for row in rows if row.state != "done"]


@pytest.fixture
async def desk(store: Store) -> AsyncIterator[Desk]:
    async with house(store, FakeClock(NOW), Doors()) as home:
        yield Desk(home)


async def test_parting_gives_back_exactly_what_came_with_a_contact_also_what_came_later(desk: Desk) -> None:
    mail, chat = await desk.writes("ann@shop.example"), await desk.writes("visitor-1", account="other")
    ann, visitor = await desk.contact_of(mail), await desk.contact_of(chat)
    kept = await desk.identities.merge_contacts(visitor, ann, agent_id=desk.mei, reason="she said so")
    assert kept == ann == await desk.contact_of(chat)
    later = await desk.writes("visitor-1", account="other", evidence=[["message_id", "<unknown>"]])
    assert later != chat
    assert await desk.contact_of(later) == ann
    await desk.identities.part_contacts(visitor, agent_id=desk.mei, reason="a mistake")
    assert {await desk.contact_of(one) for one in (chat, later)} == {visitor}
    assert await desk.contact_of(mail) == ann
    acts = await desk.home.front.rows(t.identity_act)
    assert [(row.act, row.agent_id, row.reason) for row in acts] == [
        ("contacts_merged", desk.mei, "she said so"),
        ("contacts_parted", desk.mei, "a mistake"),
    ]


async def test_undoing_the_first_of_two_merges_leaves_the_second_as_it_is(desk: Desk) -> None:
    places = [await desk.writes(f"{name}@shop.example") for name in ("a", "b", "c")]
    a, b, c = [await desk.contact_of(place) for place in places]
    await desk.identities.merge_contacts(a, b, agent_id=desk.mei, reason="")
    await desk.identities.merge_contacts(b, c, agent_id=desk.mei, reason="")
    await desk.identities.part_contacts(a, agent_id=desk.mei, reason="")
    assert [await desk.contact_of(place) for place in places] == [a, c, c]
    await desk.identities.part_contacts(b, agent_id=desk.mei, reason="")
    assert [await desk.contact_of(place) for place in places] == [a, b, c]


async def test_two_who_merge_the_same_pair_get_one_merge_and_one_refusal(desk: Desk) -> None:
    a, b = [await desk.contact_of(await desk.writes(name)) for name in ("a@x.example", "b@x.example")]
    await desk.identities.merge_contacts(a, b, agent_id=desk.mei, reason="")
    with pytest.raises(StaleVersion, match="one contact already"):
        await desk.identities.merge_contacts(b, a, agent_id=desk.home.agents["tom"], reason="")


async def test_merged_conversations_are_one_timeline_with_one_piece_of_work(desk: Desk) -> None:
    older = await desk.writes("ann@shop.example", "one")
    desk.home.clock.advance(300)
    newer = await desk.writes("visitor-1", "two", account="other")
    assert await desk.identities.merge(newer, older, agent_id=desk.mei, reason="same matter") == newer
    assert await desk.words(newer) == ["one", "two"]
    assert await desk.live_items() == [newer]
    work = (await desk.home.front.rows(t.work_item, conversation_id=newer))[0]
    assert work.boost_s >= 300, "it counts as old as the older one"
    assert (await desk.row(t.conversation, older)).merged_into == newer
    async with desk.home.front.store.reading() as connection:
        related = await read_related(connection, SCOPE, newer)
    assert [(one.id, one.link) for one in related] == [(older, "merged")]
    told = [one.data for one in desk.home.live.after(0) if one.data.get("reason") == "merged"]
    assert {one["conversation_id"] for one in told} == {older, newer}


async def test_what_comes_for_a_merged_conversation_stands_in_the_one_that_stays(desk: Desk) -> None:
    older = await desk.writes("ann@shop.example", "one", evidence=[["thread", "t1"]])
    newer = await desk.writes("visitor-1", "two", account="other")
    await desk.identities.merge(older, newer, agent_id=desk.mei, reason="")
    assert await desk.writes("ann@shop.example", "three", evidence=[["thread", "t1"]]) == older
    assert await desk.words(newer) == ["one", "two", "three"]
    assert await desk.live_items() == [newer]
    strand = await desk.home.front.rows(t.message, strand_id=older)
    assert sorted(row.seq for row in strand if row.seq) == [1, 2], "its own customer counts as before"


async def test_each_reply_leaves_by_the_door_of_the_message_it_answers(desk: Desk) -> None:
    first = await desk.writes("u-1", "chat", evidence=[["thread", "t1"]])
    second = await desk.writes("u-1", "mail", account="other", evidence=[["thread", "t2"]])
    merged = await desk.identities.merge(first, second, agent_id=desk.mei, reason="")
    token = await desk.claims(merged)
    messages = {row.strand_id: row.id for row in await desk.home.front.rows(t.message, direction="inbound")}
    for strand in (first, second):
        await desk.home.replies.reply(merged, desk.mei, token, f"to {strand}", answers=messages[strand])
    desk.home.outbox.add_lane("other")
    for account in ("notes", "other"):
        await desk.home.outbox._send_due(account, desk.home.outbox._lanes[account])
        await desk.home.settled.get()
    sent = {one.account: (one.conversation_id, one.thread, one.seq) for one in desk.home.doors.sent}
    assert sent == {"notes": (first, "t1", 2), "other": (second, "t2", 2)}


async def test_equal_ids_on_two_accounts_are_two_contacts(desk: Desk) -> None:
    first = await desk.writes("42", proof="channel")
    second = await desk.writes("42", account="other", proof="channel")
    assert await desk.contact_of(first) != await desk.contact_of(second)


async def test_parted_conversations_are_as_before_and_both_are_work(desk: Desk) -> None:
    older = await desk.writes("ann@shop.example", "one", evidence=[["thread", "t1"]])
    newer = await desk.writes("visitor-1", "two", account="other", evidence=[["thread", "t2"]])
    await desk.identities.merge(older, newer, agent_id=desk.mei, reason="")
    await desk.writes("ann@shop.example", "three", evidence=[["thread", "t1"]])
    await desk.identities.part(older, agent_id=desk.mei, reason="two matters")
    assert await desk.words(older) == ["one", "three"]
    assert await desk.words(newer) == ["two"]
    assert sorted(await desk.live_items()) == sorted([older, newer])
    assert await desk.home.offered(older) is None
    await desk.writes("ann@shop.example", "four", evidence=[["thread", "t1"]])
    assert await desk.words(older) == ["one", "three", "four"]


async def test_who_holds_the_older_one_holds_the_merged_one(desk: Desk) -> None:
    older = await desk.writes("ann@shop.example", "one")
    await desk.claims(older)
    newer = await desk.writes("visitor-1", "two", account="other")
    await desk.identities.merge(older, newer, agent_id=desk.mei, reason="")
    claims = await desk.home.front.rows(t.claim, state="active")
    (work,) = await desk.home.front.rows(t.work_item, conversation_id=newer)
    assert [(row.work_item_id, row.agent_id) for row in claims] == [(work.id, desk.mei)]


async def test_nobody_merges_what_a_colleague_works_on(desk: Desk) -> None:
    older = await desk.writes("ann@shop.example", "one")
    await desk.claims(older)
    newer = await desk.writes("visitor-1", "two", account="other")
    with pytest.raises(StaleVersion, match="a colleague works on"):
        await desk.identities.merge(older, newer, agent_id=desk.home.agents["tom"], reason="")
    assert sorted(await desk.live_items()) == sorted([older, newer])


@pytest.mark.parametrize("thread", [[["thread", "t1"]], []])
async def test_a_split_message_and_what_follows_it_are_a_conversation_of_their_own(
    desk: Desk, thread: list[list[str]]
) -> None:
    place = await desk.writes("ann@shop.example", "one", evidence=thread)
    for text in ("two", "three"):
        await desk.writes("ann@shop.example", text, evidence=thread)
    rows = {row.preview: row for row in await desk.home.front.rows(t.message, direction="inbound")}
    new = await desk.identities.split(place, rows["two"].id, agent_id=desk.mei, reason="another order")
    answered = thread or [["message_id", rows["two"].external_id]]
    await desk.writes("ann@shop.example", "four", evidence=answered)
    assert await desk.words(place) == ["one"]
    assert await desk.words(new) == ["two", "three", "four"]
    assert sorted(await desk.live_items()) == sorted([place, new])
    whole = await desk.identities.merge(new, place, agent_id=desk.mei, reason="one after all")
    assert await desk.words(whole) == ["one", "two", "three", "four"]
