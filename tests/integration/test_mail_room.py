"""Rooms 7 and 8 on both databases: replies, notes and the outbox, across restarts."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from router.errors import (
    ContentRejected,
    RateLimited,
    RecipientGone,
    Retryable,
    UnknownOutcome,
)
from router.messages import (
    Confirmation,
    DeliveryReport,
    DeliveryState,
)
from router.storage import schema as t
from router.storage.deliveries import apply_reports, claim_due
from router.storage.store import Store
from router.testing import FakeClock
from tests.integration.house import NOW, Doors, House, house
from tests.integration.notes_channel import item


@pytest.fixture
async def desk(store: Store) -> AsyncIterator[House]:
    async with house(store, FakeClock(NOW), Doors()) as opened:
        yield opened


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


async def test_an_empty_or_far_too_long_reply_goes_back_to_its_author(desk: House) -> None:
    conversation = await desk.accepted()
    for text in ("  ", "x" * 2_000_001):
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


async def test_provider_that_asks_to_wait_for_ever_is_asked_again_after_a_day(desk: House) -> None:
    desk.doors.answers = [RateLimited("slow down", retry_after_s=float("inf"))]
    conversation = await desk.accepted()
    message = await desk.replies.reply(conversation, desk.agents["mei"], 1, "Hello")
    await desk.send()
    assert (await desk.state(message)).next_try_at == NOW + timedelta(days=1)
    desk.clock.advance(86_400)
    await desk.send()
    assert (await desk.state(message)).state == "accepted"


async def test_message_that_cannot_be_handed_over_stops_no_other_and_goes_out_when_it_can(
    desk: House,
) -> None:
    conversation = await desk.accepted()
    message = await desk.replies.reply(conversation, desk.agents["mei"], 1, "Hello")
    here = t.message.c.id == message

    async def readers(audience: list[str] | None) -> None:
        changed = update(t.message).where(here).values(audience=audience)
        await desk.front.store.write(lambda connection: connection.execute(changed).rowcount)

    await readers(["martian"])
    await desk.send()
    row = await desk.state(message)
    assert (row.state, row.detail) == ("queued", "It could not be handed over, see the log.")
    assert desk.doors.sent == []
    await readers(None)
    desk.clock.advance(6)
    await desk.send()
    assert (await desk.state(message)).state == "accepted"
