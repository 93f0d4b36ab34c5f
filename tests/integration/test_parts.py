"""A text too long for one message: what happens to the rest when a part of it does not arrive. On both databases."""

from collections.abc import AsyncIterator

import pytest

from router.capabilities import TextLimits
from router.errors import ContentRejected, Retryable, StaleVersion, UnknownOutcome
from router.messages import DeliveryReport, DeliveryState, Receipt, SendOutcome
from router.model.timeline import DeliveryParts
from router.storage import schema as t
from router.storage.deliveries import apply_reports, claim_due, settle_interrupted
from router.storage.store import Store
from router.storage.views.messages import read_messages
from router.storage.views.scope import Scope
from router.testing import FakeClock
from tests.integration.house import NOW, Doors, House, house
from tests.integration.notes_channel import item

LONG = "First sentence of forty characters here. Second one. " * 4
THREAD = [["thread", "t1"]]
OK = Receipt(outcome=SendOutcome.ACCEPTED)
EVERYBODY = Scope(agent_id="", sees_all_tokens=False, channel_of={})


@pytest.fixture
async def desk(store: Store) -> AsyncIterator[House]:
    async with house(store, FakeClock(NOW), Doors(can={"text": TextLimits(max=60)})) as opened:
        yield opened


async def written(desk: House, *answers: Receipt | Exception) -> list[str]:
    """Let an agent write a text of four parts to a provider that answers so; give their ids."""
    desk.doors.answers = list(answers)
    conversation = await desk.accepted(evidence=THREAD)
    first = await desk.replies.reply(conversation, desk.agents["mei"], 1, LONG)
    rows = await desk.front.rows(t.outbox, first_part_id=first)
    return [row.message_id for row in sorted(rows, key=lambda row: row.part)]


async def states(desk: House, parts: list[str]) -> list[str]:
    return [(await desk.state(part)).state for part in parts]


async def send_all(desk: House) -> None:
    for _ in range(5):
        await desk.send()


async def shown_parts(desk: House, parts: list[str]) -> list[DeliveryParts]:
    """Give what a desk is shown of each part."""
    async with desk.front.store.reading() as connection:
        shown = await read_messages(connection, EVERYBODY, parts)
    found = [(shown[part].delivery and shown[part].delivery.parts) for part in parts]
    return [one for one in found if one is not None]


def sent(desk: House) -> list[str]:
    return [attempt.blocks[0].text[:5] for attempt in desk.doors.sent]


async def test_rest_behind_a_part_that_is_refused_is_not_sent_and_says_what_it_waits_for(desk: House) -> None:
    parts = await written(desk, OK, ContentRejected("no links here", code="link"))
    await send_all(desk)
    assert sent(desk) == ["(1/4)", "(2/4)"]
    assert await states(desk, parts) == ["accepted", "failed", "failed", "failed"]
    shown = await shown_parts(desk, parts)
    assert [(one.number, one.count, list(one.arrived), one.waits_for) for one in shown] == [
        (1, 4, [1], None),
        (2, 4, [1], None),
        (3, 4, [1], 2),
        (4, 4, [1], 2),
    ]
    assert (await desk.state(parts[2])).detail == "part 2 of 4 was not sent"
    told = {desk.settled.get_nowait()[1] for _ in range(desk.settled.qsize())}
    assert told == set(parts)


@pytest.mark.parametrize("named", [1, 3])
async def test_sending_again_goes_on_from_the_part_that_is_missing_whichever_is_named(
    desk: House, named: int
) -> None:
    parts = await written(desk, OK, ContentRejected("not now"))
    await send_all(desk)
    await desk.replies.resend(parts[named], desk.agents["mei"])
    await send_all(desk)
    assert sent(desk) == ["(1/4)", "(2/4)", "(2/4)", "(3/4)", "(4/4)"]
    assert await states(desk, parts) == ["accepted"] * 4
    assert len({attempt.outgoing_ref for attempt in desk.doors.sent}) == 4


async def test_another_answer_does_not_wait_behind_parts_that_are_withheld(desk: House) -> None:
    parts = await written(desk, ContentRejected("no"))
    await send_all(desk)
    (row,) = await desk.front.rows(t.message, id=parts[0])
    await desk.replies.reply(row.conversation_id, desk.agents["mei"], 1, "Shorter.")
    await send_all(desk)
    assert sent(desk) == ["(1/4)", "Short"]


async def test_part_that_is_tried_again_lets_nothing_overtake_it_and_the_rest_follows(desk: House) -> None:
    parts = await written(desk, OK, Retryable("busy", retry_after_s=20))
    await send_all(desk)
    assert sent(desk) == ["(1/4)", "(2/4)"]
    assert await states(desk, parts) == ["accepted", "queued", "queued", "queued"]
    desk.clock.advance(21)
    await send_all(desk)
    assert sent(desk) == ["(1/4)", "(2/4)", "(2/4)", "(3/4)", "(4/4)"]


