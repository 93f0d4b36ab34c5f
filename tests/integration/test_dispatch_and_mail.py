"""Rooms 6 to 8 on both databases: offers, claims, replies and the outbox, across restarts."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from router.channel import ChannelType
from router.engine.config import EngineConfig, QueueConfig
from router.engine.engine import Engine
from router.errors import (
    ContentRejected,
    NotFound,
    OfferExpired,
    RecipientGone,
    Retryable,
    StaleVersion,
    UnknownOutcome,
)
from router.ids import new_id
from router.messages import (
    Confirmation,
    DeliveryReport,
    DeliveryState,
    OutboundAttempt,
    Receipt,
    SendOutcome,
)
from router.offers import Offers
from router.outbox import Outbox
from router.people import AgentProfile, apply_roster
from router.replies import Replies, Written
from router.storage import schema as t
from router.storage.deliveries import apply_reports, claim_due
from router.storage.store import Store
from router.testing import FakeClock
from tests.integration.notes_channel import item, notes_type
from tests.integration.test_intake import Front, running

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)


@dataclass
class Doors:
    """Channels that write down what they are given; `answers` are raised or returned in turn."""

    open: bool = True
    answers: list[Receipt | Exception] = field(default_factory=list)
    confirmation: Confirmation = Confirmation.UNSURE
    sent: list[OutboundAttempt] = field(default_factory=list)

    def kind(self, account: str) -> ChannelType:
        return notes_type()

    def is_open(self, account: str) -> bool:
        return self.open

    async def send(self, attempt: OutboundAttempt) -> Receipt:
        self.sent.append(attempt)
        answer = self.answers.pop(0) if self.answers else Receipt(outcome=SendOutcome.ACCEPTED)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def confirm(self, attempt: OutboundAttempt) -> Confirmation:
        return self.confirmation


@dataclass
class House:
    """Rooms 2 to 8."""

    front: Front
    clock: FakeClock
    offers: Offers
    replies: Replies
    outbox: Outbox
    doors: Doors
    agents: dict[str, str]
    settled: asyncio.Queue[tuple[str, str]]

    async def conversation(self, text: str = "hello", sender: str = "ann@shop.example") -> str:
        """Let a customer write, and dispatch see it."""
        (conversation,) = await self.front.take(item(sender, at=self.clock.now(), id=new_id(), text=text))
        self.offers.enqueue(self.front.filed[-1].work_items)
        await self.offers._take_up()
        return conversation

    async def offered(self, conversation: str) -> tuple[str, str] | None:
        """Give the open offer of a conversation and its agent's login."""
        joined = (
            select(t.offer.c.id, t.agent.c.login)
            .join_from(t.offer, t.work_item)
            .join(t.agent, t.agent.c.id == t.offer.c.agent_id)
        )
        where = (t.work_item.c.conversation_id == conversation) & (t.offer.c.state == "pending")
        async with self.front.store.reading() as connection:
            row = (await connection.execute(joined.where(where))).one_or_none()
        return None if row is None else (row.id, row.login)

    async def accepted(self, login: str = "mei") -> str:
        """Have a conversation that this agent has accepted."""
        await self.offers.set_presence(self.agents[login], "available")
        conversation = await self.conversation()
        offer = await self.offered(conversation)
        assert offer is not None
        assert await self.offers.accept(offer[0], self.agents[login]) == conversation
        return conversation

    async def state(self, message_id: str) -> Any:
        (row,) = await self.front.rows(t.outbox, message_id=message_id)
        return row

    async def send(self) -> None:
        await self.outbox._send_due("notes", self.outbox._lanes["notes"])


@asynccontextmanager
async def house(store: Store, clock: FakeClock, doors: Doors) -> AsyncIterator[House]:
    settled: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    config = EngineConfig(default=QueueConfig(offer_timeout_s=30))
    offers = Offers(store, clock, lambda: Engine(config, 1), lambda decisions: None)
    written: list[Written] = []
    replies = Replies(store, clock, doors, lambda account, id: f"<{id}@us>", written.append)

    def changed(messages: Sequence[tuple[str, str]]) -> None:
        for message in messages:
            settled.put_nowait(message)

    outbox = Outbox(store, clock, new_id(), doors, changed)
    outbox.add_lane("notes")
    await outbox.recover()
    skills = {"complaints": 3}
    await apply_roster(
        store,
        [
            AgentProfile(login=login, name=login.title(), max_claims=2, skills=skills)
            for login in ("mei", "tom")
        ],
        clock.now(),
    )
    async with store.reading() as connection:
        agents = {row.login: row.id for row in await connection.execute(select(t.agent))}
    async with running(store) as front:
        await offers.restore()
        yield House(front, clock, offers, replies, outbox, doors, agents, settled)


