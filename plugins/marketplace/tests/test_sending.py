"""Replies leave once: refused, cut, doubted and found again in the chat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from router_marketplace.facts import Budget
from router_marketplace.simulators.fake_yandex import FakeYandex
from router_marketplace.simulators.yandex import ORDER
from router_marketplace.yandex.adapter import FACTS, YandexAdapter
from router_marketplace.yandex.channel import YandexChannel

from plugins.marketplace.tests.conftest import Shop, settings_at
from router.abilities import MediaFile
from router.accounts.renewal import Renewal
from router.errors import (
    AuthExpired,
    AuthInvalid,
    ContentRejected,
    RateLimited,
    RecipientGone,
    Retryable,
    UnknownOutcome,
)
from router.messages import Block, BlockKind, Confirmation, Identity, OutboundAttempt, SendOutcome
from router.orders import ContextKind, ContextQuery
from router.testing import (
    cut_after_commit,
    cut_before_commit,
    garbage,
    make_attempt,
    refused,
    server_error,
    slow_body,
    token_expired,
)

SEND = "POST /v2/businesses/{business}/chats/message"
TEXT = "We are looking into it."


def attempt(text: str = TEXT, *, number: int = 1, chat: str = "101", **changes: object) -> OutboundAttempt:
    made = make_attempt(text, number=number, account="yandex", recipient="8wq1", thread=chat, seq=2)
    return replace(made, **changes)


def sent(yandex: FakeYandex) -> list[str]:
    return [message.text for message in yandex.sent_by_shop()]


@pytest.fixture
def chat(yandex: FakeYandex) -> FakeYandex:
    yandex.buyer_writes(101, "Where is my order?")
    return yandex


async def test_reply_stands_in_the_buyers_chat_and_was_marked_before(chat, shop):
    receipt = await shop.channel.send(attempt())
    assert receipt.outcome is SendOutcome.ACCEPTED
    assert [one.text for one in chat.seen_by_buyer(101)] == ["Where is my order?", TEXT]
    assert shop.store.marked == ["message-1-try-1"]


async def test_several_text_blocks_leave_as_one_message(chat, shop):
    await shop.channel.send(attempt(blocks=[Block(text="Hello"), Block(text="Your parcel left")]))
    assert sent(chat) == ["Hello\nYour parcel left"]


@pytest.mark.parametrize("length", [1, 4096])
async def test_text_at_the_limit_is_taken(chat, shop, length):
    await shop.channel.send(attempt("я" * length))
    assert len(sent(chat)[0]) == length


@pytest.mark.parametrize(
    "blocks",
    [
        [Block(text="я" * 4097)],
        [Block(text="")],
        [],
        [Block(text="a"), Block(kind=BlockKind.ORDER_CARD, text="order", fields={"order_id": "1"})],
    ],
    ids=["long", "empty", "none", "card"],
)
async def test_what_cannot_be_sent_goes_back_to_its_author_and_never_leaves(chat, shop, blocks):
    with pytest.raises(ContentRejected) as raised:
        await shop.channel.send(attempt(blocks=blocks))
    assert raised.value.part
    assert shop.store.marked == []
    assert chat.http.calls == []


async def test_reply_cut_after_it_arrived_is_found_in_the_chat(chat, shop):
    chat.fail_with(cut_after_commit(), SEND)
    with pytest.raises(UnknownOutcome):
        await shop.channel.send(attempt())
    assert await shop.channel.confirm(attempt()) is Confirmation.FOUND
    assert sent(chat) == [TEXT]


async def test_reply_is_found_at_the_end_of_a_long_chat_or_left_to_a_person(chat, shop, monkeypatch):
    for number in range(40):
        chat.buyer_writes(101, f"line {number}")
    chat.fail_with(cut_after_commit(), SEND)
    with pytest.raises(UnknownOutcome):
        await shop.channel.send(attempt())
    assert await shop.channel.confirm(attempt()) is Confirmation.FOUND
    monkeypatch.setattr("router_marketplace.channel.CONFIRM_PAGES", 2)
    assert await shop.channel.confirm(attempt()) is Confirmation.UNSURE


@pytest.mark.parametrize("fault", [garbage(), slow_body(300.0)], ids=lambda one: one.name)
async def test_answer_nobody_could_read_is_a_doubt_and_the_reply_is_found(chat, shop, fault):
    impatient = Shop(settings_at(chat.url, timeout_s=0.5))
    await impatient.open()
    chat.fail_with(fault, SEND)
    # On a busy machine that limit can pass before the provider hears of the reply: then it is told again.
    while not sent(chat):
        with pytest.raises((Retryable, UnknownOutcome)):
            await impatient.channel.send(attempt())
    assert await shop.channel.confirm(attempt()) is Confirmation.FOUND
    await impatient.close()


async def test_reply_cut_before_it_arrived_is_not_found(chat, shop):
    chat.fail_with(cut_before_commit(), SEND)
    with pytest.raises(UnknownOutcome):
        await shop.channel.send(attempt())
    assert await shop.channel.confirm(attempt()) is Confirmation.NOT_FOUND


async def test_second_try_of_a_reply_that_stands_in_the_chat_sends_nothing(chat, shop):
    chat.fail_with(cut_after_commit(), SEND)
    with pytest.raises(UnknownOutcome):
        await shop.channel.send(attempt())
    receipt = await shop.channel.send(attempt(number=2))
    assert receipt.outcome is SendOutcome.ACCEPTED
    assert sent(chat) == [TEXT]


async def test_second_try_after_a_servers_error_sends_when_nothing_stands_in_the_chat(chat, shop):
    chat.fail_with(server_error(), SEND)
    with pytest.raises(Retryable):
        await shop.channel.send(attempt())
    await shop.channel.send(attempt(number=2))
    assert sent(chat) == [TEXT]


async def test_platform_that_changes_spaces_and_entities_is_still_understood(chat, shop):
    chat.commit("101", "Tom &amp; Vera:  cafe\u0301\r\n")
    assert await shop.channel.confirm(attempt("Tom & Vera: café\n")) is Confirmation.FOUND


async def test_equal_words_sent_besides_do_not_vouch_for_the_doubtful_reply(chat, shop):
    chat.others_write(101, TEXT, chat.shop)
    await shop.channel.pull()
    doubtful = attempt(seq=1)
    assert await shop.channel.confirm(doubtful) is Confirmation.UNSURE
    chat.commit("101", TEXT)
    assert await shop.channel.confirm(doubtful) is Confirmation.FOUND


async def test_equal_words_of_the_buyer_or_from_before_prove_nothing(chat, shop):
    chat.buyer_writes(101, TEXT)
    shop.clock.advance(3600)
    later = attempt(created_at=shop.clock.now())
    chat.commit("101", TEXT)
    assert await shop.channel.confirm(later) is Confirmation.NOT_FOUND


async def test_refused_connection_is_certainly_not_sent(chat, shop):
    await chat.stop()
    with pytest.raises(Retryable) as raised:
        await shop.channel.send(attempt())
    assert "127.0.0.1" not in str(raised.value)
    await chat.start()


async def test_chat_there_is_none_of_is_gone(chat, shop):
    with pytest.raises(RecipientGone):
        await shop.channel.send(attempt(chat="404404"))


async def test_refused_key_needs_an_admin(chat, shop):
    chat.fail_with(token_expired(), SEND)
    with pytest.raises(AuthInvalid):
        await shop.channel.send(attempt())


@pytest.mark.parametrize(("ground", "kind"), [("order:55001", "ORDER"), ("return:77", "RETURN")])
async def test_first_message_about_an_order_or_return_opens_its_chat(yandex, shop, ground, kind):
    await shop.channel.send(attempt(chat="", recipient=ground))
    await shop.channel.send(attempt("again", chat="", recipient=ground, message_id="message-2"))
    [thread] = yandex.threads.values()
    assert thread.fields["kind"] == kind
    assert sent(yandex) == [TEXT, "again"]


async def test_buyer_without_an_order_cannot_be_written_to_first(yandex, shop):
    with pytest.raises(ContentRejected):
        await shop.channel.send(attempt(chat="", recipient="buyer:8wq1"))
    assert yandex.http.calls == []


class HurriedAdapter(YandexAdapter):
    """A platform that allows two messages in ten seconds."""

    facts = FACTS.model_copy(update={"budgets": {"send": (Budget(count=2, per_s=10.0),)}})


class HurriedChannel(YandexChannel):
    adapter_class = HurriedAdapter


async def test_own_limit_is_kept_before_the_platform_has_to_say_so(chat):
    shop = Shop(settings_at(chat.url), kind=HurriedChannel)
    await shop.open()
    for text in ("one", "two"):
        await shop.channel.send(attempt(text))
        shop.clock.advance(1)
    with pytest.raises(RateLimited) as raised:
        await shop.channel.send(attempt("three"))
    assert raised.value.retry_after_s == 8.0
    shop.clock.advance(8)
    await shop.channel.send(attempt("three"))
    assert sent(chat) == ["one", "two", "three"]
    await shop.close()


@pytest.fixture
async def signed_in(chat: FakeYandex, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    """Open a shop that signs in with an OAuth token."""
    monkeypatch.setenv("YANDEX_TOKEN", chat.issue_token())
    monkeypatch.setenv("YANDEX_REFRESH", chat.refresh_token)
    monkeypatch.setenv("YANDEX_CLIENT", "client-secret")
    shop = Shop(
        settings_at(
            chat.url,
            api_key_env="",
            oauth_token_env="YANDEX_TOKEN",
            oauth_refresh_env="YANDEX_REFRESH",
            oauth_client_id="shop",
            oauth_client_secret_env="YANDEX_CLIENT",
            oauth_url=f"{chat.url}/oauth/token",
        )
    )
    await shop.open()
    yield shop
    await shop.close()


async def test_twenty_sends_with_a_token_that_ran_out_renew_it_once(chat, signed_in):
    chat.expire_tokens()
    renewal = Renewal(signed_in.channel, 10.0)
    replies = [attempt(f"reply {number}", message_id=f"message-{number}") for number in range(20)]
    await asyncio.gather(*(renewal.run(lambda channel, one=one: channel.send(one)) for one in replies))
    assert chat.tokens_issued == 2
    assert sorted(sent(chat)) == sorted(f"reply {number}" for number in range(20))


async def test_renewed_token_outlives_a_restart_until_the_environment_has_a_new_one(
    chat, signed_in, monkeypatch
):
    chat.expire_tokens()
    await signed_in.channel.renew_access()
    await signed_in.close()
    await signed_in.open()
    await signed_in.channel.send(attempt())
    await signed_in.close()
    monkeypatch.setenv("YANDEX_TOKEN", chat.issue_token())
    chat.tokens.pop("token-2")
    await signed_in.open()
    await signed_in.channel.send(attempt("after"))
    assert sent(chat) == [TEXT, "after"]


async def test_refresh_token_that_was_spent_needs_an_admin(chat, signed_in):
    chat.refresh_token = "another"
    with pytest.raises(AuthInvalid):
        await signed_in.channel.renew_access()
    chat.expire_tokens()
    with pytest.raises(AuthExpired):
        await signed_in.channel.send(attempt())


async def test_order_is_looked_up_by_its_number(yandex, shop):
    yandex.orders[55001] = ORDER
    query = ContextQuery(kind=ContextKind.ORDERS, order_id="55001")
    [order] = await shop.channel.look_up(query)
    assert (order.title, order.stage, order.amount, order.currency) == (
        "Kettle × 2",
        "in_sale",
        "3590.50",
        "RUR",
    )
    [parcel] = await shop.channel.look_up(replace(query, kind=ContextKind.LOGISTICS))
    assert parcel.fields == {"fromDate": "2026-03-03", "trackCodes": ["RA1"]}
    assert await shop.channel.look_up(replace(query, order_id="1")) == []
    asked = len(yandex.http.calls)
    for unanswerable in (replace(query, order_id=""), replace(query, kind=ContextKind.STOCK)):
        assert await shop.channel.look_up(unanswerable) == []
    assert len(yandex.http.calls) == asked


async def test_refusal_in_a_success_is_raised_with_the_platforms_words(chat, shop):
    body = b'{"status":"ERROR","errors":[{"code":"CLOSED","message":"chat is closed"}]}'
    chat.fail_with(refused(200, body), SEND)
    with pytest.raises(Exception, match="chat is closed") as raised:
        await shop.channel.send(attempt())
    assert raised.value.code == "CLOSED"


async def chunks(content: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def test_picture_outlives_a_restart_and_stands_in_the_chat_under_a_fitting_name(chat, shop):
    file = MediaFile(name="receipt", content_type="application/pdf", size_bytes=2500)
    fields = await shop.channel.upload(file, chunks(b"%PDF" * 625))
    await shop.close()
    await shop.open()
    picture = attempt(blocks=[Block(kind=BlockKind.FILE, text="[receipt]", fields=fields)])
    chat.fail_with(cut_after_commit(), "POST /v2/businesses/{business}/chats/file/send")
    with pytest.raises(UnknownOutcome):
        await shop.channel.send(picture)
    assert await shop.channel.confirm(picture) is Confirmation.FOUND
    assert chat.files == [("receipt.pdf", b"%PDF" * 625)]


async def test_file_of_another_kind_or_too_long_is_refused_before_it_is_kept(shop):
    limit = FACTS.max_file_bytes
    refused_files = [
        (MediaFile(name="a.exe", content_type="application/x-msdownload", size_bytes=1), b"x"),
        (MediaFile(name="a.png", content_type="image/png", size_bytes=limit + 1), b"x"),
        (MediaFile(name="a.png", content_type="image/png", size_bytes=1), b"x" * (limit + 1)),
    ]
    for file, content in refused_files:
        with pytest.raises(ContentRejected):
            await shop.channel.upload(file, chunks(content, 1_000_000))
    assert shop.context.values == {}


async def test_file_of_yesterday_is_forgotten_and_its_message_goes_back(chat, shop):
    file = MediaFile(name="a.png", content_type="image/png", size_bytes=1)
    old = await shop.channel.upload(file, chunks(b"x"))
    shop.clock.advance(86_401)
    new = await shop.channel.upload(file, chunks(b"y"))
    for fields in (old, {}):
        with pytest.raises(ContentRejected, match="attach it again"):
            await shop.channel.send(attempt(blocks=[Block(kind=BlockKind.IMAGE, fields=fields)]))
    await shop.channel.send(attempt(blocks=[Block(kind=BlockKind.IMAGE, fields=new)]))
    with pytest.raises(ContentRejected):
        await shop.channel.send(attempt(blocks=[Block(kind=BlockKind.IMAGE, fields=new), Block(text="a")]))
    assert chat.files == [("a.png", b"y")]


async def test_orders_of_a_buyer_are_those_of_his_open_chats(yandex, shop):
    yandex.orders[55001] = ORDER
    yandex.open_chat(101, kind="ORDER", order=55001, buyer="8wq1")
    yandex.buyer_writes(101, "Where is it?")
    buyer = Identity(kind="yandex_public_id", value="8wq1")
    query = ContextQuery(kind=ContextKind.ORDERS, identities=[buyer])
    assert await shop.channel.look_up(query) == []
    await shop.channel.pull()
    assert [card.order_id for card in await shop.channel.look_up(query)] == ["55001"]
    stranger = Identity(kind="yandex_public_id", value="x")
    assert await shop.channel.look_up(replace(query, identities=[stranger])) == []