async def test_part_in_doubt_holds_the_rest_until_its_echo_shows_that_it_arrived(desk: House) -> None:
    parts = await written(desk, UnknownOutcome("cut"))
    await send_all(desk)
    assert await states(desk, parts) == ["unknown", "failed", "failed", "failed"]
    assert (await desk.state(parts[1])).detail == "part 1 of 4 may not have arrived"
    text = desk.doors.sent[0].blocks[0].text
    await desk.front.take(
        item("mei", at=desk.clock.now(), key="r1", id="r1", role="agent", text=text, evidence=THREAD)
    )
    doorbell = desk.outbox._lanes["notes"].wake
    doorbell.clear()
    desk.notices.filed([desk.front.filed[-1]])
    assert doorbell.is_set()
    await send_all(desk)
    assert sent(desk) == ["(1/4)", "(2/4)", "(3/4)", "(4/4)"]
    assert await states(desk, parts) == ["accepted"] * 4


async def test_part_in_doubt_that_somebody_has_seen_at_the_provider_lets_the_rest_follow(desk: House) -> None:
    parts = await written(desk, UnknownOutcome("cut"))
    await send_all(desk)
    await desk.replies.take_as_arrived(parts[0])
    await send_all(desk)
    assert sent(desk) == ["(1/4)", "(2/4)", "(3/4)", "(4/4)"]
    with pytest.raises(StaleVersion, match="outcome is unknown"):
        await desk.replies.take_as_arrived(parts[0])


async def test_rest_is_not_sent_by_itself_after_a_newer_answer(desk: House) -> None:
    parts = await written(desk, UnknownOutcome("cut"))
    await send_all(desk)
    (row,) = await desk.front.rows(t.message, id=parts[0])
    desk.clock.advance(1)
    await desk.replies.reply(row.conversation_id, desk.agents["mei"], 1, "In short: yes.")
    await desk.replies.take_as_arrived(parts[0])
    await send_all(desk)
    assert sent(desk) == ["(1/4)", "In sh"]
    assert await states(desk, parts) == ["accepted", "failed", "failed", "failed"]
    assert [one.waits_for for one in await shown_parts(desk, parts)] == [None] * 4
    await desk.replies.resend(parts[3], desk.agents["mei"])
    await send_all(desk)
    assert sent(desk) == ["(1/4)", "In sh", "(2/4)", "(3/4)", "(4/4)"]


async def test_part_that_comes_back_stops_the_rest_and_the_text_cannot_be_completed(desk: House) -> None:
    parts = await written(desk, OK, Retryable("busy", retry_after_s=60))
    await send_all(desk)
    bounced = DeliveryReport(outgoing_ref=f"<{parts[0]}@us>", state=DeliveryState.BOUNCED, at=NOW)
    concerned = await desk.front.store.write(apply_reports, "notes", [bounced])
    assert {message for _, message in concerned} == set(parts)
    desk.clock.advance(61)
    await send_all(desk)
    assert sent(desk) == ["(1/4)", "(2/4)"]
    assert await states(desk, parts) == ["bounced", "failed", "failed", "failed"]
    with pytest.raises(StaleVersion, match="part 1 of 4 came back; write the answer anew"):
        await desk.replies.resend(parts[2], desk.agents["mei"])


async def test_part_that_comes_back_while_the_next_is_tried_stops_that_one_too(desk: House) -> None:
    parts = await written(desk, OK)
    await desk.send()
    store, clock = desk.front.store, desk.clock
    claimed = await store.write(lambda c: claim_due(c, "notes", "dead-run", clock.now(), 1, mark=False))
    assert [one.row["message_id"] for one in claimed] == [parts[1]]
    bounced = DeliveryReport(outgoing_ref=f"<{parts[0]}@us>", state=DeliveryState.BOUNCED, at=NOW)
    await store.write(apply_reports, "notes", [bounced])
    await store.write(settle_interrupted, "next-run", clock.now())
    await send_all(desk)
    assert sent(desk) == ["(1/4)"]
    assert await states(desk, parts) == ["bounced", "failed", "failed", "failed"]


async def test_part_a_crash_left_in_doubt_holds_the_rest_after_the_restart(store: Store) -> None:
    clock, can = FakeClock(NOW), {"text": TextLimits(max=60)}
    async with house(store, clock, Doors(can=can)) as first:
        parts = await written(first)
        await store.write(lambda c: claim_due(c, "notes", "dead-run", clock.now(), 8, mark=True) and None)
    async with house(store, clock, Doors(can=can)) as second:
        await send_all(second)
        assert second.doors.sent == []
        assert await states(second, parts) == ["unknown", "failed", "failed", "failed"]
        await second.replies.resend(parts[0], second.agents["mei"])
        await send_all(second)
        assert sent(second) == ["(1/4)", "(2/4)", "(3/4)", "(4/4)"]