@pytest.fixture
async def desk(store: Store) -> AsyncIterator[House]:
    async with house(store, FakeClock(NOW), Doors()) as opened:
        yield opened


async def test_a_free_agent_is_offered_the_work_and_accepting_makes_a_claim(desk: House) -> None:
    conversation = await desk.accepted()
    (claim,) = await desk.front.rows(t.claim)
    assert (claim.agent_id, claim.token, claim.state) == (desk.agents["mei"], 1, "active")
    records = await desk.front.rows(t.decision_record, conversation_id=conversation)
    assert [record.act for record in records] == ["queued", "offered", "accepted"]


async def test_an_offer_is_only_for_its_agent_and_only_once(desk: House) -> None:
    await desk.offers.set_presence(desk.agents["mei"], "available")
    offer = await desk.offered(await desk.conversation())
    assert offer is not None
    with pytest.raises(NotFound):
        await desk.offers.accept(offer[0], desk.agents["tom"])
    await desk.offers.accept(offer[0], desk.agents["mei"])
    with pytest.raises(OfferExpired):
        await desk.offers.accept(offer[0], desk.agents["mei"])


async def test_a_declined_offer_goes_to_the_next_person(desk: House) -> None:
    await desk.offers.set_presence(desk.agents["mei"], "available")
    conversation = await desk.conversation()
    await desk.offers.set_presence(desk.agents["tom"], "available")
    offer = await desk.offered(conversation)
    assert offer is not None
    await desk.offers.reject(offer[0], desk.agents["mei"], "lunch")
    assert (await desk.offered(conversation) or ("", ""))[1] == "tom"


async def test_an_unanswered_offer_expires_with_the_clock(desk: House) -> None:
    await desk.offers.set_presence(desk.agents["mei"], "available")
    conversation = await desk.conversation()
    offer = await desk.offered(conversation)
    assert offer is not None
    desk.clock.advance(31)
    await desk.offers._take_up()
    with pytest.raises(OfferExpired):
        await desk.offers.accept(offer[0], desk.agents["mei"])
    assert [row.state for row in await desk.front.rows(t.offer)] == ["expired"]


async def test_complaints_are_offered_before_ordinary_work_that_came_earlier(desk: House) -> None:
    ordinary = await desk.conversation("hello", "ann@shop.example")
    complaint = await desk.conversation("I complain", "bob@shop.example")
    third = await desk.conversation("hello", "cid@shop.example")
    await desk.offers.set_presence(desk.agents["mei"], "available")
    assert await desk.offered(complaint) is not None
    assert await desk.offered(ordinary) is not None
    assert await desk.offered(third) is None


async def test_work_put_back_keeps_its_age_and_is_offered_to_somebody_else(desk: House) -> None:
    conversation = await desk.accepted()
    (before,) = await desk.front.rows(t.work_item)
    await desk.offers.set_presence(desk.agents["tom"], "available")
    desk.clock.advance(60)
    await desk.offers.put_back(conversation, desk.agents["mei"], 1, "not mine")
    (after,) = await desk.front.rows(t.work_item)
    assert after.eligible_since == before.eligible_since
    assert (await desk.offered(conversation) or ("", ""))[1] == "tom"


async def test_whoever_lost_the_claim_can_neither_answer_nor_resolve(desk: House) -> None:
    conversation = await desk.accepted()
    mei = desk.agents["mei"]
    await desk.offers.put_back(conversation, mei, 1)
    with pytest.raises(StaleVersion):
        await desk.replies.reply(conversation, mei, 1, "too late")
    with pytest.raises(StaleVersion):
        await desk.offers.resolve(conversation, mei, 1)
    assert await desk.front.rows(t.outbox) == []


async def test_a_transfer_to_a_person_moves_the_claim_with_the_next_token(desk: House) -> None:
    conversation = await desk.accepted()
    await desk.offers.transfer(
        conversation, desk.agents["mei"], 1, queue=None, to_agent_id=desk.agents["tom"], note="yours"
    )
    claims = await desk.front.rows(t.claim, state="active")
    assert [(claim.agent_id, claim.token) for claim in claims] == [(desk.agents["tom"], 2)]


async def test_a_waiting_item_can_be_claimed_once(desk: House) -> None:
    conversation = await desk.conversation()
    await desk.offers.claim(conversation, desk.agents["mei"])
    with pytest.raises(StaleVersion):
        await desk.offers.claim(conversation, desk.agents["tom"])


