"""Who reads, approved texts, limits of a thread or a recipient, refusals told to their author. On both databases."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from router.capabilities import SendRule
from router.composing import Composing
from router.errors import ContentRejected, NotAllowedNow, Permanent, RateLimited, Retryable
from router.messages import Receipt, SendOutcome
from router.storage import schema as t
from router.storage.store import Store
from router.storage.views.messages import read_message
from router.storage.views.scope import Scope
from router.testing import FakeClock
from router.threads import Audience, Permission, Template, TemplateUse, TemplateVariable
from tests.integration.house import AGENTS, NOW, Doors, House, house
from tests.integration.notes_channel import item

EVERYBODY = Scope(agent_id="", sees_all_tokens=False, channel_of={})
SENT = Template(
    id="sent",
    title="Sent",
    body="Order {order} was sent{how}.",
    language="en",
    variables=[
        TemplateVariable(name="order", title="Order", max_chars=8),
        TemplateVariable(name="how", required=False),
    ],
)
BOTH = frozenset({Audience.CUSTOMER, Audience.OPERATOR})


@pytest.fixture
async def desk(store: Store) -> AsyncIterator[House]:
    agents = [replace(agent, max_claims=9) for agent in AGENTS]
    async with house(store, FakeClock(NOW), Doors(), agents=agents) as opened:
        yield opened


def composing(desk: House) -> Composing:
    return Composing(desk.front.store, desk.clock, desk.doors)


# --- who reads, and what ------------------------------------------------------------------------------


async def test_only_the_customer_reads_an_answer_unless_the_agent_says_otherwise(desk: House) -> None:
    desk.doors.can = {"audiences": BOTH}
    conversation = await desk.accepted()
    await desk.replies.reply(conversation, desk.agents["mei"], 1, "for you")
    told = await desk.replies.reply(conversation, desk.agents["mei"], 1, "for both", audience=BOTH)
    await desk.send()
    await desk.send()
    assert [attempt.audience for attempt in desk.doors.sent] == [frozenset({Audience.CUSTOMER}), BOTH]
    async with desk.front.store.reading() as connection:
        assert (await read_message(connection, EVERYBODY, told)).audience == ["customer", "operator"]


async def test_answer_to_somebody_the_channel_does_not_reach_is_refused(desk: House) -> None:
    conversation = await desk.accepted()
    with pytest.raises(ContentRejected, match="operator") as refused:
        await desk.replies.reply(conversation, desk.agents["mei"], 1, "hello", audience=[Audience.OPERATOR])
    assert refused.value.part == "audience"


async def test_template_is_sent_as_chosen_and_shown_in_its_words(desk: House) -> None:
    desk.doors.templates = [SENT]
    conversation = await desk.accepted()
    use = TemplateUse(id="sent", language="en", variables={"order": "4711"})
    message = await desk.replies.reply(conversation, desk.agents["mei"], 1, "", template=use)
    await desk.send()
    (attempt,) = desk.doors.sent
    assert attempt.template == use
    async with desk.front.store.reading() as connection:
        shown = await read_message(connection, EVERYBODY, message)
    assert [block.text for block in shown.blocks] == ["Order 4711 was sent."]


async def test_template_that_does_not_fit_is_not_stored(desk: House) -> None:
    desk.doors.templates = [SENT]
    conversation = await desk.accepted()
    with pytest.raises(ContentRejected, match="fill in Order"):
        await desk.replies.reply(conversation, desk.agents["mei"], 1, "", template=TemplateUse(id="sent"))
    assert await desk.front.rows(t.outbox) == []


# --- may it be sent -----------------------------------------------------------------------------------


async def test_composer_is_told_what_the_provider_says_and_what_the_channel_declares(desk: House) -> None:
    desk.doors.can = {"audiences": BOTH, "send_rules": [SendRule(opened_by="customer_message", lasts_s=3600)]}
    conversation = await desk.accepted()
    permission = await composing(desk).permission(conversation)
    assert permission.audiences == BOTH
    assert (permission.allowed, permission.until) == (True, NOW + timedelta(hours=1))
    sooner = NOW + timedelta(minutes=5)
    desk.doors.permission = Permission(allowed=True, until=sooner, left=2, audiences=BOTH)
    permission = await composing(desk).permission(conversation)
    assert (permission.until, permission.left) == (sooner, 2)


async def test_closed_window_leaves_templates_where_there_are_some(desk: House) -> None:
    desk.doors.can = {"send_rules": [SendRule(opened_by="customer_message", lasts_s=3600)]}
    conversation = await desk.accepted()
    desk.clock.advance(3601)
    closed = await composing(desk).permission(conversation)
    assert (closed.allowed, closed.templates_only) == (False, False)
    desk.doors.can["templates"] = "remote"
    open_ = await composing(desk).permission(conversation)
    assert (open_.allowed, open_.templates_only) == (True, True)
    assert "window closed" in open_.why


async def test_thread_its_provider_has_closed_is_not_written_to(desk: House) -> None:
    thread = [["thread", "t1"]]
    conversation = await desk.accepted(evidence=thread)
    closed = {"can_send": False, "blocked_reason": "the dispute is over"}
    await desk.front.take(item("", at=NOW, kind="thread_state", role="system", state=closed, evidence=thread))
    permission = await composing(desk).permission(conversation)
    assert (permission.allowed, permission.why) == (False, "the dispute is over")


async def test_provider_that_cannot_be_asked_keeps_nobody_from_writing(desk: House) -> None:
    desk.doors.permission = Retryable("away")
    conversation = await desk.accepted()
    permission = await composing(desk).permission(conversation)
    assert permission.allowed
    assert "could not be asked" in permission.why
    desk.doors.permission = Permanent("no such thread", public_text="There is no such thread.")
    permission = await composing(desk).permission(conversation)
    assert (permission.allowed, permission.why) == (False, "There is no such thread.")


# --- limits -------------------------------------------------------------------------------------------


async def two_customers(desk: House) -> list[str]:
    """Have two conversations that mei holds; give both."""
    await desk.offers.set_presence(desk.agents["mei"], "available")
    found = []
    for sender in ("ann@shop.example", "bob@shop.example"):
        conversation = await desk.conversation(sender=sender)
        offer = await desk.offered(conversation)
        assert offer is not None
        await desk.offers.accept(offer[0], desk.agents["mei"])
        found.append(conversation)
    return found


@pytest.mark.parametrize("scope", ["thread", "recipient"])
async def test_limit_of_a_thread_or_recipient_holds_only_that_and_keeps_its_order(
    desk: House, scope: str
) -> None:
    anns, bobs = await two_customers(desk)
    desk.doors.answers = [RateLimited("slow down", scope=scope, retry_after_s=20)]
    for text in ("one", "two"):
        await desk.replies.reply(anns, desk.agents["mei"], 1, text)
    await desk.send()
    await desk.replies.reply(bobs, desk.agents["mei"], 1, "to bob")
    await desk.send()
    await desk.send()
    assert [attempt.blocks[0].text for attempt in desk.doors.sent] == ["one", "to bob"]
    lane = desk.outbox._lanes["notes"]
    assert await desk.outbox._seconds_to_next("notes", lane) == 20
    desk.clock.advance(21)
    await desk.send()
    await desk.send()
    assert [attempt.blocks[0].text for attempt in desk.doors.sent] == ["one", "to bob", "one", "two"]


async def test_limit_of_the_account_holds_everything(desk: House) -> None:
    anns, bobs = await two_customers(desk)
    desk.doors.answers = [RateLimited("slow down", retry_after_s=20)]
    await desk.replies.reply(anns, desk.agents["mei"], 1, "one")
    await desk.send()
    await desk.replies.reply(bobs, desk.agents["mei"], 1, "to bob")
    await desk.send()
    assert len(desk.doors.sent) == 1
    desk.clock.advance(21)
    await desk.send()
    assert [attempt.blocks[0].text for attempt in desk.doors.sent] == ["one", "one", "to bob"]


@pytest.mark.parametrize(("wait_s", "told"), [(20, 1), (31, 2)])
async def test_agents_are_told_of_all_that_waits_when_a_limit_lasts_over_thirty_seconds(
    desk: House, wait_s: int, told: int
) -> None:
    conversation = await desk.accepted()
    desk.doors.answers = [RateLimited("the daily quota is used up", retry_after_s=wait_s)]
    await desk.replies.reply(conversation, desk.agents["mei"], 1, "one")
    second = await desk.replies.reply(conversation, desk.agents["mei"], 1, "two")
    await desk.send()
    assert desk.settled.qsize() == told
    row = await desk.state(second)
    assert row.detail == ("the daily quota is used up" if told == 2 else "")


@pytest.mark.parametrize(("scope", "expected"), [("account", []), ("thread", ["to bob"])])
async def test_limit_outlives_a_restart_and_the_provider_is_not_called_before_it_ends(
    store: Store, scope: str, expected: list[str]
) -> None:
    clock = FakeClock(NOW)
    agents = [replace(agent, max_claims=9) for agent in AGENTS]
    async with house(store, clock, Doors(), agents=agents) as first:
        anns, bobs = await two_customers(first)
        first.doors.answers = [RateLimited("slow down", scope=scope, retry_after_s=20)]
        await first.replies.reply(anns, first.agents["mei"], 1, "one")
        await first.send()
        # it waits for no time of its own: the pause alone holds it back
        await first.replies.reply(bobs, first.agents["mei"], 1, "to bob")
        await first.replies.reply(anns, first.agents["mei"], 1, "two")
    async with house(store, clock, Doors(), agents=agents) as second:
        await second.send()
        assert [attempt.blocks[0].text for attempt in second.doors.sent] == expected
        clock.advance(21)
        await second.send()
        await second.send()
        texts = [attempt.blocks[0].text for attempt in second.doors.sent]
        assert sorted(texts) == ["one", "to bob", "two"]
        assert texts.index("one") < texts.index("two")


async def test_limits_that_are_over_are_forgotten_with_the_next_one(desk: House) -> None:
    conversation = await desk.accepted()
    for scope in ("thread", "account"):
        desk.doors.answers = [RateLimited("slow down", scope=scope, retry_after_s=20)]
        await desk.replies.reply(conversation, desk.agents["mei"], 1, scope)
        await desk.send()
        desk.clock.advance(21)
    assert [row.scope for row in await desk.front.rows(t.send_pause)] == ["account"]


async def test_quota_of_the_day_waits_for_the_providers_next_window(desk: House) -> None:
    conversation = await desk.accepted()
    midnight = NOW + timedelta(hours=15)
    desk.doors.answers = [RateLimited("quota", until=midnight)]
    message = await desk.replies.reply(conversation, desk.agents["mei"], 1, "one")
    await desk.send()
    row = await desk.state(message)
    assert (row.state, row.next_try_at) == ("queued", midnight)


async def test_message_behind_one_that_waits_does_not_keep_the_mail_room_awake(desk: House) -> None:
    conversation = await desk.accepted()
    desk.doors.answers = [Retryable("busy", retry_after_s=20)]
    for text in ("one", "two"):
        await desk.replies.reply(conversation, desk.agents["mei"], 1, text)
    await desk.send()
    assert await desk.outbox._seconds_to_next("notes", desk.outbox._lanes["notes"]) == 20


# --- refusals -----------------------------------------------------------------------------------------


async def test_refused_message_tells_its_author_which_part_and_what_else_he_can_do(desk: House) -> None:
    conversation = await desk.accepted()
    tomorrow = NOW + timedelta(days=1)
    desk.doors.answers = [
        ContentRejected("a link", code="link", part="blocks.0"),
        NotAllowedNow("closed", until=tomorrow, alternatives=["template", "call_back"]),
        Receipt(outcome=SendOutcome.ACCEPTED),
    ]
    for refusal in (("ContentRejected", "blocks.0", None, []),
                    ("NotAllowedNow", "", tomorrow, ["template", "call_back"])):  # fmt: skip
        message = await desk.replies.reply(conversation, desk.agents["mei"], 1, "see example.org")
        await desk.send()
        async with desk.front.store.reading() as connection:
            delivery = (await read_message(connection, EVERYBODY, message)).delivery
        assert delivery is not None
        told = delivery.refusal
        assert told is not None
        assert (told.error, told.part, told.until, told.alternatives) == refusal
    await desk.replies.resend(message, desk.agents["mei"])
    await desk.send()
    row = await desk.state(message)
    assert (row.state, row.refusal) == ("accepted", None)
