"""Our own messages come back, early, late, twice, or were never ours. On both databases."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from router.errors import UnknownOutcome
from router.messages import DeliveryReport, DeliveryState, OutboundAttempt, Receipt, SendOutcome
from router.storage import schema as t
from router.storage.deliveries import apply_reports
from router.storage.store import Store
from router.testing import FakeClock
from tests.integration.house import NOW, Doors, House, house
from tests.integration.notes_channel import item

THREAD = [["thread", "t1"]]
SENT = Receipt(outcome=SendOutcome.ACCEPTED, remote_ref="r1")


@pytest.fixture
async def desk(store: Store) -> AsyncIterator[House]:
    async with house(store, FakeClock(NOW), Doors()) as opened:
        yield opened


async def echo(desk: House, id: str = "r1", text: str = "Hello Ann", key: str = "", **fields: object) -> str:
    """Let one of our messages come back; give what it was filed as."""
    named = {"evidence": THREAD, **fields}
    raw = item("mei", at=desk.clock.now(), key=key or id, id=id, role="agent", text=text, **named)
    await desk.front.take(raw)
    desk.notices.filed([desk.front.filed[-1]])
    return desk.front.filed[-1].outcome


async def replied(desk: House, conversation: str, text: str = "Hello Ann") -> str:
    return await desk.replies.reply(conversation, desk.agents["mei"], 1, text)


async def outbound(desk: House, conversation: str) -> list[Any]:
    return await desk.front.rows(t.message, conversation_id=conversation, direction="outbound")


async def test_echo_under_the_providers_id_is_the_message_we_sent_and_adds_nothing(desk: House) -> None:
    desk.doors.answers = [SENT]
    conversation = await desk.accepted(evidence=THREAD)
    message = await replied(desk, conversation)
    await desk.send()
    assert await echo(desk, text="words the provider changed") == "echo"
    assert await echo(desk, key="again") == "echo"
    assert [row.id for row in await outbound(desk, conversation)] == [message]
    assert (await desk.state(message)).state == "accepted"


async def test_echo_that_gives_our_own_id_back_is_the_message_we_sent(desk: House) -> None:
    conversation = await desk.accepted(evidence=THREAD)
    message = await replied(desk, conversation)
    await desk.send()
    named = [*THREAD, ["message_id", f"<{message}@us>"]]
    assert await echo(desk, text="other words", evidence=named) == "echo"
    (attempt,) = await desk.front.rows(t.attempt, message_id=message)
    assert attempt.remote_ref == "r1"


async def test_echo_of_a_message_in_doubt_settles_it_as_accepted_and_it_is_not_sent_again(
    desk: House,
) -> None:
    desk.doors.answers = [UnknownOutcome("cut")]
    conversation = await desk.accepted(evidence=THREAD)
    message = await replied(desk, conversation)
    await desk.send()
    assert (await desk.state(message)).state == "unknown"
    assert await echo(desk, text="Hello   Ann ") == "echo"
    row = await desk.state(message)
    assert (row.state, row.next_try_at) == ("accepted", None)
    assert desk.front.filed[-1].delivered == [(conversation, message)]
    (attempt,) = await desk.front.rows(t.attempt, message_id=message)
    assert (attempt.state, attempt.remote_ref) == ("accepted", "r1")


class EchoesFirst(Doors):
    """The provider shows the message in its thread before it answers the call that brought it."""

    desk: House
    text = "Hello Ann"
    filed_as: str = ""

    async def send(self, attempt: OutboundAttempt) -> Receipt:
        self.filed_as = await echo(self.desk, text=self.text)
        return await super().send(attempt)


@pytest.mark.parametrize(("text", "filed_as"), [("Hello Ann", "echo"), ("Hello **Ann**", "threaded")])
async def test_echo_that_comes_before_the_answer_of_the_provider_ends_as_one_message(
    store: Store, text: str, filed_as: str
) -> None:
    doors = EchoesFirst(answers=[SENT])
    doors.text = text
    async with house(store, FakeClock(NOW), doors) as desk:
        doors.desk = desk
        conversation = await desk.accepted(evidence=THREAD)
        message = await replied(desk, conversation)
        await desk.send()
        assert doors.filed_as == filed_as
        assert (await desk.state(message)).state == "accepted"
        assert [row.id for row in await outbound(desk, conversation)] == [message]
        assert await echo(desk, key="again", text=text) == "echo"


async def test_two_equal_answers_are_two_messages_and_their_echoes_two(desk: House) -> None:
    conversation = await desk.accepted(evidence=THREAD)
    first, second = await replied(desk, conversation, "OK"), await replied(desk, conversation, "OK")
    await desk.send()
    await desk.send()
    assert [await echo(desk, id=ref, text="OK") for ref in ("r1", "r2", "r3")] == ["echo", "echo", "threaded"]
    refs = {row.message_id: row.remote_ref for row in await desk.front.rows(t.attempt)}
    assert refs == {first: "r1", second: "r2"}


async def test_words_that_nobody_tried_to_send_yet_were_sent_elsewhere(desk: House) -> None:
    conversation = await desk.accepted(evidence=THREAD)
    message = await replied(desk, conversation)
    assert await echo(desk) == "threaded"
    assert (await desk.state(message)).state == "queued"
    assert len(await outbound(desk, conversation)) == 2


async def test_what_was_sent_elsewhere_is_kept_once_and_counts_as_the_answer(desk: House) -> None:
    conversation = await desk.accepted(evidence=THREAD)
    desk.clock.advance(60)
    assert await echo(desk, text="answered in the seller's app") == "threaded"
    assert await echo(desk, key="again", text="answered in the seller's app") == "echo"
    (row,) = await outbound(desk, conversation)
    assert (row.sent_outside, row.seq, row.agent_id, row.role) == (True, 2, None, "agent")
    await desk.room.take_up()
    (claim,) = await desk.front.rows(t.claim)
    assert claim.is_dormant
    assert (await desk.front.rows(t.event_log))[-1].body["type"] == "reply"


async def test_echo_that_comes_first_of_its_thread_is_kept_and_opens_no_work(desk: House) -> None:
    assert await echo(desk, text="We have sent your parcel") == "kept"
    assert await desk.front.rows(t.work_item) == []
    (row,) = await desk.front.rows(t.message)
    assert (row.direction, row.sent_outside) == ("outbound", True)


async def test_echo_long_after_the_message_is_another_message_with_the_same_words(desk: House) -> None:
    conversation = await desk.accepted(evidence=THREAD)
    await replied(desk, conversation)
    await desk.send()
    desk.clock.advance(timedelta(days=3).total_seconds())
    assert await echo(desk) == "threaded"


async def test_message_held_by_moderation_stays_held_by_its_echo_and_is_freed_by_a_report(
    desk: House,
) -> None:
    desk.doors.answers = [Receipt(outcome=SendOutcome.HELD, remote_ref="r1", detail="checked first")]
    conversation = await desk.accepted(evidence=THREAD)
    message = await replied(desk, conversation)
    await desk.send()
    assert await echo(desk) == "echo"
    assert (await desk.state(message)).state == "held"
    freed = DeliveryReport(outgoing_ref="r1", state=DeliveryState.DELIVERED, at=NOW)
    assert await desk.front.store.write(apply_reports, "notes", [freed]) == [(conversation, message)]
    assert (await desk.state(message)).state == "delivered"


async def test_echo_nobody_sees_yet_settles_a_message_in_doubt_as_held(desk: House) -> None:
    desk.doors.answers = [UnknownOutcome("cut")]
    conversation = await desk.accepted(evidence=THREAD)
    message = await replied(desk, conversation)
    await desk.send()
    assert await echo(desk, visible=False) == "echo"
    assert (await desk.state(message)).state == "held"


async def test_what_was_sent_elsewhere_and_is_held_is_kept_once_and_answers_nobody(desk: House) -> None:
    conversation = await desk.accepted(evidence=THREAD)
    assert await echo(desk, text="call 555 0100", visible=False) == "threaded"
    assert await echo(desk, key="again", text="call 555 0100", visible=False) == "echo"
    (row,) = await desk.front.rows(t.message, conversation_id=conversation, sent_outside=True)
    assert (row.seq, row.direction) == (None, "event")
    await desk.room.take_up()
    (claim,) = await desk.front.rows(t.claim)
    assert not claim.is_dormant


async def test_report_that_comes_with_the_echo_moves_the_message_on(desk: House) -> None:
    desk.doors.answers = [UnknownOutcome("cut")]
    conversation = await desk.accepted(evidence=THREAD)
    message = await replied(desk, conversation)
    await desk.send()
    report = {"ref": "r1", "state": "delivered"}
    await echo(desk, report=report)
    assert (await desk.state(message)).state == "delivered"


async def test_report_of_failure_under_the_providers_id_ends_what_moderation_held(desk: House) -> None:
    desk.doors.answers = [Receipt(outcome=SendOutcome.HELD, remote_ref="r1")]
    conversation = await desk.accepted(evidence=THREAD)
    message = await replied(desk, conversation)
    await desk.send()
    refused = DeliveryReport(outgoing_ref="r1", state=DeliveryState.FAILED, at=NOW, detail="a phone number")
    await desk.front.store.write(apply_reports, "notes", [refused])
    row = await desk.state(message)
    assert (row.state, row.detail) == ("failed", "a phone number")