async def test_a_restart_knows_open_offers_and_claims_and_offers_nothing_twice(store: Store) -> None:
    clock = FakeClock(NOW)
    async with house(store, clock, Doors()) as first:
        held = await first.accepted()
        pending = await first.conversation("second", "bob@shop.example")
        offer = await first.offered(pending)
    async with house(store, clock, Doors()) as second:
        assert await second.offered(pending) == offer
        third = await second.conversation("third", "cid@shop.example")
        assert await second.offered(third) is None
        assert offer is not None
        await second.offers.accept(offer[0], second.agents["mei"])
        await second.offers.resolve(held, second.agents["mei"], 1)
        assert await second.offered(third) is not None


@pytest.mark.parametrize(("down_s", "then_s"), [(40, 19), (70, 0)])
async def test_a_restart_goes_on_counting_from_the_last_refusal(
    store: Store, down_s: int, then_s: int
) -> None:
    clock = FakeClock(NOW)
    async with house(store, clock, Doors()) as first:
        await first.offers.set_presence(first.agents["mei"], "available")
        conversation = await first.conversation()
        offer = await first.offered(conversation)
        assert offer is not None
        await first.offers.reject(offer[0], first.agents["mei"], "lunch")
    clock.advance(down_s)
    async with house(store, clock, Doors()) as second:
        if then_s:
            clock.advance(then_s)
            await second.offers._take_up()
            assert await second.offered(conversation) is None
            clock.advance(2)
        await second.offers._take_up()
        assert (await second.offered(conversation) or ("", ""))[1] == "mei"


async def test_an_offer_that_ran_out_while_nothing_ran_gets_its_time_again(store: Store) -> None:
    clock = FakeClock(NOW)
    async with house(store, clock, Doors()) as first:
        await first.offers.set_presence(first.agents["mei"], "available")
        conversation = await first.conversation()
        offer = await first.offered(conversation)
    clock.advance(3_600)
    async with house(store, clock, Doors()) as second:
        assert offer is not None
        assert await second.offers.accept(offer[0], second.agents["mei"]) == conversation


async def test_a_resolved_conversation_ends_its_episode_and_its_work(desk: House) -> None:
    conversation = await desk.accepted()
    await desk.offers.resolve(conversation, desk.agents["mei"], 1, "answered")
    (episode,) = await desk.front.rows(t.episode)
    (work,) = await desk.front.rows(t.work_item)
    assert (episode.reason, work.state) == ("answered", "done")
    assert await desk.offers.explain(conversation) is None


async def test_explain_says_why_an_item_waits(desk: House) -> None:
    conversation = await desk.conversation()
    record = await desk.offers.explain(conversation)
    assert record is not None
    assert record["by_gate"] == {"presence": 2}


# --- replies and outbox -----------------------------------------------------------------------------


async def test_a_reply_is_sent_once_under_a_fixed_id_and_its_secret_is_forgotten(desk: House) -> None:
    conversation = await desk.accepted()
    message = await desk.replies.reply(conversation, desk.agents["mei"], 1, "Hello Ann", key="k")
    again = await desk.replies.reply(conversation, desk.agents["mei"], 1, "Hello Ann", key="k")
    assert again == message
    await desk.send()
    await desk.send()
    (attempt,) = desk.doors.sent
    assert (attempt.recipient, attempt.outgoing_ref) == ("ann@shop.example", f"<{message}@us>")
    assert attempt.seq == 2
    row = await desk.state(message)
    assert (row.state, row.attempts, row.reply_token) == ("accepted", 1, None)


async def test_a_busy_provider_is_asked_again_later_under_the_same_id(desk: House) -> None:
    desk.doors.answers = [Retryable("busy", retry_after_s=7)]
    conversation = await desk.accepted()
    message = await desk.replies.reply(conversation, desk.agents["mei"], 1, "Hello")
    await desk.send()
    assert (await desk.state(message)).next_try_at == NOW + timedelta(seconds=7)
    await desk.send()
    assert len(desk.doors.sent) == 1
    desk.clock.advance(8)
    await desk.send()
    assert [attempt.number for attempt in desk.doors.sent] == [1, 2]
    assert len({attempt.outgoing_ref for attempt in desk.doors.sent}) == 1
    assert (await desk.state(message)).state == "accepted"


async def test_a_doubtful_send_is_never_repeated_by_itself(desk: House) -> None:
    desk.doors.answers = [UnknownOutcome("cut")]
    conversation = await desk.accepted()
    message = await desk.replies.reply(conversation, desk.agents["mei"], 1, "Hello")
    await desk.send()
    desk.clock.advance(86_400)
    await desk.send()
    assert (await desk.state(message)).state == "unknown"
    assert len(desk.doors.sent) == 1
    await desk.replies.resend(message, desk.agents["mei"])
    await desk.send()
    assert len({attempt.outgoing_ref for attempt in desk.doors.sent}) == 1
    assert (await desk.state(message)).state == "accepted"


@pytest.mark.parametrize(
    ("answer", "state"),
    [(Confirmation.FOUND, "accepted"), (Confirmation.NOT_FOUND, "queued"), (Confirmation.UNSURE, "unknown")],
)
async def test_a_provider_that_can_be_asked_decides_a_doubtful_send(
    desk: House, answer: Confirmation, state: str
) -> None:
    desk.doors.answers = [UnknownOutcome("cut")]
    desk.doors.confirmation = answer
    conversation = await desk.accepted()
    message = await desk.replies.reply(conversation, desk.agents["mei"], 1, "Hello")
    await desk.send()
    assert (await desk.state(message)).state == state


async def test_an_address_that_is_gone_is_marked_and_the_author_told(desk: House) -> None:
    desk.doors.answers = [RecipientGone("550 no such user", code="550")]
    conversation = await desk.accepted()
    message = await desk.replies.reply(conversation, desk.agents["mei"], 1, "Hello")
    await desk.send()
    row = await desk.state(message)
    assert (row.state, row.detail) == ("failed", "550 no such user")
    (point,) = await desk.front.rows(t.contact_point)
    assert point.state == "gone"


async def test_nothing_overtakes_an_earlier_reply_of_its_conversation(desk: House) -> None:
    desk.doors.answers = [Retryable("busy", retry_after_s=60)]
    conversation = await desk.accepted()
    mei = desk.agents["mei"]
    first = await desk.replies.reply(conversation, mei, 1, "one")
    await desk.send()
    second = await desk.replies.reply(conversation, mei, 1, "two")
    await desk.send()
    assert [attempt.message_id for attempt in desk.doors.sent] == [first]
    desk.clock.advance(61)
    await desk.send()
    await desk.send()
    assert [attempt.message_id for attempt in desk.doors.sent] == [first, first, second]


@pytest.mark.parametrize(("marked", "state"), [(False, "queued"), (True, "unknown")])
async def test_after_a_crash_only_what_surely_did_not_leave_is_sent_again(
    store: Store, marked: bool, state: str
) -> None:
    clock = FakeClock(NOW)
    async with house(store, clock, Doors()) as first:
        conversation = await first.accepted()
        message = await first.replies.reply(conversation, first.agents["mei"], 1, "Hello")
        await store.write(lambda c: claim_due(c, "notes", "dead-run", clock.now(), 8, mark=marked) and None)
    async with house(store, clock, Doors()) as second:
        assert (await second.state(message)).state == state
        await second.send()
        assert len(second.doors.sent) == (0 if marked else 1)


async def test_receipts_may_come_twice_late_and_in_any_order(desk: House) -> None:
    conversation = await desk.accepted()
    message = await desk.replies.reply(conversation, desk.agents["mei"], 1, "Hello")
    await desk.send()
    for state in (DeliveryState.READ, DeliveryState.DELIVERED, DeliveryState.READ):
        report = DeliveryReport(outgoing_ref=f"<{message}@us>", state=state, at=NOW)
        concerned = await desk.front.store.write(apply_reports, "notes", [report])
        assert concerned == [(conversation, message)]
    assert (await desk.state(message)).state == "read"
    assert len(await desk.front.rows(t.receipt)) == 2


async def test_a_note_never_gets_an_outbox_row_or_a_place_the_customer_sees(desk: House) -> None:
    conversation = await desk.accepted()
    await desk.replies.note(conversation, desk.agents["mei"], "call back tomorrow")
    await desk.send()
    assert desk.doors.sent == []
    (note,) = await desk.front.rows(t.message, direction="note")
    assert note.seq is None


async def test_an_empty_or_too_long_reply_goes_back_to_its_author(desk: House) -> None:
    conversation = await desk.accepted()
    for text in ("  ", "x" * 100_001):
        with pytest.raises(ContentRejected):
            await desk.replies.reply(conversation, desk.agents["mei"], 1, text)


async def test_a_reply_to_our_message_id_comes_back_into_its_conversation(desk: House) -> None:
    conversation = await desk.accepted()
    message = await desk.replies.reply(conversation, desk.agents["mei"], 1, "Hello")
    (again,) = await desk.front.take(
        item(at=NOW, id="<answer>", evidence=[["message_id", f"<{message}@us>"]])
    )
    (forged,) = await desk.front.take(
        item("eve@evil.example", at=NOW, id="<f>", evidence=[["message_id", f"<{message}@us>"]])
    )
    assert again == conversation
    assert forged != conversation
